"""A map as a picture file: PNG at twice its size, or SVG with dots and names that stay sharp."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QBuffer, QCoreApplication, QIODevice, QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QImage, QPainter, Qt
from PySide6.QtSvg import QSvgGenerator

from prismh_engine.errors import PrismhError
from prismh_engine.files import write_whole

from .. import theme
from .map_layers import Dots, Overlay
from .map_thumbnails import MapThumbnails

_TIMES = 2
_CIRCLES = 20_000
"""With more dots an SVG carries them as a picture: each takes 80 bytes, and viewers get slow."""


def save(path: Path, dots: Dots, thumbnails: MapThumbnails, overlay: Overlay) -> None:
    """Write what these layers show, without ring and focus, to a .png or .svg file; whole or not at all.

    Raises `PrismhError` for another kind of file, and where the disk refuses.
    """
    kinds = {".png": _png, ".svg": _svg}
    if path.suffix.lower() not in kinds:
        raise PrismhError(f"A picture of the map is a .png or an .svg file; {path.name} is neither.")
    content = kinds[path.suffix.lower()](dots, thumbnails, overlay)
    with write_whole(path) as stream:
        stream.write(content)


def _png(dots: Dots, thumbnails: MapThumbnails, overlay: Overlay) -> bytes:
    size = _size(dots)
    image = QImage(_TIMES * size, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(_TIMES)
    image.fill(QColor(theme.colours().card))
    painter = QPainter(image)
    dots.paint(painter, None)
    thumbnails.paint(painter, None)
    overlay.paint_names(painter)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())


def _svg(dots: Dots, thumbnails: MapThumbnails, overlay: Overlay) -> bytes:
    size = _size(dots)
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
    painter.end()
    return bytes(buffer.data().data())


def _size(dots: Dots) -> QSize:
    area = dots.view_on(1.0)[1]
    return QSize(round(area.right()), round(area.bottom()))
