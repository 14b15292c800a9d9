"""What lies under the dots of the map by place: lines of degrees with their numbers, a scale bar, and hot spots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
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


def tr(text: str) -> str:
    return QCoreApplication.translate("place_layers", text)


class Graticule(ViewLayer):
    """Lines along round degrees, their numbers at the left and the lower edge, and a scale bar."""

    def __init__(self) -> None:
        super().__init__()
        self._plane = PlacePlane()
        self.setZValue(-2)

    def set_plane(self, plane: PlacePlane) -> None:
        self._plane = plane
        self.update()

    @guarded
    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        area, to_scene = self.getViewBox().sceneBoundingRect(), self.sceneTransform()
        (left, right), (low, high) = self.getViewBox().viewRange()
        plane = self._plane
        south, west = plane.degrees(left, low)
        north, east = plane.degrees(right, high)
        painter.save()
        painter.resetTransform()
        painter.setFont(theme.font(11))
        metrics = painter.fontMetrics()
        meridians, apart = grid_lines(
            max(west, plane.longitude - 180), min(east, plane.longitude + 180),
            max(2, int(area.width() / theme.pixels(_BETWEEN_MERIDIANS))),
        )  # fmt: skip
        parallels, above = grid_lines(
            max(south, -90.0), min(north, 90.0), max(2, int(area.height() / theme.pixels(_BETWEEN_PARALLELS)))
        )
        columns = [to_scene.map(QPointF(plane.x_of(value), 0)).x() for value in meridians]
        rows = [to_scene.map(QPointF(0, plane.y_of(value))).y() for value in parallels]
        top, bottom = (to_scene.map(QPointF(0, plane.y_of(pole))).y() for pole in (90.0, -90.0))
        painter.setPen(QPen(QColor(theme.colours().line), 1))
        for y in rows:
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        for x in columns:
            painter.drawLine(QPointF(x, max(area.top(), top)), QPointF(x, min(area.bottom(), bottom)))
        painter.setPen(QColor(theme.colours().quiet))
        free = area.right() - theme.pixels(_SCALE_BAR) - 2 * _MARGIN
        for value, y in zip(parallels, rows, strict=True):
            text = degree_text(value, above, tr("N"), tr("S"))
            if area.top() + metrics.height() < y < area.bottom() - 2 * metrics.height():
                painter.drawText(QPointF(area.left() + 8, y - 3), text)
        for value, x in zip(meridians, columns, strict=True):
            text = degree_text(wrapped(value), apart, tr("E"), tr("W"))
            if area.left() + 40 < x < free - metrics.horizontalAdvance(text):
                painter.drawText(QPointF(x + 4, area.bottom() - 8), text)
        self._paint_scale(painter, area, (left, right), (low + high) / 2)
        painter.restore()

    def _paint_scale(self, painter: QPainter, area: QRectF, across: tuple[float, float], middle: float) -> None:
        metres = self._plane.metres_along(middle, across[1] - across[0]) / max(1.0, area.width())
        if not metres > 0:
            return
        length = scale_length(metres * theme.pixels(_SCALE_BAR))
        pixels = length / metres
        end = QPointF(area.right() - _MARGIN, area.bottom() - _MARGIN)
        painter.setPen(QPen(QColor(theme.colours().ink), 1.5))
        painter.drawPolyline([end - QPointF(pixels, 5), end - QPointF(pixels, 0), end, end - QPointF(0, 5)])
        text = _length(length)
        metrics = painter.fontMetrics()
        painter.drawText(end - QPointF((pixels + metrics.horizontalAdvance(text)) / 2, 6), text)


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


def _length(metres: float) -> str:
    return (
        tr("{0} m").format(f"{metres:g}") if metres < 1000 else tr("{0} km").format(words.number(round(metres / 1000)))
    )
