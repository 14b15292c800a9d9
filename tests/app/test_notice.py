"""The line above a page: what stays until it is answered, and what goes by itself."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from app.widgets import notice
from app.widgets.notice import Notice


@pytest.fixture
def said(qtbot, monkeypatch):
    monkeypatch.setattr(notice, "_MS_SHOWN", 1)
    window = QWidget()
    layout = QVBoxLayout(window)
    made, line = Notice(), QLineEdit()
    layout.addWidget(made)
    layout.addWidget(line)
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
    line.setFocus()
    yield made
    made.dismiss()


def nothing():
    """What the button of a test does."""


def test_what_was_undone_is_gone_after_a_while(said, qtbot):
    said.say_for_a_while("Undone: 3 photos set aside", ("Do it again", "redo_it", nothing))
    qtbot.waitUntil(lambda: not said.isVisible())
    assert not said.text()


def test_it_stays_as_long_as_the_keyboard_is_at_its_button(said, qtbot):
    said.say_for_a_while("Undone: 3 photos set aside", ("Do it again", "redo_it", nothing))
    said.findChild(QWidget, "redo_it").setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.wait(20)
    assert said.text() == "Undone: 3 photos set aside"
    said.parentWidget().findChild(QLineEdit).setFocus()
    qtbot.waitUntil(lambda: not said.isVisible())


def test_another_page_takes_away_only_what_need_not_be_answered(said):
    said.say("Learning was stopped before its end.")
    said.leave()
    assert said.text() == "Learning was stopped before its end."
    said.say_for_a_while("Undone: 3 photos set aside")
    said.leave()
    assert not said.text()
    said.say_for_a_while("Undone: 3 photos set aside")
    said.say("No space is left.", role="warning")
    said.leave()
    assert said.text() == "No space is left."
