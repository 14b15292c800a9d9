"""A small map, and the mouse on it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import QApplication

from app.widgets.embedding_map import EmbeddingMap

COLOURS = [QColor("#0072b2"), QColor("#d55e00"), QColor("#009e73")]
NO_KEY = Qt.KeyboardModifier.NoModifier


def three_groups() -> tuple[np.ndarray, np.ndarray]:
    """Positions and groups of three times 20 points, well apart."""
    rng = np.random.default_rng(0)
    centres = np.array([[0, 0], [10, 0], [5, 9]])
    groups = np.repeat(np.arange(3), 20).astype(np.int32)
    return (centres[groups] + rng.normal(size=(60, 2)) * 0.5).astype(np.float32), groups


def map_of_three_groups(qtbot: Any) -> EmbeddingMap:
    """On screen, 600 x 450: Drums, Tyres and a group without a name."""
    made = EmbeddingMap()
    qtbot.addWidget(made)
    made.resize(600, 450)
    made.set_points(*three_groups())
    made.set_groups(["Drums", "Tyres", ""], COLOURS)
    with qtbot.waitExposed(made):
        made.show()
    return made


def surface(shown: EmbeddingMap) -> Any:
    return shown._graphics.viewport()


def at(shown: EmbeddingMap, index: int) -> QPoint:
    return surface(shown).mapFrom(shown, shown.pixel_of(index).toPoint())


def colour_at(shown: EmbeddingMap, index: int) -> QColor:
    picture = shown.grab().toImage()
    return picture.pixelColor(shown.pixel_of(index).toPoint() * picture.devicePixelRatio())


def around(shown: EmbeddingMap, indices: Sequence[int]) -> list[QPoint]:
    """The corners of a box around some points, 12 pixels away from them."""
    places = [at(shown, index) for index in indices]
    xs, ys = [place.x() for place in places], [place.y() for place in places]
    left, right, top, bottom = min(xs) - 12, max(xs) + 12, min(ys) - 12, max(ys) + 12
    return [QPoint(left, top), QPoint(right, top), QPoint(right, bottom), QPoint(left, bottom)]


def drag(
    qtbot: Any,
    shown: EmbeddingMap,
    places: Sequence[QPoint],
    button: Qt.MouseButton = Qt.MouseButton.LeftButton,
    key: Qt.KeyboardModifier = NO_KEY,
) -> None:
    """Press at the first place, go along the others, with steps between them, and let go at the last one."""
    qtbot.mouseMove(surface(shown), places[0])
    qtbot.mousePress(surface(shown), button, key, places[0])
    for begin, end in itertools.pairwise(places):
        for part in (0.3, 0.6, 1.0):
            _move_pressed(shown, begin + (end - begin) * part, button, key)
    qtbot.mouseRelease(surface(shown), button, key, places[-1])


def _move_pressed(shown: EmbeddingMap, place: QPoint, button: Qt.MouseButton, key: Qt.KeyboardModifier) -> None:
    where = QPointF(place)
    event = QMouseEvent(
        QEvent.Type.MouseMove, where, surface(shown).mapToGlobal(where), Qt.MouseButton.NoButton, button, key,
    )  # fmt: skip
    QApplication.sendEvent(surface(shown), event)
