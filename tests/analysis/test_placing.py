from __future__ import annotations

import numpy as np
import pytest

from prismh_engine import jobs
from prismh_engine.analysis import threads
from prismh_engine.analysis.mapping import tsne
from prismh_engine.analysis.neighbours import nearest_among, unit_rows
from prismh_engine.analysis.placing import place

from ..invented import heaps


@pytest.fixture(scope="module")
def mapped() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rows, their heaps, which are on the map and which are new, and the map."""
    embeddings, heap = heaps((60, 40, 30))
    rows = unit_rows(embeddings)
    new = np.arange(0, 130, 7)
    old = np.setdiff1d(np.arange(130), new)
    return rows, heap, old, new, jobs.run(tsne(rows[old])).positions


def test_new_photos_come_to_lie_among_their_look_alikes(mapped: tuple) -> None:
    rows, heap, old, new, positions = mapped
    near = jobs.run(nearest_among(rows[new], rows[old], 15))
    placed = jobs.run(place(positions, near))
    assert placed.shape == (len(new), 2)
    distances = np.linalg.norm(placed[:, None] - positions[None], axis=2)
    around = np.argsort(distances, axis=1)[:, :10]
    assert (heap[old][around] == heap[new][:, None]).mean() > 0.98


def test_the_same_photos_get_the_same_places(mapped: tuple) -> None:
    rows, _, old, new, positions = mapped
    near = jobs.run(nearest_among(rows[new], rows[old], 15))
    before = positions.copy()
    assert np.array_equal(jobs.run(place(positions, near)), jobs.run(place(positions, near)))
    assert np.array_equal(positions, before)


def test_photos_get_the_same_places_on_one_thread_and_on_many(mapped: tuple, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, _, old, new, positions = mapped
    near = jobs.run(nearest_among(rows[new], rows[old], 15))
    on_one_thread = jobs.run(place(positions, near))
    monkeypatch.setattr(threads, "_FEW_POINTS", 10)
    assert np.array_equal(jobs.run(place(positions, near)), on_one_thread)


def test_a_stop_leaves_each_new_photo_among_its_look_alikes(mapped: tuple) -> None:
    rows, heap, old, new, positions = mapped
    near = jobs.run(nearest_among(rows[new], rows[old], 15))
    stop = jobs.StopToken()
    stop.stop()
    placed = jobs.run(place(positions, near, stop))
    nearest = np.linalg.norm(placed[:, None] - positions[None], axis=2).argmin(axis=1)
    assert (heap[old][nearest] == heap[new]).mean() > 0.9


def test_on_a_map_of_one_photo_all_lie_with_it(mapped: tuple) -> None:
    rows, _, old, new, positions = mapped
    near = jobs.run(nearest_among(rows[new], rows[old[:1]], 15))
    assert np.allclose(jobs.run(place(positions[:1], near)), positions[:1])


def test_nearest_among_is_what_a_comparison_of_all_in_float64_finds() -> None:
    rows = unit_rows(np.random.default_rng(0).normal(size=(2200, 24)))
    queries, others = rows[:60], rows[60:]
    cosines = queries.astype(np.float64) @ others.T.astype(np.float64)
    found = jobs.run(nearest_among(queries, others, 12))
    assert np.array_equal(found.indices, np.argsort(-cosines, axis=1)[:, :12])
    assert np.allclose(found.cosines, -np.sort(-cosines, axis=1)[:, :12], atol=1e-6)
