"""A mistake in painting is reported, and the window stays."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys

import numpy as np
import pytest
from PySide6.QtWidgets import QGraphicsItem, QStyledItemDelegate

import app.widgets
from app.widgets.embedding_map import EmbeddingMap

from .maps import COLOURS

PROGRAM = """
import sys
import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from app.widgets.embedding_map import EmbeddingMap
from app.widgets.guarded_paint import guarded
from app.widgets.view_layer import ViewLayer

class Mistaken(ViewLayer):
    @guarded
    def paint(self, painter, option, widget=None):
        raise ZeroDivisionError("a layer with a mistake")

application = QApplication(["prism", "-platform", "offscreen"])
reports = []
sys.excepthook = lambda kind, error, trace: reports.append(str(error))
shown = EmbeddingMap()
shown.set_points(np.zeros((2, 2), np.float32), np.zeros(2, np.int32))
shown.add_layer(Mistaken())
shown.show()
for _ in range(3):
    shown.update()
    shown.grab()
    application.processEvents()
print(reports)
"""


def test_a_mistake_in_a_layer_is_reported_once_and_the_program_lives():
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120, check=False)
    assert (ended.returncode, ended.stdout.strip()) == (0, "['a layer with a mistake']"), ended.stderr[-2000:]


def test_every_paint_that_qt_calls_while_it_paints_a_view_is_guarded():
    found = set()
    for module in pkgutil.iter_modules(app.widgets.__path__):
        for kind in vars(importlib.import_module(f"app.widgets.{module.name}")).values():
            if isinstance(kind, type) and issubclass(kind, QGraphicsItem | QStyledItemDelegate):
                found |= {kind} if "paint" in vars(kind) and kind.__module__.startswith("app.") else set()
    assert len(found) > 5
    assert not [kind for kind in found if not hasattr(vars(kind)["paint"], "__wrapped__")]


@pytest.mark.parametrize("shown", [1, 3])
def test_photos_at_one_place_far_from_the_middle_can_be_shown_alone(qtbot, shown):
    made = EmbeddingMap()
    qtbot.addWidget(made)
    made.resize(500, 400)
    positions = np.array([[0, 0], [1, 5], [43.2, 17.9], [43.2, 17.9], [43.2, 17.9]], np.float32)
    groups = np.array([0, 0, 1, 1, 1], np.int32)
    made.set_points(positions, groups)
    made.set_groups(["Drums", "Tyres"], COLOURS)
    made.set_shown(np.arange(5) >= 5 - shown)
    with qtbot.waitExposed(made):
        made.show()
    made.grab()
    picture = made.grab().toImage()
    assert picture.pixelColor(made.pixel_of(4).toPoint()) == COLOURS[1]
