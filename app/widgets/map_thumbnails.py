"""Photos in place of dots, where a map is zoomed in so far that they have room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from .. import theme, words
from .guarded_paint import guarded
from .map_layers import Dots
from .point_canvas import View
from .point_raster import PointRaster
from .thumbnails import CORNER, rounded
from .view_layer import ViewLayer

SIDE = 64
"""Of a photo on the map, in pixels."""

Provider = Callable[[int, int], QPixmap | None]
"""The photo of a point as a square of `SIDE` times a number of pixels, or more; None while there is none."""

_GAP = 4
_CROWDED = 1.5
"""Points in more spots than this times as many photos as fill the view are shown as dots."""
_SPOT = 16
"""Points in a square of so many pixels lie in one spot: dots there would hide each other."""
_MOST = 5000
"""More points than these in sight are shown as dots: to spread them would take more than a part of a frame."""
_FRAME = 2.0
_SELECTED_FRAME = 3.0
_AROUND_NUMBER = 4


@dataclass(frozen=True)
class Frame:
    """What is around a photo: the line in its colour, another where it is selected, and at its upper right, where more
    photos than itself lie under it, how many they are."""

    box: QRectF
    colour: QColor
    selected: QColor | None
    number: QPainterPath
    """Its outline with the corner at 0, 0, so that no viewer of a saved picture needs the font; empty: none."""
    colours: theme.Colours

    def paint(self, painter: QPainter) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self.colour, _FRAME))
        painter.drawPath(rounded(self.box, CORNER))
        if self.selected is not None:
            painter.setPen(QPen(self.selected, _SELECTED_FRAME))
            painter.drawPath(rounded(self.box.adjusted(-2, -2, 2, 2), CORNER + 1))
        if not self.number.isEmpty():
            shape, edge = self.number.boundingRect(), _AROUND_NUMBER
            ground = shape.adjusted(-edge, -edge, edge, edge)
            ground.moveTopRight(self.box.topRight())
            painter.fillPath(rounded(ground, CORNER), QColor(self.colours.card))
            corner = ground.topLeft() + QPointF(edge, edge) - shape.topLeft()
            painter.fillPath(self.number.translated(corner), QColor(self.colours.ink))


class MapThumbnails(ViewLayer):
    """The photos, each on its dot and none on another, with the number of dots it hides; a dot whose photo is not there
    yet stays a dot."""

    def __init__(self, dots: Dots) -> None:
        super().__init__()
        self._dots = dots
        self._provider: Provider | None = None
        self._boxes: dict[int, QRectF] = {}
        self._spread: list[tuple[int, float, float, int]] = []
        self._spread_for: tuple[PointRaster, View] | None = None
        self.setZValue(1)

    def set_provider(self, provider: Provider | None) -> None:
        """Where photos come from; None: there are none."""
        self._provider = provider
        self.update()

    def index_at(self, pixel: QPointF) -> int:
        """The point whose photo is shown there, -1 where there is none."""
        return next((index for index, box in self._boxes.items() if box.contains(pixel)), -1)

    def box_of(self, index: int) -> QRectF | None:
        """Where the photo of a point is shown, in scene pixels."""
        return self._boxes.get(index)

    @guarded
    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        self._boxes = {}
        if self._provider is None:
            return
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for index, box, pixmap, stands_for in self._placed_photos():
            self._boxes[index] = box
            painter.drawPixmap(box, pixmap, QRectF(pixmap.rect()))
            self._frame_of(index, box, stands_for).paint(painter)
        painter.restore()

    def photos(self, times: int) -> list[tuple[QImage, QRectF, Frame]]:
        """What is shown now, to be painted anywhere at some times its size: photos, their places in scene pixels, and
        what is around them."""
        return [
            (pixmap.toImage(), box, self._frame_of(index, box, stands_for))
            for index, box, pixmap, stands_for in self._placed_photos(times)
        ]

    def _placed_photos(self, times: int = 1) -> Iterator[tuple[int, QRectF, QPixmap, int]]:
        if self._provider is None:
            return
        view, area = self._dots.view_on(1.0)
        raster = self._dots.raster
        if self._spread_for is None or self._spread_for[0] is not raster or self._spread_for[1] != view:
            self._spread, self._spread_for = spread(raster, view), (raster, view)
        for index, x, y, stands_for in self._spread:
            pixmap = self._provider(index, times)
            if pixmap is not None:
                corner = round(area.left() + x - SIDE / 2), round(area.top() + y - SIDE / 2)
                yield index, QRectF(*corner, SIDE, SIDE), pixmap, stands_for

    def _frame_of(self, index: int, box: QRectF, stands_for: int) -> Frame:
        selected = QColor(theme.colours().primary) if self._dots.is_selected(index) else None
        number = QPainterPath()
        if stands_for > 1:
            number.addText(0, 0, theme.font(12, bold=True), words.number(stands_for))
        return Frame(box, self._dots.colour_of(index), selected, number, theme.colours())


def spread(raster: PointRaster, view: View) -> list[tuple[int, float, float, int]]:
    """Points whose photos have room: index and place in pixels of each, and how many points lie under its photo, itself
    included; empty where there are too many points.

    A point gives way only to those that come before it in one fixed order, so that a photo stays where it is while the
    view moves.
    """
    if raster.visible(view) > _MOST:  # counts whole cells of the grid, so it is only about right
        return []
    left, right, low, high = view.rect(margin=SIDE)
    found = raster.within(left, right, low, high)
    x = raster.positions[found, 0].astype(float) * view.scale_x + view.offset_x
    y = raster.positions[found, 1].astype(float) * view.scale_y + view.offset_y
    on_screen = (x >= 0) & (x <= view.width) & (y >= 0) & (y <= view.height)
    spots = np.unique((x // _SPOT + y // _SPOT * 1e6)[on_screen])
    if len(spots) > _CROWDED * view.width * view.height / (SIDE + _GAP) ** 2:
        return []
    chosen = []
    remaining = np.argsort(_mixed_up(found), kind="stable")
    while len(remaining):
        at = remaining[0]
        across, down = np.abs(x - x[at]), np.abs(y - y[at])
        if -SIDE / 2 < x[at] < view.width + SIDE / 2 and -SIDE / 2 < y[at] < view.height + SIDE / 2:
            hidden = np.count_nonzero((across <= SIDE / 2) & (down <= SIDE / 2))
            chosen.append((int(found[at]), float(x[at]), float(y[at]), hidden))
        near = (across < SIDE + _GAP) & (down < SIDE + _GAP)
        remaining = remaining[~near[remaining]]
    return chosen


def _mixed_up(indices: NDArray[np.int64]) -> NDArray[np.uint32]:
    """An order that has nothing to do with that of the photos, of which neighbours often look alike."""
    return indices.astype(np.uint32) * np.uint32(2654435761)
