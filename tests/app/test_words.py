"""Numbers, times and places as a person says them."""

from __future__ import annotations

from datetime import date

import pytest

from app import words


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "1 s"),
        (40, "40 s"),
        (60, "1 min"),
        (1020, "17 min"),
        (3600, "1 h"),
        (11400, "3 h 10 min"),
        (200_000, "2 days"),
    ],
)
def test_a_length_of_time_is_said_roughly(seconds, said):
    assert words.duration(seconds) == said


def test_days_are_said_from_today():
    today = date(2026, 7, 15)
    assert words.day("2026-07-15T09:00:00", today) == "today"
    assert words.day("2026-07-14T23:59:00+05:30", today) == "yesterday"
    assert words.day("2026-06-01", today) == "1 June 2026"
    assert words.day("no date", today) == ""


def test_a_photo_s_time_place_and_size_are_readable():
    assert words.taken("2026-07-14T09:31:00") == "14 July 2026, 09:31"
    assert words.taken("2026-07-14") == "14 July 2026"
    assert words.place(13.0827, -80.27071) == "13.0827° N, 80.2707° W"
    assert words.size(9_400_000) == "9.4 MB"
    assert words.photos(1) == "1 photo"
    assert words.photos(2318) == "2,318 photos"


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("Choose a smaller --batch_size, or --image_size 128.", "Choose a smaller batch size, or image size 128."),
        ("Cannot read /photos/my--trip/a -- b.jpg.", "Cannot read /photos/my--trip/a -- b.jpg."),
    ],
)
def test_a_sentence_of_the_engine_names_settings_as_the_window_does(sentence, shown):
    assert words.without_flags(sentence) == shown
