"""A row of chips by keyboard: Tab comes to the chosen one, arrow keys go on from there."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPushButton, QVBoxLayout, QWidget

from app import theme
from app.widgets.chip import Chip, ChipRow

CHIPS = [Chip("csv", "CSV"), Chip("parquet", "Parquet"), Chip("npz", "NumPy")]


@pytest.fixture
def row(qtbot):
    window = QWidget()
    layout = QVBoxLayout(window)
    made = ChipRow(CHIPS)
    for widget in (QLineEdit(), made, QLineEdit()):
        layout.addWidget(widget)
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
    yield made
    window.close()


def reached_by_tab(row, qtbot, key=Qt.Key.Key_Tab):
    """The chips that a way through the window by Tab comes to."""
    fields = row.window().findChildren(QLineEdit)
    start, end = fields if key == Qt.Key.Key_Tab else reversed(fields)
    start.setFocus()
    reached = []
    while True:
        qtbot.keyClick(row.window().focusWidget(), key)
        if end.hasFocus():
            return reached
        reached.append(row.window().focusWidget().objectName())


@pytest.mark.parametrize("key", [Qt.Key.Key_Tab, Qt.Key.Key_Backtab])
def test_tab_comes_to_the_chosen_chip_alone_whoever_chose_it(row, qtbot, key):
    assert reached_by_tab(row, qtbot, key) == ["chip_csv"]
    row.show_choice("npz")
    assert reached_by_tab(row, qtbot, key) == ["chip_npz"]
    row.choose("parquet")
    assert reached_by_tab(row, qtbot, key) == ["chip_parquet"]


def test_tab_comes_to_a_chip_also_where_the_chosen_one_is_gone_or_others_came(row, qtbot):
    row.show_choice("npz")
    row.set_chips([*CHIPS[:2], Chip("gpkg", "GeoPackage")])
    assert reached_by_tab(row, qtbot) == ["chip_csv"]
    row.set_chips([Chip("folders", "Folders"), *CHIPS])
    assert reached_by_tab(row, qtbot) == ["chip_csv"]
    row.set_chips([Chip("csv", "CSV", enabled=False), *CHIPS[1:]])
    assert reached_by_tab(row, qtbot) == ["chip_parquet"], "the chosen one cannot be reached"


def test_arrow_keys_choose_from_the_chosen_chip_on(row, qtbot):
    row.show_choice("parquet")
    row.window().findChildren(QLineEdit)[0].setFocus()
    qtbot.keyClick(row.window().focusWidget(), Qt.Key.Key_Tab)
    with qtbot.waitSignal(row.chosen) as chosen:
        qtbot.keyClick(row.window().focusWidget(), Qt.Key.Key_Right)
    assert chosen.args == ["npz"]
    assert row.choice() == "npz"


def test_tab_comes_to_chips_where_they_are_seen_also_to_those_that_came_later(row, qtbot):
    row.set_chips([CHIPS[0], Chip("new", "New"), *CHIPS[1:], Chip("last", "Last")])
    qtbot.waitUntil(row.findChild(QPushButton, "chip_last").isVisible)
    row.show_choice("new")
    assert reached_by_tab(row, qtbot) == ["chip_new"]
    row.show_choice("last")
    assert reached_by_tab(row, qtbot, Qt.Key.Key_Backtab) == ["chip_last"]


def test_the_chosen_chip_shows_that_it_has_the_keyboard(row, qtbot):
    theme.apply(theme.LIGHT, 1.0)
    chosen = row.findChild(QPushButton, "chip_csv")
    assert chosen.isChecked()
    row.window().findChildren(QLineEdit)[1].setFocus()
    without = chosen.grab().toImage()
    chosen.setFocus()
    assert chosen.grab().toImage() != without
