"""The rows of a list that keeps its current row when other rows are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QListView

Index = QModelIndex | QPersistentModelIndex


class Row(Protocol):
    """key tells a row from the others, also when it has other words or stands elsewhere."""

    @property
    def key(self) -> int: ...
    @property
    def text(self) -> str: ...


class ListRows(QAbstractListModel):
    """A row's text is what it displays; the row itself is its UserRole."""

    tip = ""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.rows: list[Any] = []

    def spoken(self, row: Any) -> str:
        """What a screen reader says."""
        return row.text

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.text
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self.spoken(row)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.tip
        if role == Qt.ItemDataRole.UserRole:
            return row
        return None

    def show_in(self, view: QListView, rows: Sequence[Row]) -> None:
        """Show these rows in the view of this model. The row that was current is so again where there is one of its
        key, else what stands in its place.
        """
        before = view.currentIndex().row()
        key = self.rows[before].key if before >= 0 else None
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()
        if rows:
            place = next((at for at, row in enumerate(rows) if row.key == key), min(max(before, 0), len(rows) - 1))
            view.setCurrentIndex(self.index(place))
