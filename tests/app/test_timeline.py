"""The timeline: its bars, what it says, and choosing a range by mouse and keyboard."""

from __future__ import annotations

import itertools
import math
from datetime import datetime, timezone

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QPushButton

from app import time_words
from app.time_bins import DAY, HOUR, MONTH, QUARTER, WEEK, YEAR, bins_for, even_spans, marks
from app.widgets.timeline import Timeline
from tests.app.windows import find

JULY = datetime(2026, 7, 1, tzinfo=timezone.utc).timestamp()
DAYS = 86_400


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()


def over(days, count=200):
    return JULY + np.linspace(0, days * DAYS - 1, count)


@pytest.mark.parametrize(
    ("days", "unit"), [(1, HOUR), (30, DAY), (300, WEEK), (1500, MONTH), (5000, QUARTER), (20_000, YEAR)]
)
def test_bars_are_of_the_finest_unit_for_which_there_is_room(days, unit):
    assert bins_for(over(days), 80).unit == unit


@pytest.mark.parametrize("days", [0.1, 9, 88, 400, 3000, 40_000])
def test_every_photo_with_a_date_is_in_the_bar_that_holds_its_moment(days):
    times = np.append(over(days), math.nan)
    bins = bins_for(times, 90)
    bars = bins.bars_of(times)
    assert bars[-1] == -1
    assert (bins.edges[bars[:-1]] <= times[:-1]).all()
    assert (times[:-1] < bins.edges[bars[:-1] + 1]).all()
    assert (bins.earlier, bins.later) == (0, 0)


def test_bars_begin_as_the_calendar_does():
    assert {datetime.fromtimestamp(t, timezone.utc).weekday() for t in bins_for(over(300), 80).edges} == {0}
    assert {datetime.fromtimestamp(t, timezone.utc).day for t in bins_for(over(1500), 80).edges} == {1}
    assert bins_for(over(1500), 80).edges[0] == JULY


def test_a_clock_that_was_never_set_takes_no_room_from_the_others():
    times = np.append(over(30), [0.0, 4e9])
    bins = bins_for(times, 80)
    assert bins.unit == DAY
    assert (bins.earlier, bins.later) == (1, 1)
    assert bins.bars_of(times)[-2:].tolist() == [0, len(bins) - 1]
    assert bins.span == (JULY, JULY + 30 * DAYS)


@pytest.mark.parametrize("room", [30, 60, 150])
def test_a_season_is_not_squeezed_into_a_few_bars_by_some_photos_of_other_years(room):
    season = at("2026-01-05") + np.random.default_rng(0).uniform(0, 240 * DAYS, 60)
    old = [at(day) for day in ("2005-12-14", "2009-03-01", "2014-05-05", "2014-06-05", "2017-06-06", "2018-06-01")]
    bins = bins_for(np.concatenate([old, season]), room)
    assert bins.unit in (WEEK, MONTH)
    assert (bins.earlier, bins.later) == (1, 0)
    assert (bins.bars_of(np.array(old)) == 0).all()
    assert (bins.bars_of(season) > 0).all()


def test_years_of_work_stay_years():
    assert bins_for(at("2005-01-01") + np.linspace(0, 20 * 365 * DAYS, 200), 60).earlier == 0


def test_without_a_date_there_are_no_bars():
    assert bins_for(np.full(3, math.nan), 80) is None
    assert bins_for(np.empty(0), 80) is None


@pytest.mark.parametrize("days", [0.2, 2, 9, 40, 88, 400, 3000, 40_000])
def test_the_axis_has_some_marks_and_not_too_many(days):
    found = marks((JULY, JULY + days * DAYS), 8)
    assert 1 <= len(found) <= 8
    assert all(JULY <= moment < JULY + days * DAYS for moment, _ in found)


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2026-07-14", "2026-07-15", "14 July 2026"),
        ("2026-07-01", "2026-07-15", "1 to 14 July 2026"),
        ("2026-06-20", "2026-07-15", "20 June to 14 July 2026"),
        ("2025-12-20", "2026-01-15", "20 December 2025 to 14 January 2026"),
        ("2026-07-01", "2026-08-01", "July 2026"),
        ("2026-06-01", "2026-08-01", "June to July 2026"),
        ("2025-06-01", "2026-08-01", "June 2025 to July 2026"),
        ("2026-01-01", "2027-01-01", "2026"),
        ("2026-01-01", "2028-01-01", "2026 to 2027"),
        ("2026-07-14T09:00", "2026-07-14T11:00", "14 July 2026 09:00 to 11:00"),
        ("2026-07-14T22:00", "2026-07-15T03:00", "14 July 2026 22:00 to 15 July 2026 03:00"),
    ],
)
def test_a_range_is_said_as_a_person_says_it(qapp, start, end, said):
    assert time_words.range_in_words((at(start), at(end))) == said


def test_a_range_without_an_end_is_said_too(qapp):
    assert time_words.range_in_words((-math.inf, JULY)) == "before 1 July 2026"
    assert time_words.range_in_words((JULY, math.inf)) == "from 1 July 2026 on"


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
    left, right = bars(shown)._edges_of(day)
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
    right_end = QPoint(round(bars(shown)._edges_of(11)[1]), 10)
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
    assert press(Qt.Key.Key_End) == days(27, 29)
    assert press(Qt.Key.Key_Home) == days(0, 2)
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


def test_a_few_old_photos_leave_the_season_of_the_others_several_spans():
    rng = np.random.default_rng(0)
    season = at("2026-01-05") + rng.uniform(0, 240 * 86_400, 60)
    old = [at(day) for day in ("2005-12-14", "2009-03-01", "2014-05-05", "2017-06-06", "2025-06-01")]
    times = np.concatenate([old, season, [np.nan]])
    spans = even_spans(times, 5)
    assert len(spans) == 5
    shares = [int(((times >= start) & (times < end)).sum()) for start, end in spans]
    assert sum(shares) == 65
    assert 10 <= min(shares) <= max(shares) <= 17
    assert [datetime.fromtimestamp(start, timezone.utc).day for start, _ in spans[1:]] == [1] * 4, "months begin"


@pytest.mark.parametrize("times", [[5.0], [5.0] * 40, [5.0, 86_400 * 900.0], [np.nan]])
def test_spans_hold_all_photos_and_none_is_empty(times):
    times = np.array(times)
    spans = even_spans(times, 5)
    assert spans[0][0] == -np.inf
    assert spans[-1][1] == np.inf
    assert all(one[1] == other[0] for one, other in itertools.pairwise(spans))
    if np.isfinite(times).any():
        assert all(((times >= start) & (times < end)).any() for start, end in spans)


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
