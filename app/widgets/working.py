"""A word that the program is at work, for what takes longer than a moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel, QWidget

_MS_BEFORE_SAID = 250


class Working(QLabel):
    """Hidden until something has been under way for a moment, and again when all of it is done."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("working")
        self.setText(self.tr("Working…"))
        self.setAccessibleName(self.text())
        self.setProperty("role", "quiet")
        self._watched: list[Callable[[], bool]] = []
        self._waiting = QTimer(self)
        self._waiting.setSingleShot(True)
        self._waiting.setInterval(_MS_BEFORE_SAID)
        self._waiting.timeout.connect(self.show)
        self.hide()

    def watch(self, changed: Any, busy: Callable[[], bool]) -> None:
        """busy: whether something is under way; changed: the signal after which to ask."""
        self._watched.append(busy)
        changed.connect(self._look)

    def _look(self) -> None:
        if not any(busy() for busy in self._watched):
            self._waiting.stop()
            self.hide()
        elif self.isHidden() and not self._waiting.isActive():
            self._waiting.start()
