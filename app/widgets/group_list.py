"""The groups of a map as a list: colour, name, how well separated, how many photos, the most typical ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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

from .. import theme, words
from ..session import Session
from .separation import paint_bar
from .thumbnails import Thumbnails, rounded

if TYPE_CHECKING:
    from prismh_engine.project import Photo

Index = QModelIndex | QPersistentModelIndex

_LINE = 34
_BAR = 46
_PHOTOS = 5
_GAP = 6


@dataclass(frozen=True)
class GroupRow:
    """One entry of the list. title: its name, or "Group 6"; separation: 0 to 1, None unknown; typical: some photos."""

    number: int
    title: str
    colour: QColor
    named: bool
    count: int
    separation: float | None
    typical: Sequence[Photo] = ()


class GroupList(QWidget):
    """Groups to choose from by mouse or keyboard."""

    chosen = Signal(int)
    """The number of the group that was clicked, or Enter was pressed on it."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._model = _Model(self)
        self._view = QListView()
        self._view.setObjectName("group_list")
        self._view.setAccessibleName(self.tr("Groups"))
        self._view.setModel(self._model)
        self._delegate = _Delegate(self._view)
        self._view.setItemDelegate(self._delegate)
        self._view.setFrameShape(QFrame.Shape.NoFrame)
        self._view.setUniformItemSizes(True)
        self._view.setResizeMode(QListView.ResizeMode.Adjust)
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
        session.project_changed.connect(self._project_changed)
        self._project_changed()

    def set_rows(self, rows: Sequence[GroupRow]) -> None:
        current = self._view.currentIndex().row()
        self._model.set_rows(list(rows))
        if rows:
            self._view.setCurrentIndex(self._model.index(min(max(current, 0), len(rows) - 1)))

    def rows(self) -> list[GroupRow]:
        return list(self._model.rows)

    def loading(self) -> bool:
        """Whether photos on screen are still being read."""
        return self._session.thumbnails is not None and self._session.thumbnails.waiting()

    def _project_changed(self) -> None:
        self._delegate.thumbnails = self._session.thumbnails
        if self._session.thumbnails is not None:
            self._session.thumbnails.arrived.connect(self._view.viewport().update)

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
    def __init__(self, view: QListView) -> None:
        super().__init__(view)
        self._view = view
        self.thumbnails: Thumbnails | None = None

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, theme.pixels(_LINE) + self._side() + 14)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: GroupRow = index.data(Qt.ItemDataRole.UserRole)
        colours = theme.colours()
        rect = QRectF(option.rect).adjusted(1, 2, -3, -2)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.hover))
            painter.drawRoundedRect(rect, 6, 6)
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours.primary), 1.5))
            painter.drawRoundedRect(rect, 6, 6)
        self._paint_line(painter, QRectF(rect.left(), rect.top(), rect.width(), theme.pixels(_LINE)), row)
        self._paint_photos(painter, rect, row)
        painter.restore()

    def _paint_line(self, painter: QPainter, line: QRectF, row: GroupRow) -> None:
        colours, colour, middle = theme.colours(), row.colour, line.center().y()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawEllipse(QRectF(line.left() + 8, middle - 6, 12, 12))
        painter.setFont(theme.font(12))
        count, room = words.number(row.count), painter.fontMetrics().horizontalAdvance("00,000")
        right = line.right() - 8
        painter.setPen(QColor(colours.quiet))
        painter.drawText(
            QRectF(right - room, line.top(), room, line.height()),
            int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), count,
        )  # fmt: skip
        right -= room + 4
        if row.separation is not None:
            paint_bar(painter, QRectF(right - _BAR, middle - 2.5, _BAR, 5), row.separation, colour)
        right -= _BAR + 10
        painter.setFont(theme.font(theme.TEXT_PIXELS, bold=row.named))
        painter.setPen(QColor(colours.ink if row.named else colours.quiet))
        text = QRectF(line.left() + 28, line.top(), right - line.left() - 28, line.height())
        painter.drawText(
            text, int(Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine),
            painter.fontMetrics().elidedText(row.title, Qt.TextElideMode.ElideRight, int(text.width())),
        )  # fmt: skip

    def _paint_photos(self, painter: QPainter, rect: QRectF, row: GroupRow) -> None:
        side, ratio = self._side(), painter.device().devicePixelRatioF()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for place, photo in enumerate(row.typical[:_PHOTOS]):
            tile = QRect(
                int(rect.left()) + 8 + place * (side + _GAP), int(rect.top()) + theme.pixels(_LINE), side, side
            )
            pixmap = None if self.thumbnails is None else self.thumbnails.square(photo, round(side * ratio))
            if pixmap is None:
                painter.fillPath(rounded(QRectF(tile)), QColor(theme.colours().line))
            else:
                painter.drawPixmap(tile, pixmap)

    def _side(self) -> int:
        return max(16, (self._view.viewport().width() - 20 - (_PHOTOS - 1) * _GAP) // _PHOTOS)
