"""An entry of a menu."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu


def add_entry(menu: QMenu, object_name: str, text: str, call: Callable[[], object], shortcut: str = "") -> QAction:
    """Add an entry that calls something, also by a shortcut where there is one."""
    action = menu.addAction(text)
    action.setObjectName(object_name)
    action.triggered.connect(call)
    if shortcut:
        action.setShortcut(QKeySequence(shortcut))
    return action
