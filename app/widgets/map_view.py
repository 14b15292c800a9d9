"""The mouse on a map: the wheel zooms, the right and middle button move, the left one clicks or draws an outline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyqtgraph import GraphicsView, ViewBox, setConfigOption
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainterPath, QPolygonF
from PySide6.QtWidgets import QWidget

# Qt joins moves that come faster than they are worked off; dropping more of them loses the ends of quick drags.
setConfigOption("mouseRateLimit", 0)

BOX, LASSO, POINT = "box", "lasso", "point"

_LASSO_STEP = 2.0
"""Pixels from one corner of a lasso to the next, at least."""
_CORNER = 2.0
_FIT_MARGIN = 0.1


class MapView(ViewBox):
    """A pyqtgraph view whose left button follows the chosen tool. Places in its signals are in scene pixels."""

    clicked = Signal(QPointF, object)
    """The place, the keyboard modifiers."""
    outlined = Signal(object, object)
    """The outline that was drawn, a QPainterPath; the keyboard modifiers."""
    drawing = Signal(object)
    """The outline as it is drawn, None when it is done."""
    hovered = Signal(object)
    """The place of the pointer, None when it left."""
    dragged = Signal(QPointF)
    """The place of the pointer while it moves the map."""
    resized = Signal()
    """It has another size, and is to show all points still."""

    def __init__(self) -> None:
        super().__init__(lockAspect=True, enableMenu=False, defaultPadding=0)
        self.disableAutoRange()
        self.tool = BOX
        self.follow = True
        """Whether it is to show all points: until it is moved or zoomed."""
        self.place_under: Callable[[QPointF], QPointF] = self.mapSceneToView
        """The place in map units that stays under the pointer, given in scene pixels, while the wheel zooms."""
        self._corners: list[QPointF] = []

    def show_around(self, left: float, right: float, low: float, high: float, least: float = 2e-3) -> None:
        """Show a part of the map, in map units, as large as it fits with some room around it; `least` units across or
        more."""
        across, up = (max(size * _FIT_MARGIN, least / 2) for size in (right - left, high - low))
        self.setRange(QRectF(QPointF(left - across, low - up), QPointF(right + across, high + up)), padding=0)

    def zoom(self, factor: float, centre: QPointF | None = None) -> None:
        """Zoom in by a factor around a place in map units, the middle where none is given."""
        self.follow = False
        self.scaleBy((1 / factor, 1 / factor), center=centre)

    def pan(self, right: float, up: float) -> None:
        """Move by parts of the width and height."""
        self.follow = False
        shown = self.viewRect()
        self.translateBy(x=right * shown.width(), y=up * shown.height())

    def bring_into_sight(self, place: QPointF) -> None:
        """Move so that a place in map units is in the middle, unless it is seen already."""
        if not self.viewRect().contains(place):
            self.follow = False
            self.translateBy(place - self.viewRect().center())

    def resizeEvent(self, event: Any) -> None:
        super().resizeEvent(event)
        if self.follow:
            self.resized.emit()

    def wheelEvent(self, event: Any, axis: int | None = None) -> None:
        event.accept()
        self.zoom(1.0015 ** event.delta(), self.place_under(event.scenePos()))

    def mouseClickEvent(self, event: Any) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            event.accept()
            self.clicked.emit(event.scenePos(), event.modifiers())

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        event.accept()
        if event.button() != Qt.MouseButton.LeftButton or self.tool == POINT:
            self.dragged.emit(event.scenePos())
            self.translateBy(self.mapSceneToView(event.lastScenePos()) - self.mapSceneToView(event.scenePos()))
            self.follow = False
            return
        outline = self._outline(event.buttonDownScenePos(), event.scenePos(), event.isStart())
        if event.isFinish():
            self.drawing.emit(None)
            self.outlined.emit(outline, event.modifiers())
        else:
            self.drawing.emit(outline)

    def hoverEvent(self, event: Any) -> None:
        self.hovered.emit(None if event.isExit() else event.scenePos())

    def _outline(self, begin: QPointF, now: QPointF, first: bool) -> QPainterPath:
        path = QPainterPath()
        if self.tool == BOX:
            path.addRoundedRect(QRectF(begin, now).normalized(), _CORNER, _CORNER)
            return path
        if first:
            self._corners = [begin]
        if (now - self._corners[-1]).manhattanLength() >= _LASSO_STEP:
            self._corners.append(now)
        path.addPolygon(QPolygonF([*self._corners, begin]))
        path.setFillRule(Qt.FillRule.WindingFill)  # a loop within the lasso is in it too
        return path


def graphics_of(box: ViewBox, parent: QWidget) -> GraphicsView:
    """The widget that shows a view; the keyboard goes to the parent."""
    made = GraphicsView(parent, useOpenGL=False)
    made.setFrameShape(made.Shape.NoFrame)
    # Nothing of its own under the layers: pyqtgraph would keep a picture of that, and paint it in each frame.
    made.setBackground(None)
    made.setCacheMode(made.CacheModeFlag.CacheNone)
    made.viewport().setAutoFillBackground(False)
    made.setCentralItem(box)
    made.setFocusProxy(parent)
    made.viewport().setMouseTracking(True)
    return made
