"""Something painted over the whole of a pyqtgraph view, in the view's own coordinates."""

from __future__ import annotations

from pyqtgraph import GraphicsObject
from PySide6.QtCore import QRectF


class ViewLayer(GraphicsObject):
    """As large as what the view shows now; painted again when the view moves or is zoomed."""

    def boundingRect(self) -> QRectF:
        return self.viewRect()

    def viewTransformChanged(self) -> None:
        self.prepareGeometryChange()
        super().viewTransformChanged()
        self.update()
