"""The row above the map in a wide and in a narrow window."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QPushButton, QWidget

from app import theme
from app.widgets.map_tools import MapTools


@pytest.fixture
def tools(qtbot):
    theme.apply(theme.LIGHT, 1.0)
    made = MapTools()
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    yield made
    theme.apply(theme.SYSTEM, 1.0)


def places(tools, *names):
    """Where these stand: the left, middle and right of each."""
    found = [tools.findChild(QWidget, name) for name in names]
    corners = [control.mapTo(tools, control.rect().topLeft()) for control in found]
    return [
        (at.x(), at.y() + control.height() // 2, at.x() + control.width())
        for at, control in zip(corners, found, strict=True)
    ]


def test_in_a_wide_window_all_stands_in_one_line_the_maps_at_the_right_end(tools):
    tools.resize(1020, tools.heightForWidth(1020))
    middles = {middle for _, middle, _ in places(tools, "colour_by", "group_slider", "chip_lasso", "chip_instant")}
    assert max(middles) - min(middles) <= 1
    assert places(tools, "chip_by_place")[0][2] == 1020


def test_in_the_smallest_window_the_maps_stand_below_and_no_row_of_chips_is_broken(tools):
    tools.resize(700, tools.heightForWidth(700))
    for row in (("chip_lasso", "chip_box", "chip_point"), ("chip_instant", "chip_learned", "chip_by_place")):
        assert len({middle for _, middle, _ in places(tools, *row)}) == 1
    (_, above, _), (_, below, _) = places(tools, "chip_lasso", "chip_instant")
    assert below > above
    ends = places(tools, *(button.objectName() for button in tools.findChildren(QPushButton)))
    assert all(left >= 0 and right <= 700 for left, _, right in ends)
