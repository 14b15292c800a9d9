"""What the map by place shows besides photos: lines of degrees, their numbers, a scale bar, and hot spots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QWidget

from prismh_engine.analysis.hot_spots import HotSpot

from .. import theme, words
from ..place_plane import METRES_A_UNIT, PlacePlane, degree_text, grid_lines, scale_length, wrapped
from .guarded_paint import guarded
from .view_layer import ViewLayer

_BETWEEN_MERIDIANS, _BETWEEN_PARALLELS = 110, 70
_SCALE_BAR = 130
_MARGIN = 14
_SMALLEST_RING = 12
_HALO = 3


@dataclass(frozen=True)
class _Lines:
    """Degrees of lines, how far apart they are, and where each lies across, in scene pixels."""

    degrees: Sequence[float]
    step: float
    pixels: Sequence[float]


def tr(text: str) -> str:
    return QCoreApplication.translate("place_layers", text)


class _OnPlane(ViewLayer):
    """Something that lies along the degrees of a plane."""

    def __init__(self, height: float) -> None:
        super().__init__()
        self._plane = PlacePlane()
        self.setZValue(height)

    def set_plane(self, plane: PlacePlane) -> None:
        self._plane = plane
        self.update()

    def _lines(self, area: QRectF) -> tuple[_Lines, _Lines]:
        """The meridians and the parallels that are drawn."""
        plane, to_scene = self._plane, self.sceneTransform()
        (left, right), (low, high) = self.getViewBox().viewRange()
        south, west = plane.degrees(left, low)
        north, east = plane.degrees(right, high)
        meridians, apart = grid_lines(
            max(west, plane.longitude - 180), min(east, plane.longitude + 180),
            max(2, int(area.width() / theme.pixels(_BETWEEN_MERIDIANS))),
        )  # fmt: skip
        parallels, above = grid_lines(
            max(south, -90.0), min(north, 90.0), max(2, int(area.height() / theme.pixels(_BETWEEN_PARALLELS)))
        )
        columns = [to_scene.map(QPointF(plane.x_of(value), 0)).x() for value in meridians]
        rows = [to_scene.map(QPointF(0, plane.y_of(value))).y() for value in parallels]
        return _Lines(meridians, apart, columns), _Lines(parallels, above, rows)


class Graticule(_OnPlane):
    """Lines along round degrees, under the photos."""

    def __init__(self) -> None:
        super().__init__(-2)

    @guarded
    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        area, to_scene = self.getViewBox().sceneBoundingRect(), self.sceneTransform()
        meridians, parallels = self._lines(area)
        top, bottom = (to_scene.map(QPointF(0, self._plane.y_of(pole))).y() for pole in (90.0, -90.0))
        painter.save()
        painter.resetTransform()
        painter.setPen(QPen(QColor(theme.colours().line), 1))
        for y in parallels.pixels:
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        for x in meridians.pixels:
            painter.drawLine(QPointF(x, max(area.top(), top)), QPointF(x, min(area.bottom(), bottom)))
        painter.restore()


class GraticuleNumbers(_OnPlane):
    """The degrees of the lines at the left and the lower edge, and a scale bar; above the photos, which would hide
    them."""

    def __init__(self) -> None:
        super().__init__(1.5)

    @guarded
    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        area = self.getViewBox().sceneBoundingRect()
        meridians, parallels = self._lines(area)
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(11))
        metrics = painter.fontMetrics()
        quiet = QColor(theme.colours().quiet)
        free = area.right() - theme.pixels(_SCALE_BAR) - 2 * _MARGIN
        for value, y in zip(parallels.degrees, parallels.pixels, strict=True):
            text = degree_text(value, parallels.step, tr("N"), tr("S"))
            if area.top() + metrics.height() < y < area.bottom() - 2 * metrics.height():
                _paint_text(painter, QPointF(area.left() + 8, y - 3), text, quiet)
        for value, x in zip(meridians.degrees, meridians.pixels, strict=True):
            text = degree_text(wrapped(value), meridians.step, tr("E"), tr("W"))
            if area.left() + 40 < x < free - metrics.horizontalAdvance(text):
                _paint_text(painter, QPointF(x + 4, area.bottom() - 8), text, quiet)
        self._paint_scale(painter, area)
        painter.restore()

    def _paint_scale(self, painter: QPainter, area: QRectF) -> None:
        (left, right), (low, high) = self.getViewBox().viewRange()
        metres = self._plane.metres_along((low + high) / 2, right - left) / max(1.0, area.width())
        if not metres > 0:
            return
        length = scale_length(metres * theme.pixels(_SCALE_BAR))
        pixels = length / metres
        end = QPointF(area.right() - _MARGIN, area.bottom() - _MARGIN)
        bar, ink = [end - QPointF(pixels, 5), end - QPointF(pixels, 0), end, end - QPointF(0, 5)], theme.colours().ink
        for colour, width in ((theme.colours().card, 1.5 + _HALO), (ink, 1.5)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawPolyline(bar)
        text = _length(length)
        at = end - QPointF((pixels + painter.fontMetrics().horizontalAdvance(text)) / 2, 6)
        _paint_text(painter, at, text, QColor(ink))


class HotSpotRings(ViewLayer):
    """A ring around the photos of each hot spot, as wide as they lie but never too small to be seen."""

    def __init__(self) -> None:
        super().__init__()
        self._spots: list[tuple[QPointF, float]] = []
        self.setZValue(-1)

    def set_spots(self, plane: PlacePlane, spots: Sequence[HotSpot]) -> None:
        middles = plane.flat(np.array([s.latitude for s in spots]), np.array([s.longitude for s in spots]))
        self._spots = [
            (QPointF(*middle), spot.radius / METRES_A_UNIT)
            for middle, spot in zip(middles.tolist(), spots, strict=True)
        ]
        self.update()

    @guarded
    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        to_scene = self.sceneTransform()
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.colours()
        painter.setPen(QPen(QColor(colours.warning), 1.5, Qt.PenStyle.DashLine))
        painter.setBrush(QColor(colours.warning_tint))
        for middle, radius in self._spots:
            shown = max(abs(to_scene.m11()) * radius + 6, _SMALLEST_RING)
            painter.drawEllipse(to_scene.map(middle), shown, shown)
        painter.restore()


def _paint_text(painter: QPainter, at: QPointF, text: str, colour: QColor) -> None:
    """With a halo, so that it can be read on a photo too."""
    path = QPainterPath()
    path.addText(at, painter.font(), text)
    painter.strokePath(path, QPen(QColor(theme.colours().card), _HALO, j=Qt.PenJoinStyle.RoundJoin))
    painter.setPen(colour)
    painter.drawText(at, text)


def _length(metres: float) -> str:
    return (
        tr("{0} m").format(f"{metres:g}") if metres < 1000 else tr("{0} km").format(words.number(round(metres / 1000)))
    )
