"""A small card with one photo, shown beside the pointer."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from .. import theme

_PICTURE = (150, 112)
_MARGIN = 6
_AWAY = 16
_SHADOW = 8


class PhotoCard(QWidget):
    """A thumbnail with two lines under it. It takes no mouse events and never covers the place it belongs to."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("photo_card")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._pixmap: QPixmap | None = None
        self._title = ""
        self._caption = ""
        self.hide()

    def show_photo(self, at: QPoint, pixmap: QPixmap | None, title: str, caption: str) -> None:
        """Show a photo beside a place in the parent; pixmap: None while it is being read."""
        self._pixmap, self._title, self._caption = pixmap, title, caption
        lines = 2 if caption else 1
        width = theme.pixels(_PICTURE[0]) + 2 * (_MARGIN + _SHADOW)
        height = theme.pixels(_PICTURE[1] + lines * 17) + 3 * _MARGIN + 2 * _SHADOW
        self.resize(width, height)
        room = self.parentWidget().rect()
        x = at.x() + _AWAY - _SHADOW
        if x + width > room.right():
            x = at.x() - _AWAY + _SHADOW - width
        y = min(max(at.y() - height // 2, 0), max(room.height() - height, 0))
        self.move(max(x, 0), y)
        self.setAccessibleName(f"{title} {caption}".strip())
        self.show()
        self.raise_()
        self.update()

    def set_pixmap(self, pixmap: QPixmap | None) -> None:
        self._pixmap = pixmap
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        card = QRectF(self.rect()).adjusted(_SHADOW, _SHADOW, -_SHADOW, -_SHADOW)
        painter.setPen(Qt.PenStyle.NoPen)
        for step in range(_SHADOW, 0, -1):
            painter.setBrush(QColor(0, 0, 0, 3))
            painter.drawRoundedRect(card.adjusted(-step, 2 - step, step, 2 + step), 8 + step, 8 + step)
        painter.setBrush(QColor(colours.card))
        painter.setPen(QPen(QColor(colours.line), 1))
        painter.drawRoundedRect(card.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        picture = QRect(
            int(card.left()) + _MARGIN, int(card.top()) + _MARGIN, theme.pixels(_PICTURE[0]), theme.pixels(_PICTURE[1])
        )
        self._paint_picture(painter, picture)
        painter.setFont(theme.font(11.5, bold=True))
        painter.setPen(QColor(colours.ink))
        metrics = painter.fontMetrics()
        line = QRect(picture.left() + 2, picture.bottom() + _MARGIN, picture.width() - 4, metrics.height())
        painter.drawText(line, Qt.TextFlag.TextSingleLine, self._elided(painter, self._title, line.width()))
        if self._caption:
            painter.setFont(theme.font(11.5))
            painter.setPen(QColor(colours.quiet))
            line.translate(0, theme.pixels(17))
            painter.drawText(line, Qt.TextFlag.TextSingleLine, self._elided(painter, self._caption, line.width()))
        painter.end()

    def _paint_picture(self, painter: QPainter, picture: QRect) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.colours().line))
        if self._pixmap is None or self._pixmap.isNull():
            painter.drawRoundedRect(picture, 4, 4)
            return
        # Whole, with its own ratio: a preview must not hide what is at the photo's edge.
        size = self._pixmap.size().scaled(picture.size(), Qt.AspectRatioMode.KeepAspectRatio)
        shown = QRect(QPoint(), size)
        shown.moveCenter(picture.center())
        painter.setBrush(QColor(theme.colours().page))
        painter.drawRoundedRect(picture, 4, 4)
        painter.drawPixmap(shown, self._pixmap)

    @staticmethod
    def _elided(painter: QPainter, text: str, width: int) -> str:
        return painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, width)
