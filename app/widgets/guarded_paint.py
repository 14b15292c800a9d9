"""Keeps a mistake in a paint of ours from ending the program.

PySide 6.11 does not survive an exception in a `paint` that Qt calls while it paints a view: layers of a map, rows of a
list. In a `paintEvent` of a widget one is reported like any other.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QTimer


def guarded(paint: Callable[..., None]) -> Callable[..., None]:
    """A `paint` that draws no further where an exception is raised; each kind is reported once, when Qt is done."""
    reported: set[type[Exception]] = set()

    @functools.wraps(paint)
    def paint_or_report(*arguments: Any) -> None:
        try:
            paint(*arguments)
        except Exception as error:
            if type(error) not in reported:
                reported.add(type(error))
                told = type(error), error, error.__traceback__
                QTimer.singleShot(0, lambda: sys.excepthook(*told))

    return paint_or_report
