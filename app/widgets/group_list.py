"""The groups of a map as a list: colour, name, how well separated, how many photos, the most typical ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen
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
from .guarded_paint import guarded
from .list_rows import Index, ListRows
from .separation import paint_bar
from .thumbnails import Thumbnails, rounded

if TYPE_CHECKING:
    from prismh_engine.project import Photo

_LINE = 34
_BAR = 46
_PHOTOS = 5
_GAP = 6


@dataclass(frozen=True)
class GroupRow:
    """One entry of the list. known_as: the number that it keeps while others are split or joined. text: its name, or
    "Group 6". count: how many of its photos are seen, of how many.
    separation: 0 to 1, None unknown; typical: some photos.
    """

    number: int
    known_as: int
    text: str
    colour: QColor
    named: bool
    count: int
    of: int
    separation: float | None
    typical: Sequence[Photo] = ()

    @property
    def key(self) -> int:
        return self.known_as

    @property
    def shown_count(self) -> str:
        """As it stands in the list: "40", or "3 of 40" where filters hide some."""
        if self.count == self.of:
            return words.number(self.of)
        return words.tr("{0} of {1}").format(words.number(self.count), words.number(self.of))


class GroupList(QWidget):
    """Groups to choose from by mouse or keyboard."""

    chosen = Signal(int)
    """The number of the group that was clicked, or Enter or Space was pressed on it."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._model = _Rows(self)
        self._view = _View()
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
        self._delegate.widest_count = max((row.shown_count for row in rows), key=len, default="")
        self._model.show_in(self._view, rows)

    def rows(self) -> list[GroupRow]:
        return list(self._model.rows)

    def current(self) -> int:
        """The number of the group that the keyboard is at, -1 where it is elsewhere."""
        at = self._view.currentIndex()
        return self._model.rows[at.row()].number if at.isValid() and self._view.hasFocus() else -1

    def show_current(self, number: int) -> None:
        """Put the keyboard at the row of a group."""
        place = next((at for at, row in enumerate(self._model.rows) if row.number == number), None)
        if place is not None:
            self._view.setCurrentIndex(self._model.index(place))
        self._view.setFocus(Qt.FocusReason.OtherFocusReason)

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


class _View(QListView):
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and self.currentIndex().isValid():
            self.activated.emit(self.currentIndex())
        else:
            super().keyPressEvent(event)


class _Rows(ListRows):
    def spoken(self, row: GroupRow) -> str:
        return f"{row.text}, {words.photos_of(row.count, row.of)}"


class _Delegate(QStyledItemDelegate):
    def __init__(self, view: QListView) -> None:
        super().__init__(view)
        self._view = view
        self.thumbnails: Thumbnails | None = None
        self.widest_count = ""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, theme.pixels(_LINE) + self._side() + 14)

    @guarded
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
        right, room = line.right() - 8, painter.fontMetrics().horizontalAdvance(self.widest_count)
        painter.setPen(QColor(colours.quiet))
        painter.drawText(
            QRectF(right - room, line.top(), room, line.height()),
            int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), row.shown_count,
        )  # fmt: skip
        right -= room + 10
        if row.separation is not None:
            paint_bar(painter, QRectF(right - _BAR, middle - 2.5, _BAR, 5), row.separation, colour)
        right -= _BAR + 10
        painter.setFont(theme.font(theme.TEXT_PIXELS, bold=row.named))
        painter.setPen(QColor(colours.ink if row.named else colours.quiet))
        text = QRectF(line.left() + 28, line.top(), right - line.left() - 28, line.height())
        painter.drawText(
            text, int(Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine),
            painter.fontMetrics().elidedText(row.text, Qt.TextElideMode.ElideRight, int(text.width())),
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
