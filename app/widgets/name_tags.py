"""The names written on a map, as pictures: drawing a text's outline and halo anew takes a millisecond or two each."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPainterPath, QPen

from .. import theme

_WIDEST = 180
_SIDE = 4
_HALO = 4.5
_HALO_RADIUS, _AROUND = 2.1, 12
"""Of the halo in a picture; a little less than half the line's width, since moved letters are soft at their edges."""


class NameTags:
    """Names with a halo, bold, in the text colour and size in use; long ones are cut short. Each is drawn once."""

    def __init__(self) -> None:
        self._drawn: dict[str, QImage] = {}
        self._drawn_for: object = None

    def pictures(self, names: Sequence[str], ratio: float) -> list[QImage]:
        """A picture of each name, at a number of device pixels a pixel."""
        looks = (theme.colours(), theme.font(theme.TEXT_PIXELS, bold=True).key(), ratio)
        if looks != self._drawn_for:
            self._drawn.clear()
            self._drawn_for = looks
        known, self._drawn = self._drawn, {}
        for name in names:
            self._drawn[name] = known.get(name) or _drawn(name, ratio)
        return [self._drawn[name] for name in names]


def path_of(name: str) -> tuple[QPainterPath, float, float]:
    """A name's outline with its corner at 0, 0; the width and the height it takes."""
    font = theme.font(theme.TEXT_PIXELS, bold=True)
    metrics = QFontMetrics(font)
    text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, theme.pixels(_WIDEST))
    path = QPainterPath()
    path.addText(_SIDE, metrics.ascent(), font, text)
    return path, metrics.horizontalAdvance(text) + 2 * _SIDE, metrics.height()


def paint(painter: QPainter, path: QPainterPath, colours: theme.Colours) -> None:
    painter.strokePath(path, QPen(QColor(colours.card), _HALO, j=Qt.PenJoinStyle.RoundJoin))
    painter.fillPath(path, QColor(colours.ink))


def paint_leaders(painter: QPainter, path: QPainterPath, colours: theme.Colours) -> None:
    """Paint the lines from names to what they name, which lie under the names."""
    painter.strokePath(path, QPen(QColor(colours.card), 3))
    painter.strokePath(path, QPen(QColor(colours.quiet), 1))


def _drawn(name: str, ratio: float) -> QImage:
    """As `paint` paints it; the halo is put together of the letters moved all around, five times as fast as a wide line
    along them.
    """
    path, width, height = path_of(name)
    colours, letters, picture = theme.colours(), _blank(width, height, ratio), _blank(width, height, ratio)
    painter = _painter_on(letters)
    painter.fillPath(path, QColor(colours.card))
    painter.end()
    painter = _painter_on(picture)
    for part in range(_AROUND):
        angle = 2 * math.pi * part / _AROUND
        painter.drawImage(QPointF(_HALO_RADIUS * math.cos(angle), _HALO_RADIUS * math.sin(angle)), letters)
    painter.fillPath(path, QColor(colours.ink))
    painter.end()
    return picture


def _blank(width: float, height: float, ratio: float) -> QImage:
    picture = QImage(round(width * ratio), round(height * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    picture.setDevicePixelRatio(ratio)
    picture.fill(0)
    return picture


def _painter_on(picture: QImage) -> QPainter:
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    return painter
