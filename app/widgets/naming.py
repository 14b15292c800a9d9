"""The name of what is selected, and the line in which a person writes one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from .. import theme, words
from .card import plain_tip

_TITLE_WIDTH, _DOT = 160, 14


class Naming(QWidget):
    """A colour dot, a title, how many photos, and "Name" or "Rename"; Enter in the line gives the name."""

    named = Signal(str)
    """The name that was given, without blanks around it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("naming")
        self._dot = _Dot()
        self._title = QLabel()
        self._title.setObjectName("selection_title")
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._count = QLabel()
        self._count.setObjectName("selection_count")
        self._count.setProperty("role", "quiet")
        self._rename = QPushButton(self.tr("Rename"))
        self._rename.setObjectName("rename_button")
        self._rename.setAccessibleName(self.tr("Rename"))
        self._rename.setProperty("role", "link")
        self._rename.clicked.connect(self.begin)
        self._line = _NameLine()
        self._line.setObjectName("name_field")
        self._line.setMaxLength(120)
        self._line.returnPressed.connect(self._entered)
        self._line.left.connect(self._left)
        self._keep = QPushButton(self.tr("Name"))
        self._keep.setObjectName("name_button")
        self._keep.setAccessibleName(self.tr("Give this name"))
        self._keep.clicked.connect(self._entered)
        self._line.textChanged.connect(self._text_changed)
        self._is_named = False
        self._shown = ""

        first = QHBoxLayout()
        first.setSpacing(theme.ROW_GAP)
        first.addWidget(self._dot)
        first.addWidget(self._title)
        first.addWidget(self._count)
        first.addStretch(1)
        first.addWidget(self._rename)
        self._second = QWidget()
        second = QHBoxLayout(self._second)
        second.setContentsMargins(0, 0, 0, 0)
        second.setSpacing(theme.ROW_GAP)
        second.addWidget(self._line, 1)
        second.addWidget(self._keep)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.ROW_GAP)
        layout.addLayout(first)
        layout.addWidget(self._second)
        theme.changed.connect(self._follow_theme)
        self._follow_theme()

    def show_selection(self, title: str, count: int, colour: QColor | None, *, named: bool) -> None:
        """Say what is selected. colour: None where it is no group. The line is open while there is no name."""
        self._shown, self._is_named = title, named
        self._dot.show_colour(colour)
        metrics = self._title.fontMetrics()
        self._title.setText(metrics.elidedText(title, Qt.TextElideMode.ElideRight, theme.pixels(_TITLE_WIDTH)))
        self._title.setToolTip(plain_tip(title) if self._title.text() != title else "")
        self._count.setText(words.photos(count))
        asks = self.tr("Name this group") if colour is not None else self.tr("Name these photos")
        self._line.setPlaceholderText(asks)
        self._line.setAccessibleName(asks)
        self._line.clear()
        self._rename.setVisible(named)
        self._second.setVisible(not named)

    def offer(self, names: Sequence[str]) -> None:
        """Names given before, to be completed while typing."""
        completer = QCompleter(sorted(set(names), key=str.casefold), self._line)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._line.setCompleter(completer)

    def begin(self) -> None:
        """Open the line and put the cursor into it."""
        self._second.show()
        if self._is_named:
            self._rename.hide()
            self._line.setText(self._shown)
            self._line.selectAll()
        self._line.setFocus(Qt.FocusReason.OtherFocusReason)

    def _entered(self) -> None:
        name = " ".join(self._line.text().split())
        if name:
            self.named.emit(name)

    def _left(self) -> None:
        """Escape: take back what was typed."""
        self._line.clear()
        if self._is_named:
            self._second.hide()
            self._rename.show()
            self._rename.setFocus(Qt.FocusReason.OtherFocusReason)

    def _text_changed(self, text: str) -> None:
        self._keep.setEnabled(bool(text.strip()))

    def _follow_theme(self) -> None:
        self._title.setFont(theme.font(15, bold=True))
        self._title.setStyleSheet(f"font-size: {theme.pixels(15)}px; font-weight: 600")
        self._keep.setEnabled(bool(self._line.text().strip()))


class _NameLine(QLineEdit):
    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class _Dot(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("group_dot")
        self.setFixedSize(_DOT, _DOT)
        self._colour: QColor | None = None

    def show_colour(self, colour: QColor | None) -> None:
        self._colour = colour
        self.setVisible(colour is not None)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._colour is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._colour)
        painter.drawEllipse(QRectF(1, self.height() / 2 - 6, 12, 12))
        painter.end()
