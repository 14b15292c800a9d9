"""The timeline: what it says, choosing a range by mouse and keyboard, and looking closer."""

from __future__ import annotations

import math
from datetime import datetime, timezone

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from app import time_words
from app.time_bins import HOUR
from app.widgets.timeline import Timeline
from tests.app.windows import find

JULY = datetime(2026, 7, 1, tzinfo=timezone.utc).timestamp()
DAYS = 86_400


@pytest.fixture
def shown(qtbot):
    """Thirty days of July, ten photos each, and seven photos without a date."""
    made = Timeline()
    qtbot.addWidget(made)
    made.resize(600, 90)
    times = np.append(np.repeat(JULY + np.arange(30) * DAYS + 3600.0, 10), np.full(7, math.nan))
    made.set_times(times, np.ones(len(times), bool))
    with qtbot.waitExposed(made):
        made.show()
    return made


@pytest.fixture
def told(shown):
    ranges = []
    shown.range_chosen.connect(ranges.append)
    return ranges


def bars(shown):
    return find(shown, "timeline_bars")


def middle(shown, day):
    """The pixel in the middle of the bar of a day, counted from 0."""
    left, right = bars(shown).scale.edges_of(day)
    return QPoint(round((left + right) / 2), 10)


def drag(qtbot, shown, start, end):
    qtbot.mousePress(bars(shown), Qt.MouseButton.LeftButton, pos=start)
    for part in (0.5, 1.0):
        qtbot.mouseMove(bars(shown), start + (end - start) * part)
    qtbot.mouseRelease(bars(shown), Qt.MouseButton.LeftButton, pos=end)


def days(first, last):
    return (JULY + first * DAYS, JULY + (last + 1) * DAYS)


def test_it_says_from_when_to_when_the_photos_are_and_how_many_have_no_date(shown):
    assert find(shown, "timeline_chosen").text() == "When they were taken: 1 to 30 July 2026"
    assert find(shown, "timeline_undated").text() == "7 without a date"
    assert not find(shown, "timeline_all_button").isVisible()


def test_a_drag_chooses_the_days_it_passes_over_in_either_direction(shown, told, qtbot):
    drag(qtbot, shown, middle(shown, 4), middle(shown, 9))
    assert told[-1] == days(4, 9)
    assert find(shown, "timeline_chosen").text() == "Chosen: 5 to 10 July 2026 · 60 photos"
    find(shown, "timeline_all_button").click()
    drag(qtbot, shown, middle(shown, 12), middle(shown, 10))
    assert told[-1] == days(10, 12)


def test_a_click_chooses_one_day_and_a_double_click_all(shown, told, qtbot):
    qtbot.mouseClick(bars(shown), Qt.MouseButton.LeftButton, pos=middle(shown, 3))
    assert told == [days(3, 3)]
    qtbot.mouseDClick(bars(shown), Qt.MouseButton.LeftButton, pos=middle(shown, 20))
    qtbot.waitUntil(lambda: told[-1] is None)
    assert shown.chosen_range is None


def test_a_range_is_moved_and_stretched_but_never_off_the_end(shown, told, qtbot):
    drag(qtbot, shown, middle(shown, 4), middle(shown, 9))
    drag(qtbot, shown, middle(shown, 6), middle(shown, 8))
    assert told[-1] == days(6, 11)
    right_end = QPoint(round(bars(shown).scale.edges_of(11)[1]), 10)
    drag(qtbot, shown, right_end, middle(shown, 15))
    assert told[-1] == days(6, 15)
    drag(qtbot, shown, middle(shown, 10), QPoint(595, 10))
    assert told[-1] == days(20, 29)


def test_a_click_into_a_range_takes_one_day_of_it(shown, told, qtbot):
    drag(qtbot, shown, middle(shown, 4), middle(shown, 9))
    qtbot.mouseClick(bars(shown), Qt.MouseButton.LeftButton, pos=middle(shown, 6))
    assert told[-1] == days(6, 6)


def test_the_keyboard_chooses_moves_stretches_and_lets_go(shown, told, qtbot):
    strip = bars(shown)

    def press(key, modifier=Qt.KeyboardModifier.NoModifier):
        qtbot.keyClick(strip, key, modifier)
        return shown.chosen_range

    assert press(Qt.Key.Key_Right) == days(0, 0)
    assert press(Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier) == days(0, 1)
    assert press(Qt.Key.Key_Right) == days(1, 2)
    assert press(Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier) == days(0, 2)
    assert press(Qt.Key.Key_Left) == days(0, 2), "there is nothing before"
    assert "1 to 3 July 2026, 30 photos" in strip.accessibleDescription()
    qtbot.waitUntil(lambda: told[-1:] == [days(0, 2)])
    assert press(Qt.Key.Key_Escape) is None
    qtbot.waitUntil(lambda: told[-1] is None)


def test_all_dates_come_back_at_the_press_of_a_button(shown, told, qtbot):
    shown.show_range(days(2, 5))
    assert told == [], "a range shown from elsewhere is not told back"
    qtbot.mouseClick(find(shown, "timeline_all_button"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: told == [None])


def test_photos_that_pass_the_filters_stand_out_from_the_others(shown):
    times = shown._bars._times
    shown.set_times(times, times < JULY + 10 * DAYS)
    picture = bars(shown).grab().toImage()
    floor = bars(shown).height() - 25
    inside, outside = (picture.pixelColor(QPoint(middle(shown, day).x(), floor)) for day in (5, 20))
    assert inside != outside
    shown.set_times(times, np.ones(len(times), bool))
    picture = bars(shown).grab().toImage()
    assert picture.pixelColor(QPoint(middle(shown, 20).x(), floor)) == inside


def test_what_is_far_off_is_one_bar_that_can_be_chosen(shown, told, qtbot):
    times = np.append(shown._bars._times, [0.0, 0.0])
    shown.set_times(times, np.ones(len(times), bool))
    assert find(shown, "timeline_undated").text() == "2 far earlier · 7 without a date"
    qtbot.mouseClick(bars(shown), Qt.MouseButton.LeftButton, pos=QPoint(7, 10))
    assert told == [(-math.inf, JULY)]
    assert find(shown, "timeline_chosen").text() == "Chosen: before 1 July 2026 · 2 photos"


def test_without_any_date_it_says_so(shown):
    shown.set_times(np.full(3, math.nan), np.ones(3, bool))
    assert find(shown, "timeline_chosen").text() == "None of the photos has a date."
    assert not shown.grab().isNull()
    shown.set_times(np.empty(0), np.empty(0, bool))
    assert find(shown, "timeline_chosen").text() == ""


def test_every_part_has_a_name_for_screen_readers(shown):
    assert bars(shown).accessibleName() == "When the photos were taken"
    assert all(part.objectName() for part in shown.findChildren(QPushButton) + shown.findChildren(QLabel))


def test_where_there_is_little_room_the_line_above_says_less_and_nothing_is_cut(shown, qtbot):
    said, note = find(shown, "timeline_chosen"), find(shown, "timeline_undated")
    for width in range(600, 220, -20):
        shown.resize(width, 90)
        assert said.fontMetrics().horizontalAdvance(said.text()) <= said.width()
        assert said.geometry().right() < note.geometry().left()
        assert said.accessibleName().startswith("When they were taken: ")
    assert said.text() == "1 to 30 July 2026"
    times = np.append(np.repeat(JULY + np.arange(30) * DAYS, 10), np.full(716_000, math.nan))
    shown.resize(260, 90)
    shown.set_times(times, np.ones(len(times), bool))
    assert said.text() == "1 to 30 July 2026"
    assert note.text() == "716,000 undated"
    assert note.accessibleName() == "716,000 without a date"
    top = bars(shown).y()
    shown._bars.choose(days(4, 9))
    assert bars(shown).y() == top, "the bars stay where they are"


def test_in_a_wider_window_it_says_from_when_to_when_its_finer_bars_go(shown):
    days = np.append(JULY + 100.0, JULY + np.arange(40) * 9 * DAYS)
    shown.resize(200, 90)
    shown.set_times(days, np.ones(len(days), bool))
    before = find(shown, "timeline_chosen").accessibleName()
    shown.resize(1200, 90)
    span = time_words.range_in_words(bars(shown).bins.span)
    assert find(shown, "timeline_chosen").accessibleName() == f"When they were taken: {span}" != before


def turn(shown, at, notches, modifier=Qt.KeyboardModifier.NoModifier):
    """Turn the wheel over the bars, up where notches are above 0."""
    strip, place = bars(shown), QPointF(at)
    event = QWheelEvent(
        place, strip.mapToGlobal(place), QPoint(), QPoint(0, 120 * notches), Qt.MouseButton.NoButton, modifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(strip, event)


def in_sight(shown):
    return bars(shown).bins.span


def test_the_wheel_zooms_about_the_pointer_and_out_again_to_all(shown, told, qtbot):
    whole, at = in_sight(shown), middle(shown, 20)
    before = bars(shown).bins.edges[20:22]
    for _ in range(12):
        turn(shown, at, 1)
    low, high = in_sight(shown)
    assert high - low < (whole[1] - whole[0]) / 10
    assert abs(bars(shown).scale.x_of(before.mean()) - at.x()) < 2 * bars(shown).scale.slot, (
        "what was under the pointer still is"
    )
    assert bars(shown).bins.unit == HOUR, "there is room for finer bars"
    assert find(shown, "timeline_undated").text().endswith(" later · 7 without a date")
    assert find(shown, "timeline_chosen").accessibleName().startswith("When they were taken: ")
    assert sum(bars(shown).outer_counts()) + int(bars(shown)._all[1:-1].sum()) == 300
    for _ in range(12):
        turn(shown, at, -1)
    assert in_sight(shown) == whole
    for _ in range(60):
        turn(shown, at, 1)
    assert 12 * 3600 <= in_sight(shown)[1] - in_sight(shown)[0] <= 24 * 3600
    assert told == [], "looking closer chooses nothing"


def test_shift_and_wheel_move_along_as_far_as_there_are_photos(shown):
    for _ in range(6):
        turn(shown, middle(shown, 15), 1)
    before = in_sight(shown)
    turn(shown, middle(shown, 1), 2, Qt.KeyboardModifier.ShiftModifier)
    assert in_sight(shown)[0] < before[0]
    for _ in range(60):
        turn(shown, middle(shown, 1), 1, Qt.KeyboardModifier.ShiftModifier)
    assert in_sight(shown)[0] <= JULY + 3600 < in_sight(shown)[1], "the first photo is in sight"


def test_the_keyboard_zooms_and_what_it_moves_stays_in_sight(shown, qtbot):
    strip, whole = bars(shown), in_sight(shown)
    shown.show_range(days(10, 12))
    for _ in range(2):
        qtbot.keyClick(strip, Qt.Key.Key_Plus)
    low, high = in_sight(shown)
    assert whole[0] < low <= days(10, 12)[0] < days(10, 12)[1] <= high < whole[1], "about what is chosen"
    for _ in range(12):
        qtbot.keyClick(strip, Qt.Key.Key_Right)
    assert shown.chosen_range == days(22, 24)
    assert in_sight(shown)[0] <= days(22, 24)[0] < days(22, 24)[1] <= in_sight(shown)[1]
    for _ in range(40):
        qtbot.keyClick(strip, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert shown.chosen_range == days(22, 22), "a range has a bar at the least"
    qtbot.keyClick(strip, Qt.Key.Key_Minus)
    qtbot.keyClick(strip, Qt.Key.Key_Z)
    assert in_sight(shown) == days(22, 22)
    qtbot.keyClick(strip, Qt.Key.Key_Home)
    assert in_sight(shown) == whole
    assert shown.chosen_range == days(22, 22), "that is looking, not choosing"


def test_what_was_chosen_out_of_sight_stays_as_it_is_while_its_other_end_is_drawn(shown, told, qtbot):
    shown.show_range(days(2, 20))
    for _ in range(4):
        turn(shown, middle(shown, 20), 1)
    assert days(2, 20)[0] < in_sight(shown)[0]
    left, right = bars(shown).scale.band_of(days(2, 20))
    assert left == bars(shown).scale.edges_of(0)[0], "it goes on where all that is earlier has one bar"
    inside = bars(shown).scale.x_of(days(18, 18)[0]) - 3
    drag(qtbot, shown, QPoint(round(right), 10), QPoint(round(inside), 10))
    assert told[-1][0] == days(2, 20)[0]
    assert told[-1][1] == days(17, 17)[1]


def test_a_double_click_the_button_and_escape_show_all_dates_again(shown, qtbot):
    whole, all_dates = in_sight(shown), find(shown, "timeline_all_button")

    def zoom():
        turn(shown, middle(shown, 5), 3)
        assert in_sight(shown) != whole
        assert all_dates.isVisible()

    zoom()
    qtbot.mouseDClick(bars(shown), Qt.MouseButton.LeftButton, pos=middle(shown, 3))
    assert in_sight(shown) == whole
    assert not all_dates.isVisible()
    zoom()
    qtbot.mouseClick(all_dates, Qt.MouseButton.LeftButton)
    assert in_sight(shown) == whole
    zoom()
    shown._bars.choose(days(3, 4))
    qtbot.keyClick(bars(shown), Qt.Key.Key_Escape)
    assert shown.chosen_range is None
    assert in_sight(shown) != whole
    qtbot.keyClick(bars(shown), Qt.Key.Key_Escape)
    assert in_sight(shown) == whole


def test_new_names_leave_what_is_looked_at_and_other_photos_do_not(shown):
    turn(shown, middle(shown, 5), 3)
    closer, times = in_sight(shown), shown._bars._times
    shown.set_times(times.copy(), np.ones(len(times), bool))
    assert in_sight(shown) == closer
    shown.set_times(times[:100], np.ones(100, bool))
    assert in_sight(shown) == (JULY, JULY + 10 * DAYS)


def test_what_is_far_off_can_be_looked_at_ever_closer_where_it_is_spread_over_more_than_all_others(shown, qtbot):
    old = [datetime(year, 3, 1, tzinfo=timezone.utc).timestamp() for year in range(1990, 2024, 2)]
    times, strip = np.append(shown._bars._times, old), bars(shown)
    shown.set_times(times, np.ones(len(times), bool))
    whole = in_sight(shown)
    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(7, 10))
    qtbot.keyClick(strip, Qt.Key.Key_Z)
    far_off = in_sight(shown)
    lengths = [far_off[1] - far_off[0]]
    for _ in range(8):
        qtbot.keyClick(strip, Qt.Key.Key_Plus)
        lengths.append(in_sight(shown)[1] - in_sight(shown)[0])
    assert lengths == sorted(set(lengths), reverse=True)
    assert in_sight(shown)[1] < whole[0]
    for _ in range(8):
        qtbot.keyClick(strip, Qt.Key.Key_Minus)
    assert in_sight(shown) == far_off, "what was in sight on either side is so again"
    for _ in range(30):
        qtbot.keyClick(strip, Qt.Key.Key_Minus)
    assert in_sight(shown) == whole


def test_a_range_within_a_bar_moves_on_as_a_whole_bar(shown, qtbot):
    times = np.repeat(JULY + np.arange(-300, 100) * DAYS, 3)
    shown.set_times(times, np.ones(len(times), bool))
    monday = datetime(2026, 6, 29, tzinfo=timezone.utc).timestamp()
    for key, week in ((Qt.Key.Key_Right, 1), (Qt.Key.Key_Left, -1)):
        shown.show_range((monday + 2 * DAYS, monday + 4 * DAYS))
        qtbot.keyClick(bars(shown), key)
        assert shown.chosen_range == (monday + 7 * week * DAYS, monday + 7 * (week + 1) * DAYS)


@pytest.mark.parametrize("let_go", ["escape", "other dates", "no dates"])
def test_a_range_let_go_of_while_the_mouse_moves_it_stays_let_go_of(shown, qtbot, let_go):
    strip, times = bars(shown), shown._bars._times
    shown._bars.choose(days(4, 9))
    qtbot.mousePress(strip, Qt.MouseButton.LeftButton, pos=middle(shown, 6))
    if let_go == "escape":
        qtbot.keyClick(strip, Qt.Key.Key_Escape)
    else:
        times = times[:20] if let_go == "other dates" else np.full(20, math.nan)
        shown.set_times(times, np.ones(20, bool))
    expected = shown.chosen_range
    qtbot.mouseMove(strip, QPoint(300, 10))
    qtbot.mouseRelease(strip, Qt.MouseButton.LeftButton, pos=QPoint(300, 10))
    assert shown.chosen_range == expected


@pytest.mark.parametrize("away", [days(-10, -8), days(40, 41)])
def test_a_range_before_or_after_all_photos_marks_no_bar(shown, away):
    shown.show_range(away)
    picture, strip = bars(shown).grab().toImage(), bars(shown)
    shown.show_range(None)
    bare = strip.grab().toImage()
    for day in (0, 29):
        left, right = map(round, strip.scale.edges_of(day))
        assert all(picture.pixelColor(x, 2) == bare.pixelColor(x, 2) for x in range(left + 2, right - 2))
