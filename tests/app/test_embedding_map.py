"""The map as a person uses it: looking, pointing, selecting, moving about."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtWidgets import QApplication

from app import palette, theme
from app.widgets.embedding_map import BOX, LASSO, POINT, EmbeddingMap

from .maps import COLOURS, around, at, colour_at, drag, map_of_three_groups, surface, three_groups


@pytest.fixture
def points():
    return three_groups()


@pytest.fixture
def shown(qtbot):
    return map_of_three_groups(qtbot)


@pytest.fixture
def heard(shown):
    """What the map told: selections and hovered points."""

    class Heard:
        selections: list = []  # noqa: RUF012
        hovered: list = []  # noqa: RUF012

    told = Heard()
    told.selections, told.hovered = [], []
    shown.selection_changed.connect(lambda indices: told.selections.append(indices.tolist()))
    shown.hovered.connect(told.hovered.append)
    return told


def test_every_group_is_drawn_in_its_colour_and_named(shown, points):
    for index in (3, 25, 45):
        assert colour_at(shown, index) == COLOURS[points[1][index]]
    assert set(shown._overlay._boxes) == {0, 1}, "the group without a name has no text"


def test_all_points_are_in_sight_and_stay_so_when_the_window_grows(shown, qtbot):
    for size in ((600, 450), (900, 380)):
        shown.resize(*size)
        qtbot.wait(1)
        for index in range(60):
            assert shown.rect().contains(shown.pixel_of(index).toPoint())


def test_the_pointer_tells_which_photo_it_is_on(shown, heard, qtbot):
    qtbot.mouseMove(surface(shown), at(shown, 7) + QPoint(2, 1))
    qtbot.waitUntil(lambda: heard.hovered[-1:] == [7])
    qtbot.mouseMove(surface(shown), QPoint(300, 200))
    qtbot.waitUntil(lambda: heard.hovered[-1] == -1)


def test_a_click_takes_a_whole_group_and_a_click_beside_lets_go(shown, heard, qtbot):
    qtbot.mouseClick(surface(shown), Qt.MouseButton.LeftButton, pos=at(shown, 25))
    assert heard.selections == [list(range(20, 40))]
    qtbot.mouseClick(surface(shown), Qt.MouseButton.LeftButton, pos=QPoint(300, 200))
    assert heard.selections[-1] == []


@pytest.mark.parametrize("key", [Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier])
def test_with_shift_or_control_a_click_adds_and_takes_away(shown, heard, qtbot, key):
    qtbot.mouseClick(surface(shown), Qt.MouseButton.LeftButton, pos=at(shown, 25))
    qtbot.mouseClick(surface(shown), Qt.MouseButton.LeftButton, key, at(shown, 45))
    assert heard.selections[-1] == list(range(20, 60))
    qtbot.mouseClick(surface(shown), Qt.MouseButton.LeftButton, key, at(shown, 25))
    assert heard.selections[-1] == list(range(40, 60))


def test_with_the_point_tool_a_click_takes_one_photo(shown, heard, qtbot):
    shown.set_tool(POINT)
    qtbot.mouseClick(surface(shown), Qt.MouseButton.LeftButton, pos=at(shown, 25))
    assert heard.selections == [[25]]


def test_a_click_on_a_name_takes_its_group(shown, heard, qtbot):
    shown.grab()
    qtbot.mouseClick(
        surface(shown), Qt.MouseButton.LeftButton, pos=shown._overlay._boxes[1].topLeft().toPoint() + QPoint(3, 3)
    )
    assert heard.selections == [list(range(20, 40))]


def test_a_box_takes_what_lies_in_it(shown, heard, qtbot):
    corners = around(shown, range(20, 40))
    drag(qtbot, shown, corners[::2])
    assert heard.selections == [list(range(20, 40))]


def test_a_lasso_takes_what_lies_in_it_and_nothing_of_the_rest_of_its_box(shown, heard, qtbot):
    shown.set_tool(LASSO)
    left, _, right, _ = around(shown, range(60))
    first, _, third, fourth = around(shown, range(20))  # the group at the lower left
    drag(qtbot, shown, [first, QPoint(first.x(), left.y()), left, QPoint(left.x(), right.y()), fourth, third,
                              QPoint(third.x(), first.y())])  # fmt: skip
    assert heard.selections == [list(range(20))]


def test_a_lasso_is_closed_by_letting_go(shown, heard, qtbot):
    shown.set_tool(LASSO)
    drag(qtbot, shown, around(shown, range(40, 60)))
    assert heard.selections == [list(range(40, 60))]
    before = shown.grab().toImage()
    assert before == shown.grab().toImage(), "no line is left"


@pytest.mark.parametrize("tool", [BOX, LASSO])
def test_with_shift_an_outline_adds_and_with_alt_it_takes_away(shown, heard, qtbot, tool):
    shown.set_tool(tool)
    for group, key in ((0, Qt.KeyboardModifier.NoModifier), (1, Qt.KeyboardModifier.ShiftModifier)):
        places = around(shown, range(20 * group, 20 * group + 20))
        drag(qtbot, shown, places if tool == LASSO else places[::2], key=key)
    assert heard.selections[-1] == list(range(40))
    places = around(shown, range(20))
    drag(qtbot, shown, places if tool == LASSO else places[::2], key=Qt.KeyboardModifier.AltModifier)
    assert heard.selections[-1] == list(range(20, 40))


def test_points_are_coloured_by_anything_and_by_group_again(shown, points):
    codes = np.tile([0, 1, -1], 20).astype(np.int32)
    red, black = QColor("#cc0000"), QColor("#101010")
    shown.set_colouring(codes, [red, black])
    assert colour_at(shown, 0) == red
    assert colour_at(shown, 1) == black
    assert colour_at(shown, 2) == palette.unknown()
    assert set(shown._overlay._boxes) == {0, 1}, "the names stay those of the groups"
    shown.set_colouring(None)
    for index in (0, 1, 25):
        assert colour_at(shown, index) == COLOURS[points[1][index]]


def test_points_that_are_filtered_out_are_neither_drawn_nor_named_nor_pointed_at(shown, heard, qtbot):
    before = colour_at(shown, 25)
    mask = np.ones(60, bool)
    mask[20:40] = False
    shown.set_shown(mask)
    assert colour_at(shown, 25) != before
    assert set(shown._overlay._boxes) == {0}
    qtbot.mouseMove(surface(shown), at(shown, 25))
    assert heard.hovered in ([], [-1])
    shown.set_shown(None)
    assert colour_at(shown, 25) == before


@pytest.mark.parametrize("way", ["click", "box", "lasso", "keyboard"])
def test_points_that_are_filtered_out_are_not_selected(shown, heard, qtbot, way):
    mask = np.ones(60, bool)
    mask[5:20] = mask[50:] = False
    shown.set_shown(mask)
    if way == "click":
        qtbot.mouseClick(surface(shown), Qt.MouseButton.LeftButton, pos=at(shown, 3))
        assert heard.selections[-1] == list(range(5))
        return
    shown.set_tool(LASSO if way == "lasso" else BOX)
    if way == "keyboard":
        qtbot.keyClick(shown, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    else:
        drag(qtbot, shown, around(shown, range(60))[:: 1 if way == "lasso" else 2])
    assert heard.selections[-1] == np.flatnonzero(mask).tolist()


def test_other_points_forget_how_the_ones_before_were_coloured_and_filtered(shown, points):
    shown.set_colouring(np.full(60, 1, np.int32), COLOURS)
    shown.set_shown(np.zeros(60, bool))
    shown.set_points(points[0][:30], points[1][:30])
    assert colour_at(shown, 3) == COLOURS[0]


def test_codes_and_masks_of_another_number_are_refused(shown):
    with pytest.raises(ValueError, match="there are 60 points, got 2 codes"):
        shown.set_colouring(np.zeros(2, np.int32), COLOURS)
    with pytest.raises(ValueError, match="there are 60 points, got a mask of 2"):
        shown.set_shown(np.ones(2, bool))


def test_the_right_button_moves_the_map_and_selects_nothing(shown, heard, qtbot):
    before = shown.pixel_of(0)
    drag(qtbot, shown, [QPoint(200, 200), QPoint(260, 230)], Qt.MouseButton.RightButton)
    moved = shown.pixel_of(0) - before
    assert moved.x() == pytest.approx(60, abs=3)
    assert moved.y() == pytest.approx(30, abs=3)
    assert heard.selections == []


def test_the_keyboard_moves_zooms_and_shows_all_again(shown, qtbot):
    shown.setFocus()
    start = shown.pixel_of(0)
    qtbot.keyClick(shown, Qt.Key.Key_Right)
    assert shown.pixel_of(0).x() < start.x()
    distance = shown.pixel_of(25).x() - shown.pixel_of(0).x()
    qtbot.keyClick(shown, Qt.Key.Key_Plus)
    assert shown.pixel_of(25).x() - shown.pixel_of(0).x() > distance
    qtbot.keyClick(shown, Qt.Key.Key_Home)
    assert (shown.pixel_of(0) - start).manhattanLength() < 2


def test_the_keyboard_selects_all_and_lets_go(shown, heard, qtbot):
    qtbot.keyClick(shown, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert heard.selections[-1] == list(range(60))
    qtbot.keyClick(shown, Qt.Key.Key_Escape)
    assert heard.selections[-1] == []


def test_points_move_while_the_map_is_computed_and_the_selection_stays(shown, points):
    shown.select(np.arange(5))
    shown.move_points(points[0][::-1])
    assert shown.selection.tolist() == [0, 1, 2, 3, 4]
    assert np.array_equal(shown.positions, points[0][::-1])


def test_points_glide_to_another_map_and_arrive_exactly(shown, points, qtbot):
    shown.move_points(points[0] * 3 + 1, animated=True)
    qtbot.waitUntil(lambda: not shown.moving)
    assert np.array_equal(shown.positions, points[0] * 3 + 1)


def test_an_empty_map_and_one_photo_do_no_harm(shown, qtbot):
    shown.set_tool(BOX)
    for count in (0, 1):
        shown.set_points(np.zeros((count, 2), np.float32), np.zeros(count, np.int32))
        shown.fit()
        assert not shown.grab().isNull()
        drag(qtbot, shown, [QPoint(10, 10), QPoint(500, 400)])
    assert shown.selection.tolist() == [0]


def test_when_the_view_moves_under_the_pointer_what_is_there_then_is_told(shown, heard, qtbot):
    pointer = at(shown, 7)
    qtbot.mouseMove(surface(shown), pointer)
    qtbot.waitUntil(lambda: heard.hovered[-1:] == [7])
    away = QPointF(at(shown, 45) - pointer)
    shown.pan(away.x() / surface(shown).width(), -away.y() / surface(shown).height())
    assert heard.hovered[-1] == -1, "not the photo that was there"
    qtbot.waitUntil(lambda: heard.hovered[-1] == 45)


def test_a_view_moved_by_keys_tells_again_where_the_photo_is_that_the_keys_went_to(shown, heard, qtbot):
    qtbot.keyClick(shown, Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
    before = heard.hovered[:]
    qtbot.keyClick(shown, Qt.Key.Key_Left)
    assert heard.hovered == [*before, before[-1]]


def test_a_number_of_positions_that_does_not_fit_is_refused(shown):
    with pytest.raises(ValueError, match="there are 60 points, got 2"):
        shown.move_points(np.zeros((2, 2), np.float32))


def test_by_keyboard_one_goes_from_photo_to_photo_and_selects_them(shown, heard, qtbot, points):
    control = Qt.KeyboardModifier.ControlModifier
    qtbot.keyClick(shown, Qt.Key.Key_Up, control)
    middle = shown._box.viewRect().center()
    distances = np.hypot(points[0][:, 0] - middle.x(), points[0][:, 1] - middle.y())
    assert heard.hovered == [int(distances.argmin())], "the first step goes to the middle of the view"
    for _ in range(60):
        qtbot.keyClick(shown, Qt.Key.Key_Right, control)
    last = heard.hovered[-1]
    assert (np.diff(points[0][heard.hovered[1:], 0]) > 0).all()
    assert not any(
        abs(y - points[0][last, 1]) <= x - points[0][last, 0] for x, y in points[0] if x > points[0][last, 0]
    ), "it ends where no photo lies further on"
    qtbot.keyClick(shown, Qt.Key.Key_Space)
    assert heard.selections[-1] == [last]
    qtbot.keyClick(shown, Qt.Key.Key_Return)
    assert heard.selections[-1] == np.flatnonzero(points[1] == points[1][last]).tolist()
    qtbot.keyClick(shown, Qt.Key.Key_Return)
    assert heard.selections[-1] == [], "a second time takes it back"


def test_a_photo_that_is_reached_by_keyboard_comes_into_sight(shown, qtbot):
    qtbot.keyClick(shown, Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
    shown.zoom(40)
    for _ in range(5):
        qtbot.keyClick(shown, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert shown.rect().contains(shown.pixel_of(shown._pointing.index).toPoint())


def test_a_screen_reader_hears_what_is_selected_and_where_one_is(shown, qtbot):
    assert "Nothing is selected." in shown.accessibleDescription()
    shown.select(np.arange(15, 45))
    assert shown.selection_text == "30 photos selected: 20 of Tyres, 5 of Drums."
    assert shown.selection_text in shown.accessibleDescription()
    shown.select(np.arange(40, 60))
    assert shown.selection_text == "20 photos selected."
    qtbot.keyClick(shown, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    assert shown.accessibleDescription().startswith("At a photo")


def test_the_wheel_zooms_around_the_pointer(shown, qtbot):
    place = at(shown, 25)
    distance = shown.pixel_of(25).x() - shown.pixel_of(0).x()
    where = QPointF(place)
    event = QWheelEvent(
        where, surface(shown).mapToGlobal(where), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(surface(shown), event)
    assert (at(shown, 25) - place).manhattanLength() <= 2
    assert shown.pixel_of(25).x() - shown.pixel_of(0).x() > 1.3 * distance


def test_a_view_that_was_moved_stays_where_it_is_when_points_come(shown, points):
    shown.pan(0.3, 0)
    before = shown.view_rect
    shown.set_points(points[0] * 5, points[1])
    assert shown.view_rect == before
    shown.fit()
    assert shown.view_rect != before


def test_one_sees_by_a_frame_that_the_keyboard_is_on_the_map_and_not_after_a_click(shown, qtbot):
    shown.clearFocus()
    without = shown.grab().toImage()
    shown.setFocus(Qt.FocusReason.TabFocusReason)
    assert shown.grab().toImage() != without
    shown.clearFocus()
    qtbot.mouseClick(surface(shown), Qt.MouseButton.LeftButton, pos=QPoint(300, 200))
    assert shown.hasFocus()
    assert shown.grab().toImage() == without


def test_a_lasso_around_very_many_points_takes_those_in_it(qtbot, shown):
    positions = np.random.default_rng(0).normal(size=(200_000, 2)).astype(np.float32)
    shown.set_points(positions, np.zeros(len(positions), np.int32))
    shown.set_tool(LASSO)
    middle = surface(shown).mapFrom(shown, shown.rect().center())
    drag(qtbot, shown, [QPoint(1, 1), QPoint(middle.x(), 1), QPoint(middle.x(), 447), QPoint(1, 447)])
    split = shown.view_rect.center().x()
    left = np.flatnonzero(positions[:, 0] < split)
    assert len(np.setxor1d(shown.selection, left)) < 0.01 * len(positions)


def test_a_name_that_had_to_give_way_far_is_tied_to_its_group_by_a_line(shown):
    assert shown._overlay.leader_path().isEmpty(), "names above their groups need none"
    positions = np.tile(np.random.default_rng(0).normal(size=(50, 2)), (4, 1)).astype(np.float32)
    shown.set_points(positions, np.repeat(np.arange(4), 50).astype(np.int32))
    shown.set_groups(["Drums", "Tyres", "Pots", "Puddles"], [*COLOURS, COLOURS[0]])
    shown.grab()
    lines = shown._overlay.leader_path()
    assert not lines.isEmpty()
    begin, end = lines.elementAt(0), lines.elementAt(1)
    assert begin.y < end.y, "from the name downwards"
    dots = [shown._box.mapViewToScene(QPointF(*place.tolist())).y() for place in positions]
    assert min(dots) <= end.y <= np.median(dots), "it ends at the upper part of the group"


@pytest.mark.parametrize("tool", [BOX, LASSO])
def test_with_control_an_outline_takes_away_too(shown, heard, qtbot, tool):
    """Alt and a drag move the window on many desktops."""
    shown.set_tool(tool)
    shown.select(np.arange(40))
    places = around(shown, range(20))
    drag(qtbot, shown, places if tool == LASSO else places[::2], key=Qt.KeyboardModifier.ControlModifier)
    assert heard.selections[-1] == list(range(20, 40))


def test_z_shows_what_is_selected_as_large_as_it_fits_and_home_all(shown, qtbot):
    everything = shown.view_rect
    qtbot.keyClick(shown, Qt.Key.Key_Z)
    assert shown.view_rect == everything, "nothing is selected"
    shown.select(np.arange(20, 40))
    qtbot.keyClick(shown, Qt.Key.Key_Z)
    seen = shown.view_rect
    assert seen.width() < 0.6 * everything.width()
    assert all(seen.contains(QPointF(*place)) for place in shown.positions[20:40].tolist())
    shown.select(np.array([25]))
    qtbot.keyClick(shown, Qt.Key.Key_Z)
    assert 0 < shown.view_rect.width() < seen.width()
    qtbot.keyClick(shown, Qt.Key.Key_Home)
    assert shown.view_rect.width() == pytest.approx(everything.width(), rel=0.01)


def test_of_points_on_one_place_one_of_unknown_colour_lies_under_the_others_and_is_pale(qtbot):
    made = EmbeddingMap()
    qtbot.addWidget(made)
    made.resize(600, 450)
    made.set_points(np.array([[0, 0], [0, 0], [0, 0], [9, 9]], np.float32), np.zeros(4, np.int32))
    made.set_groups(["Drums"], COLOURS[:1])
    made.set_colouring(np.array([-1, 1, -1, -1], np.int32), COLOURS)
    with qtbot.waitExposed(made):
        made.show()
    assert colour_at(made, 0) == COLOURS[1]
    quiet, pale = QColor(theme.colours().quiet), colour_at(made, 3)
    assert quiet.lightness() < pale.lightness() < QColor(theme.colours().card).lightness()
