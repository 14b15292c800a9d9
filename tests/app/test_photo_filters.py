"""Which photos the grid shows and in what order; how many there are of each kind."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from app.photo_list import PhotoList
from prismh_engine.photos.record import Look
from prismh_engine.project import Photo


def photo(number, verdict="clean", overruled=None, *, missing=False, taken=None, sharpness=100.0, name=None):
    reason = "The file is empty." if verdict == "invalid" else ""
    look = Look(str(number), reason, taken_at=taken, sharpness=sharpness)
    path = name or f"ward/{number}.jpg"
    return Photo(number, 1, path, Path(path), 1, missing, look, verdict, reason, None, None, overruled)


def ids(photos):
    return [photo.id for photo in photos]


def test_what_cannot_be_read_is_not_taken_for_a_decision_before_it_is_judged():
    unreadable = photo(1, "invalid")
    counts = PhotoList([dataclasses.replace(unreadable, verdict=None), photo(2, "clean", "set aside")]).counts
    assert (counts["invalid"], counts["by_hand"]) == (1, 1)


def test_every_photo_is_used_or_under_one_reason_why_not_or_not_found():
    photos = [
        photo(1), photo(2, "blurry"), photo(3, "blurry", "used"), photo(4, "clean", "set aside"),
        photo(5, "invalid"), photo(6, missing=True), photo(7, "blurry", missing=True),
    ]  # fmt: skip
    counts = PhotoList(photos).counts
    assert counts["all"] == 7
    assert counts["used"] == 2
    assert (counts["blurry"], counts["by_hand"], counts["invalid"], counts["missing"]) == (1, 1, 1, 2)
    assert ids(PhotoList(photos).select("used")) == [3, 1]
    assert ids(PhotoList(photos).select("missing")) == [7, 6]


def test_the_search_finds_names_and_dates_whatever_their_case():
    photos = [photo(1, taken="2026-07-14T09:31:00", name="Ward/IMG_1.JPG"), photo(2, name="ward/pot.jpg")]
    assert ids(PhotoList(photos).select(search="img")) == [1]
    assert ids(PhotoList(photos).select(search="2026-07 WARD")) == [1]
    assert ids(PhotoList(photos).select(search="nothing")) == []


def test_photos_without_a_date_come_last_whether_newest_or_oldest_is_first():
    photos = [photo(1, taken="2026-01-01"), photo(2), photo(3, taken="2026-02-01")]
    assert ids(PhotoList(photos).select(sort="newest")) == [3, 1, 2]
    assert ids(PhotoList(photos).select(sort="oldest")) == [1, 3, 2]


def test_the_blurriest_come_first_and_unmeasured_ones_last():
    photos = [photo(1, sharpness=9.0), photo(2, sharpness=None), photo(3, sharpness=0.0)]
    assert ids(PhotoList(photos).select(sort="blurriest")) == [3, 1, 2]
