"""One tinted line that says what the program suggests; pressing it shows that."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from .card import plain_tip

_PADDING = 24


class SuggestionLine(QPushButton):
    """Hidden while there is nothing to suggest."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sentence = ""
        self.setObjectName(object_name)
        self.setProperty("role", "suggestion")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.hide()

    def say(self, sentence: str) -> None:
        """Show a sentence, "" for none."""
        self._sentence = sentence
        self.setAccessibleName(sentence)
        self.setVisible(bool(sentence))
        self._elide()

    def sizeHint(self) -> QSize:
        return QSize(100, super().sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        shown = self.fontMetrics().elidedText(
            self._sentence, Qt.TextElideMode.ElideMiddle, max(24, self.width() - _PADDING)
        )
        self.setText(shown.replace("&", "&&"))
        self.setToolTip("" if shown == self._sentence else plain_tip(self._sentence))
