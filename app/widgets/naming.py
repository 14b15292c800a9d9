"""The name of what is selected, and the line in which a person writes one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from .. import theme
from .buttons import text_button
from .card import ElidedLabel

_DOT = 14
_LONGEST = 120


class NameEntry(QWidget):
    """A line and "Name"; Enter in the line gives the name."""

    named = Signal(str)
    """The name that was given, without blanks around it."""
    left = Signal()
    """Escape was pressed, and what was typed is gone."""

    def __init__(self, object_name: str, asks: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._line = _NameLine()
        self._line.setObjectName(object_name)
        self._line.setMaxLength(_LONGEST)
        self._line.returnPressed.connect(self._entered)
        self._line.left.connect(self._left)
        self._line.textChanged.connect(self._text_changed)
        self._keep = QPushButton(self.tr("Name"))
        self._keep.setObjectName(object_name.replace("field", "button"))
        self._keep.setAccessibleName(self.tr("Give this name"))
        self._keep.clicked.connect(self._entered)
        self._text_changed("")
        self.ask(asks)
        self.setFocusProxy(self._line)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.ROW_GAP)
        layout.addWidget(self._line, 1)
        layout.addWidget(self._keep)

    def ask(self, text: str) -> None:
        """Say what is to be named."""
        self._line.setPlaceholderText(text)
        self._line.setAccessibleName(text)

    def offer(self, names: Sequence[str]) -> None:
        """Names given before, to be completed while typing."""
        completer = QCompleter(sorted(set(names), key=str.casefold), self._line)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._line.setCompleter(completer)

    def begin(self, text: str = "") -> None:
        """Put the cursor into the line, with a text that typing replaces."""
        self._line.setText(text)
        self._line.selectAll()
        self._line.setFocus(Qt.FocusReason.OtherFocusReason)

    def clear(self) -> None:
        self._line.clear()

    def _entered(self) -> None:
        name = " ".join(self._line.text().split())
        if name:
            self._line.clear()
            self.named.emit(name)

    def _left(self) -> None:
        self._line.clear()
        self.left.emit()

    def _text_changed(self, text: str) -> None:
        self._keep.setEnabled(bool(text.strip()))


class Naming(QWidget):
    """A colour dot, a title, how many photos, and "Name" or "Rename"."""

    named = Signal(str)
    """The name that was given, without blanks around it."""
    removed = Signal()
    """The name is to be taken off."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("naming")
        self._dot = _Dot()
        self._title = ElidedLabel()
        self._title.setObjectName("selection_title")
        self._count = QLabel()
        self._count.setObjectName("selection_count")
        self._count.setProperty("role", "quiet")
        self._rename = text_button("rename_button", self.tr("Rename"), "link")
        self._rename.clicked.connect(self.begin)
        self._entry = NameEntry("name_field", "")
        self._entry.named.connect(self._named)
        self._entry.left.connect(self._close)
        self._remove = text_button("remove_name_button", self.tr("Take the name off"), "link")
        self._remove.clicked.connect(self._take_off)
        self._name, self._is_group, self._shown = "", False, ""

        first = QHBoxLayout()
        first.setSpacing(theme.ROW_GAP)
        first.addWidget(self._dot)
        first.addWidget(self._title, 1)
        first.addWidget(self._rename)
        self._second = QWidget()
        second = QVBoxLayout(self._second)
        second.setContentsMargins(0, 0, 0, 0)
        second.setSpacing(0)
        second.addWidget(self._entry)
        second.addWidget(self._remove, 0, Qt.AlignmentFlag.AlignLeft)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.ROW_GAP)
        heading = QVBoxLayout()
        heading.setSpacing(2)
        heading.addLayout(first)
        heading.addWidget(self._count)
        layout.addLayout(heading)
        layout.addWidget(self._second)
        theme.changed.connect(self._follow_theme)
        self._follow_theme()

    def show_selection(self, title: str, count: str, colour: QColor | None, name: str) -> None:
        """Say what is selected. count: how many photos, in words. colour: None where it is no group. name: what may be
        changed, "" where there is none yet; the title may say more.

        The line is open while there is no name. What is being typed stays where the same is shown again.
        """
        now = (title, colour is not None, name)
        is_same = now == (self._shown, self._is_group, self._name)
        self._shown, self._is_group, self._name = now
        self._dot.show_colour(colour)
        self._title.setText(title)
        self._count.setText(count)
        if not is_same:
            self._entry.ask(self.tr("Name this group") if self._is_group else self.tr("Name these photos"))
            self._entry.clear()
            self._rename.setVisible(bool(name))
            self._second.setVisible(not name)
            self._remove.setVisible(bool(name))

    def offer(self, names: Sequence[str]) -> None:
        """Names given before, to be completed while typing."""
        self._entry.offer(names)

    def begin(self) -> None:
        """Open the line and put the cursor into it."""
        self._second.show()
        self._rename.hide()
        self._entry.begin(self._name)

    def _named(self, name: str) -> None:
        self._close()
        self.named.emit(name)

    def _take_off(self) -> None:
        self._close()
        self.removed.emit()

    def _close(self) -> None:
        if self._name:
            self._second.hide()
            self._rename.show()
            self._rename.setFocus(Qt.FocusReason.OtherFocusReason)

    def _follow_theme(self) -> None:
        self._title.setFont(theme.font(15, bold=True))
        self._title.setStyleSheet(f"font-size: {theme.pixels(15)}px; font-weight: 600")


class _NameLine(QLineEdit):
    left = Signal()

    def event(self, event: QEvent) -> bool:
        """In an empty line the keys for undoing and doing again are the window's: it has nothing to take back."""
        if event.type() == QEvent.Type.ShortcutOverride and not self.text():
            assert isinstance(event, QKeyEvent)
            if event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo):
                event.ignore()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            event.setAccepted(bool(self.text()))  # of an empty line it is for what the line is a part of
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
