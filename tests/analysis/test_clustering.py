from __future__ import annotations

import numpy as np
import pytest

from prismh_engine import jobs
from prismh_engine.analysis import clustering
from prismh_engine.analysis.clustering import describe, k_means, mean_by_cluster, separation, typical
from prismh_engine.analysis.neighbours import nearest_neighbours, unit_rows
from prismh_engine.errors import BadValueError

from ..invented import heaps


def _agreement(labels: np.ndarray, clusters: np.ndarray) -> float:
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(labels, clusters))


def test_auto_finds_how_many_heaps_there_are_and_which_photo_lies_in_which() -> None:
    embeddings, heap = heaps((12, 45, 30, 18))
    found = jobs.run(k_means(unit_rows(embeddings)))
    assert _agreement(heap, found.clusters) == 1.0
    assert found.sizes == [45, 30, 18, 12]
    assert set(found.scores) == set(range(2, 16))
    assert max(found.scores, key=found.scores.__getitem__) == 4
    assert found.silhouette == pytest.approx(found.scores[4])


def test_the_silhouette_is_the_one_of_scikit_learn() -> None:
    from sklearn.metrics import silhouette_score

    rows = unit_rows(heaps((20, 25, 30), spread=1.5)[0])
    found = jobs.run(k_means(rows, 3))
    assert found.silhouette == pytest.approx(silhouette_score(rows, found.clusters), abs=1e-5)
    assert set(found.scores) == {3}


def test_many_photos_are_grouped_whole_though_numbers_are_compared_on_a_sample(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clustering, "SAMPLE", 60)
    embeddings, heap = heaps((200, 100, 50))
    found = jobs.run(k_means(unit_rows(embeddings), seed=1))
    assert len(found.clusters) == 350
    assert _agreement(heap, found.clusters) == 1.0


def test_the_same_seed_gives_the_same_groups() -> None:
    rows = unit_rows(np.random.default_rng(0).normal(size=(300, 20)))
    first, again = (jobs.run(k_means(rows, 7, seed=5)) for _ in range(2))
    assert np.array_equal(first.clusters, again.clusters)
    assert np.array_equal(first.distances, again.distances)


def test_distances_and_silhouettes_are_those_of_the_centres() -> None:
    rows = unit_rows(heaps((20, 15, 10), spread=1.0)[0])
    found = jobs.run(k_means(rows, 3))
    centres = np.stack([rows[found.clusters == c].mean(axis=0) for c in range(3)])
    distances = np.linalg.norm(rows[:, None] - centres, axis=2)
    own = distances[np.arange(45), found.clusters]
    other = np.where(np.eye(3, dtype=bool)[found.clusters], np.inf, distances).min(axis=1)
    assert np.allclose(found.distances, own, atol=1e-5)
    assert np.allclose(found.silhouettes, (other - own) / np.maximum(own, other), atol=1e-5)


@pytest.mark.parametrize("photos", [1, 2, 3, 4, 5])
def test_a_few_photos_form_groups(photos: int) -> None:
    rows = unit_rows(np.random.default_rng(0).normal(size=(photos, 6)))
    found = jobs.run(k_means(rows))
    assert sum(found.sizes) == photos
    assert np.isfinite(found.distances).all()
    assert np.isfinite(found.silhouettes).all()
    every = jobs.run(k_means(rows, photos))
    assert every.sizes == [1] * photos


def test_equal_photos_are_one_group() -> None:
    rows = unit_rows(np.ones((20, 4)))
    assert jobs.run(k_means(rows)).sizes == [20]
    assert jobs.run(k_means(rows, 5)).sizes == [20]


@pytest.mark.parametrize("wanted", [0, 6])
def test_an_impossible_number_of_groups_is_refused_with_the_range(wanted: int) -> None:
    with pytest.raises(BadValueError, match=rf"between 1 and the number of photos, 5, got {wanted}"):
        jobs.run(k_means(unit_rows(np.eye(5)), wanted))


def test_groups_are_numbered_by_falling_size_and_of_equals_the_first_seen_is_first() -> None:
    rows = unit_rows(np.eye(7))
    found = jobs.run(describe(rows, np.array([9, 4, 4, 7, 7, 7, 1])))
    assert found.clusters.tolist() == [2, 1, 1, 0, 0, 0, 3]


def test_separation_is_the_share_of_a_photos_neighbours_in_its_own_group() -> None:
    embeddings, heap = heaps((30, 30))
    neighbours = jobs.run(nearest_neighbours(unit_rows(embeddings), 15))
    own = separation(heap.astype(np.int32), neighbours)
    assert mean_by_cluster(heap.astype(np.int32), own).tolist() == [1, 1]
    mixed = (np.arange(60) % 2).astype(np.int32)
    assert 0.3 < float(separation(mixed, neighbours).mean()) < 0.7
    few, small = heaps((5, 20))
    alone = np.array([*small[:-1], 2], dtype=np.int32)
    found = separation(alone, jobs.run(nearest_neighbours(unit_rows(few), 15)))
    assert found[:5].tolist() == [1] * 5
    assert found[-1] == 0
    assert separation(np.zeros(1, np.int32), jobs.run(nearest_neighbours(unit_rows(np.eye(1)), 15))).tolist() == [1]


def test_typical_photos_are_those_nearest_to_the_centre_and_no_more_than_asked_for() -> None:
    clusters = np.array([0, 0, 0, 1, -1], dtype=np.int32)
    distances = np.array([0.3, 0.1, 0.2, 0.5, 0.0], dtype=np.float32)
    found = {cluster: rows.tolist() for cluster, rows in typical(clusters, distances, 2).items()}
    assert found == {0: [1, 2], 1: [3]}
