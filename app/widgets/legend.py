"""What the colours of a map mean, with how many photos each has; an entry is a switch that hides its photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QListView,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from .. import theme, words
from .card import label
from .guarded_paint import guarded
from .list_rows import Index, ListRows

_LINE = 24
_DOT = 10
_AROUND_TEXTS = 36
_LINES = 12
"""More entries than these are scrolled to."""


@dataclass(frozen=True)
class LegendEntry:
    """One colour of a map: the code of its points, what it means, how many photos have it."""

    key: int
    text: str
    colour: QColor
    count: int


class Legend(QWidget):
    """A list of entries. A click or Space hides or shows the photos of one; Enter shows those of one alone, and pressed
    again all of them.
    """

    shown_changed = Signal(object)
    """The codes that are hidden now, a set."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("legend")
        self._model = _Rows(self)
        self._title = label("", "small")
        self._title.setWordWrap(True)  # a column of a table may have a long name
        self._all = QPushButton(self.tr("Show all"))
        self._all.setObjectName("legend_show_all_button")
        self._all.setProperty("role", "link")
        self._all.clicked.connect(self.show_all)
        # Its room is kept, so that nothing jumps when it comes.
        policy = self._all.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._all.setSizePolicy(policy)
        self._view = _View()
        self._view.setModel(self._model)
        self._view.setItemDelegate(_Delegate(self._model, self._view))
        self._view.toggled.connect(self._toggle)
        self._view.alone.connect(self._show_alone)
        self.setFocusProxy(self._view)
        above = QHBoxLayout()
        above.addWidget(self._title, 1)
        above.addWidget(self._all)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(above)
        layout.addWidget(self._view)
        theme.changed.connect(self._view.viewport().update)
        self.set_title(self.tr("Colours"))
        self._show_state()

    def set_title(self, text: str) -> None:
        """What the colours tell, "Verdict" for instance."""
        self._title.setText(text)
        self._view.setAccessibleName(text)

    def set_entries(self, entries: Sequence[LegendEntry]) -> None:
        """Show these. Of those that were there before, same code and text, the hidden ones stay hidden."""
        before = self._model.hidden
        known = {(entry.key, entry.text) for entry in self._model.rows if entry.key in before}
        self._model.hidden = {entry.key for entry in entries if (entry.key, entry.text) in known}
        self._model.show_in(self._view, entries)
        self._view.updateGeometry()
        self._show_state()
        if self._model.hidden != before:
            self.shown_changed.emit(set(self._model.hidden))

    def entries(self) -> list[LegendEntry]:
        return list(self._model.rows)

    def hidden(self) -> set[int]:
        """The codes whose photos are hidden."""
        return set(self._model.hidden)

    def show_all(self) -> None:
        if not self._model.hidden:
            return
        if self._all.hasFocus():  # it goes away
            self._view.setFocus(Qt.FocusReason.OtherFocusReason)
        self._hide(set())

    def _toggle(self, row: int) -> None:
        self._hide(self._model.hidden ^ {self._model.rows[row].key})

    def _show_alone(self, row: int) -> None:
        others = {entry.key for entry in self._model.rows} - {self._model.rows[row].key}
        self._hide(set() if self._model.hidden == others else others)

    def _hide(self, codes: set[int]) -> None:
        self._model.set_hidden(codes)
        self._show_state()
        self.shown_changed.emit(set(codes))

    def _show_state(self) -> None:
        self._all.setVisible(bool(self._model.hidden))


class _Rows(ListRows):
    """hidden: the keys of the entries whose photos are not shown."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.hidden: set[int] = set()
        self.tip = self.tr("A click hides or shows these photos, a double click shows them alone.")

    def set_hidden(self, hidden: set[int]) -> None:
        self.hidden = hidden
        self.dataChanged.emit(self.index(0), self.index(len(self.rows) - 1))

    def spoken(self, row: LegendEntry) -> str:
        state = self.tr("hidden") if row.key in self.hidden else self.tr("shown")
        return f"{row.text}, {words.photos(row.count)}, {state}"


class _View(QListView):
    toggled = Signal(int)
    alone = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("legend_list")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.clicked.connect(self._clicked)
        self.doubleClicked.connect(self._double_clicked)

    def sizeHint(self) -> QSize:
        rows = self.model().rowCount() if self.model() is not None else 0
        width = max((self.sizeHintForIndex(self.model().index(row, 0)).width() for row in range(rows)), default=0)
        bar = self.verticalScrollBar().sizeHint().width() if rows > _LINES else 0
        return QSize(width + bar, min(max(rows, 1), _LINES) * theme.pixels(_LINE) + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, theme.pixels(_LINE) + 2)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.currentIndex().row()
        if row >= 0 and event.key() == Qt.Key.Key_Space:
            self.toggled.emit(row)
        elif row >= 0 and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.alone.emit(row)
        else:
            super().keyPressEvent(event)

    def _clicked(self, index: QModelIndex) -> None:
        self.toggled.emit(index.row())

    def _double_clicked(self, index: QModelIndex) -> None:
        self.toggled.emit(index.row())  # takes back what its first click did
        self.alone.emit(index.row())


class _Delegate(QStyledItemDelegate):
    def __init__(self, model: _Rows, parent: QObject) -> None:
        super().__init__(parent)
        self._model = model

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """As wide as the whole of its text and number needs."""
        entry: LegendEntry = index.data(Qt.ItemDataRole.UserRole)
        metrics = QFontMetrics(theme.font(12))
        texts = metrics.horizontalAdvance(entry.text) + metrics.horizontalAdvance(words.number(entry.count))
        return QSize(texts + _DOT + _AROUND_TEXTS, theme.pixels(_LINE))

    @guarded
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry: LegendEntry = index.data(Qt.ItemDataRole.UserRole)
        shown = entry.key not in self._model.hidden
        colours = theme.colours()
        rect: QRect = option.rect.adjusted(1, 1, -3, -1)
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
        # Hidden is a ring without a filling and quiet text: never told by colour alone.
        painter.setPen(QPen(entry.colour, 1.75))
        painter.setBrush(entry.colour if shown else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(rect.left() + 7, rect.center().y() - _DOT // 2 + 1, _DOT - 1, _DOT - 1)
        painter.setFont(theme.font(12))
        metrics = painter.fontMetrics()
        count = words.number(entry.count)
        width = metrics.horizontalAdvance(count)
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        painter.setPen(QColor(colours.quiet))
        painter.drawText(rect.adjusted(0, 0, -6, 0), middle | int(Qt.AlignmentFlag.AlignRight), count)
        if shown:
            painter.setPen(QColor(colours.ink))
        text = rect.adjusted(_DOT + 15, 0, -width - 14, 0)
        elided = metrics.elidedText(entry.text, Qt.TextElideMode.ElideRight, text.width())
        painter.drawText(text, middle | int(Qt.TextFlag.TextSingleLine), elided)
        painter.restore()
