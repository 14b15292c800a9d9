"""Every setting of a step as a form, made from the fields of its settings class: name, value, unit, range, help."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from prismh_engine.errors import PrismhError
from prismh_engine.settings import Resolved, Settings, resolve

from .. import theme
from ..words import without_flags
from .buttons import text_button
from .card import ElidedLabel, Note, label
from .field_editors import Editor, as_text, editor_of

_EDITOR_WIDTH, _SMALLEST_EDITOR, _HELP_WIDTH = 180, 90, 260


class SettingsPanel(QWidget):
    """Shows the values that a preset gives, lets a person change them, and says at once where one cannot be."""

    changed = Signal()
    """A value was changed, or taken back to the preset's."""

    def __init__(
        self,
        cls: type[Settings],
        hidden: Collection[str],
        check: Callable[[Resolved[Any]], object],
        editors: Mapping[str, Callable[[], Editor]],
        parent: QWidget | None = None,
    ) -> None:
        """hidden: names of fields that are decided elsewhere. check: raises `PrismhError` where values do not fit
        together. editors: of fields that have one of their own; these come first."""
        super().__init__(parent)
        self.setObjectName("settings_panel")
        self._cls = cls
        self._check = check
        self._fixed: dict[str, Any] = {}
        self._given: dict[str, Any] = {}
        self._brought: dict[str, Any] = {}
        self._objection = ""
        self._editors: dict[str, Editor] = {}
        self._rows: list[tuple[QLabel, Editor, QLabel]] = []
        self._is_narrow: bool | None = None
        self._reset = text_button("reset_settings_button", self.tr("Back to the preset"), "small")
        self._reset.clicked.connect(self.reset)
        self._complaint = Note("settings_complaint")
        self._complaint.hide()
        form = QWidget()
        self._grid = QGridLayout(form)
        self._grid.setContentsMargins(0, 0, theme.CARD_GAP, 0)
        self._grid.setHorizontalSpacing(theme.CARD_GAP)
        self._grid.setVerticalSpacing(theme.ROW_GAP)
        self._grid.setColumnStretch(2, 1)
        fields = {field.name: field for field in dataclasses.fields(cls) if field.name not in hidden}
        self._required = {name for name, field in fields.items() if field.default is not None}
        for name in (*editors, *(name for name in fields if name not in editors)):
            self._add_row(fields[name], editors[name]() if name in editors else editor_of(fields[name]))
        self._grid.setRowStretch(2 * len(self._rows), 1)
        self._scroll = scroll = QScrollArea()
        scroll.setObjectName("settings_scroll")
        scroll.setWidgetResizable(True)
        scroll.setWidget(form)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        head = QHBoxLayout()
        head.addWidget(label(self.tr("Advanced"), "heading"))
        head.addWidget(ElidedLabel(self.tr("in the field's own terms; what the preset sets is filled in"), "quiet"), 1)
        head.addWidget(self._reset)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.ROW_GAP)
        layout.addLayout(head)
        layout.addWidget(self._complaint)
        layout.addWidget(scroll, 1)
        theme.changed.connect(self._fit)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def set_fixed(self, fixed: Mapping[str, Any]) -> None:
        """Values decided elsewhere (the preset, the project); what a person changed here stays."""
        self._fixed = dict(fixed)
        self._show_values()

    def given(self) -> dict[str, Any]:
        """The values that differ from the preset's: those a person typed, and those that follow from them."""
        base = resolve(self._cls, self._fixed, environment={}).settings
        brought = {name: value for name, value in self._brought.items() if value != getattr(base, name)}
        return {**brought, **self._given}

    def typed(self) -> dict[str, Any]:
        """The values a person changed, as typed."""
        return dict(self._given)

    def bring(self, values: Mapping[str, Any]) -> None:
        """Values that follow from what was typed; what followed before no longer does. What was typed stays."""
        if values != self._brought:
            self._brought = dict(values)
            self._show_values()
            self.changed.emit()

    def object_to(self, why: str) -> None:
        """Say what is wrong with a value beyond its range, "" where nothing is."""
        if why != self._objection:
            self._objection = why
            self._show_values()
            self.changed.emit()

    def complaint(self) -> str:
        """What is wrong with the values, "" where nothing is."""
        return "" if self._complaint.isHidden() else self._complaint.text()

    def reset(self) -> None:
        """Take back every change."""
        self._given.clear()
        self._brought.clear()
        self._objection = ""
        self._show_values()
        self.changed.emit()

    def _add_row(self, field: dataclasses.Field[Any], editor: Editor) -> None:
        help_text = editor.help or field.metadata["help"]
        editor.describe(field.name, help_text)
        editor.edited.connect(self._edited)
        self._editors[field.name] = editor
        name = label(field.name.replace("_", " "), "")
        name.setBuddy(editor)
        unit = f" ({field.metadata['unit']})" if field.metadata["unit"] else ""
        words = label(f"{help_text}{unit}{_range_words(field)}", "small")
        words.setWordWrap(True)
        self._rows.append((name, editor, words))

    def _fit(self) -> None:
        """The help stands beside the values, and below them where there is no room for it."""
        names = max(name.sizeHint().width() for name, _, _ in self._rows)
        room = self.width() - names - 2 * theme.CARD_GAP - self._scroll.verticalScrollBar().sizeHint().width()
        for editor in self._editors.values():
            editor.setFixedWidth(max(_SMALLEST_EDITOR, min(theme.pixels(_EDITOR_WIDTH), room)))
        is_narrow = self.width() < 2 * theme.pixels(_EDITOR_WIDTH) + theme.pixels(_HELP_WIDTH) // 2
        if is_narrow == self._is_narrow:
            return
        self._is_narrow = is_narrow
        for row, (name, editor, words) in enumerate(self._rows):
            self._grid.addWidget(name, 2 * row, 0)
            self._grid.addWidget(editor, 2 * row, 1)
            self._grid.addWidget(words, 2 * row + is_narrow, 0 if is_narrow else 2, 1, 3 if is_narrow else 1)

    def _edited(self) -> None:
        name = next(name for name, editor in self._editors.items() if editor is self.sender())
        value = self._editors[name].value()
        preset = getattr(resolve(self._cls, self._fixed, environment={}).settings, name)
        before = self._brought.get(name, preset)
        emptied = value == "" and name in self._required  # what must have a value has that of the preset again
        if emptied or value == before or value == as_text(before):
            self._given.pop(name, None)
        elif self._given.get(name) == value:
            return
        else:
            self._given[name] = value if value != "" else None
        self._show_values()
        self.changed.emit()

    def _show_values(self) -> None:
        """Fill the editors; a value that cannot be stays as typed, with the reason above."""
        base = resolve(self._cls, self._fixed, environment={}).settings
        given = self.given()
        complaint = self._objection
        try:
            self._check(resolve(self._cls, {**self._fixed, **given}, environment={}))
        except PrismhError as error:
            complaint = _in_words(str(error), self._editors)
        self._complaint.say(complaint, "warning")
        self._complaint.setVisible(bool(complaint))
        for name, editor in self._editors.items():
            editor.fill(given.get(name, getattr(base, name)))
            editor.mark_changed(name in given)
        self._reset.setEnabled(bool(given))


def _in_words(sentence: str, names: Collection[str]) -> str:
    """A sentence of the engine with settings called as they are here."""
    for name in names:
        sentence = re.sub(rf"\b{name}\b", name.replace("_", " "), sentence)
    return without_flags(sentence)


def _range_words(field: dataclasses.Field[Any]) -> str:
    low, above, high = (field.metadata[key] for key in ("minimum", "above", "maximum"))
    words = [f"≥ {low:g}"] if low is not None else [f"> {above:g}"] if above is not None else []
    if high is not None and high < 1e9:
        words.append(f"≤ {high:g}")
    return f"; {' and '.join(words)}" if words else ""
