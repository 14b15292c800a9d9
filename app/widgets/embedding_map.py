"""A map of photos: a dot for each, coloured by group; the pointer tells which photo, a click or a box selects.

pyqtgraph gives the view and its mouse events; what is painted is in `map_layers`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph
from numpy.typing import NDArray
from PySide6.QtCore import QEasingCurve, QPointF, QRectF, Qt, QVariantAnimation, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from .. import theme
from .map_layers import Dots, Overlay
from .point_raster import PointRaster

# Qt joins moves that come faster than they are worked off; dropping more of them loses the ends of quick drags.
pyqtgraph.setConfigOption("mouseRateLimit", 0)

BOX, POINT = "box", "point"

_HOVER_PIXELS = 9
_ADD_KEYS = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier
_KEYBOARD_PAN = 0.1
_KEYBOARD_ZOOM = 1.25
_FIT_MARGIN = 0.1
_ANIMATED_POINTS = 20_000
"""More are put in their new place at once: their frames would take too long to look like motion."""


class EmbeddingMap(QWidget):
    """The map. Indices in its signals are rows of the positions it was given."""

    hovered = Signal(int)
    """The point under the pointer, -1 where there is none."""
    selection_changed = Signal(object)
    """The selected points, an int64 array in rising order; emitted when the user changed it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("embedding_map")
        self.setAccessibleName(self.tr("Map of the photos"))
        self.setAccessibleDescription(
            self.tr("Arrow keys move, plus and minus zoom, Home shows all, Escape takes the selection back.")
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._raster = PointRaster(np.empty((0, 2), np.float32))
        self._groups = np.empty(0, np.int32)
        self._names: list[str] = []
        self._colours: list[QColor] = []
        self._selected = np.empty(0, np.int64)
        self._hovered = -1
        self._tool = BOX
        self._follow = True  # keep all in sight until the user moves the view

        self._box = _MapView(self)
        self._graphics = pyqtgraph.GraphicsView(self, useOpenGL=False)
        self._graphics.setFrameShape(self._graphics.Shape.NoFrame)
        self._graphics.setCentralItem(self._box)
        self._graphics.setFocusProxy(self)
        self._graphics.viewport().setMouseTracking(True)
        self._dots = Dots()
        self._overlay = Overlay()
        self._box.addItem(self._dots, ignoreBounds=True)
        self._box.addItem(self._overlay, ignoreBounds=True)
        self._graphics.scene().sigMouseHover.connect(self._leave_when_outside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.addWidget(self._graphics)

        self._motion = QVariantAnimation(self)
        self._motion.setStartValue(0.0)
        self._motion.setEndValue(1.0)
        self._motion.setDuration(theme.ANIMATION_MS)
        self._motion.setEasingCurve(QEasingCurve.Type.InOutCubic)
        self._motion.valueChanged.connect(self._move_part_of_the_way)
        self._from = self._to = self._raster.positions
        theme.changed.connect(self._follow_theme)
        self._follow_theme()

    # What it shows

    def set_points(self, positions: NDArray[np.float32], groups: NDArray[np.int32]) -> None:
        """Show points: positions [N, 2] and the group of each, int [N], -1 for none. The selection is taken back."""
        if len(positions) != len(groups):
            raise ValueError(f"positions and groups must be equally many, got {len(positions)} and {len(groups)}")
        self._motion.stop()
        self._groups = np.asarray(groups, np.int32)
        self._selected = np.empty(0, np.int64)
        self._set_hovered(-1)
        self._place(np.asarray(positions, np.float32))

    def set_groups(self, names: Sequence[str], colours: Sequence[QColor]) -> None:
        """Name and colour the groups 0, 1, ...; an empty name is not written on the map."""
        self._names, self._colours = list(names), list(colours)
        self._recolour()

    def move_points(self, positions: NDArray[np.float32], *, animated: bool = False) -> None:
        """Give the same points new positions [N, 2]; selection and groups stay."""
        if len(positions) != len(self._raster):
            raise ValueError(f"there are {len(self._raster)} points, got {len(positions)} positions")
        self._motion.stop()
        positions = np.asarray(positions, np.float32)
        if animated and self.isVisible() and 0 < len(positions) <= _ANIMATED_POINTS:
            self._from, self._to = self._raster.positions, positions
            self._motion.start()
        else:
            self._place(positions)

    @property
    def moving(self) -> bool:
        """Whether points are on their way to new places."""
        return self._motion.state() == QVariantAnimation.State.Running

    @property
    def positions(self) -> NDArray[np.float32]:
        return self._raster.positions

    # What is selected

    @property
    def selection(self) -> NDArray[np.int64]:
        return self._selected

    def select(self, indices: NDArray[np.int64]) -> None:
        """Show a selection that was made elsewhere; emits nothing."""
        self._selected = np.unique(np.asarray(indices, np.int64))
        self._recolour()

    def set_tool(self, tool: str) -> None:
        """BOX: a drag draws a box, a click takes a whole group. POINT: a click takes one photo, a drag moves."""
        self._tool = tool
        self._graphics.viewport().setCursor(
            Qt.CursorShape.CrossCursor if tool == BOX else Qt.CursorShape.PointingHandCursor
        )

    # The view

    def fit(self) -> None:
        """Show all points."""
        self._follow = True
        if len(self._raster):
            low, high = self._raster.positions.min(axis=0), self._raster.positions.max(axis=0)
            room = np.maximum((high - low) * _FIT_MARGIN, 1e-3)
            rect = QRectF(QPointF(*(low - room).tolist()), QPointF(*(high + room).tolist()))
            self._box.setRange(rect, padding=0)

    def zoom(self, factor: float, centre: QPointF | None = None) -> None:
        """Zoom in by a factor around a place in map units, the middle of the view where none is given."""
        self._follow = False
        self._box.scaleBy((1 / factor, 1 / factor), center=centre)

    def pan(self, right: float, up: float) -> None:
        """Move the view by parts of its width and height."""
        self._follow = False
        (left, far), (low, high) = self._box.viewRange()
        self._box.translateBy(x=right * (far - left), y=up * (high - low))

    def pixel_of(self, index: int) -> QPointF:
        """Where a point is shown, in pixels of this widget."""
        x, y = (float(value) for value in self._raster.positions[index])
        at = self._graphics.mapFromScene(self._box.mapViewToScene(QPointF(x, y)))
        return QPointF(self._graphics.viewport().mapTo(self, at))

    # Events

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {
            Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)
        }  # fmt: skip
        key = Qt.Key(event.key())
        if key in moves:
            self.pan(*(_KEYBOARD_PAN * part for part in moves[key]))
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(_KEYBOARD_ZOOM)
        elif key in (Qt.Key.Key_Minus, Qt.Key.Key_Underscore):
            self.zoom(1 / _KEYBOARD_ZOOM)
        elif key == Qt.Key.Key_Home:
            self.fit()
        elif key == Qt.Key.Key_Escape and len(self._selected):
            self._user_selects(np.empty(0, np.int64))
        elif key == Qt.Key.Key_A and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._user_selects(np.arange(len(self._raster)))
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._overlay.set_focused(event.reason() != Qt.FocusReason.MouseFocusReason)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._overlay.set_focused(False)

    # Called by the view and by the items

    def _clicked(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        index = self._nearest(at)
        group = int(self._groups[index]) if index >= 0 else self._overlay.group_named_at(self._box.mapViewToScene(at))
        add = bool(modifiers & _ADD_KEYS)
        if index < 0 and group < 0:
            if not add:
                self._user_selects(np.empty(0, np.int64))
            return
        whole_group = group >= 0 and (self._tool == BOX or index < 0)
        found = np.flatnonzero(self._groups == group) if whole_group else np.array([index], np.int64)
        if not add:
            self._user_selects(found)
        elif np.isin(found, self._selected).all():
            self._user_selects(np.setdiff1d(self._selected, found))
        else:
            self._user_selects(np.union1d(self._selected, found))

    def _boxed(self, one: QPointF, other: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        rect = QRectF(one, other).normalized()
        found = self._raster.within(rect.left(), rect.right(), rect.top(), rect.bottom())
        self._user_selects(np.union1d(self._selected, found) if modifiers & _ADD_KEYS else found)

    def _hovers(self, at: QPointF | None) -> None:
        self._set_hovered(-1 if at is None else self._nearest(at))

    def _leave_when_outside(self, items: list[Any]) -> None:
        if not items:
            self._set_hovered(-1)

    def _nearest(self, at: QPointF) -> int:
        pixel_width, _ = self._box.viewPixelSize()
        return self._raster.nearest(at.x(), at.y(), _HOVER_PIXELS * pixel_width)

    def _set_hovered(self, index: int) -> None:
        if index != self._hovered:
            self._hovered = index
            self._show_ring()
            self.hovered.emit(index)

    def _show_ring(self) -> None:
        known = 0 <= self._hovered < len(self._raster)
        self._overlay.set_ring(QPointF(*self._raster.positions[self._hovered].tolist()) if known else None)

    def _user_selects(self, indices: NDArray[np.int64]) -> None:
        self.select(indices)
        self.selection_changed.emit(self._selected)

    # How it looks

    def _place(self, positions: NDArray[np.float32]) -> None:
        self._raster = PointRaster(positions)
        self._show_ring()
        if self._follow:
            self.fit()
        self._recolour()

    def _move_part_of_the_way(self, part: float) -> None:
        self._place(self._to if part >= 1 else self._from + np.float32(part) * (self._to - self._from))

    def _recolour(self) -> None:
        """Bring dots, tint and names up to date with positions, groups and selection."""
        groups = np.where(self._groups < len(self._colours), self._groups, -1)
        self._dots.show_points(self._raster, groups, self._colours, self._selected)
        self._overlay.set_names(self._raster.positions, groups, self._names)

    def _follow_theme(self) -> None:
        self._graphics.setBackground(None)
        self._graphics.setStyleSheet("background: transparent")
        self._recolour()


class _MapView(pyqtgraph.ViewBox):
    """Mouse on the map: wheel zooms, right and middle button move, the left one selects."""

    def __init__(self, owner: EmbeddingMap) -> None:
        super().__init__(lockAspect=True, enableMenu=False, defaultPadding=0)
        self.disableAutoRange()
        self._map = owner

    def resizeEvent(self, event: Any) -> None:
        super().resizeEvent(event)
        if self._map._follow and hasattr(self._map, "_dots"):
            self._map.fit()

    def wheelEvent(self, event: Any, axis: int | None = None) -> None:
        self._map.zoom(1.0015 ** event.delta(), self.mapSceneToView(event.scenePos()))
        event.accept()

    def mouseClickEvent(self, event: Any) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            event.accept()
            self._map._clicked(self.mapSceneToView(event.scenePos()), event.modifiers())

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        event.accept()
        if event.button() == Qt.MouseButton.LeftButton and self._map._tool == BOX:
            start, now = event.buttonDownScenePos(), event.scenePos()
            self._map._overlay.set_box(None if event.isFinish() else QRectF(start, now).normalized())
            if event.isFinish():
                self._map._boxed(self.mapSceneToView(start), self.mapSceneToView(now), event.modifiers())
            return
        self._map._follow = False
        self.translateBy(self.mapSceneToView(event.lastScenePos()) - self.mapSceneToView(event.scenePos()))

    def hoverEvent(self, event: Any) -> None:
        self._map._hovers(None if event.isExit() else self.mapSceneToView(event.scenePos()))
