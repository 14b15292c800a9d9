"""How one value of a step's settings is shown and changed: a tick, a choice, a line of text, a file."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QSignalBlocker, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QPushButton, QWidget

from prismh_engine.settings import field_type

from .. import theme
from .card import set_role
from .file_dialogs import choose_file


class Editor(QWidget):
    """Put one control or more into `row`. What a person typed is `value`: text, or a boolean."""

    edited = Signal()
    """A person changed the value."""
    help = ""
    """What the value is, where this editor says it in other words than the field does."""

    def __init__(self, control: QWidget) -> None:
        super().__init__()
        self.control = control
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(theme.ROW_GAP)
        self.row.addWidget(control, 1)
        self.setFocusProxy(control)

    def value(self) -> Any:
        raise NotImplementedError

    def fill(self, value: Any) -> None:
        """Show a value; nobody is told."""
        raise NotImplementedError

    def describe(self, name: str, help_text: str) -> None:
        """Name the control for those who cannot see what stands beside it, and for tests."""
        self.control.setObjectName(f"setting_{name}")
        self.control.setAccessibleName(name.replace("_", " "))
        self.control.setAccessibleDescription(help_text)

    def mark_changed(self, changed: bool) -> None:
        set_role(self.control, "changed" if changed else "")


def editor_of(field: dataclasses.Field[Any]) -> Editor:
    """The editor that suits the type of a field of settings."""
    kind, choices = field_type(field), field.metadata["choices"]
    if kind is bool:
        return Tick()
    if choices and kind is str:
        return Choice({word: word for word in choices})
    if kind is Path:
        return FileLine(field.name, field.metadata["help"])
    return Line("" if field.default is not None else _tr("off"))


class Tick(Editor):
    def __init__(self) -> None:
        self._box = QCheckBox()
        super().__init__(self._box)
        self._box.toggled.connect(self.edited)

    def value(self) -> bool:
        return self._box.isChecked()

    def fill(self, value: Any) -> None:
        with QSignalBlocker(self._box):
            self._box.setChecked(bool(value))


class Choice(Editor):
    """One of several words. words: value -> how it is shown."""

    def __init__(self, words: dict[str, str]) -> None:
        self.combo = QuietCombo()
        super().__init__(self.combo)
        for value, shown in words.items():
            self.combo.addItem(shown, value)
        self.combo.currentIndexChanged.connect(self._picked)

    def value(self) -> str:
        return str(self.combo.currentData())

    def _picked(self) -> None:
        self.edited.emit()

    def fill(self, value: Any) -> None:
        with QSignalBlocker(self.combo):
            self.combo.setCurrentIndex(self.combo.findData(str(value)))


class Line(Editor):
    def __init__(self, placeholder: str) -> None:
        self.line = QLineEdit()
        super().__init__(self.line)
        self.line.setPlaceholderText(placeholder)
        self.line.editingFinished.connect(self.edited)

    def value(self) -> str:
        return self.line.text().strip()

    def fill(self, value: Any) -> None:
        with QSignalBlocker(self.line):
            self.line.setText(as_text(value))


class FileLine(Line):
    """A path that can be typed, or chosen by a button."""

    def __init__(self, name: str, title: str) -> None:
        super().__init__(_tr("none"))
        self._title = title
        choose = QPushButton("…")
        choose.setObjectName(f"choose_{name}")
        choose.setAccessibleName(_tr("Choose the file of {name}").format(name=name.replace("_", " ")))
        choose.setProperty("role", "small")
        choose.clicked.connect(self._choose)
        self.row.addWidget(choose)

    def _choose(self) -> None:
        chosen = choose_file(self, self._title)
        if chosen is not None:
            self.line.setText(str(chosen))
            self.edited.emit()


class QuietCombo(QComboBox):
    """A wheel over it scrolls the form instead of changing a value nobody looked at."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


def as_text(value: Any) -> str:
    """A value as a person types it."""
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _tr(text: str) -> str:
    return QCoreApplication.translate("field_editors", text)
