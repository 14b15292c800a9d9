"""The card where columns of the exported table are ticked."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from .. import theme, words
from ..export_choices import (
    CAMERA,
    COLUMNS,
    FEATURES,
    FILE,
    FOR_MAPS,
    GROUP,
    LABEL,
    LOCATION,
    MAP_POSITION,
    MEASURES,
    TAKEN,
    ExportChoices,
)
from .card import Facts, Note, label, plain_tip
from .scrolling_card import ScrollingCard

_WIDEST_NAME = 160
_INSET = 24
"""A tick box and the gap beside it, which do not grow with the text."""


class ColumnChoice(ScrollingCard):
    """A box for each group of columns, some facts below them, and a warning where positions are written."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("columns_card", parent)
        self._format = ""
        self._placed = False
        self._rounded = self._box("rounded_location", self.tr("rounded to about 1 km"))
        self._facts = Facts()
        self._warning = Note("location_warning")
        texts = {
            FILE: self.tr("File"), TAKEN: self.tr("Taken"), LOCATION: self.tr("Latitude, longitude"),
            GROUP: self.tr("Group and its name"), LABEL: self.tr("Names of the photo"),
            MAP_POSITION: self.tr("Position on the map"), FEATURES: self.tr("Features"),
            MEASURES: self.tr("Sharpness, brightness"), CAMERA: self.tr("Camera"),
        }  # fmt: skip
        self._boxes = {name: self._box(f"with_{name}", text) for name, text in texts.items()}
        numbered = label(self.tr("numbered from 0: Group 1 is 0"), "small")
        below: dict[str, QWidget] = {LOCATION: self._rounded, GROUP: numbered}
        self._boxes[GROUP].setAccessibleDescription(numbered.text())
        self.body.addWidget(label(self.tr("Columns"), "heading"))
        boxes = QVBoxLayout()
        boxes.setSpacing(4)  # all of them, facts and warning fit into a window of 1280 x 800
        for name in texts:
            boxes.addWidget(self._boxes[name])
            if name in below:
                inset = QHBoxLayout()
                inset.setContentsMargins(_INSET, 0, 0, 0)
                inset.addWidget(below[name])
                boxes.addLayout(inset)
        self._own_boxes: dict[str, QCheckBox] = {}
        self._own = QVBoxLayout()
        self._own.setSpacing(4)
        boxes.addLayout(self._own)
        self.body.addLayout(boxes)
        self._boxes[FILE].setEnabled(False)
        self._boxes[FILE].setToolTip(self.tr("Always there: by it the rows are told apart"))
        self.body.addSpacing(6)
        self.body.addWidget(self._facts)
        self.body.addStretch(1)
        self.foot.addWidget(self._warning)

    def show_own(self, names: Sequence[str]) -> None:
        """These columns of a team's own can be ticked too."""
        if list(self._own_boxes) == list(names):
            return
        for box in self._own_boxes.values():
            self._own.removeWidget(box)
            box.deleteLater()
        self._own_boxes = {}
        for name in names:
            box = self._own_boxes[name] = self._box("with_own_column", name)
            shown = box.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, theme.pixels(_WIDEST_NAME))
            box.setText(shown.replace("&", "&&"))
            box.setToolTip(plain_tip(self.tr("{0}, from a table").format(name)))
            self._own.addWidget(box)

    def show_choices(self, choices: ExportChoices) -> None:
        """Tick the boxes as these choices say, without telling anyone."""
        wanted = choices.wanted()
        ticked = [(box, name in wanted) for name, box in self._boxes.items()]
        ticked += [(box, name in choices.own) for name, box in self._own_boxes.items()]
        for box, is_ticked in [*ticked, (self._rounded, choices.rounded)]:
            with QSignalBlocker(box):
                box.setChecked(is_ticked)
        self._show_what_follows()

    def show_table(self, format_: str, dimension: int, placed: bool) -> None:
        """For which format the columns are, how many features there are, and whether any photo has a position."""
        self._format, self._placed = format_, placed
        features = self.tr("{0} features").format(words.number(dimension)) if dimension else self.tr("No features yet")
        self._boxes[FEATURES].setText(features)
        self._boxes[FEATURES].setAccessibleName(features)
        self._boxes[FEATURES].setEnabled(dimension > 0)
        self._show_what_follows()

    def show_facts(self, facts: list[tuple[str, str]]) -> None:
        self._facts.show_facts(facts)

    def ticked(self) -> frozenset[str]:
        """Of `COLUMNS` those wanted."""
        return frozenset(name for name in COLUMNS if self._boxes[name].isChecked())

    def own(self) -> frozenset[str]:
        """The columns of a team's own that can be ticked."""
        return frozenset(self._own_boxes)

    def own_ticked(self) -> frozenset[str]:
        return frozenset(name for name, box in self._own_boxes.items() if box.isChecked())

    def rounded(self) -> bool:
        return self._rounded.isChecked()

    def _box(self, object_name: str, text: str) -> QCheckBox:
        box = QCheckBox(text)
        box.setObjectName(object_name)
        box.setAccessibleName(text)
        box.toggled.connect(self._toggled)
        return box

    def _toggled(self) -> None:
        self._show_what_follows()
        self.changed.emit()

    def _show_what_follows(self) -> None:
        location = self._boxes[LOCATION].isChecked()
        self._rounded.setEnabled(location)
        warning = ""
        if self._placed and location and not self._rounded.isChecked():
            warning = self.tr(
                "Positions can show where people live. Round them or leave them out before you share the file."
            )
        elif self._format in FOR_MAPS and not location:
            warning = self.tr("Without positions a map program has nothing to draw.")
        elif self._format in FOR_MAPS and not self._placed:
            warning = self.tr("No photo says where it was taken: a map program has nothing to draw.")
        self._warning.say(warning, "warning")
        self._warning.setVisible(bool(warning))
