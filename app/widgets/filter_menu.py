"""The button of a filter, and the menu in which a person says what it lets through."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRegularExpression, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent, QRegularExpressionValidator, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QPushButton, QWidget, QWidgetAction

from .. import theme, words
from .card import label

_LONGEST = 24
_MS_TYPING = 250
"""After so long without a key it is told what was written."""
_BESIDE = 40
"""Pixels of the text beside a line, so that lines one below the other begin alike."""


class FilterButton(QPushButton):
    """Opens a menu; lit while its filter is set."""

    def __init__(self, fill: Callable[[FilterMenu], None]) -> None:
        super().__init__()
        self._fill = fill
        self.setProperty("role", "action")
        self.setCheckable(True)
        menu = FilterMenu(self)
        menu.aboutToShow.connect(self._open)
        self.setMenu(menu)

    def say(self, what: str, chosen: Sequence[str]) -> None:
        """Show what the filter is about and what it lets through, nothing where all."""
        said = ", ".join(chosen)
        if len(said) > _LONGEST:
            said = (
                words.tr("{0} chosen").format(words.number(len(chosen))) if len(chosen) > 1 else f"{said[:_LONGEST]}…"
            )
        text = f"{what}: {said}" if chosen else what
        self.setText(f"{text.replace('&', '&&')} ▾")
        self.setAccessibleName(text)
        self.setChecked(bool(chosen))

    def nextCheckState(self) -> None:
        """A click opens the menu; what is chosen there lights the button."""

    def _open(self) -> None:
        menu = self.menu()
        assert isinstance(menu, FilterMenu)
        menu.forget()
        self._fill(menu)


class FilterMenu(QMenu):
    """A menu in which several things can be ticked, one after the other, by click or space bar."""

    def offer(self, text: str, chosen: bool, call: Callable[[], None], name: str) -> None:
        """One of several things of which one is chosen; the menu closes."""
        self._add(text, chosen, name).triggered.connect(lambda _: call())

    def tick(self, text: str, ticked: bool, call: Callable[[bool], None], name: str) -> None:
        """A thing that is ticked beside others; the menu stays."""
        action = self._add(text, ticked, name)
        action.setData(True)
        action.toggled.connect(call)
        action.toggled.connect(self._show_ticks)

    def part(self, text: str, chosen: bool, name: str) -> FilterMenu:
        """A menu within this one; chosen: something in it is."""
        made = FilterMenu(text.replace("&", "&&"), self)
        self.addMenu(made)
        made.menuAction().setObjectName(name)
        made.menuAction().setCheckable(True)
        made.menuAction().setChecked(chosen)
        return made

    def write(self, text: str, written: str, call: Callable[[str], None], name: str, *, a_number: bool = False) -> None:
        """A line to write into, beside a text; the menu stays. call: told what is written, some times a second."""
        line = _Line(f"{self.title()}: {text}".replace("&&", "&"), text, written, name)
        if a_number:
            line.take_a_number()
        line.written.connect(call)
        line.written.connect(self._show_ticks)
        self.aboutToHide.connect(line.tell)
        action = QWidgetAction(self)
        action.setDefaultWidget(line)
        self.addAction(action)

    def forget(self) -> None:
        """Empty it."""
        self.clear()
        for part in self.findChildren(FilterMenu):
            part.deleteLater()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        lines = self._lines()
        if lines:  # to write at once, whether the menu was opened by mouse or keyboard
            QTimer.singleShot(0, lines[0].setFocus)

    def _lines(self) -> list[_Line]:
        return self.findChildren(_Line, options=Qt.FindChildOption.FindDirectChildrenOnly)

    def _show_ticks(self) -> None:
        """The first line, which is for all, is chosen where nothing else is; the line of a part where something in it
        is.
        """
        chosen = any(action.isChecked() for action in self.actions() if action.data() or action.menu())
        chosen |= any(line.says() for line in self._lines())
        within = self.parent()
        if isinstance(within, FilterMenu):
            self.menuAction().setChecked(chosen)
            within._show_ticks()
        else:
            self.actions()[0].setChecked(not chosen)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        action = self.actionAt(event.position().toPoint())
        if action is not None and action.data():
            action.trigger()
        else:
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        action = self.activeAction()
        if event.key() == Qt.Key.Key_Space and action is not None and action.data():
            action.trigger()
        else:
            super().keyPressEvent(event)

    def _add(self, text: str, chosen: bool, name: str) -> QAction:
        action = self.addAction(text.replace("&", "&&"))
        action.setObjectName(name)
        action.setCheckable(True)
        action.setChecked(chosen)
        return action


class _Line(QWidget):
    """Words, and a line to write into."""

    written = Signal(str)
    """What is written now, without blanks around it."""

    def __init__(self, spoken: str, text: str, written: str, name: str) -> None:
        super().__init__()
        self._told = written
        self._line = QLineEdit(written)
        self._line.setObjectName(name)
        self._line.setAccessibleName(spoken)
        self._line.setClearButtonEnabled(True)
        self.setFocusProxy(self._line)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(_MS_TYPING)
        self._typing.timeout.connect(self.tell)
        self._line.textChanged.connect(self._edited)
        self._line.returnPressed.connect(self.tell)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.CARD_GAP, 4, theme.CARD_GAP, 4)
        row.setSpacing(theme.ROW_GAP)
        beside = label(text, "quiet")
        beside.setMinimumWidth(theme.pixels(_BESIDE))
        row.addWidget(beside)
        row.addWidget(self._line, 1)

    def take_a_number(self) -> None:
        """Let nothing be written that no number is made of."""
        self._line.setValidator(QRegularExpressionValidator(QRegularExpression("[-+0-9.,eE]*"), self._line))

    def says(self) -> str:
        return self._line.text().strip()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._line.setFocus(Qt.FocusReason.MouseFocusReason)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Beside the line nothing is clicked: the menu stays."""

    def tell(self) -> None:
        """Tell what is written, where that was not told yet."""
        self._typing.stop()
        if self.says() != self._told:
            self._told = self.says()
            self.written.emit(self._told)

    def _edited(self) -> None:
        self._typing.start()
