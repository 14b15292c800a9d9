"""What the keys do on a map; a screen reader is told of them by `map_words.keys`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

if TYPE_CHECKING:
    from .embedding_map import EmbeddingMap

_PAN, _ZOOM = 0.1, 1.25
_MOVES = {
    Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)
}  # fmt: skip


def pressed(view: EmbeddingMap, event: QKeyEvent) -> bool:
    """Do what a key stands for; return whether it stands for anything now."""
    key = Qt.Key(event.key())
    control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
    if key in _MOVES and control:
        view.step(*_MOVES[key])
    elif key in _MOVES:
        view.pan(*(_PAN * part for part in _MOVES[key]))
    elif key in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
        return view.take_pointed(whole_group=key != Qt.Key.Key_Space)
    elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
        view.zoom(_ZOOM)
    elif key in (Qt.Key.Key_Minus, Qt.Key.Key_Underscore):
        view.zoom(1 / _ZOOM)
    elif key == Qt.Key.Key_Home:
        view.fit()
    elif key == Qt.Key.Key_Z and not control:
        view.fit_selection()
    elif key == Qt.Key.Key_Escape and len(view.selection):
        view.take_none()
    elif key == Qt.Key.Key_A and control:
        view.take_all()
    else:
        return False
    return True
