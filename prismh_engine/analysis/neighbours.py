"""Which photos look alike: rows of unit length, exact neighbours by cosine, and near duplicates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..jobs import Job, Progress

NEAR_DUPLICATE_COSINE = 0.9
_BLOCK_CELLS = 8_000_000  # cosines held at once: 32 MB


class Rows(Protocol):
    """Rows float32 [N, D] that are read a slice at a time: an array, or a file of more than should be held at once."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> NDArray[np.float32]: ...


@dataclass(frozen=True)
class Neighbours:
    """The k most alike photos of each of N, nearest first, itself left out.

    indices: int64 [N, k]; cosines: float32 [N, k], -1 to 1.
    """

    indices: NDArray[np.int64]
    cosines: NDArray[np.float32]

    @property
    def distances(self) -> NDArray[np.float64]:
        """Euclidean distances between the rows of unit length, [N, k]."""
        return np.sqrt(np.maximum(2.0 - 2.0 * self.cosines.astype(np.float64), 0.0))


def unit_rows(embeddings: NDArray[np.floating]) -> NDArray[np.float32]:
    """Each row [N, D] scaled to unit length, nothing centred; a row of zeros stays zero."""
    rows = np.asarray(embeddings, dtype=np.float32)
    # Scaled by its largest entry first: squares of large entries would overflow float32.
    largest = np.abs(rows).max(axis=1, keepdims=True, initial=0.0)
    scaled = rows / np.where(largest > 0, largest, 1)
    lengths = np.linalg.norm(scaled, axis=1, keepdims=True)
    return np.ascontiguousarray(scaled / np.where(lengths > 0, lengths, 1), dtype=np.float32)


def nearest_neighbours(rows: NDArray[np.float32], k: int) -> Job[Neighbours]:
    """The min(k, N - 1) nearest neighbours of each row [N, D] of unit length, exact, block by block."""
    n = len(rows)
    k = max(min(k, n - 1), 0)
    indices = np.empty((n, k), dtype=np.int64)
    cosines = np.empty((n, k), dtype=np.float32)
    for start, stop in _blocks(n):
        if k:
            block = rows[start:stop] @ rows.T
            block[np.arange(stop - start), np.arange(start, stop)] = -np.inf
            nearest = np.argpartition(block, n - k, axis=1)[:, n - k :]
            nearest.sort(axis=1)  # so that equal cosines stand in the order of the photos
            found = np.take_along_axis(block, nearest, axis=1)
            order = np.argsort(-found, axis=1, kind="stable")
            indices[start:stop] = np.take_along_axis(nearest, order, axis=1)
            cosines[start:stop] = np.take_along_axis(found, order, axis=1)
        yield Progress("Comparing photos", stop, n)
    return Neighbours(indices, np.clip(cosines, -1.0, 1.0))


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
