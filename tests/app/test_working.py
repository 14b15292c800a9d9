"""The word that the program is at work."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.widgets.working import Working


class Work(QObject):
    changed = Signal()
    busy = False

    def go(self, busy: bool) -> None:
        self.busy = busy
        self.changed.emit()


def test_it_is_said_while_one_of_several_things_takes_longer_and_no_more_when_all_are_done(qtbot):
    working, one, other = Working(), Work(), Work()
    qtbot.addWidget(working)
    for work in (one, other):
        working.watch(work.changed, lambda work=work: work.busy)
    assert working.isHidden()
    one.go(True)
    assert working.isHidden()  # what is done in a moment needs no word
    qtbot.waitUntil(lambda: not working.isHidden())
    other.go(True)
    one.go(False)
    assert not working.isHidden()
    other.go(False)
    assert working.isHidden()
