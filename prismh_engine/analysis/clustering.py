"""Groups of look-alike photos: k-means, how many groups there are, and how well separated each is."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..errors import BadValueError
from ..jobs import Job, Progress
from .neighbours import Neighbours, Rows
from .threads import one_thread

AUTO = "auto"
FEWEST, MOST = 2, 15  # numbers of groups that "auto" tries
SAMPLE = 2000  # photos on which numbers of groups are compared; the silhouette is quadratic
SEPARATION_NEIGHBOURS = 15
_STARTS = 10
_DESCRIBING = "Looking at the groups"
_BLOCK_ROWS = 4096
_REDUCED = 64  # principal components by which the starts are compared


@dataclass(frozen=True)
class Clustering:
    """A cluster for each of N photos: 0, 1, ... by falling size.

    clusters: int32 [N]; centres: float32 [K, D], the mean of each cluster's rows; distances: float32 [N], Euclidean,
    to the own centre; silhouettes: float32 [N], the simplified form by centres (Hruschka 2004), 0 with one cluster.
    silhouette: the mean silhouette in its full form, on at most 2,000 photos, None with one cluster; scores: the same
    for each number of clusters tried.
    """

    clusters: NDArray[np.int32]
    centres: NDArray[np.float32]
    distances: NDArray[np.float32]
    silhouettes: NDArray[np.float32]
    silhouette: float | None = None
    scores: Mapping[int, float] = field(default_factory=dict)

    @property
    def sizes(self) -> list[int]:
        return np.bincount(self.clusters, minlength=len(self.centres)).tolist()


def k_means(rows: NDArray[np.float32], clusters: int | str = AUTO, seed: int = 0) -> Job[Clustering]:
    """k-means of rows [N, D] of unit length, N >= 1; the same seed gives the same clusters.

    clusters: how many, 1 to N, or "auto": the number from 2 to 15 with the highest silhouette. Where photos are equal
    there may be fewer than asked for. Raises `BadValueError` for a number outside 1 to N.
    """
    n = len(rows)
    if n < 1:
        raise BadValueError("There are no photos to group.")
    if clusters != AUTO and not 1 <= int(clusters) <= n:
        raise BadValueError(f"clusters must be between 1 and the number of photos, {n}, got {clusters}")
    sample = _Sample(rows, seed)
    tried: Sequence[int] = range(FEWEST, min(MOST, sample.different) + 1) if clusters == AUTO else [int(clusters)]
    scores: dict[int, float] = {}
    centres = {1: rows[:1]}
    for number, k in enumerate(tried):
        yield Progress("Looking for groups", number, len(tried) + 1)
        if k > 1:
            centres[k] = sample.fit(k) if k <= len(sample.rows) else fit_centres(rows, k, seed, "k-means++")
            score = sample.silhouette(centres[k])
            if score is not None:
                scores[k] = score
    best = max(scores, key=lambda k: scores[k], default=1) if clusters == AUTO else tried[0]
    yield Progress("Looking for groups", len(tried), len(tried) + 1)
    fitted = centres[best] if len(rows) == len(sample.rows) else fit_centres(rows, best, seed, centres[best])
    found = yield from describe(rows, distances_to(rows, fitted).argmin(axis=1))
    silhouette = sample.silhouette(found.centres)
    yield Progress("Looking for groups", len(tried) + 1, len(tried) + 1)
    return dataclasses.replace(found, silhouette=silhouette, scores=scores)


def describe(rows: Rows, labels: NDArray[np.integer]) -> Job[Clustering]:
    """Centres, distances and silhouettes of any grouping of rows [N, D], its clusters numbered by falling size.

    Of two clusters of one size the one whose first photo comes first is first. The rows are read twice, a part at a
    time.
    """
    _, first, codes, sizes = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    order = np.lexsort((first, -sizes))
    clusters = np.argsort(order)[codes].astype(np.int32)
    centres = yield from centres_of(rows, clusters)
    own, silhouettes = np.empty(len(rows), dtype=np.float32), np.zeros(len(rows), dtype=np.float32)
    for start in range(0, len(rows), _BLOCK_ROWS):
        part = slice(start, start + _BLOCK_ROWS)
        distances, mine = distances_to(rows[part], centres), clusters[part, None].astype(np.int64)
        to_own = np.take_along_axis(distances, mine, axis=1)[:, 0]
        own[part] = to_own
        if len(centres) > 1:
            np.put_along_axis(distances, mine, np.inf, axis=1)
            to_other = distances.min(axis=1)
            widest = np.maximum(to_own, to_other)
            silhouettes[part] = (to_other - to_own) / np.where(widest > 0, widest, 1)
        yield Progress(_DESCRIBING, len(rows) + start, 2 * len(rows))
    return Clustering(clusters, centres, own, silhouettes)


def centres_of(rows: Rows, clusters: NDArray[np.int32]) -> Job[NDArray[np.float32]]:
    """The mean [K, D] of the rows [N, D] of each cluster, N >= 1; none is empty."""
    sizes = np.bincount(clusters)
    sums = np.zeros((len(sizes), rows[:1].shape[1]))
    for start in range(0, len(rows), _BLOCK_ROWS):
        block, here = rows[start : start + _BLOCK_ROWS], clusters[start : start + _BLOCK_ROWS]
        for cluster in np.unique(here):
            sums[cluster] += block[here == cluster].sum(axis=0, dtype=np.float64)
        yield Progress(_DESCRIBING, start, 2 * len(rows))
    return (sums / sizes[:, None]).astype(np.float32)


def with_silhouette(found: Clustering, rows: NDArray[np.float32], seed: int = 0) -> Clustering:
    """The same clusters of rows [N, D] with their mean silhouette (Rousseeuw 1987), on at most 2,000 photos."""
    clusters = found.clusters
    if len(rows) > SAMPLE:
        chosen = np.sort(np.random.default_rng(seed).choice(len(rows), SAMPLE, replace=False))
        rows, clusters = rows[chosen], clusters[chosen]
    if not 2 <= len(np.unique(clusters)) < len(rows):
        return found
    from sklearn.metrics import silhouette_score

    with one_thread():
        silhouette = float(silhouette_score(rows, clusters))
    return dataclasses.replace(found, silhouette=silhouette, scores={len(found.centres): silhouette})


def separation(clusters: NDArray[np.int32], neighbours: Neighbours) -> NDArray[np.float32]:
    """How well separated each photo is, [N]: the share of its 15 neighbours in its own group, 0 to 1.

    In a group of fewer than 16 photos as many neighbours are asked as it has others, so that a small group can be as
    well separated as a large one. A photo alone in its group has 0, the only photo of all 1.
    """
    nearest = neighbours.indices[:, :SEPARATION_NEIGHBOURS]
    if not nearest.shape[1]:
        return np.ones(len(clusters), dtype=np.float32)
    asked = np.minimum(np.bincount(clusters)[clusters] - 1, nearest.shape[1])
    own = (clusters[nearest] == clusters[:, None]) & (np.arange(nearest.shape[1]) < asked[:, None])
    return (own.sum(axis=1) / np.maximum(asked, 1)).astype(np.float32)


def mean_by_cluster(clusters: NDArray[np.int32], values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean of values [N] in each cluster, [K]."""
    return (np.bincount(clusters, values) / np.bincount(clusters)).astype(np.float32)


def typical(
    clusters: NDArray[np.int32], distances: NDArray[np.float32], count: int = 24
) -> dict[int, NDArray[np.int64]]:
    """Cluster -> the at most `count` photos (as row numbers) nearest to its centre, the medoid first."""
    nearest = {}
    for cluster in np.unique(clusters[clusters >= 0]):
        members = np.flatnonzero(clusters == cluster)
        nearest[int(cluster)] = members[np.argsort(distances[members], kind="stable")][:count]
    return nearest


class _Sample:
    """At most 2,000 of the rows, on which numbers of clusters are tried and compared."""

    def __init__(self, rows: NDArray[np.float32], seed: int) -> None:
        if len(rows) > SAMPLE:
            rows = rows[np.sort(np.random.default_rng(seed).choice(len(rows), SAMPLE, replace=False))]
        self.rows = rows
        self.different = len(np.unique(rows, axis=0))
        self._seed = seed
        self._reduced = rows - rows.mean(axis=0)
        if self.different > 1 and min(rows.shape) > _REDUCED:
            from sklearn.decomposition import PCA

            with one_thread():
                self._reduced = PCA(_REDUCED, random_state=seed).fit_transform(rows)
        self._between = distances_to(rows, rows)
        np.fill_diagonal(self._between, 0.0)

    def fit(self, k: int) -> NDArray[np.float32]:
        """The k-means centres [k, D]: the best of ten starts by few components, then moved on by all."""
        start = fit_centres(self._reduced, k, self._seed, "k-means++", _STARTS)
        labels = distances_to(self._reduced, start).argmin(axis=1)
        means = [self.rows[labels == c].mean(axis=0) if (labels == c).any() else self.rows[0] for c in range(k)]
        return fit_centres(self.rows, k, self._seed, np.stack(means))

    def silhouette(self, centres: NDArray[np.float32]) -> float | None:
        """The mean silhouette (Rousseeuw 1987) of the clusters round these centres, None where it is not defined."""
        labels = distances_to(self.rows, centres).argmin(axis=1)
        if not 2 <= len(np.unique(labels)) < len(self.rows):
            return None
        from sklearn.metrics import silhouette_score

        return float(silhouette_score(self._between, labels, metric="precomputed"))


def fit_centres(
    rows: NDArray[np.float32], k: int, seed: int, start: NDArray[np.float32] | str, starts: int = 1
) -> NDArray[np.float32]:
    """The k-means centres [k, D] reached from a start."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    with one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer different photos than clusters
        model = KMeans(k, init=start, n_init=starts, random_state=seed).fit(rows)
    return model.cluster_centers_.astype(np.float32)


def distances_to(rows: Rows, centres: NDArray[np.float32]) -> NDArray[np.float64]:
    """Euclidean distances of rows [N, D] to centres [K, D], [N, K], to 1e-7."""
    centres64 = centres.astype(np.float64)
    squares = (centres64**2).sum(axis=1)
    distances = np.empty((len(rows), len(centres)))
    with one_thread():
        for start in range(0, len(rows), _BLOCK_ROWS):
            block = rows[start : start + _BLOCK_ROWS].astype(np.float64)
            part = (block**2).sum(axis=1)[:, None] + squares - 2.0 * (block @ centres64.T)
            distances[start : start + _BLOCK_ROWS] = np.sqrt(np.maximum(part, 0.0))
    return distances
