"""The line below a page: what stays until it is answered, and what is about one page alone."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from app.widgets.notice import Notice


def test_another_page_takes_away_only_what_need_not_be_answered(qtbot):
    said = Notice()
    qtbot.addWidget(said)
    said.say("Learning was stopped before its end.")
    said.leave()
    assert said.text() == "Learning was stopped before its end."
    said.say_of_page("Undone: 3 photos set aside")
    said.leave()
    assert not said.text()
    said.say_of_page("Undone: 3 photos set aside")
    said.say("No space is left.", role="warning")
    said.leave()
    assert said.text() == "No space is left."


def test_tab_goes_through_what_is_offered_to_the_cross_from_left_to_right(qtbot):
    window = QWidget()
    layout = QVBoxLayout(window)
    before, said, after = QPushButton("before"), Notice(), QPushButton("after")
    for widget in (before, said, after):
        layout.addWidget(widget)
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
    said.say("Learning was stopped.", ("Go on", "go_on", said.dismiss), ("Not now", "not_now", said.dismiss))
    before.setFocus()
    for name in ("go_on", "not_now", "notice_close", ""):
        qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        assert window.focusWidget().objectName() == name
    assert after.hasFocus()
