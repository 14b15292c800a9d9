"""A map of photos: a dot for each, coloured by group; the pointer tells which photo, a click, a box or a lasso selects.

pyqtgraph gives the view and its mouse events (`map_view`); what is painted is in `map_layers` and `map_thumbnails`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QPainterPath
from PySide6.QtWidgets import QVBoxLayout, QWidget

from .. import palette, theme
from . import map_keys, map_picture, map_selecting, map_words
from .map_layers import Dots, Overlay
from .map_motion import MapMotion
from .map_picture import MapPicture
from .map_pointing import MapPointing
from .map_thumbnails import MapThumbnails, Provider
from .map_view import BOX, LASSO, POINT, MapView, graphics_of
from .point_raster import PointRaster
from .stencils import stencil
from .view_layer import ViewLayer

__all__ = ["BOX", "LASSO", "POINT", "EmbeddingMap"]

_LEAST_PART = 0.05
_ANIMATED_POINTS = 20_000  # more are put in their new place at once: their frames would take too long


class EmbeddingMap(QWidget):
    """The map. Indices in its signals are rows of the positions it was given."""

    hovered = Signal(int)
    """The point under the pointer, -1 where there is none."""
    selection_changed = Signal(object)
    """The selected points, an int64 array in rising order; emitted when the user changed it."""

    def __init__(self, parent: QWidget | None = None, *, tinted: bool = True, least: float = 0.0) -> None:
        """tinted: on the colour of a card, with a soft tint that shows how dense each colour lies; else what is under
        the map is seen. least: so many map units are shown around what is selected; 0: a part of the map.
        """
        super().__init__(parent)
        self.setObjectName("embedding_map")
        self.setAccessibleName(self.tr("Map of the photos"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._all = self._raster = PointRaster(np.empty((0, 2), np.float32))  # all, and those that are shown
        self._mask: NDArray[np.bool_] | None = None
        self._groups = np.empty(0, np.int32)
        self._names: list[str] = []
        self._group_colours: list[QColor] = []
        self._colouring: tuple[NDArray[np.int32], list[QColor]] | None = None
        self._selected = np.empty(0, bool)
        self._by_keyboard = False  # the way the focus came

        self._box = MapView()
        self._graphics = graphics_of(self._box, self)
        self._under: list[ViewLayer] = []
        self._above: list[ViewLayer] = []
        self._dots = Dots()
        self._dots.tinted = tinted
        self._least = least
        self._thumbnails = MapThumbnails(self._dots)
        self._overlay = Overlay(self._thumbnails.box_of)
        for layer in (self._dots, self._thumbnails, self._overlay):
            self._box.addItem(layer, ignoreBounds=True)
        self._box.clicked.connect(self._clicked)
        self._box.outlined.connect(self._outlined)
        self._box.drawing.connect(self._overlay.set_outline)
        self._box.resized.connect(self.fit)
        self._pointing = MapPointing(self._box, self._graphics.scene(), self._thumbnails, self._overlay, self)
        self._pointing.changed.connect(self.hovered)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.addWidget(self._graphics)

        self._motion = MapMotion(self)
        self._motion.moved.connect(self._place)
        theme.changed.connect(self._follow_theme)
        self._follow_theme()
        self._describe()

    # What it shows

    def set_points(self, points: NDArray[np.float32] | PointRaster, groups: NDArray[np.int32]) -> None:
        """Show points: positions [N, 2], or the raster of them where they were sorted before; and the group of each,
        int [N], -1 for none.

        The selection is taken back; where there are as many points as before, colouring and mask stay.
        """
        if len(points) != len(groups):
            raise ValueError(f"positions and groups must be equally many, got {len(points)} and {len(groups)}")
        self._motion.stop()
        self._groups = np.asarray(groups, np.int32)
        if len(groups) != len(self._all.positions):
            self._colouring = self._mask = None
        self._selected = np.zeros(len(groups), bool)
        self._pointing.point_at(-1)
        self._describe()
        self._place(points)

    def set_groups(self, names: Sequence[str], colours: Sequence[QColor]) -> None:
        """Name and colour the groups 0, 1, ...; an empty name is not written on the map."""
        self._names, self._group_colours = list(names), list(colours)
        self._recolour()
        self._rename()

    def preview_groups(self, groups: NDArray[np.int32], names: Sequence[str], colours: Sequence[QColor]) -> None:
        """Show the same points in other groups, int [N], coloured by them; what is selected stays."""
        self._groups, self._colouring = np.asarray(groups, np.int32), None
        self.set_groups(names, colours)

    def set_colouring(self, codes: NDArray[np.int32] | None, colours: Sequence[QColor] = ()) -> None:
        """Colour the points by something else than their group: for each the place of its colour, int [N], -1 for a
        pale one, under all others. None: by group again. The names on the map stay those of the groups.
        """
        if codes is not None and len(codes) != len(self._groups):
            raise ValueError(f"there are {len(self._groups)} points, got {len(codes)} codes")
        self._colouring = None if codes is None else (np.asarray(codes, np.int32), list(colours))
        self._recolour()

    def set_shown(self, mask: NDArray[np.bool_] | None) -> None:
        """Draw, find and select only the points of a mask, bool [N]; None: all. What was selected stays so."""
        if mask is not None and len(mask) != len(self._groups):
            raise ValueError(f"there are {len(self._groups)} points, got a mask of {len(mask)}")
        self._mask = None if mask is None else np.asarray(mask, bool)
        pointed = self._pointing.index
        if 0 <= pointed < len(self._groups) and self._mask is not None and not self._mask[pointed]:
            self._pointing.point_at(-1)
        self._show_only()

    def set_thumbnails(self, provider: Provider | None) -> None:
        """Show photos in place of dots where there is room; None: dots only. It is asked for what is on screen only."""
        self._thumbnails.set_provider(provider)

    def thumbnails_changed(self) -> None:
        """More photos are there: ask for them again."""
        self._thumbnails.update()

    def move_points(self, points: NDArray[np.float32] | PointRaster, *, animated: bool = False) -> None:
        """Give the same points new positions, as of `set_points`; selection, groups, colouring and mask stay."""
        if len(points) != len(self._groups):
            raise ValueError(f"there are {len(self._groups)} points, got {len(points)} positions")
        self._motion.stop()
        if animated and self.isVisible() and 0 < len(points) <= _ANIMATED_POINTS:
            self._motion.start(self._all.positions, _positions_of(points))
        else:
            self._place(points)

    @property
    def moving(self) -> bool:
        """Whether points are on their way to new places."""
        return self._motion.running()

    @property
    def positions(self) -> NDArray[np.float32]:
        return self._all.positions

    # What is selected

    @property
    def selection(self) -> NDArray[np.int64]:
        return np.flatnonzero(self._selected)

    def select(self, indices: NDArray[np.int64]) -> None:
        """Show a selection that was made elsewhere; emits nothing."""
        self._selected = np.zeros(len(self._groups), bool)
        self._selected[np.asarray(indices, np.int64)] = True
        self._recolour()
        self._describe()

    @property
    def selection_text(self) -> str:
        """The selection in words, as a screen reader says it: "96 photos selected: 90 of Tyres, 6 of Drums."."""
        return map_words.selection(self._selected, self._groups, self._names)

    def picture(self, meanings: Sequence[tuple[str, QColor]] = ()) -> MapPicture:
        """What is seen now, below it what colours mean; its `save` is a job."""
        return map_picture.take(self._under, self._dots, self._thumbnails, self._above, self._overlay, meanings)

    def set_tool(self, tool: str) -> None:
        """BOX and LASSO: a drag draws a box or goes around photos, a click takes a whole group. POINT: a click takes
        one photo, a drag moves. Keys: see `map_selecting`.
        """
        self._box.tool = tool
        cursor = Qt.CursorShape.PointingHandCursor if tool == POINT else Qt.CursorShape.CrossCursor
        self._graphics.viewport().setCursor(cursor)

    # The view

    def fit(self) -> None:
        """Show all points, also when the window grows or they move."""
        self._box.follow = True
        if len(self._all):
            self._box.show_around(*self._all.bounds)

    def fit_selection(self) -> None:
        """Show the selected points as large as they fit; where none is selected nothing changes."""
        x, y = self._all.positions[self._selected].T
        if len(x):
            left, right, low, high = self._all.bounds
            self._box.follow = False
            least = self._least or _LEAST_PART * max(right - left, high - low)
            self._box.show_around(*(float(edge) for edge in (x.min(), x.max(), y.min(), y.max())), least)

    def zoom(self, factor: float, centre: QPointF | None = None) -> None:
        """Zoom in by a factor around a place in map units, the middle of the view where none is given."""
        self._box.zoom(factor, centre)

    def pan(self, right: float, up: float) -> None:
        """Move the view by parts of its width and height."""
        self._box.pan(right, up)

    def pixel_of(self, index: int) -> QPointF:
        """Where a point is shown, in pixels of this widget."""
        x, y = (float(value) for value in self._all.positions[index])
        at = self._graphics.mapFromScene(self._box.mapViewToScene(QPointF(x, y)))
        return QPointF(self._graphics.viewport().mapTo(self, at))

    @property
    def view_rect(self) -> QRectF:
        """What the view shows, in map units."""
        return QRectF(self._box.viewRect())

    def add_layer(self, layer: ViewLayer) -> None:
        """Paint something more: under the dots where its z value is negative, on the photos where it is above 1."""
        (self._under if layer.zValue() < 0 else self._above).append(layer)
        self._box.addItem(layer, ignoreBounds=True)

    # What keys do

    def take_pointed(self, *, whole_group: bool) -> bool:
        """Add the photo that is pointed at, or its whole group, to the selection; a second time takes it off again.
        Return whether there is one.
        """
        index = self._pointing.index
        if index < 0:
            return False
        group = int(self._groups[index]) if whole_group else -1
        self._take(index, group, Qt.KeyboardModifier.ShiftModifier)
        return True

    def take_none(self) -> None:
        """Select nothing."""
        self._user_selects(np.empty(0, np.int64))

    def take_all(self) -> None:
        """Select all that is shown."""
        self._user_selects(self._raster.order)

    def step(self, right: int, up: int) -> None:
        """Point at the next photo in a direction."""
        self._pointing.step(right, up)
        self._describe()

    # Events

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not map_keys.pressed(self, event):
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() not in (Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason):
            self._by_keyboard = event.reason() != Qt.FocusReason.MouseFocusReason
        self._overlay.set_focused(self._by_keyboard)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._overlay.set_focused(False)

    # Told by the view

    def _clicked(self, pixel: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        index = self._pointing.nearest(pixel)
        group = int(self._groups[index]) if index >= 0 else self._overlay.group_named_at(pixel)
        if index < 0 and group < 0:
            if not modifiers & (map_selecting.ADD | map_selecting.REMOVE):
                self.take_none()
            return
        self._take(index, group if self._box.tool != POINT or index < 0 else -1, modifiers)

    def _take(self, index: int, group: int, modifiers: Qt.KeyboardModifier) -> None:
        """Select a whole group, or where that is -1 one point."""
        order = self._raster.order
        found = order[self._groups[order] == group] if group >= 0 else np.array([index], np.int64)
        if modifiers & map_selecting.ADD and self._selected[found].all():
            modifiers = map_selecting.REMOVE  # a second time takes back what the first one added
        self._user_selects(found, modifiers)

    def _outlined(self, outline: QPainterPath, modifiers: Qt.KeyboardModifier) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if self._box.tool == BOX:
            rect = self._box.mapSceneToView(outline.boundingRect()).boundingRect()
            found = self._raster.within(rect.left(), rect.right(), rect.top(), rect.bottom())
        else:
            view, area = self._dots.view_on(1.0)
            found = self._raster.under(*stencil(outline.translated(-area.topLeft()), view))
        self._user_selects(found, map_selecting.of_drag(modifiers))

    def _user_selects(
        self, indices: NDArray[np.int64], modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    ) -> None:
        self._selected = map_selecting.changed(self._selected, indices, modifiers)
        self._recolour()
        self._describe()
        self.selection_changed.emit(self.selection)

    # How it looks

    def _place(self, points: NDArray[np.float32] | PointRaster) -> None:
        if not np.array_equal(_positions_of(points), self._all.positions):
            self._all = points if isinstance(points, PointRaster) else PointRaster(points)
        if self._box.follow:
            self.fit()
        self._show_only()

    def _show_only(self) -> None:
        self._raster = self._all if self._mask is None else self._all.only(self._mask)
        self._pointing.set_points(self._all, self._raster)
        self._recolour()
        self._rename()

    def _recolour(self) -> None:
        """Bring the dots up to date with positions, colouring, mask and selection."""
        codes, colours = self._colouring or (self._groups, self._group_colours)
        if codes.max(initial=-1) >= len(colours):
            codes = np.where(codes < len(colours), codes, -1)
        rest = palette.group_colour(-1) if self._colouring is None else palette.unknown()
        self._dots.show_points(self._raster, codes, colours, self._selected, rest)
        self._thumbnails.update()

    def _rename(self) -> None:
        """Bring the names up to date with positions, groups and mask."""
        self._overlay.set_names(self._raster, self._groups, self._names)

    def _describe(self) -> None:
        """Tell a screen reader what is selected, what is pointed at by keyboard, and what the keys do."""
        parts = [self.selection_text, map_words.keys()]
        pointed = self._pointing.index
        if 0 <= pointed < len(self._groups):
            parts.insert(0, map_words.place(int(self._groups[pointed]), self._names))
        self.setAccessibleDescription(" ".join(parts))

    def _follow_theme(self) -> None:
        self._recolour()
        self._overlay.update()


def _positions_of(points: NDArray[np.float32] | PointRaster) -> NDArray[np.float32]:
    return points.positions if isinstance(points, PointRaster) else np.asarray(points, np.float32)
