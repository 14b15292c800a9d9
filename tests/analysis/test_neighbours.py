from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from prismh_engine import jobs
from prismh_engine.analysis import neighbour_search, neighbours
from prismh_engine.analysis.neighbours import (
    Neighbours,
    better_photos,
    extend,
    near_duplicates,
    nearest_neighbours,
    unit_rows,
)  # fmt: skip


def heaps(photos: int, seed: int = 0, spread: float = 0.7) -> NDArray[np.float32]:
    """Unit rows of photos of twenty kinds."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(20, 32))
    return unit_rows(centres[rng.integers(0, 20, photos)] + rng.normal(size=(photos, 32)) * spread)


def same(one: Neighbours, other: Neighbours) -> bool:
    """Products of matrices round by where in them two rows meet, so cosines may be off by that."""
    return np.array_equal(one.indices, other.indices) and np.allclose(one.cosines, other.cosines, rtol=0, atol=4e-6)


@pytest.fixture
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few hundred photos take several of them."""
    monkeypatch.setattr(neighbour_search, "_TILE", 64)


@pytest.mark.usefixtures("small_tiles")
def test_neighbours_are_those_of_brute_force_in_double_precision() -> None:
    embeddings = np.random.default_rng(0).normal(size=(700, 32)) * 50
    found = jobs.run(nearest_neighbours(unit_rows(embeddings), 15))
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -np.inf)
    expected = np.argsort(-cosines, axis=1)[:, :15]
    assert np.allclose(found.cosines, np.take_along_axis(cosines, expected, axis=1), atol=1e-6)
    # Two neighbours may change places only where their cosines are equal to rounding.
    assert np.allclose(np.take_along_axis(cosines, found.indices, axis=1), found.cosines, atol=1e-6)
    assert (found.indices == expected).mean() > 0.999


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("known", [0, 1, 12, 333, 639, 640])
def test_a_graph_that_was_extended_is_the_graph_made_afresh(known: int) -> None:
    rows = heaps(640)
    old = jobs.run(nearest_neighbours(rows[:known], 40))
    assert same(jobs.run(extend(old, rows, 40)), jobs.run(nearest_neighbours(rows, 40)))


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("known", [0, 100, 333, 599])
def test_of_equally_alike_photos_the_first_stands_first(known: int) -> None:
    photos = heaps(200, spread=0.5)
    rows = photos[np.random.default_rng(1).integers(0, 200, 600)]
    old = jobs.run(nearest_neighbours(rows[:known], 599))
    found = jobs.run(extend(old, rows, 599))
    photo_of = np.unique(rows, axis=0, return_inverse=True)[1]
    neighbours_photo = photo_of[found.indices]
    in_a_row = neighbours_photo[:, 1:] == neighbours_photo[:, :-1]
    assert in_a_row.sum(axis=1).min() > 350  # copies stand together: one photo has three of them about
    assert (np.diff(found.indices, axis=1)[in_a_row] > 0).all()


def test_the_same_photos_have_the_same_neighbours_to_the_last_bit() -> None:
    one, other = (jobs.run(nearest_neighbours(heaps(3000), 40)) for _ in range(2))
    assert np.array_equal(one.indices, other.indices)
    assert np.array_equal(one.cosines, other.cosines)


def test_new_photos_are_compared_with_all_and_old_ones_with_the_new_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbour_search, "_TILE", 20)
    rows = heaps(200)
    old = jobs.run(nearest_neighbours(rows[:180], 10))
    assert len(list(extend(old, rows, 10))) == 10  # one tile of new ones, with itself and with nine of old ones
    assert len(list(nearest_neighbours(rows, 10))) == 55


@pytest.mark.usefixtures("small_tiles")
def test_above_the_exact_limit_nearly_the_same_neighbours_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    # Features lie near fewer directions than they have numbers: here 40 of 200, and some noise around them.
    inner = rng.normal(size=(900, 40)) * np.linspace(2.0, 0.3, 40)
    rows = unit_rows(inner @ rng.normal(size=(40, 200)) + rng.normal(size=(900, 200)) * 0.3)
    exact = jobs.run(nearest_neighbours(rows, 15))
    monkeypatch.setattr(neighbour_search, "EXACT_ROWS", 500)
    found = jobs.run(nearest_neighbours(rows, 15))
    hits = (exact.indices[:, :, None] == found.indices[:, None, :]).any(axis=2)
    assert hits.mean() > 0.97
    assert np.allclose(exact.cosines[:, 0], found.cosines[:, 0], rtol=0, atol=4e-6)
    monkeypatch.setattr(neighbour_search, "EXACT_ROWS", 300)
    half = jobs.run(nearest_neighbours(rows[:450], 15))
    extended = jobs.run(extend(half, rows, 15))
    assert (exact.indices[:, :, None] == extended.indices[:, None, :]).any(axis=2).mean() > 0.97


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("k", [5, 15, 23, 40])
def test_neighbours_among_a_part_are_those_of_the_part_alone(k: int) -> None:
    rows = heaps(500)
    graph = jobs.run(nearest_neighbours(rows, 40))
    part = np.flatnonzero(np.random.default_rng(1).random(500) < 0.7)
    asked = []

    def rows_of_part() -> NDArray[np.float32]:
        asked.append(True)
        return rows[part]

    found = jobs.run(graph.among(part, k, rows_of_part))
    assert same(found, jobs.run(nearest_neighbours(rows[part], k)))
    assert bool(asked) == (k > 15)  # of 40 neighbours some 28 belong to the part, never fewer than 15


def test_among_hardly_any_photos_each_has_the_others() -> None:
    rows = heaps(60)
    graph = jobs.run(nearest_neighbours(rows, 3))
    for count in (0, 1, 2, 5):
        part = np.arange(count) * 7
        found = jobs.run(graph.among(part, 9, lambda part=part: rows[part]))
        assert found.indices.shape == (count, max(count - 1, 0))
        assert all(sorted(row) == [i for i in range(count) if i != own] for own, row in enumerate(found.indices))


def test_a_row_without_a_direction_is_alike_to_nothing() -> None:
    embeddings = np.random.default_rng(0).normal(size=(30, 8))
    embeddings[3], embeddings[4, 2], embeddings[5, 0] = 0, np.nan, np.inf
    rows = unit_rows(embeddings)
    assert not rows[3:6].any()
    found = jobs.run(nearest_neighbours(rows, 12))
    assert not found.cosines[3:6].any()
    assert np.isfinite(found.cosines).all()
    assert found.indices.min() >= 0


def test_a_graph_of_other_photos_cannot_be_extended() -> None:
    rows = heaps(50)
    graph = jobs.run(nearest_neighbours(rows, 5))
    with pytest.raises(ValueError, match="at most 20 rows"):
        jobs.run(extend(graph, rows[:20], 5))
    with pytest.raises(ValueError, match="10 neighbours each"):
        jobs.run(extend(graph, rows, 10))


def groups_by_all_pairs(rows: NDArray[np.float32], ranked: NDArray[np.int64], cosine: float) -> NDArray[np.int64]:
    better = np.full(len(rows), -1)
    near = rows @ rows.T >= cosine
    for place, photo in enumerate(ranked):
        if better[photo] < 0:
            better[[other for other in ranked[place + 1 :] if near[photo, other] and better[other] < 0]] = photo
    return better


@pytest.mark.parametrize("neighbours_kept", [1, 10, 400])
@pytest.mark.parametrize("cosine", [0.0, 0.6, 0.9, 1.0])
def test_better_photos_by_the_graph_are_those_of_all_pairs(neighbours_kept: int, cosine: float) -> None:
    rows = heaps(300, spread=0.5)
    ranked = np.random.default_rng(1).permutation(300)[:280]
    graph = jobs.run(nearest_neighbours(rows, neighbours_kept))
    found = jobs.run(better_photos(graph, ranked, cosine, lambda: rows))
    assert np.array_equal(found, groups_by_all_pairs(rows, ranked, cosine))


def test_rows_are_asked_for_only_where_a_photo_may_have_more_near_duplicates_than_neighbours() -> None:
    rows = heaps(300, spread=0.05)
    graph = jobs.run(nearest_neighbours(rows, 60))

    def none_needed() -> NDArray[np.float32]:
        raise AssertionError("the graph says it all")

    assert (jobs.run(better_photos(graph, np.arange(300), 0.9, none_needed)) >= 0).sum() == 280
    few = jobs.run(nearest_neighbours(rows, 3))
    assert (jobs.run(better_photos(few, np.arange(300), 0.9, lambda: rows)) >= 0).sum() == 280


def test_a_photo_is_never_its_own_neighbour_even_beside_its_copies() -> None:
    found = jobs.run(nearest_neighbours(unit_rows(np.ones((30, 4))), 29))
    assert all(sorted(row) == [i for i in range(30) if i != photo] for photo, row in enumerate(found.indices))
    assert np.allclose(found.distances, 0, atol=1e-3)


@pytest.mark.parametrize("photos", [0, 1, 2, 5])
def test_a_few_photos_have_as_many_neighbours_as_there_are(photos: int) -> None:
    found = jobs.run(nearest_neighbours(unit_rows(np.random.default_rng(0).normal(size=(photos, 3))), 15))
    assert found.indices.shape == found.cosines.shape == (photos, max(photos - 1, 0))


def test_comparing_tells_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbour_search, "_TILE", 16)
    said = list(nearest_neighbours(heaps(40), 3))
    assert [progress.done for progress in said] == [6, 13, 20, 26, 33, 40]
    assert {progress.total for progress in said} == {40}


def test_rows_become_unit_length_whatever_their_size_and_zeros_stay() -> None:
    rows = unit_rows(np.array([[3e30, 4e30], [3e-30, 4e-30], [0, 0]]))
    assert np.allclose(rows, [[0.6, 0.8], [0.6, 0.8], [0, 0]])


def test_a_chain_of_near_duplicates_is_one_component(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "_BLOCK_CELLS", 1)
    angles = np.radians([0, 20, 40, 60, 150, 155, 270])  # the cosine of 20 degrees is .94, of 40 degrees .77
    repeated = np.repeat(angles, 10)
    component = jobs.run(near_duplicates(unit_rows(np.stack([np.cos(repeated), np.sin(repeated)], axis=1))))
    of_angle = component.reshape(7, 10)
    assert (of_angle == of_angle[:, :1]).all()
    assert len(set(of_angle[:4, 0])) == 1
    assert of_angle[4, 0] == of_angle[5, 0]
    assert len(set(component)) == 3
