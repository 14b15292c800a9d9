"""Hot spots: the statistic against a slow one by the book, and what is found in places that are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from prismh_engine.analysis.hot_spots import EARTH_RADIUS, hot_spots, local_scores, unit_vectors

METRE = 360 / (2 * math.pi * EARTH_RADIUS)  # in degrees along a meridian


def slow_gi_star(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Ord and Getis 1995, the standardized Gi* as it is written there; weights [n, n] with ones on the diagonal."""
    n = len(values)
    mean = sum(float(x) for x in values) / n
    spread = math.sqrt(sum(float(x) ** 2 for x in values) / n - mean**2)
    scores = []
    for i in range(n):
        total = sum(float(weights[i, j]) * float(values[j]) for j in range(n))
        weight = sum(float(weights[i, j]) for j in range(n))
        squares = sum(float(weights[i, j]) ** 2 for j in range(n))
        scores.append((total - mean * weight) / (spread * math.sqrt((n * squares - weight**2) / (n - 1))))
    return np.array(scores)


def around(latitude: float, longitude: float, metres: float, count: int, seed: int) -> np.ndarray:
    """Places [count, 2] normally distributed around one."""
    offsets = np.random.default_rng(seed).normal(size=(count, 2)) * metres * METRE
    return np.array([latitude, longitude]) + offsets / [1, math.cos(math.radians(latitude))]


def scattered(count: int, kilometres: float, seed: int, latitude: float = 13.0, longitude: float = 80.0) -> np.ndarray:
    """Places [count, 2], evenly at random in a square."""
    offsets = (np.random.default_rng(seed).random((count, 2)) - 0.5) * kilometres * 1000 * METRE
    return np.array([latitude, longitude]) + offsets / [1, math.cos(math.radians(latitude))]


@pytest.mark.parametrize("seed", range(5))
def test_the_statistic_is_the_one_of_ord_and_getis(seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.poisson(3, 60)
    touching = np.triu(rng.random((60, 60)) < 0.1, 1)
    weights = (touching | touching.T).astype(float) + np.eye(60)
    scores = local_scores(counts, np.argwhere(touching))
    assert np.allclose(scores, slow_gi_star(counts, weights), rtol=1e-10, atol=1e-10)


def test_where_nothing_can_be_compared_there_is_no_score() -> None:
    no_pairs = np.empty((0, 2), np.intp)
    assert not local_scores(np.full(30, 4), no_pairs).any()
    assert not local_scores(np.array([1, 9, 1]), no_pairs).any()
    everyone = np.argwhere(np.triu(np.ones((12, 12)), 1))
    assert not local_scores(np.arange(12), everyone).any()


@pytest.mark.parametrize(("latitude", "longitude"), [(13.0, 80.0), (-17.5, 180.0), (64.1, -21.9), (0.0, 0.0)])
def test_a_dozen_photos_within_a_short_walk_are_found_among_scattered_ones(latitude: float, longitude: float) -> None:
    places = np.concatenate([around(latitude, longitude, 60, 15, 1), scattered(600, 20, 2, latitude, longitude)])
    places[:, 1] = np.mod(places[:, 1] + 180, 360) - 180
    (found,) = hot_spots(places[:, 0], places[:, 1])
    assert np.isin(np.arange(15), found.rows).sum() >= 12
    assert np.isin(found.rows, np.arange(15)).mean() >= 0.8
    assert found.latitude == pytest.approx(latitude, abs=60 * METRE)
    assert found.score > 3
    inside = unit_vectors(places[found.rows, 0], places[found.rows, 1])
    middle = unit_vectors(np.array([found.latitude]), np.array([found.longitude]))
    assert np.arccos(np.clip(inside @ middle[0], -1, 1)).max() * EARTH_RADIUS == pytest.approx(found.radius, abs=0.5)


def test_scattered_photos_make_no_hot_spot() -> None:
    with_any = sum(bool(hot_spots(*scattered(count, 20, seed).T)) for count in (100, 1000, 5000) for seed in range(10))
    assert with_any <= 2


def test_what_counts_is_where_the_chosen_photos_are_not_where_all_are() -> None:
    """A village where everything was photographed is no hot spot of tyres; a corner where all were tyres is."""
    villages = np.concatenate([around(13 + 0.05 * number, 80.0, 400, 120, number) for number in range(6)])
    rng = np.random.default_rng(0)
    tyres = rng.random(len(villages)) < 0.1
    corner = around(13.0, 80.0, 40, 14, 9)
    places = np.concatenate([villages, corner])
    chosen = np.concatenate([tyres, np.ones(14, bool)])
    found = hot_spots(places[:, 0], places[:, 1], chosen)
    assert len(found) == 1
    assert np.isin(np.arange(720, 734), found[0].rows).sum() >= 12
    assert chosen[found[0].rows].all()


def test_photos_without_a_place_are_left_out_and_rows_stay_those_given() -> None:
    places = np.concatenate([scattered(300, 20, 2), around(13, 80, 40, 15, 1)])
    places[::7] = np.nan
    (found,) = hot_spots(places[:, 0], places[:, 1])
    assert (found.rows >= 300).sum() >= 10
    assert np.isfinite(places[found.rows]).all()
    assert (np.diff(found.rows) > 0).all()


def test_few_photos_photos_in_one_place_and_poles_are_no_trouble() -> None:
    assert hot_spots(np.empty(0), np.empty(0)) == []
    assert hot_spots(np.full(3, np.nan), np.full(3, np.nan)) == []
    assert hot_spots(np.full(50, 13.0), np.full(50, 80.0)) == []
    assert hot_spots(*scattered(300, 20, 0).T, np.zeros(300, bool)) == []
    longitudes = np.linspace(-180, 180, 200)
    assert isinstance(hot_spots(np.full(200, 90.0), longitudes), list)
    assert isinstance(hot_spots(np.full(200, -89.9999), longitudes), list)
