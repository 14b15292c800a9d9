"""Names on the map: each near its group, none on another."""

from __future__ import annotations

import itertools

import numpy as np

from app.widgets import name_places
from app.widgets.point_raster import PointRaster


def test_names_that_want_the_same_place_give_way_to_each_other():
    boxes = [box for box in name_places.place([(100, 100, 60, 16)] * 4, 400, 300) if box is not None]
    assert len(boxes) == 4
    assert not any(one.meets(other) for one, other in itertools.combinations(boxes, 2))


def test_the_more_important_name_keeps_its_place():
    first, second = name_places.place([(100, 100, 60, 16), (100, 104, 60, 16)], 400, 300)
    assert (first.x, first.y) == (70, 84)
    assert second.y != 88


def test_a_name_at_the_edge_stays_in_sight_and_one_outside_is_left_out():
    at_edge, outside = name_places.place([(2, 10, 60, 16), (900, 50, 60, 16)], 400, 300)
    assert at_edge.x == 0
    assert at_edge.y >= 0
    assert outside is None


def test_where_all_is_full_a_name_is_left_out_instead_of_covering_one():
    boxes = name_places.place([(100, 100, 60, 16)] * 40, 400, 300)
    shown = [box for box in boxes if box is not None]
    assert 4 <= len(shown) < 40
    assert not any(one.meets(other) for one, other in itertools.combinations(shown, 2))


def test_a_group_is_named_above_its_bulk_and_a_group_without_points_nowhere():
    positions = np.concatenate([np.random.default_rng(0).normal(size=(200, 2)), [[50.0, 90.0]]]).astype(np.float32)
    groups = np.zeros(201, np.int32)
    ((x, y), nothing), sizes = name_places.anchors(PointRaster(positions), groups, 2)
    assert abs(x) < 0.3
    assert 1 < y < 3, "one photo far away does not pull the name with it"
    assert np.isnan(nothing).all()
    assert sizes.tolist() == [201, 0]


def test_photos_of_no_group_pull_no_name():
    positions = np.concatenate([np.zeros((9, 2)), np.full((50, 2), 30.0)]).astype(np.float32)
    places, sizes = name_places.anchors(PointRaster(positions), np.repeat([0, -1], [9, 50]).astype(np.int32), 1)
    assert places.tolist() == [[0, 0]]
    assert sizes.tolist() == [9]


def test_the_name_of_a_huge_group_stands_where_all_of_its_points_say():
    rng = np.random.default_rng(0)
    positions = rng.normal(size=(100_000, 2)).astype(np.float32)
    (place,), _ = name_places.anchors(PointRaster(positions), np.zeros(len(positions), np.int32), 1)
    assert abs(place[0]) < 0.1
    assert abs(place[1] - np.quantile(positions[:, 1], 0.92)) < 0.15


def test_groups_of_one_and_of_two_points_are_named_at_them():
    positions = np.array([[0, 0], [10, 4], [30, 2]], np.float32)
    places, _ = name_places.anchors(PointRaster(positions), np.array([0, 0, 1], np.int32), 2)
    assert 0 <= places[0, 0] <= 10
    assert 0 <= places[0, 1] <= 4
    assert places[1].tolist() == [30, 2]


def test_among_very_many_points_a_small_group_is_named_at_all_of_its_points():
    positions = np.random.default_rng(0).random((300_000, 2), dtype=np.float32)
    groups = np.zeros(len(positions), np.int32)
    groups[[1, 100_003, 200_001]] = 1
    positions[groups == 1] = [[0.2, 5], [0.3, 5], [0.4, 5]]
    places, sizes = name_places.anchors(PointRaster(positions), groups, 3)
    assert places[1].tolist() == [np.float32(0.3), 5]
    assert abs(places[0, 0] - 0.5) < 0.02
    assert np.isnan(places[2]).all()
    assert sizes[1:].tolist() == [3, 0]
    assert abs(sizes[0] - 300_000) < 10
