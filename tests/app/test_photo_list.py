"""How the list behind the Photos page counts, searches and sorts as photos come in and change."""

from __future__ import annotations

import dataclasses

import pytest

from app.photo_list import PhotoList
from app.words import taken

from ..invented import fill, look


@pytest.fixture
def photos(project, tmp_path):
    moments = ["2026-07-14T09:31:00", "2026-07-14T10:00:00", "2026-03-02T08:00:00", None]
    looks = {f"IMG_{i}.jpg": look(i, taken_at=moment) for i, moment in enumerate(moments)}
    return fill(project, tmp_path / "ward", looks)


def ids(photos):
    return [photo.id for photo in photos]


def test_photos_are_counted_as_they_come_and_change(photos):
    known = PhotoList(photos[:2])
    assert known.put(photos[1:]) == photos[2:]
    assert (len(known), known.counts["all"], known.used, known.dated) == (4, 4, 4, 3)
    aside = dataclasses.replace(photos[0], verdict="blurry")
    assert known.put([aside]) == []
    assert (known.counts["blurry"], known.used, len(known)) == (1, 3, 4)
    known.put([dataclasses.replace(aside, overruled="used")])
    assert (known.counts["blurry"], known.counts["taken_back"], known.used) == (0, 1, 4)


def test_the_first_and_last_day_follow_what_is_there(photos):
    known = PhotoList(photos)
    assert known.first_and_last_day() == ("2026-03-02", "2026-07-14")
    known.put([dataclasses.replace(photos[2], look=look(2, taken_at="2026-08-01T08:00:00"))])
    assert known.first_and_last_day() == ("2026-07-14", "2026-08-01")
    assert PhotoList([photos[3]]).first_and_last_day() is None


def test_a_date_is_found_as_a_person_writes_it(photos, qapp):
    known = PhotoList(photos, taken)
    assert ids(known.select(search="july 14", sort="oldest")) == ids(photos[:2])
    assert ids(known.select(search="2026-07-14 img_1")) == [photos[1].id]
    assert known.select(search="october") == []


def test_a_new_version_of_a_photo_finds_its_place_in_the_order(photos):
    known = PhotoList(photos)
    assert ids(known.select(sort="oldest")) == [photos[i].id for i in (2, 0, 1, 3)]
    known.put([dataclasses.replace(photos[3], look=look(3, taken_at="2025-01-01"))])
    assert ids(known.select(sort="oldest")) == [photos[i].id for i in (3, 2, 0, 1)]


def test_the_most_unusual_come_first_and_those_without_a_verdict_last(photos):
    distances = [0.2, None, 0.9, 0.5]
    known = PhotoList(dataclasses.replace(p, outlier_distance=d) for p, d in zip(photos, distances, strict=True))
    assert ids(known.select(sort="unusual")) == [photos[i].id for i in (2, 3, 0, 1)]


def test_of_photos_that_come_in_only_those_asked_for_are_shown(photos):
    known = PhotoList(photos[:1])
    new = known.put([photos[1], dataclasses.replace(photos[2], verdict="dark")])
    assert ids(known.matching(new, "dark", "")) == [photos[2].id]
    assert ids(known.matching(new, "all", "img_1")) == [photos[1].id]
