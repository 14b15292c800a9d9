"""Lets go of very many objects without a pause: to free those of a hundred thousand photos at once takes a moment."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, QTimer

_AT_ONCE = 1000


class SlowRelease(QObject):
    """Holds what it is given and lets go of it a part at a time, whenever the window has nothing else to do."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._held: list[object] = []
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._release_some)

    def take(self, things: Iterable[object]) -> None:
        """Hold these too. Whoever gives them is to let go of them next."""
        self._held.extend(things)
        self._timer.start()

    def _release_some(self) -> None:
        del self._held[-_AT_ONCE:]
        if not self._held:
            self._timer.stop()
