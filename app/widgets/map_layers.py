"""What is painted on a map: dots with the tint under them, and above them names, ring and box."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QTransform
from PySide6.QtWidgets import QWidget

from .. import theme
from . import density, name_places
from .point_raster import PointRaster, View, stamp
from .view_layer import ViewLayer


class Dots(ViewLayer):
    """The dots and the tint under them, as pictures; painted again only when view or colours changed."""

    def __init__(self) -> None:
        super().__init__()
        self._raster = PointRaster(np.empty((0, 2), np.float32))
        self._selected = np.empty(0, np.int64)
        self._colours = np.empty(0, np.uint32)
        self._selected_colours = np.empty(0, np.uint32)
        self._tint: QImage | None = None
        self._tint_rect = QRectF()
        self._picture: QImage | None = None
        self._painted_for: object = None

    def show_points(
        self, raster: PointRaster, groups: NDArray[np.int32], colours: Sequence[QColor], selected: NDArray[np.int64]
    ) -> None:
        """Show the points of a raster: the group of each, -1 for none, the colour of each group, those selected."""
        self._raster, self._selected = raster, selected
        card, quiet = QColor(theme.colours().card), QColor(theme.colours().quiet)
        table = [*colours, quiet]
        shown = [_mixed(colour, card, 0.35) for colour in table] if len(selected) else table
        order = raster.order
        self._colours = np.array([c.rgba() for c in shown], np.uint32)[groups[order]]
        self._selected_colours = np.array([c.rgba() for c in table], np.uint32)[groups[selected]]
        self._tint = None
        positions = raster.positions
        if len(positions) and colours:
            values = np.array([c.getRgb()[:3] for c in colours], np.uint8)
            strength = 0.16 if theme.colours().name == theme.LIGHT else 0.24
            pixels = density.tint(positions, groups, values, strength)
            self._tint = QImage(pixels.data, density.SIDE, density.SIDE, QImage.Format.Format_RGBA8888).copy()
            left, right, low, high = density.bounds(positions)
            self._tint_rect = QRectF(left, low, right - left, high - low)
        self._painted_for = None
        self.update()

    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        view = self.getViewBox()
        to_scene = self.sceneTransform()
        area = view.sceneBoundingRect()
        ratio = painter.device().devicePixelRatio() if painter.device() is not None else 1.0
        shown = (to_scene, area, ratio)
        if self._painted_for != shown:
            self._picture = self._paint_picture(to_scene, area, ratio)
            self._painted_for = shown
        painter.save()
        painter.resetTransform()
        if self._tint is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(to_scene.mapRect(self._tint_rect), self._tint)
        if self._picture is not None:
            painter.drawImage(area.topLeft(), self._picture)
        painter.restore()

    def _paint_picture(self, to_scene: QTransform, area: QRectF, ratio: float) -> QImage | None:
        raster = self._raster
        width, height = round(area.width() * ratio), round(area.height() * ratio)
        if not len(raster) or width < 1 or height < 1:
            return None
        view = View(
            to_scene.m11() * ratio, (to_scene.dx() - area.left()) * ratio,
            to_scene.m22() * ratio, (to_scene.dy() - area.top()) * ratio, width, height,
        )  # fmt: skip
        pixels = raster.draw(view, self._colours, ratio)
        if len(self._selected):
            at = raster.positions[self._selected]
            columns = (at[:, 0] * view.scale_x + view.offset_x).astype(np.int32)
            rows = (at[:, 1] * view.scale_y + view.offset_y).astype(np.int32)
            stamp(pixels, columns, rows, self._selected_colours, raster.dot_size(view, ratio) + round(ratio))
        picture = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied).copy()
        picture.setDevicePixelRatio(ratio)
        return picture


class Overlay(ViewLayer):
    """Above the dots: names of groups, the box being drawn, a ring around the point under the pointer, the focus."""

    def __init__(self) -> None:
        super().__init__()
        self._ring: QPointF | None = None
        self._focused = False
        self._anchors = np.empty((0, 2), np.float32)
        self._names: list[tuple[int, str]] = []
        self._drag: QRectF | None = None
        self._boxes: dict[int, QRectF] = {}
        self.setZValue(1)

    def set_names(self, positions: NDArray[np.float32], groups: NDArray[np.int32], names: Sequence[str]) -> None:
        self._anchors = name_places.anchors(positions, groups, len(names))
        sizes = np.bincount(groups[groups >= 0], minlength=len(names))
        by_size = np.argsort(-sizes[: len(names)], kind="stable")
        self._names = [(int(i), names[i]) for i in by_size if names[i] and np.isfinite(self._anchors[i, 0])]
        self.update()

    def set_ring(self, place: QPointF | None) -> None:
        """Draw a ring around a place in map units, or none."""
        self._ring = place
        self.update()

    def set_focused(self, focused: bool) -> None:
        self._focused = focused
        self.update()

    def set_box(self, box: QRectF | None) -> None:
        """The box being drawn, in pixels."""
        self._drag = box
        self.update()

    def group_named_at(self, pixel: QPointF) -> int:
        """The group whose name is written there, -1 where there is none."""
        return next((group for group, box in self._boxes.items() if box.contains(pixel)), -1)

    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        area = self.getViewBox().sceneBoundingRect()
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_names(painter, area)
        primary = QColor(theme.colours().primary)
        if self._ring is not None:
            at = self.sceneTransform().map(self._ring)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(theme.colours().card), 4))
            painter.drawEllipse(at, 6.5, 6.5)
            painter.setPen(QPen(QColor(theme.colours().ink), 1.75))
            painter.drawEllipse(at, 6.5, 6.5)
        if self._drag is not None:
            fill = QColor(primary)
            fill.setAlpha(24)
            painter.setBrush(fill)
            painter.setPen(QPen(primary, 1.75, Qt.PenStyle.DashLine))
            painter.drawRoundedRect(self._drag, 2, 2)
        if self._focused:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(primary, 1.5))
            painter.drawRoundedRect(area.adjusted(2, 2, -2, -2), theme.CARD_RADIUS - 3, theme.CARD_RADIUS - 3)
        painter.restore()

    def _paint_names(self, painter: QPainter, area: QRectF) -> None:
        painter.setFont(theme.font(theme.TEXT_PIXELS, bold=True))
        metrics = painter.fontMetrics()
        to_scene = self.sceneTransform()
        wanted, texts = [], []
        for group, name in self._names:
            text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, theme.pixels(180))
            at = to_scene.map(QPointF(float(self._anchors[group, 0]), float(self._anchors[group, 1])))
            wanted.append((at.x() - area.left(), at.y() - area.top() - 4,
                           float(metrics.horizontalAdvance(text) + 8), float(metrics.height())))  # fmt: skip
            texts.append((group, text))
        self._boxes.clear()
        halo = QPen(QColor(theme.colours().card), 4.5, j=Qt.PenJoinStyle.RoundJoin)
        for (group, text), box in zip(texts, name_places.place(wanted, area.width(), area.height()), strict=True):
            if box is None:
                continue
            rect = QRectF(area.left() + box.x, area.top() + box.y, box.width, box.height)
            self._boxes[group] = rect
            path = QPainterPath()
            path.addText(rect.left() + 4, rect.top() + metrics.ascent(), painter.font(), text)
            painter.strokePath(path, halo)
            painter.fillPath(path, QColor(theme.colours().ink))


def _mixed(colour: QColor, other: QColor, part: float) -> QColor:
    """`part` of a colour and the rest of another."""
    one, two = colour.getRgb()[:3], other.getRgb()[:3]
    return QColor(*(round(part * a + (1 - part) * b) for a, b in zip(one, two, strict=True)))
