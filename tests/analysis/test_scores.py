from __future__ import annotations

import math

import numpy as np
import pytest

from prismh_engine import jobs
from prismh_engine.analysis import scores
from prismh_engine.analysis.neighbours import Neighbours, near_duplicates, unit_rows

from ..invented import heaps


def test_neighbours_vote_with_the_exponential_of_their_cosine() -> None:
    # Two far neighbours of class 0 against one near neighbour of class 1: e^(.9/.07) > 2 e^(.8/.07).
    indices = np.array([[3, 1, 2]])
    near = Neighbours(indices, np.array([[0.9, 0.8, 0.8]], dtype=np.float32))
    far = Neighbours(indices, np.array([[0.82, 0.8, 0.8]], dtype=np.float32))
    assert math.exp(0.9 / 0.07) > 2 * math.exp(0.8 / 0.07)
    assert math.exp(0.82 / 0.07) < 2 * math.exp(0.8 / 0.07)
    classes = np.array([1, 0, 0, 1])

    def told(neighbours: Neighbours) -> float:
        four = Neighbours(np.repeat(neighbours.indices, 4, axis=0), np.repeat(neighbours.cosines, 4, axis=0))
        right = scores.knn_leave_one_out(four, classes)
        assert right is not None
        return float(right[0])

    assert told(near) == 1.0
    assert told(far) == 0.0


def test_classes_that_lie_apart_get_full_marks() -> None:
    embeddings, heap = heaps((20, 20, 20))
    rows = unit_rows(embeddings)
    found = jobs.run(scores.score(rows, heap, np.arange(60)))
    assert found.knn is not None
    assert found.knn.mean() == 1.0
    assert found.linear_probe is not None
    assert found.linear_probe.mean() == 1.0
    assert found.groupings.shape == (10, 60)
    assert found.silhouettes is not None
    assert found.silhouettes.mean() > 0.7


def test_classes_by_lot_are_told_no_better_than_by_guessing() -> None:
    rng = np.random.default_rng(0)
    rows, classes = unit_rows(rng.normal(size=(200, 16))), rng.integers(0, 2, 200)
    found = jobs.run(scores.score(rows, classes, np.arange(200)))
    for right in (found.knn, found.linear_probe):
        assert right is not None
        assert 0.35 < right.mean() < 0.65


def test_near_duplicates_do_not_help_the_linear_probe() -> None:
    # Each photo is there twice, and classes are by lot: whoever trains on the copy knows the answer.
    rng = np.random.default_rng(1)
    once, classes = rng.normal(size=(100, 256)), rng.integers(0, 2, 100)
    rows, twice = unit_rows(np.repeat(once, 2, axis=0)), np.repeat(classes, 2)
    cheating = jobs.run(scores.linear_probe(rows, twice, np.arange(200)))
    honest = jobs.run(scores.linear_probe(rows, twice, jobs.run(near_duplicates(rows))))
    assert cheating is not None
    assert honest is not None
    assert cheating.mean() > 0.85
    assert honest.mean() < 0.65


def test_the_linear_probe_uses_what_one_feature_tells_among_many_that_tell_nothing() -> None:
    rng = np.random.default_rng(2)
    classes = np.arange(150) % 3
    embeddings = rng.normal(size=(150, 30))
    embeddings[:, :3] += 4 * np.eye(3)[classes]
    right = jobs.run(scores.linear_probe(unit_rows(embeddings), classes, np.arange(150)))
    assert right is not None
    assert right.mean() > 0.95


@pytest.mark.parametrize("photos", [1, 2, 3])
def test_what_cannot_be_tried_is_none(photos: int) -> None:
    classes = np.arange(photos)
    found = jobs.run(scores.score(unit_rows(np.eye(photos)), classes, np.arange(photos)))
    assert found.linear_probe is None
    assert found.silhouettes is None
    assert found.knn is None
    assert found.groupings is None


@pytest.mark.parametrize(("sizes", "compared"), [((1,) * 5 + (4,), False), ((1,) * 4 + (4,), True)])
def test_groups_are_not_compared_with_classes_that_mostly_hold_one_photo(
    sizes: tuple[int, ...], compared: bool
) -> None:
    embeddings, heap = heaps(sizes, spread=6.0)
    found = jobs.run(scores.score(unit_rows(embeddings), heap, np.arange(len(heap))))
    assert (found.groupings is not None) == compared
    assert found.knn is not None
