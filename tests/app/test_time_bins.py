"""Bars over time, marks of their axis, and how ranges of dates are said."""

from __future__ import annotations

import itertools
import math
from datetime import datetime, timezone

import numpy as np
import pytest

from app import time_words
from app.time_bins import DAY, HOUR, MONTH, QUARTER, WEEK, YEAR, bins_for, even_spans, marks

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
    times = over(days)
    bins = bins_for(np.append(times, math.nan), 90)
    starts = bins.starts(times).tolist()
    for bar, (first, end) in enumerate(itertools.pairwise(starts)):
        assert (bins.edges[bar] <= times[first:end]).all()
        assert (times[first:end] < bins.edges[bar + 1]).all()
    assert (starts[0], starts[-1]) == (0, len(times))
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
    assert np.diff(bins.starts(np.sort(times)))[[0, -1]].tolist() == [1, 1]
    assert bins.span == (JULY, JULY + 30 * DAYS)


@pytest.mark.parametrize("room", [30, 60, 150])
def test_a_season_is_not_squeezed_into_a_few_bars_by_some_photos_of_other_years(room):
    season = at("2026-01-05") + np.random.default_rng(0).uniform(0, 240 * DAYS, 60)
    old = [at(day) for day in ("2005-12-14", "2009-03-01", "2014-05-05", "2014-06-05", "2017-06-06", "2018-06-01")]
    bins = bins_for(np.concatenate([old, season]), room)
    assert bins.unit in (WEEK, MONTH)
    assert (bins.earlier, bins.later) == (1, 0)
    assert np.diff(bins.starts(np.array(old)))[0] == len(old)
    assert np.diff(bins.starts(np.sort(season)))[0] == 0


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
