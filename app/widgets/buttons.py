"""A button with a word on it."""

from __future__ import annotations

from PySide6.QtWidgets import QPushButton

from .card import set_role


def text_button(object_name: str, text: str, role: str = "") -> QPushButton:
    """A button that people who do not see it know by its text. role: how `style.qss` draws it, "" as any button."""
    button = QPushButton(text)
    button.setObjectName(object_name)
    button.setAccessibleName(text)
    if role:
        button.setProperty("role", role)
    return button


def be_main(button: QPushButton, main: bool) -> None:
    """Make it the filled button of its page, or one like any other."""
    role = "main" if main else ""
    if button.property("role") != role:
        set_role(button, role)
