"""A map as a picture file: PNG at twice its size, or SVG with dots and names that stay sharp.

What is seen is taken down in the GUI thread, which is quick; painting, compressing and writing it is a job's work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QCoreApplication, QIODevice, QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPainterPath, QPicture, Qt
from PySide6.QtSvg import QSvgGenerator

from prismh_engine.errors import PrismhError
from prismh_engine.files import write_whole
from prismh_engine.jobs import Job, Progress

from .. import theme
from . import name_tags
from .dot_drawing import DotDrawing
from .map_layers import Dots, Overlay
from .map_thumbnails import Frame, MapThumbnails
from .point_canvas import ROOM, View
from .view_layer import ViewLayer

_TIMES = 2
_CIRCLES = 20_000
"""With more dots an SVG carries them as a picture: each takes 80 bytes, and viewers get slow."""
_LINE, _DOT, _TO_TEXT, _EDGE = 22, 10, 16, 16

Meanings = Sequence[tuple[str, QColor]]


def take(
    under: Sequence[ViewLayer],
    dots: Dots,
    thumbnails: MapThumbnails,
    above: Sequence[ViewLayer],
    overlay: Overlay,
    meanings: Meanings,
) -> MapPicture:
    """What these layers show now, without ring and focus.

    under, above: layers under the dots and on the photos, the lowest first; meanings: what each colour stands for,
    written below the map.
    """
    view, area = dots.view_on(1.0)
    return MapPicture(
        [_recorded(layer) for layer in under], dots.drawing(), view, dots.view_on(_TIMES)[0], area,
        thumbnails.photos(_TIMES), [_recorded(layer) for layer in above], overlay.leader_path(), overlay.name_paths(),
        _Legend(meanings, round(area.right())), theme.colours(),
        QCoreApplication.translate("MapPicture", "Map of the photos"),
    )  # fmt: skip


@dataclass(frozen=True)
class MapPicture:
    """What a map showed at one moment; made by `take`."""

    _under: Sequence[QPicture]
    _dots: DotDrawing
    _view: View
    _finer: View
    """The same view with `_TIMES` pixels a pixel."""
    _area: QRectF
    _photos: Sequence[tuple[QImage, QRectF, Frame]]
    _above: Sequence[QPicture]
    _leaders: QPainterPath
    _names: Sequence[QPainterPath]
    _legend: _Legend
    _colours: theme.Colours
    _title: str

    def save(self, path: Path) -> Job[Path]:
        """Write it to a .png or an .svg file, whole or not at all; may run in any thread. Returns the path.

        Raises `PrismhError` for another kind of file, and where the disk refuses.
        """
        yield Progress("Saving the picture of the map", 0, None)
        kinds = {".png": self._png, ".svg": self._svg}
        if path.suffix.lower() not in kinds:
            raise PrismhError(f"A picture of the map is a .png or an .svg file; {path.name} is neither.")
        content = kinds[path.suffix.lower()]()
        with write_whole(path) as stream:
            stream.write(content)
        return path

    def _png(self) -> bytes:
        image = QImage(_TIMES * self._size(), QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(_TIMES)
        image.fill(QColor(self._colours.card))
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_under_the_dots(painter)
        painter.drawImage(self._area.topLeft(), self._dots_picture())
        self._paint_above_the_dots(painter)
        painter.end()
        return _png_of(image)

    def _svg(self) -> bytes:
        size = self._size()
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        generator = QSvgGenerator(QSvgGenerator.SvgVersion.Svg11)
        generator.setOutputDevice(buffer)
        generator.setSize(size)
        generator.setViewBox(QRectF(QPointF(), size.toSizeF()))
        generator.setResolution(96)
        generator.setTitle(self._title)
        painter = QPainter(generator)
        painter.fillRect(QRectF(QPointF(), size.toSizeF()), QColor(self._colours.card))
        self._paint_under_the_dots(painter)
        rows = self._dots.in_sight(self._view)
        stands_for_dots = None
        if len(rows) > _CIRCLES:
            stands_for_dots = QImage(1, 1, QImage.Format.Format_RGB32)
            stands_for_dots.fill(0)
            painter.drawImage(self._area, stands_for_dots)
        else:
            painter.translate(self._area.topLeft())
            if self._dots.tint is not None:
                self._dots.tint.paint(painter, self._view)
            painter.setPen(Qt.PenStyle.NoPen)
            for middle, radius, colour in self._dots.circles(self._view, rows):
                painter.setBrush(colour)
                painter.drawEllipse(middle, radius, radius)
            painter.translate(-self._area.topLeft())
        self._paint_above_the_dots(painter)
        painter.end()
        content = bytes(buffer.data().data())
        if stands_for_dots is None:
            return content
        # QSvgGenerator would compress a large picture without letting the other threads run.
        return content.replace(_base64(_png_of(stands_for_dots)), _base64(_png_of(self._dots_picture())), 1)

    def _dots_picture(self) -> QImage:
        view = self._finer
        picture = QImage(view.width + 2 * ROOM, view.height + 2 * ROOM, QImage.Format.Format_ARGB32_Premultiplied)
        self._dots.fill(picture, view, _TIMES)
        made = picture.copy(ROOM, ROOM, view.width, view.height)
        made.setDevicePixelRatio(_TIMES)
        return made

    def _paint_under_the_dots(self, painter: QPainter) -> None:
        for picture in self._under:
            painter.drawPicture(QPointF(), picture)

    def _paint_above_the_dots(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for photo, box, frame in self._photos:
            painter.drawImage(box, photo)
            frame.paint(painter)
        for picture in self._above:
            painter.drawPicture(QPointF(), picture)
        name_tags.paint_leaders(painter, self._leaders, self._colours)
        for path in self._names:
            name_tags.paint(painter, path, self._colours)
        self._legend.paint(painter, round(self._area.bottom()), QColor(self._colours.ink))

    def _size(self) -> QSize:
        return QSize(round(self._area.right()), round(self._area.bottom()) + self._legend.height)


class _Legend:
    """Colours and their meanings in lines of a width in pixels; texts as outlines, so that no viewer needs the font."""

    def __init__(self, meanings: Meanings, width: int) -> None:
        font = theme.font(12)
        metrics = QFontMetrics(font)
        line, x, y = theme.pixels(_LINE), _EDGE, 0
        self._placed: list[tuple[QPointF, QPainterPath, QColor]] = []
        for text, colour in meanings:
            text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, width - 2 * _EDGE - _TO_TEXT)
            taken = _TO_TEXT + metrics.horizontalAdvance(text)
            if x > _EDGE and x + taken > width - _EDGE:
                x, y = _EDGE, y + line
            middle = y + line / 2
            path = QPainterPath()
            path.addText(x + _TO_TEXT, middle + (metrics.ascent() - metrics.descent()) / 2, font, text)
            self._placed.append((QPointF(x + _DOT / 2, middle), path, colour))
            x += taken + _EDGE
        self.height = y + line + _EDGE if meanings else 0

    def paint(self, painter: QPainter, top: int, ink: QColor) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        for middle, path, colour in self._placed:
            painter.setBrush(colour)
            painter.drawEllipse(middle + QPointF(0, top), _DOT / 2, _DOT / 2)
            painter.fillPath(path.translated(0, top), ink)


def _recorded(layer: ViewLayer) -> QPicture:
    """What a layer paints, to be painted anywhere."""
    picture = QPicture()
    painter = QPainter(picture)
    layer.paint(painter, None)
    painter.end()
    return picture


def _png_of(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(buffer.data().data())


def _base64(content: bytes) -> bytes:
    return bytes(QByteArray(content).toBase64().data())
