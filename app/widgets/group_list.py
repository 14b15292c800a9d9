"""The groups of a map as a list: colour, name, how well separated, how many photos. Enter opens one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from .. import theme
from .separation import paint_bar

Index = QModelIndex | QPersistentModelIndex

_ROW = 44
_BAR = 46


@dataclass(frozen=True)
class GroupRow:
    """One line of the list. title: its name, or "Group 6"; separation: 0 to 1, None unknown."""

    number: int
    title: str
    named: bool
    count: int
    separation: float | None


class GroupList(QWidget):
    """Groups to choose from by mouse or keyboard."""

    chosen = Signal(int)
    """The number of the group that was clicked, or Enter was pressed on it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = _Model(self)
        self._view = QListView()
        self._view.setObjectName("group_list")
        self._view.setAccessibleName(self.tr("Groups"))
        self._view.setModel(self._model)
        self._view.setItemDelegate(_Delegate(self._view))
        self._view.setFrameShape(QFrame.Shape.NoFrame)
        self._view.setUniformItemSizes(True)
        self._view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._view.setMouseTracking(True)
        self._view.viewport().setAutoFillBackground(False)
        self._view.clicked.connect(self._chosen)
        self._view.activated.connect(self._chosen)
        self.setFocusProxy(self._view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._view)
        theme.changed.connect(self._view.viewport().update)

    def set_rows(self, rows: Sequence[GroupRow]) -> None:
        current = self._view.currentIndex().row()
        self._model.set_rows(list(rows))
        if rows:
            self._view.setCurrentIndex(self._model.index(min(max(current, 0), len(rows) - 1)))

    def rows(self) -> list[GroupRow]:
        return list(self._model.rows)

    def _chosen(self, index: QModelIndex) -> None:
        # A click can come as "clicked" and "activated" both; choosing twice does no harm.
        self.chosen.emit(self._model.rows[index.row()].number)


class _Model(QAbstractListModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.rows: list[GroupRow] = []

    def set_rows(self, rows: list[GroupRow]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self.tr("{title}, {count} photos").format(title=row.title, count=row.count)
        if role == Qt.ItemDataRole.UserRole:
            return row
        return None


class _Delegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, theme.pixels(_ROW))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: GroupRow = index.data(Qt.ItemDataRole.UserRole)
        colours = theme.colours()
        rect = QRectF(option.rect).adjusted(0, 1, -2, -1)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.hover))
            painter.drawRoundedRect(rect, 6, 6)
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours.primary), 1.5))
            painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), 6, 6)
        colour = theme.group_colour(row.number)
        middle = rect.center().y()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawEllipse(QRectF(rect.left() + 8, middle - 6, 12, 12))
        count = f"{row.count:,}"
        painter.setFont(theme.font(12))
        room = painter.fontMetrics().horizontalAdvance("00,000")
        right = rect.right() - 8
        painter.setPen(QColor(colours.quiet))
        painter.drawText(
            QRectF(right - room, rect.top(), room, rect.height()),
            int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), count,
        )  # fmt: skip
        right -= room + 10
        if row.separation is not None:
            paint_bar(painter, QRectF(right - _BAR, middle - 2.5, _BAR, 5), row.separation, colour)
        right -= _BAR + 10
        painter.setFont(theme.font(theme.TEXT_PIXELS, bold=row.named))
        painter.setPen(QColor(colours.ink if row.named else colours.quiet))
        text = QRect(int(rect.left()) + 30, int(rect.top()), int(right - rect.left()) - 30, int(rect.height()))
        painter.drawText(
            text, int(Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine),
            painter.fontMetrics().elidedText(row.title, Qt.TextElideMode.ElideRight, text.width()),
        )  # fmt: skip
        painter.restore()
