"""The line in which a person writes a name."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMainWindow

from app.widgets.naming import NameEntry


@pytest.fixture
def window(qtbot):
    """A window that undoes by a key, round the line in which names are written."""
    made = QMainWindow()
    made.undone = 0
    undo = made.menuBar().addMenu("Edit").addAction("Undo")
    undo.setShortcut(QKeySequence("Ctrl+Z"))

    def count():
        made.undone += 1

    undo.triggered.connect(count)
    made.entry = NameEntry("name_field", "What is on this photo?")
    made.setCentralWidget(made.entry)
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    qtbot.waitActive(made)
    made.entry.begin()
    return made


def undo(window, qtbot):
    qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)


def test_the_name_just_given_is_undone_by_the_key_while_the_line_is_empty_again(window, qtbot):
    qtbot.keyClicks(window.focusWidget(), "Drum")
    qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Return)
    undo(window, qtbot)
    assert window.undone == 1
    assert window.focusWidget().text() == ""


def test_what_is_being_typed_is_undone_in_the_line_alone(window, qtbot):
    qtbot.keyClicks(window.focusWidget(), "Drum")
    undo(window, qtbot)
    assert window.undone == 0
    assert window.focusWidget().text() == ""
