"""Which photos to name next, so that few names teach much: typical ones at first, uncertain and diverse ones later."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .threads import one_thread

if TYPE_CHECKING:
    from sklearn.cluster import KMeans

TYPICAL_NEIGHBOURS = 20
_MOST_CLUSTERS = 500
_SMALLEST_CLUSTER = 5  # smaller ones are asked when the others are
_TRIES = 50  # photos of a cluster that may be refused before the next cluster is asked
_SAMPLE = 10_000
_CANDIDATES = 10  # for each photo asked for

Allowed = Callable[[int], bool]
"""Whether a photo may be asked for; called once for each that would be, which counts as asked for when it may."""


def typical_first(
    rows: NDArray[np.float32],
    typicality: NDArray[np.floating],
    named: NDArray[np.bool_],
    askable: NDArray[np.bool_],
    count: int,
    allowed: Allowed,
    seed: int = 0,
) -> list[int]:
    """At most `count` of N photos, for while there are few names (TypiClust: Hacohen et al. 2022, arXiv 2202.02794).

    The photos are clustered into as many clusters as there will be named photos, at most 500; asked is the most
    typical photo of each cluster without a named one, the largest cluster first, then of those with the fewest.

    rows [N, D]: unit rows, or their principal components. typicality [N]: 1 divided by the mean distance to the 20
    nearest neighbours. named [N]: those that bear a name. askable [N]: the others are left out.
    """
    clusters = _clusters(rows, min(int(named.sum()) + count, _MOST_CLUSTERS, len(rows)), seed)
    sizes = np.bincount(clusters)
    order = np.lexsort((-typicality, clusters))
    members = {int(clusters[part[0]]): iter(part[askable[part]][:_TRIES].tolist())
               for part in np.split(order, np.flatnonzero(np.diff(clusters[order])) + 1)}  # fmt: skip
    covered = np.bincount(clusters, named, minlength=len(sizes))
    chosen: list[int] = []
    while members and len(chosen) < count:
        cluster = min(members, key=lambda c: (sizes[c] < _SMALLEST_CLUSTER, covered[c], -sizes[c], c))
        found = next(filter(allowed, members[cluster]), None)
        if found is None:
            del members[cluster]
            continue
        covered[cluster] += 1
        chosen.append(found)
    return chosen


def uncertain_first(
    rows_at: Callable[[NDArray[np.int64]], NDArray[np.float32]],
    uncertainty: NDArray[np.floating],
    askable: NDArray[np.bool_],
    count: int,
    allowed: Allowed,
    seed: int = 0,
) -> list[int]:
    """At most `count` of N photos, the most uncertain first, for when each name has taught some (Zhdanov 2019,
    arXiv 1901.05954).

    Of the ten times as many photos that are most uncertain, less those not half as uncertain as the `count`-th, k-means
    weighted by uncertainty makes `count` clusters, and asked is the photo nearest to each centre: uncertain ones that
    differ.

    rows_at: gives unit rows [M, D] of some of the N. uncertainty [N]: see `margin_uncertainty`. askable [N]: the
    others are left out.
    """
    order = np.argsort(np.where(askable, -uncertainty, np.inf), kind="stable")
    candidates = order[: min(_CANDIDATES * count, int(askable.sum()))]
    if not len(candidates):
        return []
    least = uncertainty[candidates[:count]].min() / 2  # where a few waver the certain ones are not asked
    candidates = candidates[uncertainty[candidates] >= least]
    rows = rows_at(candidates)
    model = _fitted(rows, min(count, len(rows)), seed, np.maximum(uncertainty[candidates], 1e-6))
    with one_thread():
        distances = model.transform(rows)
    chosen: list[int] = []
    for own in _nearest_by_turns(model.labels_, distances.min(axis=1)):
        if len(chosen) < count and allowed(int(candidates[own])):
            chosen.append(int(candidates[own]))
    return sorted(chosen, key=lambda photo: (-uncertainty[photo], photo))


def margin_uncertainty(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """1 less how much likelier the likeliest of two or more classes is than the next, [N], 0 to 1."""
    two = np.partition(probabilities, -2, axis=1)[:, -2:]
    return 1.0 - (two[:, 1] - two[:, 0])


def _clusters(rows: NDArray[np.float32], count: int, seed: int) -> NDArray[np.int64]:
    """The k-means cluster of each row [N, D], learned on at most 10,000 of them."""
    sample = rows
    if len(rows) > _SAMPLE:
        sample = rows[np.sort(np.random.default_rng(seed).choice(len(rows), _SAMPLE, replace=False))]
    model = _fitted(sample, count, seed)
    with one_thread():
        return model.predict(rows).astype(np.int64)


def _fitted(rows: NDArray[np.float32], count: int, seed: int, weights: NDArray[np.floating] | None = None) -> KMeans:
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    with one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer different photos than clusters
        return KMeans(count, n_init=1, random_state=seed).fit(rows, sample_weight=weights)


def _nearest_by_turns(clusters: NDArray[np.integer], distances: NDArray[np.floating]) -> Iterator[int]:
    """The nearest of each cluster to its centre, then the second of each, and so on."""
    order = np.lexsort((distances, clusters))
    counts = np.bincount(clusters)
    turn = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    yield from order[np.argsort(turn, kind="stable")].tolist()
