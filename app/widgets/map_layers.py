"""What is painted on a map: dots with the tint under them, and above them names, ring and the outline being drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QWidget

from .. import theme
from . import name_places, name_tags
from .dot_drawing import DotDrawing, Tint, tint_of
from .guarded_paint import guarded
from .name_tags import NameTags
from .point_canvas import ROOM, View
from .point_raster import PointRaster
from .view_layer import ViewLayer

_FADED = 0.35
"""The part of its colour a dot keeps while others are selected."""
_RING_RADIUS = 6.5
_LED_FROM = 0.7
"""A name so many of its heights above the place it belongs to is tied to it by a line."""
_IN_A_BYTE = 127
"""So many colours, and -1 for the quiet one, fit into one byte."""


class Dots(ViewLayer):
    """The dots and the tint under them, as one picture; painted again only when view, points or colours changed."""

    def __init__(self) -> None:
        super().__init__()
        self.raster = PointRaster(np.empty((0, 2), np.float32))
        self._codes = np.empty(0, np.int32)
        self._table: Sequence[QColor] = ()
        self._rest = QColor()
        self._selected = np.empty(0, bool)
        self.tinted = True
        """Whether the ground is that of a card with a tint, else see-through; to be set before the first points."""
        self._tint: Tint | None = None
        self._tinted_for: tuple[object, ...] = ()
        self._drawing: DotDrawing | None = None
        self._picture = QImage()
        self._painted_for: object = None

    def show_points(
        self,
        raster: PointRaster,
        codes: NDArray[np.int32],
        table: Sequence[QColor],
        selected: NDArray[np.bool_],
        rest: QColor,
    ) -> None:
        """Show the points of a raster. codes int [N]: the place of each point's colour in the table, -1 for `rest`, in
        which points lie under all others; selected bool [N]. What is drawn is made at the next paint.
        """
        self.raster, self._codes, self._table, self._selected = raster, codes, table, selected
        self._rest = rest
        self._drawing = self._painted_for = None
        self.update()

    def colour_of(self, index: int) -> QColor:
        code = int(self._codes[index])
        return self._rest if code < 0 else self._table[code]

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

    @guarded
    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        ratio = painter.device().devicePixelRatio() if painter.device() is not None else 1.0
        view, area = self.view_on(ratio)
        if not len(self.raster) or view.width < 1 or view.height < 1:
            return
        if self._painted_for != view:
            size = QSize(view.width + 2 * ROOM, view.height + 2 * ROOM)
            if self._picture.size() != size:
                self._picture = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
            self.drawing().fill(self._picture, view, ratio)
            self._painted_for = view
        painter.save()
        painter.resetTransform()
        painter.drawImage(area, self._picture, QRectF(ROOM, ROOM, view.width, view.height))
        painter.restore()

    def drawing(self) -> DotDrawing:
        """The dots as they are now, to be painted anywhere."""
        if self._drawing is None:
            order, table = self.raster.order, self._table
            # In one byte each, as many as fit in: a million of them then stay in the processor's cache.
            codes = (self._codes.astype(np.int8) if len(table) <= _IN_A_BYTE else self._codes).take(order)
            card = QColor(theme.colours().card)
            shown = full = [*table, self._rest]  # -1 is the last
            chosen = np.flatnonzero(self._selected.take(order))
            if self._selected.any():
                shown = [mixed(colour, card, _FADED) for colour in full]
            self._drawing = DotDrawing(
                self.raster, _values(shown).take(codes), codes < 0, chosen, _values(full).take(codes.take(chosen)),
                card if self.tinted else None, self._current_tint() if self.tinted else None,
            )  # fmt: skip
        return self._drawing

    def _current_tint(self) -> Tint | None:
        """The tint of these points in these colours, whichever of them are selected."""
        looks = (self.raster, self._codes, self._table, theme.colours())
        if len(looks) != len(self._tinted_for) or any(a is not b for a, b in zip(looks, self._tinted_for, strict=True)):
            self._tinted_for = looks
            self._tint = tint_of(self.raster, self._codes, self._table)
        return self._tint


class Overlay(ViewLayer):
    """Above the dots: names of groups, the outline being drawn, a ring around what is pointed at, the focus."""

    def __init__(self, photo_box: Callable[[int], QRectF | None]) -> None:
        """photo_box: where the photo of a point is shown in place of its dot, in scene pixels."""
        super().__init__()
        self._photo_box = photo_box
        self._ring: tuple[int, QPointF] | None = None
        self._focused = False
        self._to_place: tuple[PointRaster, NDArray[np.int32], Sequence[str]] | None = None
        self._anchors = np.empty((0, 2), np.float32)
        self._names: list[tuple[int, str]] = []
        self._tags = NameTags()
        self._ratio = 1.0  # device pixels a pixel where it was painted last
        self._outline: QPainterPath | None = None
        self._boxes: dict[int, QRectF] = {}
        self.setZValue(2)

    def set_names(self, raster: PointRaster, groups: NDArray[np.int32], names: Sequence[str]) -> None:
        """Write the names of groups above the points of a raster; groups int [N]: that of each point, -1 for none."""
        self._to_place = raster, groups, names  # when they are painted: until then it may change some times more
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

    @guarded
    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        area = self.getViewBox().sceneBoundingRect()
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_names(painter)
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

    def name_paths(self) -> list[QPainterPath]:
        """The outlines of the names where they stand, in scene pixels."""
        return [name_tags.path_of(name)[0].translated(box.topLeft()) for _, name, _, box, _ in self._placed_names()]

    def leader_path(self) -> QPainterPath:
        """The lines from names that stand far above their groups down to these, in scene pixels."""
        return _leaders([(box, at) for *_, box, at in self._placed_names()])

    def _paint_names(self, painter: QPainter) -> None:
        if painter.device() is not None:
            self._ratio = painter.device().devicePixelRatio()
        placed = list(self._placed_names())
        self._boxes = {group: box for group, _, _, box, _ in placed}
        name_tags.paint_leaders(painter, _leaders([(box, at) for *_, box, at in placed]), theme.colours())
        for _, _, tag, box, _ in placed:
            painter.drawImage(box.topLeft(), tag)

    def _placed_names(self) -> Iterator[tuple[int, str, QImage, QRectF, QPointF]]:
        """The group, the name, its picture, where it stands and the place it belongs to, of those that have room."""
        if self._to_place is not None:
            (raster, groups, names), self._to_place = self._to_place, None
            self._anchors, sizes = name_places.anchors(raster, groups, len(names))
            by_size = np.argsort(-sizes, kind="stable")
            self._names = [(int(i), names[i]) for i in by_size if names[i] and np.isfinite(self._anchors[i, 0])]
        area, ratio = self.getViewBox().sceneBoundingRect(), self._ratio
        tags = self._tags.pictures([name for _, name in self._names], ratio)
        to_scene = self.sceneTransform()
        ats = [to_scene.map(QPointF(*self._anchors[group].tolist())) for group, _ in self._names]
        wanted = [
            (at.x() - area.left(), at.y() - area.top() - 4, tag.width() / ratio, tag.height() / ratio)
            for at, tag in zip(ats, tags, strict=True)
        ]
        places = name_places.place(wanted, area.width(), area.height())
        for (group, name), tag, at, box in zip(self._names, tags, ats, places, strict=True):
            if box is not None:
                corner = round(area.left() + box.x), round(area.top() + box.y)
                yield group, name, tag, QRectF(*corner, box.width, box.height), at


def _leaders(placed: Sequence[tuple[QRectF, QPointF]]) -> QPainterPath:
    path = QPainterPath()
    for box, at in placed:
        if at.y() - box.bottom() > _LED_FROM * box.height():
            path.moveTo(min(max(at.x(), box.left()), box.right()), box.bottom() - 2)
            path.lineTo(at)
    return path


def _values(colours: Sequence[QColor]) -> NDArray[np.uint32]:
    return np.array([colour.rgba() for colour in colours], np.uint32)


def mixed(colour: QColor, other: QColor, part: float) -> QColor:
    """`part` of a colour and the rest of another."""
    one, two = colour.getRgb()[:3], other.getRgb()[:3]
    return QColor(*(round(part * a + (1 - part) * b) for a, b in zip(one, two, strict=True)))
