"""What stands in the map's place while there is no map: why, how far it is, and what to do."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from .. import theme

_SENTENCE_WIDTH, _BAR_WIDTH = 360, 240


class MapNotice(QWidget):
    """A heading, a sentence, a bar while something is under way, a button where there is something to do."""

    pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("map_notice")
        self._heading = QLabel()
        self._heading.setProperty("role", "heading")
        self._sentence = QLabel()
        self._sentence.setObjectName("map_notice_sentence")
        self._sentence.setProperty("role", "quiet")
        self._sentence.setWordWrap(True)
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._button = QPushButton()
        self._button.setObjectName("map_notice_button")
        self._button.clicked.connect(self.pressed)
        layout = QVBoxLayout(self)
        layout.setSpacing(theme.ROW_GAP)
        layout.addStretch(1)
        for widget in (self._heading, self._sentence, self._bar, self._button):
            layout.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(1)
        self.setMinimumWidth(1)  # else the sentence would be the measure of the map, not the map that of the sentence
        theme.changed.connect(self._fit)
        self._fit()

    def say(self, heading: str, sentence: str, *, button: str = "") -> None:
        self._heading.setText(heading)
        self._sentence.setText(sentence)
        self._fit()
        self.setAccessibleName(f"{heading}. {sentence}")
        self._bar.hide()
        self._button.setText(button)
        self._button.setAccessibleName(button)
        self._button.setVisible(bool(button))

    def say_progress(self, heading: str, sentence: str, done: int, total: int | None) -> None:
        """total: None while it is unknown."""
        self.say(heading, sentence)
        self._bar.setRange(0, total or 0)
        self._bar.setValue(done)
        self._bar.setAccessibleName(heading)
        self._bar.show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Widths that go with the text size, as far as there is room.

        A centred label is not asked how high its lines are, so it is told.
        """
        room = max(1, self.contentsRect().width() - 2 * theme.PAGE_MARGIN)
        self._bar.setFixedWidth(min(theme.pixels(_BAR_WIDTH), room))
        self._sentence.ensurePolished()
        width = min(theme.pixels(_SENTENCE_WIDTH), room)
        self._sentence.setFixedSize(width, max(0, self._sentence.heightForWidth(width)))
