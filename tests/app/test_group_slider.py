"""Coarser and finer: where the slider stands, what it says while it moves, and when it cannot be moved."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QSlider, QStyle, QStyleOptionSlider

from app import theme
from app.widgets.group_slider import GroupSlider


@pytest.fixture
def made(qtbot):
    theme.apply(theme.LIGHT, 1.0)
    widget = GroupSlider()
    qtbot.addWidget(widget)
    with qtbot.waitExposed(widget):
        widget.show()
    yield widget
    widget.show_range(0, 0)  # nothing goes on after the test
    theme.apply(theme.SYSTEM, 1.0)


def slider_of(widget):
    return widget.findChild(QSlider, "group_slider")


def said(widget):
    return widget.findChild(QLabel, "groups_shown").text()


def middle_of_handle(slider):
    option = QStyleOptionSlider()
    slider.initStyleOption(option)
    part = QStyle.SubControl.SC_SliderHandle
    return slider.style().subControlRect(QStyle.ComplexControl.CC_Slider, option, part, slider).center()


def test_from_two_groups_to_four_is_as_far_as_from_ten_to_twenty(made):
    places = {}
    for groups in (2, 4, 10, 20):
        made.show_range(groups, 20)
        places[groups] = middle_of_handle(slider_of(made)).x()
    assert abs((places[4] - places[2]) - (places[20] - places[10])) <= 1
    assert places[2] < slider_of(made).width() * 0.15
    assert places[20] > slider_of(made).width() * 0.85


def test_a_click_on_the_line_leads_to_the_number_of_groups_of_that_place(made, qtbot):
    made.show_range(15, 20)
    where = middle_of_handle(slider_of(made))
    made.show_range(3, 20)
    with qtbot.waitSignal(made.chosen) as chosen:
        qtbot.mouseClick(slider_of(made), Qt.MouseButton.LeftButton, pos=where)
    assert chosen.args == [15]


def test_the_number_of_groups_stands_beside_the_slider_while_it_is_dragged(made, qtbot):
    made.show_range(5, 20)
    slider = slider_of(made)
    assert said(made) == "Finer"
    start, width = middle_of_handle(slider), made.sizeHint().width()
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=start)
    assert said(made) == "5 groups", "a press alone moves nothing"
    qtbot.mouseMove(slider, QPoint(slider.width() + 40, start.y()))
    assert said(made) == "20 groups"
    assert made.sizeHint().width() == width, "nothing beside it moves"
    with qtbot.waitSignal(made.chosen):
        qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=start)
    assert said(made) == "Finer"


def test_a_key_moves_by_one_group_and_the_number_stays_until_the_keys_rest(made, qtbot):
    made.show_range(12, 20)
    with qtbot.waitSignal(made.chosen) as chosen:
        qtbot.keyClick(slider_of(made), Qt.Key.Key_Right)
        qtbot.keyClick(slider_of(made), Qt.Key.Key_Right)
        assert said(made) == "14 groups"
    assert chosen.args == [14]
    assert said(made) == "Finer"


def test_groups_without_cuts_say_why_the_slider_is_still_and_what_to_do(made):
    made.show_range(0, 0)
    assert made.toolTip() == "There are no groups yet."
    made.show_range(5, 0)
    assert not slider_of(made).isEnabled()
    assert "older version" in made.toolTip()
    assert "Look for new photos" in made.toolTip()
    assert slider_of(made).accessibleDescription() == made.toolTip()
    made.show_range(2, 2)
    assert made.toolTip() == "So few photos make no finer groups."


def test_a_slider_that_cannot_be_moved_claims_no_place(made):
    made.show_range(5, 0)
    slider = slider_of(made)
    seen = slider.grab().toImage()
    middle = middle_of_handle(slider).y()
    line = {seen.pixelColor(x, middle).name() for x in range(4, slider.width() - 4)}
    assert len(line) == 1, "the line alone, without a handle"
