"""Which photos pass crossing filters, and what is read of photos to decide it."""

from __future__ import annotations

import math
from datetime import datetime, timezone

import numpy as np
import pytest

from app.explore_filters import (
    CAMERA,
    FOLDER,
    PLACE,
    TIME,
    UNNAMED,
    VERDICT,
    Column,
    Filters,
    PhotoFacts,
    PlaceBox,
    read_facts,
    seconds,
)
from app.pages.explore_colours import BY_NAME, colouring
from prismh_engine import jobs
from prismh_engine.photos.record import FoundPhoto, Look
from prismh_engine.project import Project
from prismh_engine.project.photo_catalogue import Judgement

NAN = math.nan


@pytest.fixture
def facts():
    """Five photos: two drums in July, a tyre that is a drum too in August, two of which little is known."""
    return PhotoFacts(
        photo_ids=np.arange(10, 15),
        times=np.array([100.0, 150.0, 200.0, NAN, NAN]),
        latitudes=np.array([13.0, 13.1, NAN, -17.0, -17.1]),
        longitudes=np.array([80.0, 80.1, NAN, 179.9, -179.9]),
        names=("Drums", "Tyres"),
        name_photos=np.array([0, 1, 2, 2], np.int32),
        name_codes=np.array([0, 0, 0, 1], np.int32),
        first_names=np.array([0, 0, 0, -1, -1], np.int32),
        columns={VERDICT: Column.of(["clean", "clean", "blurry", "clean", None])},
        groups=np.array([0, 0, 1, 1, -1], np.int32),
    )


def passing(filters, facts):
    return np.flatnonzero(filters.mask(facts)).tolist()


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), [0, 1, 2, 3, 4]),
        (Filters(times=(100, 200)), [0, 1]),
        (Filters(times=(-math.inf, math.inf)), [0, 1, 2]),
        (Filters(place=PlaceBox(12.9, 13.05, 79, 81)), [0]),
        (Filters(place=PlaceBox(12.9, 13.2, 80.05, 81)), [1]),
        (Filters(place=PlaceBox(-18, -16, 179, -179)), [3, 4]),
        (Filters(place=PlaceBox(-90, 90, -180, 180)), [0, 1, 3, 4]),
        (Filters(names=frozenset({"Drums"})), [0, 1, 2]),
        (Filters(names=frozenset({"Tyres", "no longer given"})), [2]),
        (Filters(names=frozenset({"Tyres", UNNAMED})), [2, 3, 4]),
        (Filters(verdicts=frozenset({"blurry"})), [2]),
        (Filters(groups=frozenset({0, -1})), [0, 1, 4]),
        (Filters(without=frozenset({TIME})), [3, 4]),
        (Filters(without=frozenset({PLACE})), [2]),
        (Filters(times=(0, 300), names=frozenset({"Drums"}), groups=frozenset({1})), [2]),
        (Filters(times=(0, 300), without=frozenset({TIME})), []),
    ],
)
def test_a_photo_passes_when_every_filter_lets_it_through(facts, filters, expected):
    assert passing(filters, facts) == expected
    assert filters.active == (filters != Filters())


def test_the_legend_of_names_counts_as_the_filter_does(facts):
    entries = colouring(BY_NAME, facts).entries
    assert [(text, count) for text, _, count in entries] == [("Drums", 3), ("Tyres", 1)]
    for text, _, count in entries:
        assert len(passing(Filters(names=frozenset({text})), facts)) == count


def test_filters_cross_as_the_same_filters_one_after_the_other(facts):
    parts = [Filters(times=(120, 300)), Filters(names=frozenset({"Drums"})), Filters(verdicts=frozenset({"clean"}))]
    crossed = Filters(times=(120, 300), names=frozenset({"Drums"}), verdicts=frozenset({"clean"}))
    assert np.array_equal(crossed.mask(facts), np.all([part.mask(facts) for part in parts], axis=0))


def test_no_photos_are_no_trouble():
    several = Filters((0, 1), PlaceBox(0, 1, 0, 1), frozenset({"x", UNNAMED}), frozenset({"dark"}), frozenset({2}))
    for filters in (Filters(), several):
        assert filters.mask(PhotoFacts()).shape == (0,)


def test_moments_are_told_by_the_clock_of_the_camera():
    moments = ["2026-07-14T09:31:05+05:30", "2026-07-14", None, "", "soon", "2026-13-99"]
    expected = [datetime(2026, 7, 14, 9, 31, 5), datetime(2026, 7, 14)]
    found = seconds(moments)
    assert found[:2].tolist() == [moment.replace(tzinfo=timezone.utc).timestamp() for moment in expected]
    assert np.isnan(found[2:]).all()


def test_facts_are_read_for_the_photos_of_the_map_in_its_order(tmp_path):
    looks = {
        "a.jpg": Look("aa", taken_at="2026-07-14T09:31:00", latitude=13.0, longitude=80.0, camera="Nokia"),
        "ward 3/b.jpg": Look("bb"),
        "ward 3/c.jpg": Look("cc", taken_at="2026-07-15", camera="Nokia"),
    }
    photos = tmp_path / "photos"
    photos.mkdir()
    with Project.create(tmp_path / "project") as project:
        found = [(FoundPhoto(photos / name, name, 1, 2, 3), look) for name, look in looks.items()]
        one, two, three = project.photos.record(project.add_folder(photos).id, found)
        project.photos.judge([Judgement(two, "blurry", "Blurry.")])
        project.labels.name_group([one, two], "Drums")
        project.labels.name_photos([two], "Tyres")
        facts = jobs.run(read_facts(project, np.array([three, two, one, 999])))
    assert facts.photo_ids.tolist() == [three, two, one, 999]
    assert facts.times.tolist()[2] - facts.times.tolist()[0] == 9 * 3600 + 31 * 60 - 24 * 3600
    assert np.isnan(facts.times[[1, 3]]).all()
    assert (facts.latitudes[2], facts.longitudes[2]) == (13.0, 80.0)
    assert np.isnan(facts.latitudes[[0, 1, 3]]).all()
    assert [facts.names[code] if code >= 0 else "" for code in facts.first_names] == ["", "Tyres", "Drums", ""]
    assert passing(Filters(names=frozenset({"Drums"})), facts) == [1, 2]
    assert dict(zip(facts.names, facts.name_counts(), strict=True)) == {"Drums": 2, "Tyres": 1}
    assert passing(Filters(verdicts=frozenset({"blurry"})), facts) == [1]
    assert facts.columns[CAMERA].values == ("Nokia",)
    assert facts.columns[CAMERA].codes.tolist() == [0, -1, 0, -1]
    assert facts.columns[FOLDER].values == ("photos/ward 3", "photos")
    assert facts.columns[FOLDER].counts().tolist() == [2, 1]
    regrouped = facts.with_groups(np.array([1, 0, 0, -1], np.int32))
    assert passing(Filters(groups=frozenset({0})), regrouped) == [1, 2]
