"""The legend: what colours mean, and a way to hide what one does not look for."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QFontMetrics
from PySide6.QtWidgets import QListView, QPushButton

from app import theme
from app.widgets.legend import Legend, LegendEntry

from .windows import find

ENTRIES = [
    LegendEntry(0, "Used", QColor("#0072b2"), 1204),
    LegendEntry(1, "Blurry", QColor("#d55e00"), 31),
    LegendEntry(-1, "Not looked at", QColor("#5b686d"), 2),
]


@pytest.fixture
def legend(qtbot):
    made = Legend()
    qtbot.addWidget(made)
    made.resize(240, 160)
    made.set_title("Verdict")
    made.set_entries(ENTRIES)
    with qtbot.waitExposed(made):
        made.show()
    return made


@pytest.fixture
def told(legend):
    told = []
    legend.shown_changed.connect(told.append)
    return told


def rows(legend) -> QListView:
    return find(legend, "legend_list")


def click(qtbot, legend, row):
    view = rows(legend)
    qtbot.mouseClick(
        view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(view.model().index(row, 0)).center()
    )


def test_a_click_hides_the_photos_of_an_entry_and_another_shows_them(legend, told, qtbot):
    for _ in range(2):
        click(qtbot, legend, 1)
    assert told == [{1}, set()]


def test_space_switches_the_current_entry_and_enter_shows_it_alone(legend, told, qtbot):
    view = rows(legend)
    qtbot.keyClick(view, Qt.Key.Key_Down)
    qtbot.keyClick(view, Qt.Key.Key_Space)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert told == [{1}, {0, -1}, set()]


def test_a_double_click_shows_an_entry_alone(legend, told, qtbot):
    view = rows(legend)
    place = view.visualRect(view.model().index(2, 0)).center()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert told[-1] == {0, 1}


def test_the_way_back_is_there_as_long_as_something_is_hidden(legend, told, qtbot):
    button: QPushButton = find(legend, "legend_show_all_button")
    assert not button.isVisible()
    click(qtbot, legend, 0)
    assert button.isVisible()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert legend.hidden() == set()
    assert told[-1] == set()
    assert not button.isVisible()


def test_new_counts_keep_what_is_hidden_and_other_meanings_do_not(legend, told, qtbot):
    click(qtbot, legend, 1)
    legend.set_entries([LegendEntry(e.key, e.text, e.colour, e.count + 1) for e in ENTRIES])
    assert legend.hidden() == {1}
    assert told == [{1}], "nothing changed, so nothing is told"
    legend.set_entries([LegendEntry(1, "July", QColor("#d55e00"), 9)])
    assert legend.hidden() == set()
    assert told == [{1}, set()]


def test_a_screen_reader_hears_name_number_and_state(legend, qtbot):
    view = rows(legend)
    assert view.accessibleName() == "Verdict"
    click(qtbot, legend, 1)
    texts = [view.model().index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(3)]
    assert texts == ["Used, 1,204 photos, shown", "Blurry, 31 photos, hidden", "Not looked at, 2 photos, shown"]


def test_a_hidden_entry_looks_hidden_without_colour(legend, qtbot):
    before = legend.grab().toImage()
    box = rows(legend).visualRect(rows(legend).model().index(0, 0))
    dot = rows(legend).viewport().mapTo(legend, QPoint(box.left() + 13, box.center().y()))
    assert before.pixelColor(dot) == ENTRIES[0].colour
    click(qtbot, legend, 0)
    assert legend.grab().toImage().pixelColor(dot) != ENTRIES[0].colour


def test_without_entries_it_is_empty_and_does_no_harm(legend, qtbot):
    legend.set_entries([])
    for key in (Qt.Key.Key_Space, Qt.Key.Key_Return):
        qtbot.keyClick(rows(legend), key)
    legend.show_all()
    assert legend.entries() == []


def test_it_is_as_wide_as_its_longest_entry_needs_and_no_wider(legend):
    short = rows(legend).sizeHint().width()
    assert 60 < short < 180
    long = "before 1 February 2026 and whatever else is said"
    legend.set_entries([*ENTRIES, LegendEntry(2, long, QColor("#009e73"), 12_345)])
    needed = QFontMetrics(theme.font(12)).horizontalAdvance(long + "12,345")
    assert needed < rows(legend).sizeHint().width() < needed + 60
