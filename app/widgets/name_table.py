"""Names with the number of their photos, each to be ticked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from .. import theme, words
from .preview_table import LEFT, RIGHT, ROW_HEIGHT, plain

if TYPE_CHECKING:
    from prismh_engine.core.copy_photos import NamedPhotos

NAME, PHOTOS, SIZE = range(3)

Index = QModelIndex | QPersistentModelIndex


class NameTable(QTableView):
    """The space bar ticks the row at the cursor, whatever its column."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("names_to_copy")
        self.setAccessibleName(self.tr("Names whose photos are copied"))
        self._names = _NameModel(self)
        self._names.ticks_changed.connect(self.changed)
        self.setModel(self._names)
        plain(self)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.horizontalHeader().setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        theme.changed.connect(self._fit)
        self._fit()

    def show_names(self, names: Sequence[NamedPhotos], not_ticked: Collection[str]) -> None:
        self._names.show_names(names, not_ticked)

    def ticked(self) -> list[NamedPhotos]:
        return self._names.ticked()

    def tick_all(self, ticked: bool) -> None:
        self._names.tick_all(ticked)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and self.currentIndex().isValid():
            self._names.toggle(self.currentIndex().row())
        else:
            super().keyPressEvent(event)

    def _fit(self) -> None:
        self.verticalHeader().setDefaultSectionSize(theme.pixels(ROW_HEIGHT))


class _NameModel(QAbstractTableModel):
    ticks_changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._names: Sequence[NamedPhotos] = ()
        self._ticked: list[bool] = []

    def show_names(self, names: Sequence[NamedPhotos], not_ticked: Collection[str]) -> None:
        self.beginResetModel()
        self._names = names
        self._ticked = [named.name not in not_ticked for named in names]
        self.endResetModel()

    def ticked(self) -> list[NamedPhotos]:
        return [named for named, ticked in zip(self._names, self._ticked, strict=True) if ticked]

    def tick_all(self, ticked: bool) -> None:
        self._tick(range(len(self._names)), ticked)

    def toggle(self, row: int) -> None:
        self._tick([row], not self._ticked[row])

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._names)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else SIZE + 1

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsUserCheckable if index.column() == NAME else flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        named, column = self._names[index.row()], index.column()
        if role == Qt.ItemDataRole.CheckStateRole and column == NAME:
            return Qt.CheckState.Checked if self._ticked[index.row()] else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.DisplayRole:
            if column == NAME:
                return named.name or self.tr("No name")
            return words.number(named.photos) if column == PHOTOS else words.size(named.bytes)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return LEFT if column == NAME else RIGHT
        return None

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole:
            return False
        self._tick([index.row()], Qt.CheckState(value) == Qt.CheckState.Checked)
        return True

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (self.tr("Name"), self.tr("Photos"), self.tr("Size"))[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return LEFT if section == NAME else RIGHT
        return None

    def _tick(self, rows: Sequence[int] | range, ticked: bool) -> None:
        for row in rows:
            self._ticked[row] = ticked
        if len(rows):
            self.dataChanged.emit(self.index(rows[0], NAME), self.index(rows[-1], NAME))
        self.ticks_changed.emit()
