"""Names that photos carry, each of which can be taken off them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QPushButton, QWidget

from .. import theme, words
from .card import plain_tip
from .flow_layout import FlowLayout

_WIDTH = 150


class NameChips(QWidget):
    """A chip for each name with how many of the photos carry it; pressing one asks to take the name off."""

    removed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("name_chips")
        self._layout = FlowLayout(self, 6)
        self._chips: list[QPushButton] = []
        self._names: list[str] = []
        theme.changed.connect(self._follow_theme)

    def show_names(self, names: Sequence[tuple[str, int]], photos: int) -> None:
        """Show names, each with how many of so many photos carry it."""
        self._names = [name for name, _ in names]
        while len(self._chips) < len(names):
            self._add()
        for place, chip in enumerate(self._chips):
            chip.setVisible(place < len(names))
            if place < len(names):
                name, count = names[place]
                shown = chip.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, theme.pixels(_WIDTH))
                text = shown if count == photos else f"{shown} {words.number(count)}"
                chip.setText(text.replace("&", "&&"))
                chip.setAccessibleName(
                    self.tr("Take the name {0} off {1}").format(name, words.photos(count)).replace("&", "&&")
                )
                chip.setToolTip(plain_tip(self.tr("Take the name {0} off").format(name)))
        self.setVisible(bool(names))

    def names(self) -> list[str]:
        return list(self._names)

    def _add(self) -> None:
        chip = QPushButton()
        chip.setObjectName(f"name_chip_{len(self._chips)}")
        chip.setProperty("role", "name")
        chip.setCursor(Qt.CursorShape.PointingHandCursor)
        chip.setIcon(theme.icon("close"))
        chip.setIconSize(QSize(9, 9))
        chip.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # the cross after the word
        chip.clicked.connect(self._pressed)
        self._chips.append(chip)
        self._layout.addWidget(chip)

    def _pressed(self) -> None:
        chip = self.sender()
        assert isinstance(chip, QPushButton)
        self.removed.emit(self._names[self._chips.index(chip)])

    def _follow_theme(self) -> None:
        for chip in self._chips:
            chip.setIcon(theme.icon("close"))
