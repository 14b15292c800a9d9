from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from prismh_engine import jobs
from prismh_engine.analysis import group_tree
from prismh_engine.analysis.clustering import describe, k_means
from prismh_engine.analysis.group_tree import GroupTree, grow, split
from prismh_engine.analysis.neighbours import unit_rows
from prismh_engine.errors import BadValueError

from ..invented import heaps


def _agreement(labels: NDArray[np.integer], clusters: NDArray[np.integer]) -> float:
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(labels, clusters))


def _within(finer: NDArray[np.int32], coarser: NDArray[np.int32]) -> bool:
    """Whether each group of the one lies in one group of the other."""
    return len(np.unique(np.stack([finer, coarser]), axis=1).T) == len(np.unique(finer))


@pytest.mark.parametrize("seed", range(12))
def test_whatever_the_photos_each_cut_lies_in_the_coarser_ones_and_is_numbered_by_size(seed: int) -> None:
    rng = np.random.default_rng(seed)
    photos, dimension, groups = int(rng.integers(1, 160)), int(rng.integers(2, 30)), int(rng.integers(1, 9))
    rows = unit_rows(rng.normal(size=(photos, dimension)) + 3 * np.eye(dimension)[rng.integers(0, dimension, photos)])
    clusters = jobs.run(describe(rows, rng.integers(0, groups, photos))).clusters
    tree = jobs.run(grow(rows, clusters, seed))
    assert tree.trunk == clusters.max() + 1
    assert np.array_equal(tree.cut(tree.trunk), clusters)
    cuts = [tree.cut(k) for k in range(1, tree.most + 1)]
    for k, cut in enumerate(cuts, start=1):
        assert cut.dtype == np.int32
        assert np.array_equal(cut, jobs.run(describe(rows, cut)).clusters)
        assert cut.max() + 1 == k
    assert all(_within(finer, coarser) for coarser, finer in itertools.pairwise(cuts))
    if tree.most > tree.trunk:
        assert np.bincount(cuts[-1]).min() >= min(3, np.bincount(clusters).min())
    assert tree.most <= max(tree.trunk, min(60, 4 * tree.trunk))


def test_from_cut_to_cut_the_number_of_the_smaller_part_alone_is_another() -> None:
    rows = unit_rows(np.random.default_rng(3).normal(size=(160, 8)))
    tree = jobs.run(grow(rows, np.arange(160, dtype=np.int32) % 5))
    assert tree.most > tree.trunk > 2
    assert tree.numbers(tree.trunk) == tuple(range(tree.trunk))
    tree = dataclasses.replace(tree, known_as=(4, 0, 7, 1, 2))
    assert tree.numbers(tree.trunk) == (4, 0, 7, 1, 2)
    assert set(tree.numbers(tree.trunk + 2)) == {0, 1, 2, 3, 4, 5, 7}
    cuts = [np.array(tree.numbers(k))[tree.cut(k)] for k in range(1, tree.most + 1)]
    for k, (before, now) in enumerate(itertools.pairwise(cuts), start=2):
        assert len(set(now)) == k
        changed = now != before
        assert len(set(now[changed])) == 1
        assert changed.sum() <= len(changed) / 2


def test_finer_finds_heaps_in_heaps_and_coarser_those_that_lie_together() -> None:
    far, near = np.repeat(np.arange(3), 40), np.tile(np.repeat([0, 1], 20), 3)
    rng = np.random.default_rng(0)
    rows = unit_rows(3 * np.eye(12)[far] + np.eye(12)[6 + near] + rng.normal(scale=0.1, size=(120, 12)))
    tree = jobs.run(grow(rows, far.astype(np.int32)))
    assert _agreement(far, tree.cut(3)) == 1
    assert _agreement(2 * far + near, tree.cut(6)) == 1
    fine = jobs.run(describe(rows, 2 * far + near)).clusters
    assert _agreement(far, jobs.run(grow(rows, fine)).cut(3)) == 1


def test_many_photos_are_split_as_well_as_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_tree, "SAMPLE", 60)
    embeddings, heap = heaps((150, 120, 90, 60), dimension=100)
    rows = unit_rows(embeddings)
    tree = jobs.run(grow(rows, jobs.run(describe(rows, heap // 2)).clusters))
    assert _agreement(heap, tree.cut(4)) == 1


def test_the_same_seed_grows_the_same_tree() -> None:
    rows = unit_rows(np.random.default_rng(0).normal(size=(300, 20)))
    clusters = jobs.run(k_means(rows, 5)).clusters
    first, again = (jobs.run(grow(rows, clusters, seed=3)) for _ in range(2))
    assert np.array_equal(first.leaves, again.leaves)
    assert np.array_equal(first.merges, again.merges)
    assert first.most == 20


def test_equal_photos_and_single_ones_are_not_split() -> None:
    rows = unit_rows(np.ones((30, 4)))
    assert jobs.run(grow(rows, np.zeros(30, np.int32))).most == 1
    assert jobs.run(grow(unit_rows(np.eye(4)), np.arange(4, dtype=np.int32))).most == 4
    assert split(rows) is None


def test_one_odd_photo_is_no_group_of_its_own() -> None:
    embeddings, heap = heaps((20, 20), spread=0.4)
    rows = unit_rows(np.vstack([embeddings, -20 * np.eye(16)[:1]]))
    tree = jobs.run(grow(rows, np.zeros(41, np.int32)))
    assert np.bincount(tree.cut(tree.most)).min() >= 3
    second = split(rows[:40])
    assert second is not None
    assert _agreement(heap, second) == 1


def test_a_cut_that_is_not_there_is_refused_with_the_range() -> None:
    tree = GroupTree(np.array([0, 1, 2, -1], np.int32), np.array([[0, 2], [1, 3]], np.int32), 3)
    assert [tree.cut(k).tolist() for k in (1, 2, 3)] == [[0, 0, 0, -1], [0, 1, 0, -1], [0, 1, 2, -1]]
    for groups in (0, 4):
        with pytest.raises(BadValueError, match=f"between 1 and 3, got {groups}"):
            tree.cut(groups)
