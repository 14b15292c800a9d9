"""A map as a picture file: PNG at twice its size, or SVG with dots and names that stay sharp."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import QBuffer, QCoreApplication, QIODevice, QPoint, QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPainterPath, Qt
from PySide6.QtSvg import QSvgGenerator

from prismh_engine.errors import PrismhError
from prismh_engine.files import write_whole

from .. import theme
from .map_layers import Dots, Overlay
from .map_thumbnails import MapThumbnails

_TIMES = 2
_CIRCLES = 20_000
"""With more dots an SVG carries them as a picture: each takes 80 bytes, and viewers get slow."""
_LINE, _DOT, _TO_TEXT, _EDGE = 22, 10, 16, 16


Meanings = Sequence[tuple[str, QColor]]


def save(path: Path, dots: Dots, thumbnails: MapThumbnails, overlay: Overlay, meanings: Meanings) -> None:
    """Write what these layers show, without ring and focus, to a .png or .svg file; whole or not at all.

    meanings: what each colour stands for, written below the map.
    Raises `PrismhError` for another kind of file, and where the disk refuses.
    """
    kinds = {".png": _png, ".svg": _svg}
    if path.suffix.lower() not in kinds:
        raise PrismhError(f"A picture of the map is a .png or an .svg file; {path.name} is neither.")
    content = kinds[path.suffix.lower()](dots, thumbnails, overlay, _Legend(meanings, _width(dots)))
    with write_whole(path) as stream:
        stream.write(content)


def _png(dots: Dots, thumbnails: MapThumbnails, overlay: Overlay, legend: _Legend) -> bytes:
    size = _size(dots, legend)
    image = QImage(_TIMES * size, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(_TIMES)
    image.fill(QColor(theme.colours().card))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    dots.paint(painter, None)
    thumbnails.paint(painter, None)
    overlay.paint_names(painter)
    legend.paint(painter, size.height() - legend.height)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(buffer.data().data())


def _svg(dots: Dots, thumbnails: MapThumbnails, overlay: Overlay, legend: _Legend) -> bytes:
    size = _size(dots, legend)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator(QSvgGenerator.SvgVersion.Svg11)
    generator.setOutputDevice(buffer)
    generator.setSize(size)
    generator.setViewBox(QRectF(QPointF(), size.toSizeF()))
    generator.setResolution(96)
    generator.setTitle(QCoreApplication.translate("MapPicture", "Map of the photos"))
    painter = QPainter(generator)
    painter.fillRect(QRectF(QPointF(), size.toSizeF()), QColor(theme.colours().card))
    view, area = dots.view_on(1.0)
    visible = dots.raster.within(*view.rect(margin=8))
    if len(visible) > _CIRCLES:
        painter.drawImage(area, dots.picture(_TIMES))
    else:
        dots.paint_tint(painter, dots.sceneTransform())
        painter.setPen(Qt.PenStyle.NoPen)
        radius = dots.raster.dot_size(view) / 2
        places = dots.raster.positions[visible] * np.array([view.scale_x, view.scale_y])
        places += [view.offset_x + area.left(), view.offset_y + area.top()]
        for index, (x, y) in zip(visible.tolist(), places.tolist(), strict=True):
            painter.setBrush(dots.shown_colour_of(index))
            painter.drawEllipse(QPointF(x, y), radius, radius)
    thumbnails.paint(painter, None)
    overlay.paint_names(painter, as_outlines=True)
    legend.paint(painter, size.height() - legend.height)
    painter.end()
    return bytes(buffer.data().data())


class _Legend:
    """Colours and their meanings in lines of a width in pixels; texts as outlines, so that no viewer needs the font."""

    def __init__(self, meanings: Meanings, width: int) -> None:
        self._metrics = QFontMetrics(theme.font(12))
        line, x, y = theme.pixels(_LINE), _EDGE, 0
        self._placed: list[tuple[QPoint, str, QColor]] = []
        for text, colour in meanings:
            text = self._metrics.elidedText(text, Qt.TextElideMode.ElideRight, width - 2 * _EDGE - _TO_TEXT)
            taken = _TO_TEXT + self._metrics.horizontalAdvance(text)
            if x > _EDGE and x + taken > width - _EDGE:
                x, y = _EDGE, y + line
            self._placed.append((QPoint(x, y), text, colour))
            x += taken + _EDGE
        self.height = y + line + _EDGE if meanings else 0

    def paint(self, painter: QPainter, top: int) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        middle = theme.pixels(_LINE) / 2
        for place, text, colour in self._placed:
            painter.setBrush(colour)
            painter.drawEllipse(QPointF(place.x() + _DOT / 2, top + place.y() + middle), _DOT / 2, _DOT / 2)
            path = QPainterPath()
            base = middle + (self._metrics.ascent() - self._metrics.descent()) / 2
            path.addText(place.x() + _TO_TEXT, top + place.y() + base, theme.font(12), text)
            painter.fillPath(path, QColor(theme.colours().ink))


def _width(dots: Dots) -> int:
    return round(dots.view_on(1.0)[1].right())


def _size(dots: Dots, legend: _Legend) -> QSize:
    return QSize(_width(dots), round(dots.view_on(1.0)[1].bottom()) + legend.height)
