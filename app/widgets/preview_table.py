"""The first rows of a table as text, numbers at the right."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from .. import theme

ROW_HEIGHT, WIDEST_COLUMN = 31, 300
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter

Index = QModelIndex | QPersistentModelIndex


class PreviewTable(QTableView):
    """Shows rows; nothing in it can be changed."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self._table = _TableModel(self)
        self.setModel(self._table)
        plain(self)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        theme.changed.connect(self._fit)
        self._fit()

    def _fit(self) -> None:
        self.verticalHeader().setDefaultSectionSize(theme.pixels(ROW_HEIGHT))
        self.horizontalHeader().setMaximumSectionSize(theme.pixels(WIDEST_COLUMN))

    def show_rows(self, header: Sequence[str], rows: Sequence[Sequence[str]], text_columns: Collection[str]) -> None:
        """text_columns: those that hold text, all others hold numbers."""
        self._table.show_rows(header, rows, text_columns)


def plain(view: QTableView) -> None:
    """The look and keys of tables in cards: lines between rows alone; Tab leaves the table, arrow keys go in it."""
    view.setTabKeyNavigation(False)
    view.setShowGrid(False)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setWordWrap(False)
    view.verticalHeader().hide()
    view.horizontalHeader().setDefaultAlignment(LEFT)
    view.horizontalHeader().setHighlightSections(False)
    view.setTextElideMode(Qt.TextElideMode.ElideMiddle)


class _TableModel(QAbstractTableModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._text_columns: Collection[str] = ()
        self._header: Sequence[str] = ()
        self._rows: Sequence[Sequence[str]] = ()

    def show_rows(self, header: Sequence[str], rows: Sequence[Sequence[str]], text_columns: Collection[str]) -> None:
        self.beginResetModel()
        self._header, self._rows, self._text_columns = header, rows, text_columns
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._header)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.DisplayRole:
            return " ".join(self._rows[index.row()][index.column()].split())
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(index.column())
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._header[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(section)
        return None

    def _alignment(self, column: int) -> Qt.AlignmentFlag:
        return LEFT if self._header[column] in self._text_columns else RIGHT
