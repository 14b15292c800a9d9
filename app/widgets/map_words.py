"""A map in words, for people who hear it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication

from .. import words

_NAMES_SAID = 5


def _tr(text: str) -> str:
    return QCoreApplication.translate("EmbeddingMap", text)


def selection(selected: NDArray[np.bool_], groups: NDArray[np.int32], names: Sequence[str]) -> str:
    """What is selected, and of which groups: "96 photos selected: 90 of Tyres, 6 of Drums."

    selected bool [N], groups int [N] (-1: none), names of the groups, "" where one has none.
    """
    count = int(selected.sum())
    if not count:
        return _tr("Nothing is selected.")
    sizes = np.bincount(groups[selected] + 1)[1:]
    named = Counter({name: int(size) for name, size in zip(names, sizes, strict=False) if name and size})
    parts = [
        _tr("{count} of {name}").format(count=words.number(size), name=name)
        for name, size in named.most_common(_NAMES_SAID)
    ]
    text = _tr("{photos} selected").format(photos=words.photos(count))
    return f"{text}: {', '.join(parts)}." if parts else f"{text}."


def place(group: int, names: Sequence[str]) -> str:
    """What the keyboard points at: a photo of a group, or of none."""
    name = names[group] if 0 <= group < len(names) else ""
    return _tr("At a photo of {name}.").format(name=name) if name else _tr("At a photo.")


def keys() -> str:
    """What the keys do."""
    return _tr(
        "Arrow keys move, plus and minus zoom, Home shows all, Z what is selected. Control and an arrow key go to the "
        "next photo, Space selects it, Enter its group; Escape takes the selection back."
    )
