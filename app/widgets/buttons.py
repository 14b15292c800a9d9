"""A button with a word on it."""

from __future__ import annotations

from PySide6.QtWidgets import QPushButton


def text_button(object_name: str, text: str, role: str = "") -> QPushButton:
    """A button that people who do not see it know by its text. role: how `style.qss` draws it, "" as any button."""
    button = QPushButton(text)
    button.setObjectName(object_name)
    button.setAccessibleName(text)
    if role:
        button.setProperty("role", role)
    return button
