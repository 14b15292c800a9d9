"""Many objects are freed a part at a time."""

from __future__ import annotations

import weakref

from PySide6.QtCore import QObject

from app.slow_release import SlowRelease


class _Thing:
    pass


def test_all_is_freed_in_the_end_but_not_at_once(qapp):
    parent = QObject()
    releasing = SlowRelease(parent)
    things = [_Thing() for _ in range(3500)]
    alive = weakref.WeakSet(things)
    releasing.take(things)
    del things
    assert len(alive) == 3500
    left = []
    for _ in range(100):
        qapp.processEvents()
        left.append(len(alive))
    assert left[-1] == 0
    assert len(set(left)) > 2, "the window got on in between"
    parent.deleteLater()
