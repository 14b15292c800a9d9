"""Photos of kinds that nobody named are told from those of named kinds."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from prismh_engine.analysis.neighbours import nearest_neighbours, unit_rows
from prismh_engine.analysis.novelty import familiar
from prismh_engine.jobs import run

from ..invented import heaps


def _told(spread: float, kinds: int, each: int, seed: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether photos without a name are of one of the first kinds of six, and whether they are told to be."""
    embeddings, heap = heaps((60,) * 6, dimension=24, spread=spread, seed=seed)
    drawn = np.random.default_rng(seed).permutation(len(heap))
    named = np.concatenate([drawn[heap[drawn] == kind][:each] for kind in range(kinds)])
    graph = run(nearest_neighbours(unit_rows(embeddings), 15))
    told = run(familiar(graph, named, heap[named], np.arange(len(named))))
    rest = np.setdiff1d(drawn, named)
    return heap[rest] < kinds, told[rest]


@pytest.mark.parametrize("kinds", [2, 3, 4])
def test_most_photos_of_kinds_without_a_name_are_strange(kinds: int) -> None:
    for seed in range(3):
        known, told = _told(1.5, kinds, 10, seed)
        assert told[~known].mean() < 0.3
        assert told[known].mean() > 0.6


def test_about_a_fifth_of_the_photos_of_named_kinds_is_taken_for_strange() -> None:
    shares = [float(_told(2.5, 6, 20, seed)[1].mean()) for seed in range(5)]
    assert 0.7 < np.mean(shares) < 0.9


def test_so_few_names_as_to_have_no_fifth_tell_strange_photos_all_the_same() -> None:
    known, told = _told(0.6, 2, 2, 0)
    assert told[~known].mean() < 0.1
    assert told[known].mean() > 0.6


def test_a_kind_of_which_all_are_named_makes_no_other_strange() -> None:
    embeddings, heap = heaps((60,) * 2, dimension=24, spread=1.0)
    named = np.flatnonzero((heap == 0) | (np.arange(120) >= 115))
    graph = run(nearest_neighbours(unit_rows(embeddings), 15))
    told = run(familiar(graph, named, heap[named], np.arange(len(named))))
    assert told[60:115].mean() > 0.7


def test_one_photo_of_each_name_tells_nothing() -> None:
    assert _told(0.6, 3, 1, 0)[1].all()


def test_near_duplicates_of_a_named_photo_do_not_make_others_strange() -> None:
    embeddings, heap = heaps((60,) * 2, dimension=24, spread=2.0)
    rows = unit_rows(embeddings)
    named = np.concatenate([np.flatnonzero(heap == kind)[:10] for kind in (0, 1)])
    copies = np.repeat(rows[named], 4, axis=0)  # of each named photo four that bear its name too
    everything = np.concatenate([rows, unit_rows(copies + 1e-3)])
    taught = np.concatenate([named, len(rows) + np.arange(len(copies))])
    together = np.concatenate([np.arange(20), np.repeat(np.arange(20), 4)])
    classes = np.concatenate([heap[named], np.repeat(heap[named], 4)])
    graph = run(nearest_neighbours(everything, 15))
    rest = np.setdiff1d(np.arange(len(rows)), named)
    apart = run(familiar(graph, taught, classes, np.arange(len(taught))))[rest].mean()
    kept = run(familiar(graph, taught, classes, together))[rest].mean()
    assert kept > 0.65
    assert kept > apart + 0.1
