"""Where the pointer is on a map whose view may move under it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, QPointF, QTimer, Signal

from .map_view import MapView

_REST_MS = 100
"""After so long without a change the view has come to rest."""


class MapPointer(QObject):
    """Tells where the mouse points; nowhere while the view moves, and anew when it has come to rest."""

    points = Signal(object)
    """The place in scene pixels, None where it points at nothing."""

    def __init__(self, view: MapView, scene: Any, parent: QObject) -> None:
        """scene: the pyqtgraph scene that the view lies in."""
        super().__init__(parent)
        self._place: QPointF | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._tell)
        view.hovered.connect(self._moved)
        view.dragged.connect(self._dragged)
        view.sigRangeChanged.connect(self._view_changed)
        scene.sigMouseHover.connect(self._hovers)

    def leave(self) -> None:
        """Until it is moved again the mouse points nowhere: the keyboard does."""
        self._place = None
        self._rest.stop()

    def _moved(self, place: QPointF | None) -> None:
        self._place = place
        self._tell()

    def _dragged(self, place: QPointF) -> None:
        self._place = place

    def _view_changed(self) -> None:
        if self._place is not None:
            self.points.emit(None)
            self._rest.start()

    def _hovers(self, items: list[Any]) -> None:
        if not items:
            self._moved(None)

    def _tell(self) -> None:
        self._rest.stop()
        self.points.emit(self._place)
