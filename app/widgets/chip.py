"""A row of chips of which one is chosen: filters with their counts, formats, tools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QPushButton, QWidget

from .. import theme, words
from .flow_layout import FlowLayout

_PADDING, _BETWEEN, _HEIGHT = 13, 6, 26
_PLACE = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True)
class Chip:
    """name: what `chosen` says, also the objectName after "chip_". count None: no number is shown."""

    name: str
    text: str
    count: int | None = None
    tip: str = ""
    enabled: bool = True


class ChipRow(QWidget):
    """Exactly one chip is chosen, the first to begin with. Tab comes to it, left and right arrow move among them."""

    chosen = Signal(str)

    def __init__(self, chips: Sequence[Chip] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = FlowLayout(self, theme.ROW_GAP)
        self._group = QButtonGroup(self)
        self._group.buttonClicked.connect(self._clicked)
        self._buttons: dict[str, _ChipButton] = {}
        self.set_chips(chips)

    def set_chips(self, chips: Sequence[Chip]) -> None:
        """Show these chips; the chosen one stays chosen where it is among them, else the first is."""
        before = self.choice()
        for name in [name for name in self._buttons if name not in {chip.name for chip in chips}]:
            button = self._buttons.pop(name)
            self._group.removeButton(button)
            self._layout.removeWidget(button)
            button.setParent(None)  # gone at once, not only when it is deleted
            button.deleteLater()
        for place, chip in enumerate(chips):
            button = self._buttons.get(chip.name) or self._add(chip.name)
            if self._layout.indexOf(button) != place:
                self._layout.put(place, button)
            button.show_chip(chip)
            button.setToolTip(chip.tip)
            button.setAccessibleDescription(chip.tip)
            button.setEnabled(chip.enabled)
        self._order_for_tab([self._buttons[chip.name] for chip in chips])
        if self._buttons and self.choice() is None:
            next(iter(self._buttons.values())).setChecked(True)
            if before is not None:
                self.chosen.emit(self.choice())
        self._fit_tab()

    def choice(self) -> str | None:
        return next((name for name, button in self._buttons.items() if button.isChecked()), None)

    def choice_text(self) -> str:
        """The chosen chip's word."""
        return next((button.word for button in self._buttons.values() if button.isChecked()), "")

    def choose(self, name: str) -> None:
        """Choose a chip as if it had been clicked."""
        self._buttons[name].click()

    def show_choice(self, name: str) -> None:
        """Choose a chip without telling anyone."""
        self._buttons[name].setChecked(True)
        self._fit_tab()

    def _order_for_tab(self, buttons: list[_ChipButton]) -> None:
        """What came later stands at the end of the window's Tab chain: all go to where the first of them stands."""
        first: QWidget = self.nextInFocusChain()
        while first not in buttons and first is not self:
            first = first.nextInFocusChain()
        for before, button in pairwise([first, *buttons] if first is not self else []):
            QWidget.setTabOrder(before, button)

    def _fit_tab(self) -> None:
        """Tab comes to one chip, the chosen one: Qt sees to that only where a key chose it."""
        usable = [button for button in self._buttons.values() if button.isEnabled()]
        stop = next((button for button in usable if button.isChecked()), usable[0] if usable else None)
        for button in self._buttons.values():
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus if button is stop else Qt.FocusPolicy.ClickFocus)

    def _add(self, name: str) -> _ChipButton:
        button = _ChipButton()
        button.setObjectName(f"chip_{name}")
        button.setProperty("role", "chip")
        button.setCheckable(True)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        self._group.addButton(button)
        self._buttons[name] = button
        return button

    def _clicked(self, button: QPushButton) -> None:
        self._fit_tab()
        self.chosen.emit(button.objectName().removeprefix("chip_"))


class _ChipButton(QPushButton):
    """A chip as wide as its chosen, bold form; its number stands back behind its word."""

    def __init__(self) -> None:
        super().__init__()
        self.word = self._number = ""

    def show_chip(self, chip: Chip) -> None:
        self.word = chip.text
        self._number = "" if chip.count is None else words.number(chip.count)
        self.setAccessibleName(f"{self.word} {self._number}".strip())
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(2 * _PADDING + self._width(bold=True), theme.pixels(_HEIGHT))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)  # the frame; the button has no text of its own
        colours = theme.colours()
        chosen = self.isChecked()
        painter = QPainter(self)
        left = (self.width() - self._width(bold=chosen)) // 2
        font = theme.font(12, bold=chosen)
        painter.setFont(font)
        painter.setPen(QColor(colours.quiet if not self.isEnabled() else colours.primary if chosen else colours.ink))
        painter.drawText(self.rect().adjusted(left, 0, 0, 0), _PLACE, self.word)
        if self._number:
            left += QFontMetrics(font).horizontalAdvance(self.word) + _BETWEEN
            painter.setPen(QColor(colours.quiet))
            painter.drawText(self.rect().adjusted(left, 0, 0, 0), _PLACE, self._number)
        painter.end()

    def _width(self, *, bold: bool) -> int:
        metrics = QFontMetrics(theme.font(12, bold=bold))
        number = _BETWEEN + metrics.horizontalAdvance(self._number) if self._number else 0
        return metrics.horizontalAdvance(self.word) + number
