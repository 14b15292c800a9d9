"""Which photos look alike: rows of unit length, nearest neighbours by cosine, and near duplicates."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..jobs import Job, Progress
from .neighbour_search import look_up, look_up_among, search

NEIGHBOURS = 90
"""What a map at the default perplexity of 30 asks for."""

NEAR_DUPLICATE_COSINE = 0.9
_BLOCK_CELLS = 8_000_000  # cosines held at once: 32 MB
_UNIT_ROWS = 256  # scaled at once, so that they stay in the processor's cache


class Rows(Protocol):
    """Rows float32 [N, D] that are read a slice at a time: an array, or a file of more than should be held at once."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> NDArray[np.float32]: ...


@dataclass(frozen=True)
class Neighbours:
    """The k most alike photos of each of N, nearest first, itself left out; of equally alike ones the first.

    Where more are equally alike than k has room for, it is open which of them stand there.

    indices: int32 [N, k]; cosines: float32 [N, k], -1 to 1, within 4e-6.
    """

    indices: NDArray[np.integer]
    cosines: NDArray[np.float32]

    @property
    def distances(self) -> NDArray[np.float64]:
        """Euclidean distances between the rows of unit length, [N, k]."""
        return np.sqrt(np.maximum(2.0 - 2.0 * self.cosines.astype(np.float64), 0.0))

    def first(self, k: int) -> Neighbours:
        """The k nearest of them."""
        return Neighbours(self.indices[:, :k], self.cosines[:, :k])

    def among(self, places: NDArray[np.integer], k: int, rows: Callable[[], NDArray[np.float32]]) -> Job[Neighbours]:
        """The min(k, M - 1) nearest neighbours within a part of the photos, exact.

        places: int [M], which photos, none twice; the indices of the result are places in it. rows: gives theirs,
        float32 [M, D] of unit length; asked for only where too few of a photo's neighbours here belong to the part,
        which are then looked up.
        """
        m = len(places)
        k = max(min(k, m - 1), 0)
        inside = np.full(len(self.indices), -1, dtype=np.int32)
        inside[places] = np.arange(m, dtype=np.int32)
        indices = np.empty((m, k), dtype=np.int32)
        cosines = np.empty((m, k), dtype=np.float32)
        lacking = []
        for start, stop in _blocks(m):
            near = inside[self.indices[places[start:stop]]]
            found = near >= 0
            order = np.argsort(~found, axis=1, kind="stable")[:, :k]
            enough = found.sum(axis=1) >= k
            lacking.append(start + np.flatnonzero(~enough))
            width = order.shape[1]  # less than k where this graph is narrower: none is enough then
            indices[start:stop, :width] = np.take_along_axis(near, order, axis=1)
            cosines[start:stop, :width] = np.take_along_axis(self.cosines[places[start:stop]], order, axis=1)
        wanted = np.concatenate(lacking) if lacking else np.empty(0, dtype=np.int64)
        if len(wanted) > m // 2:  # then comparing each pair once takes less
            return (yield from nearest_neighbours(rows(), k))
        if len(wanted):
            indices[wanted], cosines[wanted] = yield from look_up(rows(), wanted, k)
        return Neighbours(indices, cosines)


def unit_rows(embeddings: NDArray[np.floating]) -> NDArray[np.float32]:
    """Each row [N, D] scaled to unit length, nothing centred.

    A row of zeros stays zero, and one that holds no number (NaN) or no end (inf) becomes zero: its cosine to every
    other is 0.
    """
    rows = np.empty(np.shape(embeddings), dtype=np.float32)
    for start in range(0, len(rows), _UNIT_ROWS):
        part = np.asarray(embeddings[start : start + _UNIT_ROWS], dtype=np.float32)
        part = np.where(np.isfinite(part).all(axis=1, keepdims=True), part, 0)
        # Scaled by its largest entry first: squares of large entries would overflow float32.
        largest = np.abs(part).max(axis=1, keepdims=True, initial=0.0)
        scaled = part / np.where(largest > 0, largest, 1)
        lengths = np.linalg.norm(scaled, axis=1, keepdims=True)
        rows[start : start + _UNIT_ROWS] = scaled / np.where(lengths > 0, lengths, 1)
    return rows


def nearest_neighbours(rows: NDArray[np.float32], k: int) -> Job[Neighbours]:
    """The min(k, N - 1) nearest neighbours of each row [N, D], finite and of unit length or zero.

    Exact up to 100,000 rows; above that the candidates are the 3 k nearest in 64 principal components, and among them
    the choice is exact. The same rows give the same bits again. Holds, beside the rows, 16 bytes for each neighbour and
    some 50 MB.
    """
    none = Neighbours(np.empty((0, 0), dtype=np.int32), np.empty((0, 0), dtype=np.float32))
    return (yield from extend(none, rows, k))


def nearest_among(queries: NDArray[np.float32], rows: NDArray[np.float32], k: int) -> Job[Neighbours]:
    """The min(k, N) of other photos' rows [N, D] nearest to each query [M, D], all of unit length: indices [M, k].

    Exact up to 10^10 pairs, above that in 64 principal components.
    """
    return Neighbours(*(yield from look_up_among(queries, rows, min(k, len(rows)))))


def extend(graph: Neighbours, rows: NDArray[np.float32], k: int) -> Job[Neighbours]:
    """The neighbours of all rows [N, D] from a graph of the first M of them: what `nearest_neighbours` gives, sooner.

    The cosines are the same to rounding (4e-6), and so are the indices, but where more photos than a few are equally
    alike: then others of them may stand there.
    Only pairs with a new row in them are compared, exactly where they are at most 10^10. `graph` must hold min(k,
    M - 1) neighbours or more; raises `ValueError` where it does not, or is of more rows.
    """
    n, known = len(rows), len(graph.indices)
    k = max(min(k, n - 1), 0)
    if known > n or graph.indices.shape[1] < min(k, known - 1):
        raise ValueError(
            f"graph must be of at most {n} rows with {k} neighbours each, got {known} with {graph.indices.shape[1]}"
        )
    if not k:
        return Neighbours(np.empty((n, 0), dtype=np.int32), np.empty((n, 0), dtype=np.float32))
    kept = graph.first(k)
    return Neighbours(*(yield from search(rows, k, kept.indices, kept.cosines)))


def better_photos(
    graph: Neighbours, ranked: NDArray[np.integer], cosine: float, rows: Callable[[], NDArray[np.float32]]
) -> Job[NDArray[np.int64]]:
    """For each photo [N] of a graph the better one that shows nearly the same, -1 where there is none.

    ranked: int [M], the photos that are compared, best first. Each in turn that has no better one yet is the better
    one of all after it within `cosine` of it that have none: there are no chains. rows: gives float32 [N, D] of unit
    length; asked for only where all neighbours of a photo lie within `cosine`, so that there may be more.
    """
    n, width = graph.indices.shape
    better = np.full(n, -1, dtype=np.int64)
    rank = np.full(n, -1, dtype=np.int64)
    rank[ranked] = np.arange(len(ranked))
    near = graph.cosines >= cosine
    counts = near.sum(axis=1)  # the nearest stand first
    for done, photo in enumerate(ranked[counts[ranked] > 0].tolist(), start=1):
        if better[photo] >= 0:
            continue
        if counts[photo] < width or width == n - 1:
            others = graph.indices[photo, : counts[photo]]
        else:
            every = rows()
            others = np.flatnonzero(every @ every[photo] >= cosine)
            yield Progress("Looking for near duplicates", done, n)
        others = others[(rank[others] > rank[photo]) & (better[others] < 0)]
        better[others] = photo
    return better


def near_duplicates(rows: Rows, cosine: float = NEAR_DUPLICATE_COSINE) -> Job[NDArray[np.int64]]:
    """A number for each row [N, D] of unit length, equal for photos that near duplicates join.

    They are the connected components of cosine >= `cosine`: a chain counts as one. Two blocks of rows are held at once.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(rows)
    component = np.arange(n)
    side = max(16, min(2048, math.isqrt(_BLOCK_CELLS)))
    starts = range(0, n, side)
    pairs, done = len(starts) * (len(starts) + 1) // 2, 0
    for start in starts:
        block = rows[start : start + side]
        for other in starts[start // side :]:
            second_block = block if other == start else rows[other : other + side]
            first, second = np.nonzero(block @ second_block.T >= cosine)
            ends = component[first + start], component[second + other]
            # Joined block by block, so that a folder of one photo a thousand times over never needs all its pairs.
            joined = np.unique((ends[0] * n + ends[1])[ends[0] != ends[1]])
            if len(joined):
                graph = coo_array((np.ones(len(joined), dtype=np.int8), (joined // n, joined % n)), shape=(n, n))
                component = connected_components(graph, directed=False)[1].astype(np.int64)[component]
            done += 1
            yield Progress("Looking for near duplicates", n * done // pairs, n)
    return component


def _blocks(n: int) -> list[tuple[int, int]]:
    size = max(16, min(1024, _BLOCK_CELLS // max(n, 1)))
    return [(start, min(start + size, n)) for start in range(0, n, size)]
