"""How well separated a group is, as a small bar with its words."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from .. import theme


class SeparationBar(QWidget):
    """A bar filled to a share, in a group's colour."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._share = 0.0
        self._colour = QColor()

    def show_share(self, share: float, colour: QColor) -> None:
        """share: 0 to 1."""
        self._share, self._colour = min(1.0, max(0.0, share)), colour
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(90, theme.pixels(14))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = QRectF(0, self.height() / 2 - 3, self.width(), 6)
        paint_bar(painter, bar, self._share, self._colour)
        painter.end()


def paint_bar(painter: QPainter, bar: QRectF, share: float, colour: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.colours().line))
    painter.drawRoundedRect(bar, bar.height() / 2, bar.height() / 2)
    if share > 0:
        painter.setBrush(colour)
        filled = QRectF(bar.left(), bar.top(), max(bar.height(), bar.width() * share), bar.height())
        painter.drawRoundedRect(filled, bar.height() / 2, bar.height() / 2)


class Separation(QWidget):
    """The words, the bar and the share."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("separation")
        self._words = QLabel(self.tr("Well separated"))
        self._words.setProperty("role", "quiet")
        self._bar = SeparationBar()
        self._number = QLabel()
        self._number.setProperty("role", "quiet")
        self.setToolTip(
            self.tr(
                "Of the 15 photos most alike to each photo of this group, how many lie in the same group, on average."
            )
        )
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.ROW_GAP)
        layout.addWidget(self._words)
        layout.addWidget(self._bar)
        layout.addWidget(self._number)
        layout.addStretch(1)

    def show_share(self, share: float, colour: QColor) -> None:
        """share: 0 to 1, of neighbours in the same group."""
        self._bar.show_share(share, colour)
        self._number.setText(self.tr("{percent} %").format(percent=round(100 * share)))
        self.setAccessibleName(f"{self._words.text()}: {self._number.text()}")
