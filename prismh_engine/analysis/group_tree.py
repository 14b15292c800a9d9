"""Finer and coarser groups as one nested tree round a grouping: a finer cut only ever splits groups."""

from __future__ import annotations

import dataclasses
import heapq
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..errors import BadValueError
from ..jobs import Job, Progress
from .clustering import SAMPLE, centres_of, fit_centres
from .neighbours import Rows
from .threads import one_thread

FINER = 4  # the finest cut has about so many times the groups of the grouping it is grown from
MOST_PARTS = 60
SMALLEST_PART = 3  # photos
MOST_GROUPS = 2000  # of a grouping that can have a tree: joining them is quadratic
_COMPONENTS = 64
_BLOCK_ROWS = 4096
_STARTS = 4
_TRIES = 5
_GROWING = "Making finer and coarser groups"


@dataclass(frozen=True)
class GroupTree:
    """Every cut of N photos into 1 to M groups, each nested in the next coarser one.

    leaves: int32 [N], the finest group of each photo, 0 to M - 1, -1 none. merges: int32 [M - 1, 2], the two that are
    joined from each cut to the next coarser one, finest first: below M a leaf, M + i what merge i made. trunk: how many
    groups the cut has from which the tree was grown. known_as: the numbers by which a person knows those, in their
    order; empty: 0, 1, ...
    """

    leaves: NDArray[np.int32]
    merges: NDArray[np.int32]
    trunk: int
    known_as: tuple[int, ...] = ()

    @property
    def most(self) -> int:
        """How many groups the finest cut has, M."""
        return len(self.merges) + 1

    def cut(self, groups: int) -> NDArray[np.int32]:
        """The cut into so many groups, int32 [N], numbered by falling size; of equal ones the first photo's is first.

        Raises `BadValueError` for a number outside 1 to `most`.
        """
        # The place -1 stands at the end.
        return np.append(self._cut_of_leaves(groups), -1).astype(np.int32)[self.leaves]

    def numbers(self, groups: int) -> tuple[int, ...]:
        """The numbers by which a person knows the groups of a cut, in the order of `cut`.

        A group that is not touched from one cut to the next keeps its number. One that is split leaves it to the larger
        part, and the other part gets the first number that is free; several that are joined keep that of the largest.
        Raises `BadValueError` as `cut` does.
        """
        most, sizes, first_leaf = self.most, self._leaf_facts[0].tolist(), list(range(self.most))
        for one, other in self.merges.tolist():
            sizes.append(sizes[one] + sizes[other])
            first_leaf.append(first_leaf[one])
        larger_first = [sorted(pair, key=lambda part: -sizes[part]) for pair in self.merges.tolist()]
        known, trunk = self.known_as or tuple(range(self.trunk)), self._cut_of_leaves(self.trunk)
        inner = set(self.merges[: most - self.trunk].reshape(-1).tolist())
        number = {node: known[trunk[first_leaf[node]]] for node in range(2 * most - self.trunk) if node not in inner}
        free = (n for n in itertools.count() if n not in known)
        for merge in range(most - self.trunk, most - groups):  # coarser
            large, small = larger_first[merge]
            number[most + merge] = number.pop(large)
            del number[small]
        for merge in range(most - self.trunk - 1, most - groups - 1, -1):  # finer
            large, small = larger_first[merge]
            number |= {large: number.pop(most + merge), small: next(free)}
        cut = self._cut_of_leaves(groups)
        by_cluster = {int(cut[first_leaf[node]]): known_as for node, known_as in number.items()}
        return tuple(by_cluster[cluster] for cluster in range(groups))

    def with_leaves(self, leaves: NDArray[np.int32]) -> GroupTree:
        """The same tree of other photos, int32 [N]; its groups keep their numbers, though their sizes are others."""
        tree = dataclasses.replace(self, leaves=leaves)
        before, now = self._cut_of_leaves(self.trunk).tolist(), tree._cut_of_leaves(self.trunk).tolist()
        known = dict(zip(now, (self.numbers(self.trunk)[cluster] for cluster in before), strict=True))
        return dataclasses.replace(tree, known_as=tuple(known[cluster] for cluster in range(self.trunk)))

    def _cut_of_leaves(self, groups: int) -> NDArray[np.intp]:
        """The group of each leaf in the cut into so many, [M]."""
        if not 1 <= groups <= self.most:
            raise BadValueError(f"groups must be between 1 and {self.most}, got {groups}")
        group = np.arange(self.most + len(self.merges))
        # From the coarsest of the merges that are made down, so that each passes on what it belongs to itself.
        for i in reversed(range(self.most - groups)):
            group[self.merges[i]] = group[self.most + i]
        sizes, first = self._leaf_facts
        _, codes = np.unique(group[: self.most], return_inverse=True)
        of_group = np.bincount(codes, sizes, groups)
        first_of_group = np.full(groups, len(self.leaves))
        np.minimum.at(first_of_group, codes, first)
        return np.argsort(np.lexsort((first_of_group, -of_group)))[codes]

    @cached_property
    def _leaf_facts(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The size and the first photo of each leaf, [M]."""
        inside = self.leaves >= 0
        first = np.full(self.most, len(self.leaves), dtype=np.int64)
        places = np.flatnonzero(inside)[::-1]
        first[self.leaves[places]] = places  # the last one written is the first photo
        return np.bincount(self.leaves[inside], minlength=self.most), first


def grow(rows: Rows, clusters: NDArray[np.int32], seed: int = 0) -> Job[GroupTree]:
    """The tree round a grouping of N >= 1 photos; the same seed gives the same tree.

    rows: float32 [N, D] of unit length; clusters: int32 [N], 0 to K - 1, none empty, K at most 2,000. Coarser cuts join
    the clusters by their centres (Ward 1963). Finer ones split the widest group in two, the one whose photos' squared
    distances to its centre have the largest sum (bisecting k-means, Steinbach et al. 2000), up to 4 K groups and at
    most 60, as long as no part has fewer than three photos. Above 2,000 photos splits are found in 64 principal
    components. Holds, beside what it reads, 64 numbers a photo.
    """
    trunk = int(clusters.max()) + 1
    coarser = _ward((yield from centres_of(rows, clusters)))
    reduced = yield from few_components(rows, seed)
    most = max(trunk, min(MOST_PARTS, FINER * trunk))
    parts = [np.flatnonzero(clusters == c) for c in range(trunk)]
    splits: list[tuple[int, int, int]] = []  # which part, and the two it became
    widest: list[tuple[float, int, NDArray[np.int64], NDArray[np.int64]]] = []

    def consider(part: int) -> None:
        members = parts[part]
        halves = split(reduced[members], seed)
        if halves is not None:
            heapq.heappush(widest, (-_width(reduced[members]), part, members[~halves], members[halves]))

    for part in range(trunk if most > trunk else 0):
        consider(part)
        yield Progress(_GROWING, part, trunk + most)
    while widest and trunk + len(splits) < most:
        _, part, *halves = heapq.heappop(widest)
        splits.append((part, len(parts), len(parts) + 1))
        for half in halves:
            parts.append(half)
            if trunk + len(splits) < most:
                consider(len(parts) - 1)
        yield Progress(_GROWING, trunk + len(splits), trunk + most)
    return _tree(clusters, parts, splits, coarser)


def split(rows: NDArray[np.float32], seed: int = 0, smallest: int = SMALLEST_PART) -> NDArray[np.bool_] | None:
    """Which of a group's rows [N, D] belong to the second of two parts, bool [N].

    2-means, the best of four starts. Where a part has fewer than `smallest` photos they are odd ones: the others are
    split without them. None where there are no two parts.
    """
    usual = rows
    if len(rows) > SAMPLE:
        usual = rows[np.sort(np.random.default_rng(seed).choice(len(rows), SAMPLE, replace=False))]
    for _ in range(_TRIES):
        if len(usual) < 2 * smallest:
            break
        centres = fit_centres(usual, 2, seed, "k-means++", _STARTS)
        second = _second(rows, centres)
        if smallest <= second.sum() <= len(rows) - smallest:
            return second
        second = _second(usual, centres)
        usual = usual[second == (2 * second.sum() > len(usual))]
    return None


def _second(rows: NDArray[np.float32], centres: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which rows [N, D] are nearer to the second of two centres, bool [N]."""
    first, second = centres.astype(np.float32)
    return rows @ (second - first) > (second @ second - first @ first) / 2


def _width(rows: NDArray[np.float32]) -> float:
    """The sum of squared distances of rows [N, D] to their centre."""
    return float(rows.var(axis=0, dtype=np.float64).sum() * len(rows))


def _ward(centres: NDArray[np.float32]) -> NDArray[np.int64]:
    """Which two are joined, [K - 1, 2]: below K a cluster, K + i what join i made."""
    if len(centres) == 1:
        return np.empty((0, 2), dtype=np.int64)
    from scipy.cluster.hierarchy import ward

    return ward(centres.astype(np.float64))[:, :2].astype(np.int64)


def few_components(rows: Rows, seed: int) -> Job[NDArray[np.float32]]:
    """Rows [N, D] of unit length, N >= 1, in 64 principal components where they are more than 2,000.

    They are read twice, a part at a time; the components are those of 2,000 of them.
    """
    if len(rows) <= SAMPLE:
        return rows[: len(rows)]
    from sklearn.decomposition import PCA

    chosen = np.zeros(len(rows), dtype=bool)
    chosen[np.random.default_rng(seed).choice(len(rows), SAMPLE, replace=False)] = True
    parts = [slice(start, start + _BLOCK_ROWS) for start in range(0, len(rows), _BLOCK_ROWS)]
    sample = np.concatenate([rows[part][chosen[part]] for part in parts])
    components = min(_COMPONENTS, *sample.shape)
    with one_thread():
        model = PCA(components, random_state=seed).fit(sample)
    reduced = np.empty((len(rows), components), dtype=np.float32)
    for part in parts:
        with one_thread():
            reduced[part] = model.transform(rows[part])
        yield Progress(_GROWING, 0, None)
    return reduced


def _tree(
    clusters: NDArray[np.int32],
    parts: Sequence[NDArray[np.int64]],
    splits: Sequence[tuple[int, int, int]],
    coarser: NDArray[np.int64],
) -> GroupTree:
    """Put together what was split off a grouping and what joins it; the parts that were never split are the leaves."""
    trunk = len(coarser) + 1
    was_split = {whole for whole, _, _ in splits}
    nodes: dict[int, int] = {}
    leaves = np.full(len(clusters), -1, dtype=np.int32)
    for part in range(len(parts)):
        if part not in was_split:
            leaves[parts[part]] = nodes[part] = len(nodes)
    most = len(nodes)
    merges: list[tuple[int, int]] = []
    for whole, first, second in reversed(splits):
        nodes[whole] = most + len(merges)
        merges.append((nodes[first], nodes[second]))
    joined = most + len(merges)
    node_of = [*(nodes[part] for part in range(trunk)), *range(joined, joined + trunk)]
    merges += [(node_of[first], node_of[second]) for first, second in coarser.tolist()]
    return GroupTree(leaves, np.array(merges, dtype=np.int32).reshape(-1, 2), trunk)
