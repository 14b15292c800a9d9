"""What stands where there is no photo to see: why, and what to do."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from .card import label


class NoPhotos(QWidget):
    pressed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._text: QLabel = label("", "why")
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._button = QPushButton()
        self._button.setObjectName("empty_action")
        self._button.clicked.connect(self.pressed)
        self.setFocusProxy(self._button)
        layout = QVBoxLayout(self)
        layout.addStretch(2)
        layout.addWidget(self._text)
        layout.addWidget(self._button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)

    def say(self, text: str, action: str) -> None:
        """action: what the button says, "" for none."""
        self._text.setText(text)
        self._button.setText(action)
        self._button.setAccessibleName(action)
        self._button.setVisible(bool(action))
