"""What is painted on a map: dots with the tint under them, and above them names, ring and the outline being drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QTransform
from PySide6.QtWidgets import QWidget

from .. import theme
from . import density, name_places, name_tags
from .name_tags import NameTags
from .point_canvas import ROOM, Canvas, View
from .point_raster import PointRaster
from .view_layer import ViewLayer

_TINTED_POINTS = 30_000
"""More are not counted for the tint: a share of them, evenly over the map, makes the same picture."""
_FADED = 0.35
"""The part of its colour a dot keeps while others are selected."""
_RING_RADIUS = 6.5
_COARSE = 4
_CORNER = theme.CARD_RADIUS - 2
"""The map lies within the line around its card."""
_IN_A_BYTE = 127
"""So many colours, and -1 for the quiet one, fit into one byte."""


class Dots(ViewLayer):
    """The dots and the tint under them, as one picture; painted again only when view, points or colours changed."""

    def __init__(self) -> None:
        super().__init__()
        self.raster = PointRaster(np.empty((0, 2), np.float32))
        self._codes = np.empty(0, np.int32)
        self._table: Sequence[QColor] = ()
        self._selected = np.empty(0, bool)
        self._sorted_codes: NDArray[np.signedinteger[Any]] | None = None
        self._colours: NDArray[np.uint32] | None = None
        self._chosen: tuple[NDArray[np.int64], NDArray[np.uint32]] | None = None
        self.tinted = True
        """Whether the ground is that of a card with a tint, else see-through; to be set before the first points."""
        self._tint: QImage | None = None
        self._tint_rect = QRectF()
        self._tinted_for: tuple[object, ...] = ()
        self._picture = QImage()
        self._painted_for: object = None

    def show_points(
        self,
        raster: PointRaster,
        codes: NDArray[np.int32],
        table: Sequence[QColor],
        selected: NDArray[np.bool_],
    ) -> None:
        """Show the points of a raster. codes int [N]: the place of each point's colour in the table, -1 for the quiet
        one; selected bool [N]. What is drawn is made at the next paint.
        """
        if self.raster is not raster or self._codes is not codes:
            self._sorted_codes = None
        self.raster, self._codes, self._table, self._selected = raster, codes, table, selected
        self._colours = self._chosen = None
        self._painted_for = None
        self.update()

    def colour_of(self, index: int) -> QColor:
        code = int(self._codes[index])
        return QColor(theme.colours().quiet) if code < 0 else self._table[code]

    def shown_colour_of(self, index: int) -> QColor:
        """The colour of a point, faded where others are selected."""
        colour = self.colour_of(index)
        if self._selected[index] or not self._selected.any():
            return colour
        return mixed(colour, QColor(theme.colours().card), _FADED)

    def is_selected(self, index: int) -> bool:
        return bool(self._selected[index])

    def view_on(self, ratio: float) -> tuple[View, QRectF]:
        """How map units become pixels now, counted from the corner of the area that this layer fills; the area."""
        box = self.getViewBox()
        box.updateMatrix()  # it is else brought up to date at the next paint only
        to_scene, area = self.sceneTransform(), box.sceneBoundingRect()
        view = View(
            to_scene.m11() * ratio, (to_scene.dx() - area.left()) * ratio,
            to_scene.m22() * ratio, (to_scene.dy() - area.top()) * ratio,
            round(area.width() * ratio), round(area.height() * ratio),
        )  # fmt: skip
        return view, area

    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        ratio = painter.device().devicePixelRatio() if painter.device() is not None else 1.0
        view, area = self.view_on(ratio)
        if not len(self.raster) or view.width < 1 or view.height < 1:
            return
        if self._painted_for != view:
            self._paint_picture(view, ratio)
            self._painted_for = view
        painter.save()
        painter.resetTransform()
        painter.drawImage(area, self._picture, QRectF(ROOM, ROOM, view.width, view.height))
        painter.restore()

    def picture(self, ratio: float) -> QImage:
        """Dots and tint as a picture of the area that this layer fills."""
        view, _ = self.view_on(ratio)
        self._paint_picture(view, ratio)
        self._painted_for = None
        return self._picture.copy(ROOM, ROOM, view.width, view.height)

    def paint_tint(self, painter: QPainter, transform: QTransform) -> None:
        """Paint the tint alone; the transform brings map units to the painter's."""
        if not self.tinted:
            return
        looks = (self.raster, self._codes, self._table, theme.colours().name)
        if len(looks) != len(self._tinted_for) or any(a is not b for a, b in zip(looks, self._tinted_for, strict=True)):
            self._tinted_for = looks
            self._make_tint()
        if self._tint is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(transform.mapRect(self._tint_rect), self._tint)

    def _make_tint(self) -> None:
        self._tint = None
        raster = self.raster
        if not len(raster) or not self._table:
            return
        step = 1 + len(raster) // _TINTED_POINTS
        positions = np.stack([raster.x[::step], raster.y[::step]], axis=1)
        values = np.array([c.getRgb()[:3] for c in self._table], np.uint8)
        strength = 0.16 if theme.colours().name == theme.LIGHT else 0.24
        pixels = density.tint(positions, self._codes[raster.order[::step]], values, strength)
        kind = QImage.Format.Format_RGBA8888_Premultiplied
        made = QImage(pixels.data, density.SIDE, density.SIDE, kind)
        self._tint = made.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
        left, right, low, high = density.bounds(positions)
        self._tint_rect = QRectF(left, low, right - left, high - low)

    def _paint_picture(self, view: View, ratio: float) -> None:
        width, height = view.width + 2 * ROOM, view.height + 2 * ROOM
        if (self._picture.width(), self._picture.height()) != (width, height):
            self._picture = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
        pixels = np.frombuffer(self._picture.bits(), np.uint32).reshape(height, width)
        self._fill_ground(pixels, view, ratio)
        canvas = Canvas(view.width, view.height, pixels)
        colours, chosen = self._dot_colours()
        self.raster.draw(view, canvas, colours, ratio)
        if chosen is not None:
            rows, shown = chosen
            self.raster.draw_some(rows, view, canvas, shown, self.raster.dot_size(view, ratio) + round(ratio))

    def _fill_ground(self, pixels: NDArray[np.uint32], view: View, ratio: float) -> None:
        """Fill a padded picture with the tinted card; the tint is so soft that a pixel in 16 says all of it.

        With the card, though that is painted already: what is opaque is copied to the screen twice as fast.
        """
        if not self.tinted:
            pixels.fill(0)
            return
        height, width = pixels.shape
        coarse = QImage(-(-width // _COARSE), -(-height // _COARSE), QImage.Format.Format_ARGB32_Premultiplied)
        coarse.fill(QColor(theme.colours().card))
        painter = QPainter(coarse)
        to_picture = QTransform(view.scale_x, 0, 0, view.scale_y, view.offset_x + ROOM, view.offset_y + ROOM)
        self.paint_tint(painter, to_picture * QTransform.fromScale(1 / _COARSE, 1 / _COARSE))
        painter.end()
        few = np.frombuffer(coarse.constBits(), np.uint32).reshape(coarse.height(), coarse.width())
        rows = np.empty((*few.shape, _COARSE), np.uint32)
        for column in range(_COARSE):
            rows[..., column] = few
        rows = rows.reshape(len(few), -1)[:, :width]
        whole = height - height % _COARSE
        pixels[:whole].reshape(-1, _COARSE, width)[:] = rows[: whole // _COARSE, None]
        pixels[whole:] = rows[-1]
        outside = _outside_of_corner(round(_CORNER * ratio))
        shown = pixels[ROOM:-ROOM, ROOM:-ROOM]
        for corner in (shown, shown[::-1], shown[:, ::-1], shown[::-1, ::-1]):
            corner[: len(outside), : len(outside)][outside[: len(corner), : corner.shape[1]]] = 0

    def _dot_colours(self) -> tuple[NDArray[np.uint32], tuple[NDArray[np.int64], NDArray[np.uint32]] | None]:
        """The colour of each row of the raster; the rows that are selected, and theirs, where there are any."""
        if self._colours is None:
            if self._sorted_codes is None:
                # In one byte each, as many as fit in: a million of them then stay in the processor's cache.
                short = self._codes.astype(np.int8) if len(self._table) <= _IN_A_BYTE else self._codes
                self._sorted_codes = short.take(self.raster.order)
            codes = self._sorted_codes
            card, quiet = QColor(theme.colours().card), QColor(theme.colours().quiet)
            shown = full = [*self._table, quiet]  # -1, the quiet one, is the last
            self._chosen = None
            if self._selected.any():
                shown = [mixed(colour, card, _FADED) for colour in full]
                rows = np.flatnonzero(self._selected.take(self.raster.order))
                self._chosen = rows, np.array([c.rgba() for c in full], np.uint32).take(codes.take(rows))
            self._colours = np.array([c.rgba() for c in shown], np.uint32).take(codes)
        return self._colours, self._chosen


class Overlay(ViewLayer):
    """Above the dots: names of groups, the outline being drawn, a ring around what is pointed at, the focus."""

    def __init__(self, photo_box: Callable[[int], QRectF | None]) -> None:
        """photo_box: where the photo of a point is shown in place of its dot, in scene pixels."""
        super().__init__()
        self._photo_box = photo_box
        self._ring: tuple[int, QPointF] | None = None
        self._focused = False
        self._anchors = np.empty((0, 2), np.float32)
        self._names: list[tuple[int, str]] = []
        self._tags = NameTags()
        self._outline: QPainterPath | None = None
        self._boxes: dict[int, QRectF] = {}
        self.setZValue(2)

    def set_names(self, raster: PointRaster, groups: NDArray[np.int32], names: Sequence[str]) -> None:
        """Write the names of groups above the points of a raster; groups int [N]: that of each point, -1 for none."""
        self._anchors, sizes = name_places.anchors(raster, groups, len(names))
        by_size = np.argsort(-sizes, kind="stable")
        self._names = [(int(i), names[i]) for i in by_size if names[i] and np.isfinite(self._anchors[i, 0])]
        self.update()

    def set_ring(self, index: int, place: QPointF | None) -> None:
        """Draw a ring around a point, which lies at a place in map units; None: around none."""
        self._ring = None if place is None else (index, place)
        self.update()

    def set_focused(self, focused: bool) -> None:
        self._focused = focused
        self.update()

    def set_outline(self, outline: QPainterPath | None) -> None:
        """The box or the lasso being drawn, in pixels."""
        self._outline = outline
        self.update()

    def group_named_at(self, pixel: QPointF) -> int:
        """The group whose name is written there, -1 where there is none."""
        return next((group for group, box in self._boxes.items() if box.contains(pixel)), -1)

    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        area = self.getViewBox().sceneBoundingRect()
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.paint_names(painter)
        primary = QColor(theme.colours().primary)
        if self._ring is not None:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            ring = self._ring_path(*self._ring)
            painter.strokePath(ring, QPen(QColor(theme.colours().card), 4))
            painter.strokePath(ring, QPen(QColor(theme.colours().ink), 1.75))
        if self._outline is not None:
            fill = QColor(primary)
            fill.setAlpha(24)
            painter.setBrush(fill)
            painter.setPen(QPen(primary, 1.75, Qt.PenStyle.DashLine))
            painter.drawPath(self._outline)
        if self._focused:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(primary, 1.5))
            painter.drawRoundedRect(area.adjusted(2, 2, -2, -2), theme.CARD_RADIUS - 3, theme.CARD_RADIUS - 3)
        painter.restore()

    def _ring_path(self, index: int, place: QPointF) -> QPainterPath:
        path = QPainterPath()
        photo = self._photo_box(index)
        if photo is not None:
            path.addRoundedRect(photo.adjusted(-3, -3, 3, 3), 6, 6)
        else:
            path.addEllipse(self.sceneTransform().map(place), _RING_RADIUS, _RING_RADIUS)
        return path

    def paint_names(self, painter: QPainter, *, as_outlines: bool = False) -> None:
        """Write the names into a painter of scene pixels; as_outlines: drawn anew, for a file that has no pixels."""
        area = self.getViewBox().sceneBoundingRect()
        ratio = painter.device().devicePixelRatio() if painter.device() is not None else 1.0
        tags = self._tags.pictures([name for _, name in self._names], ratio)
        to_scene = self.sceneTransform()
        wanted = []
        for (group, _), tag in zip(self._names, tags, strict=True):
            at = to_scene.map(QPointF(float(self._anchors[group, 0]), float(self._anchors[group, 1])))
            wanted.append((at.x() - area.left(), at.y() - area.top() - 4, tag.width() / ratio, tag.height() / ratio))
        self._boxes.clear()
        places = name_places.place(wanted, area.width(), area.height())
        for (group, name), tag, box in zip(self._names, tags, places, strict=True):
            if box is None:
                continue
            rect = QRectF(round(area.left() + box.x), round(area.top() + box.y), box.width, box.height)
            self._boxes[group] = rect
            if as_outlines:
                name_tags.paint(painter, name_tags.path_of(name)[0].translated(rect.topLeft()))
            else:
                painter.drawImage(rect.topLeft(), tag)


@lru_cache(maxsize=4)
def _outside_of_corner(radius: int) -> NDArray[np.bool_]:
    """Which of radius x radius pixels at the upper left of a rounded box lie outside of it."""
    across = radius - np.arange(radius) - 0.5
    return across[:, None] ** 2 + across[None, :] ** 2 > radius**2


def mixed(colour: QColor, other: QColor, part: float) -> QColor:
    """`part` of a colour and the rest of another."""
    one, two = colour.getRgb()[:3], other.getRgb()[:3]
    return QColor(*(round(part * a + (1 - part) * b) for a, b in zip(one, two, strict=True)))
