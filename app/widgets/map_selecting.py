"""What the keys held down at a click or a drag on a map do to the selection."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt

ADD = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier
REMOVE = Qt.KeyboardModifier.AltModifier


def of_drag(keys: Qt.KeyboardModifier) -> Qt.KeyboardModifier:
    """The same keys, at a drag: there Control takes away, since many desktops move the window by Alt and a drag."""
    return REMOVE if keys & Qt.KeyboardModifier.ControlModifier else keys


def changed(selected: NDArray[np.bool_], indices: NDArray[np.int64], keys: Qt.KeyboardModifier) -> NDArray[np.bool_]:
    """The selection, bool [N], after points were chosen with these keys held down."""
    after = selected.copy() if keys & (ADD | REMOVE) else np.zeros(len(selected), bool)
    after[indices] = not keys & REMOVE
    return after
