"""Which photo of a map is pointed at, by mouse or by keyboard."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QPointF, Signal

from . import map_steps
from .map_layers import Overlay
from .map_pointer import MapPointer
from .map_thumbnails import MapThumbnails
from .map_view import MapView
from .point_raster import PointRaster

_REACH = 9
"""Pixels from the pointer to the middle of a dot, at most."""


class MapPointing(QObject):
    """Finds the point, and puts the ring around it."""

    changed = Signal(int)
    """`index`, when it is another one, or elsewhere on screen."""

    def __init__(self, view: MapView, scene: Any, thumbnails: MapThumbnails, overlay: Overlay, parent: QObject) -> None:
        """scene: the pyqtgraph scene that the view lies in."""
        super().__init__(parent)
        self.index = -1
        """The row of the point, -1 for none."""
        self._view, self._thumbnails, self._overlay = view, thumbnails, overlay
        self._all = self._shown = PointRaster(np.empty((0, 2), np.float32))
        self._pointer = MapPointer(view, scene, self)
        self._pointer.points.connect(self._mouse_points)
        view.sigRangeChanged.connect(self._tell_again)
        view.place_under = self._place_under

    def set_points(self, points: PointRaster, shown: PointRaster) -> None:
        """All points of the map, and those of them that can be pointed at."""
        self._all, self._shown = points, shown
        self._show_ring()

    def point_at(self, index: int) -> None:
        """Point at one; -1: at none."""
        if index != self.index:
            self.index = index
            self._show_ring()
            self.changed.emit(index)

    def step(self, right: int, up: int) -> None:
        """Go to the next point in a direction, from the one that is pointed at or from the middle of the view."""
        self._pointer.leave()
        if self.index >= 0:
            x, y = self._all.positions[self.index].tolist()
            index = map_steps.towards(self._shown, x, y, right, up)
        else:
            middle = self._view.viewRect().center()
            index = map_steps.nearest(self._shown, middle.x(), middle.y())
        if index >= 0:
            self.point_at(index)
            self._view.bring_into_sight(self._place_of(index))

    def nearest(self, pixel: QPointF) -> int:
        """The point whose photo or dot lies at a place in scene pixels, -1 where none does."""
        shown = self._thumbnails.index_at(pixel)
        if shown >= 0:
            return shown
        at, (pixel_width, _) = self._view.mapSceneToView(pixel), self._view.viewPixelSize()
        return self._shown.nearest(at.x(), at.y(), _REACH * pixel_width)

    def _mouse_points(self, pixel: QPointF | None) -> None:
        self.point_at(-1 if pixel is None else self.nearest(pixel))

    def _tell_again(self) -> None:
        """What the keyboard points at is elsewhere on screen now."""
        if self.index >= 0:
            self.changed.emit(self.index)

    def _place_under(self, pixel: QPointF) -> QPointF:
        """Of a photo the place it belongs to, so that it stays in sight."""
        shown = self._thumbnails.index_at(pixel)
        return self._place_of(shown) if shown >= 0 else self._view.mapSceneToView(pixel)

    def _place_of(self, index: int) -> QPointF:
        return QPointF(*self._all.positions[index].tolist())

    def _show_ring(self) -> None:
        known = 0 <= self.index < len(self._all)
        self._overlay.set_ring(self.index, self._place_of(self.index) if known else None)
