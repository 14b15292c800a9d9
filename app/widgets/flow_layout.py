"""A layout that puts things side by side and goes on in the next line where they do not fit."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class FlowLayout(QLayout):
    """last_at_right: whether the last thing stands at the right end of its line."""

    def __init__(self, parent: QWidget, spacing: int, *, last_at_right: bool = False) -> None:
        self._items: list[QLayoutItem] = []
        self._heights: dict[int, int] = {}  # by widths, since what is around it asks again and again
        super().__init__(parent)
        self._last_at_right = last_at_right
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)

    def put(self, place: int, widget: QWidget) -> None:
        """Put a widget at a place in the order, moved there where it is in the layout already."""
        if self.indexOf(widget) < 0:
            self.addWidget(widget)
        self._items.insert(place, self._items.pop(self.indexOf(widget)))
        self.invalidate()

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)
        self._heights.clear()

    def invalidate(self) -> None:
        self._heights.clear()
        super().invalidate()

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:  # type: ignore[override]
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:  # type: ignore[override]
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        if width not in self._heights:
            self._heights[width] = self._arrange(QRect(0, 0, width, 0), move=False)
        return self._heights[width]

    def setGeometry(self, rectangle: QRect) -> None:
        super().setGeometry(rectangle)
        self._arrange(rectangle, move=True)

    def sizeHint(self) -> QSize:
        """All in one line."""
        hints = [item.sizeHint() for item in self._items]
        width = sum(hint.width() for hint in hints) + self.spacing() * max(0, len(hints) - 1)
        return QSize(width, max((hint.height() for hint in hints), default=0))

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        return size

    def _arrange(self, rectangle: QRect, *, move: bool) -> int:
        y = rectangle.y()
        for items in self._lines(rectangle.width()):
            x, height = rectangle.x(), max(item.sizeHint().height() for item in items)
            for item in items:
                hint = item.sizeHint()
                if move:
                    at_right = self._last_at_right and item is self._items[-1]
                    left = max(x, rectangle.right() + 1 - hint.width()) if at_right else x
                    item.setGeometry(QRect(QPoint(left, y + (height - hint.height()) // 2), hint))
                x += hint.width() + self.spacing()
            y += height + self.spacing()
        return max(0, y - self.spacing() - rectangle.y())

    def _lines(self, width: int) -> list[list[QLayoutItem]]:
        """What stands in each line of so many pixels; hidden items stand nowhere."""
        lines: list[list[QLayoutItem]] = []
        left = 0
        for item in self._items:
            if item.isEmpty():
                continue
            wanted = item.sizeHint().width()
            if not lines or wanted > left:
                lines.append([])
                left = width
            lines[-1].append(item)
            left -= wanted + self.spacing()
        return lines
