"""The card beside the names whose photos are copied: what the copies will be."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QWidget

from .buttons import text_button
from .card import Facts, Note, label
from .scrolling_card import ScrollingCard


class CopyChoice(ScrollingCard):
    """Whether copies tell their place, and all names or none at a click."""

    changed = Signal()
    all_wanted = Signal(bool)
    """Tick every name (True), or none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("copies_card", parent)
        self._placed = self._nobody_named = False
        self._place = QCheckBox(self.tr("Keep where they were taken"))
        self._place.setObjectName("place_in_copies")
        self._place.setAccessibleName(self._place.text())
        self._place.toggled.connect(self._place_toggled)
        self._facts = Facts()
        self._note = Note("copies_note")
        self.body.addWidget(label(self.tr("Copies"), "heading"))
        self.body.addWidget(self._place)
        for text in (
            self.tr("A photo with several names is copied for each of them."),
            self.tr(
                "Beside the folders lies a table of the copies, manifest.csv. Files that are there stay as they are."
            ),
        ):
            line = label(text, "small")
            line.setWordWrap(True)
            self.body.addWidget(line)
        ticks = QHBoxLayout()
        ticks.addWidget(self._tick_button("all_names", self.tr("All names"), self._tick_all))
        ticks.addWidget(self._tick_button("no_names", self.tr("None"), self._tick_none))
        ticks.addStretch(1)
        self.body.addLayout(ticks)
        self.body.addWidget(self._facts)
        self.body.addStretch(1)
        self.body.addWidget(self._note)
        self._show_note()

    def show_place(self, told: bool, placed: bool, nobody_named: bool) -> None:
        """Tick the box or not, without telling anyone. placed: whether any photo has a position; nobody_named: whether
        no photo has a name yet.
        """
        self._placed, self._nobody_named = placed, nobody_named
        self._place.blockSignals(True)
        self._place.setChecked(told)
        self._place.blockSignals(False)
        self._show_note()

    def show_facts(self, facts: list[tuple[str, str]]) -> None:
        self._facts.show_facts(facts)

    def place(self) -> bool:
        return self._place.isChecked()

    def _tick_button(self, object_name: str, text: str, clicked: object) -> QPushButton:
        button = text_button(object_name, text, "small")
        button.clicked.connect(clicked)
        return button

    def _tick_all(self) -> None:
        self.all_wanted.emit(True)

    def _tick_none(self) -> None:
        self.all_wanted.emit(False)

    def _place_toggled(self) -> None:
        self._show_note()
        self.changed.emit()

    def _show_note(self) -> None:
        text, role = "", "note"
        if self._nobody_named:
            text = self.tr("No photo has a name yet. Name groups or photos in Explore; each makes a folder here.")
        elif not self._place.isChecked():
            text = self.tr(
                "Copies keep the time and the camera alone; their pixels stay as they are. "
                "A photo that is no JPEG becomes one."
            )
        elif self._placed:
            text = self.tr("Photos and table can show where people live. Untick the box before you share them.")
            role = "warning"
        self._note.say(text, role)
        self._note.setVisible(bool(text))
