"""How far something is saved, a button that stops it, and at the end one sentence."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from prismh_engine.jobs import Progress

from .card import Note


class SavingLine(QWidget):
    """Shows nothing until `begin`."""

    stop_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bar = QProgressBar()
        self._bar.setObjectName("export_progress")
        self._bar.setAccessibleName(self.tr("Saving"))
        self._bar.setTextVisible(False)
        self._stop = QPushButton(self.tr("Stop"))
        self._stop.setObjectName("export_stop")
        self._stop.setAccessibleName(self.tr("Stop saving"))
        self._stop.setProperty("role", "small")
        self._stop.clicked.connect(self.stop_wanted)
        self._said = Note("export_said")
        row = QHBoxLayout()
        row.addWidget(self._bar, 1)
        row.addWidget(self._stop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self._said)
        self.clear()

    def clear(self) -> None:
        for widget in (self._bar, self._stop, self._said):
            widget.hide()
        self.hide()

    def begin(self) -> None:
        self._said.hide()
        self._bar.setRange(0, 0)
        self._bar.show()
        self._stop.show()
        self.show()

    def take_focus(self) -> None:
        """Put the keyboard at the button that stops it."""
        self._stop.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_progress(self, progress: Progress) -> None:
        if progress.total:
            self._bar.setRange(0, progress.total)
            self._bar.setValue(progress.done)

    def end(self, sentence: str, role: str) -> None:
        self._bar.hide()
        self._stop.hide()
        self._said.say(sentence, role)
        self._said.show()
        self.show()
        # A screen reader says it wherever the keyboard is (WCAG 2.2, 4.1.3).
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._said, sentence))
