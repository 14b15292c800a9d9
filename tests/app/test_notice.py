"""The line above a page: what stays until it is answered, and what is about one page alone."""

from __future__ import annotations

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
