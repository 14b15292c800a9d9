"""The numbers of a training as a person reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QCoreApplication

from .. import words

UNKNOWN = "–"


def facts_of(metrics: Mapping[str, Any], paused: bool = False) -> list[tuple[str, str]]:
    """Names and values of what a training's `Progress` measured; a dash where it has not been measured yet.

    paused: it waits, so that nothing tells how long ago it saved.
    """
    left, saved, memory = (metrics.get(name) for name in ("seconds_left", "seconds_since_saved", "memory_mb"))
    loss, rate = metrics.get("loss"), metrics.get("photos_per_second")
    saved_ago = tr("{time} ago").format(time=words.duration(saved)) if saved is not None else UNKNOWN
    return [
        (tr("Epoch"), tr("{epoch} of {epochs}").format(**metrics) if metrics.get("epochs") else UNKNOWN),
        (tr("Time left"), words.duration(left) if left is not None else UNKNOWN),
        (tr("Loss"), f"{loss:.3f}" if loss is not None else UNKNOWN),
        (tr("Photos a second"), f"{rate:.1f}" if rate is not None else UNKNOWN),
        (tr("Memory in use"), words.size(1e6 * memory) if memory is not None else UNKNOWN),
        (tr("Last saved"), tr("at this pause") if paused else saved_ago),
    ]


def tr(text: str) -> str:
    return QCoreApplication.translate("learning_facts", text)
