"""Says that photos are not where they were, and offers to find them."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from .. import words
from .card import label


class MissingLine(QWidget):
    """Hidden while every photo is in its place."""

    pressed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._text: QLabel = label("", "why")
        self._button = QPushButton(self.tr("Find them…"))
        self._button.setObjectName("find_missing")
        self._button.setAccessibleName(self.tr("Find the photos that are not where they were"))
        self._button.setProperty("role", "small")
        self._button.clicked.connect(self.pressed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._button)
        self.say(0)

    def say(self, missing: int) -> None:
        text = self.tr("1 photo is not where it was. Nothing about it is lost.")
        if missing != 1:
            text = self.tr("{0} photos are not where they were. Nothing about them is lost.")
        self._text.setText(text.format(words.number(missing)))
        self.setVisible(missing > 0)

    def allow(self, allowed: bool) -> None:
        """Whether photos can be looked for at this moment."""
        self._button.setEnabled(allowed)
        self._button.setToolTip("" if allowed else self.tr("Possible when nothing else is running"))
