"""The search for the most alike rows: cosines tile by tile, of which each row keeps its best candidates."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..jobs import Job, Progress

EXACT_ROWS = 100_000
"""Rows up to which every pair is compared in full; above that 64 principal components choose the candidates."""

WHAT = "Comparing photos"
_TILE = 2048  # rows and columns of cosines held at once: 16 MB
_SPARE = 8  # candidates beyond those asked for: a product of matrices rounds by where in it two rows meet
_ROUNDING = 4e-6
_COMPONENTS, _SAMPLED_ROWS = 64, 16_384
_CANDIDATES_PER_NEIGHBOUR = 3
_PAIRS = 512  # pairs of rows multiplied at once: their copies stay in the processor's cache


def search(
    rows: NDArray[np.float32], k: int, indices: NDArray[np.integer], cosines: NDArray[np.float32]
) -> Job[tuple[NDArray[np.int32], NDArray[np.float32]]]:
    """The k < N nearest of each row [N, D] of unit length: indices [N, k] and cosines [N, k], nearest first.

    indices, cosines: those of the first rows, [M, min(k, M - 1)], found before; only pairs with a later row in them
    are compared. Of equally alike rows the first stands first. The cosines are those of `_exact_cosines`, whatever
    was compared when.
    """
    n, known = len(rows), len(indices)
    if n * (n - known) <= EXACT_ROWS**2:
        best = _Best(n, k, min(k + _SPARE, n - 1))
        best.indices[:known, : indices.shape[1]] = indices
        best.cosines[:known, : indices.shape[1]] = cosines
        yield from _compare(rows, known, best)
    else:
        wide = min(_CANDIDATES_PER_NEIGHBOUR * k, n - 1)
        near = _Best(n, wide, wide)
        yield from _compare(_principal(rows), known, near)
        best = _Best(n, k, wide + indices.shape[1])
        best.indices[:, :wide] = near.indices
        best.indices[:known, wide:] = indices
        best.cosines[:known, wide:] = cosines
    return _nearest(rows, np.arange(n), best, k, known)


def look_up(
    rows: NDArray[np.float32], wanted: NDArray[np.int64], k: int
) -> Job[tuple[NDArray[np.int32], NDArray[np.float32]]]:
    """The k < N nearest of some of the rows [N, D], compared with all: indices [len(wanted), k] and cosines."""
    n = len(rows)
    best = _Best(len(wanted), k, min(k + _SPARE, n - 1))
    for start in range(0, len(wanted), _TILE):
        part = wanted[start : start + _TILE]
        own = rows[part]
        for column in range(0, n, _TILE):
            block = own @ rows[column : column + _TILE].T
            here = np.flatnonzero((part >= column) & (part < column + block.shape[1]))
            block[here, part[here] - column] = -np.inf
            best.take(start, column, block)
        yield Progress(WHAT, start + len(part), len(wanted))
    return _nearest(rows, wanted, best, k, 0)


def look_up_among(
    queries: NDArray[np.float32], rows: NDArray[np.float32], k: int
) -> Job[tuple[NDArray[np.int32], NDArray[np.float32]]]:
    """The k <= N of the rows [N, D] nearest to each query [M, D]: indices [M, k] and cosines, nearest first.

    Exact but for how products of matrices round; above 10^10 pairs in 64 principal components.
    """
    if len(queries) * len(rows) > EXACT_ROWS**2:
        axes = _principal_axes(rows)
        queries, rows = queries @ axes, rows @ axes
    best = _Best(len(queries), k, k)
    for start in range(0, len(queries), _TILE):
        part = queries[start : start + _TILE]
        for column in range(0, len(rows), _TILE):
            best.take(start, column, part @ rows[column : column + _TILE].T)
        yield Progress(WHAT, start + len(part), len(queries))
    return best.indices, best.cosines


class _Best:
    """The best candidates of N rows so far, nearest first: indices [N, wide], -1 where there is none, and cosines."""

    def __init__(self, n: int, k: int, wide: int) -> None:
        self.indices = np.full((n, wide), -1, dtype=np.int32)
        self.cosines = np.full((n, wide), -np.inf, dtype=np.float32)
        self._k = k

    def take(self, start: int, column: int, block: NDArray[np.float32]) -> None:
        """Cosines [R, C] of the rows from `start` with those from `column`."""
        limits = self._limits(start, len(block))
        row, other = np.divmod(np.flatnonzero(block > limits[:, None]), block.shape[1])
        self._take(start, column, block, row, other)

    def take_across(self, start: int, column: int, block: NDArray[np.float32]) -> None:
        """The same cosines for the rows from `column`."""
        limits = self._limits(column, block.shape[1])
        other, row = np.divmod(np.flatnonzero(block > limits), block.shape[1])
        order = np.argsort(row, kind="stable")
        self._take(column, start, block.T, row[order], other[order])

    def _limits(self, start: int, count: int) -> NDArray[np.float32]:
        """What a cosine must surpass to be a candidate of each row."""
        cosines = self.cosines[start : start + count]
        # A cosine that was rounded in another way before could be a little less.
        return np.maximum(cosines[:, -1], cosines[:, self._k - 1] - np.float32(_ROUNDING))

    def _take(
        self, start: int, column: int, block: NDArray[np.float32], row: NDArray[np.int64], other: NDArray[np.int64]
    ) -> None:
        """row, other: the places in the block of what surpasses the limits, by rising row."""
        wide = self.indices.shape[1]
        counts = np.bincount(row, minlength=len(block))
        crowded = np.flatnonzero(counts > wide)
        if len(crowded):
            cosines = block[crowded]
            chosen = np.argpartition(cosines, cosines.shape[1] - wide, axis=1)[:, -wide:]
            self._merge(start + crowded, column + chosen, np.take_along_axis(cosines, chosen, axis=1))
        few = np.flatnonzero((counts > 0) & (counts <= wide))
        if len(few):
            kept = counts[row] <= wide
            row, other = row[kept], other[kept]
            ends = np.cumsum(counts[few])
            place = np.arange(len(row)) - np.repeat(ends - counts[few], counts[few])
            line = np.repeat(np.arange(len(few)), counts[few])
            indices = np.full((len(few), counts[few].max()), -1, dtype=np.int64)
            cosines = np.full(indices.shape, -np.inf, dtype=np.float32)
            indices[line, place] = column + other
            cosines[line, place] = block[row, other]
            self._merge(start + few, indices, cosines)

    def _merge(self, rows: NDArray[np.int64], indices: NDArray[np.int64], cosines: NDArray[np.float32]) -> None:
        wide = self.indices.shape[1]
        all_cosines = np.concatenate([self.cosines[rows], cosines], axis=1)
        order = np.argsort(-all_cosines, axis=1)[:, :wide]
        all_indices = np.concatenate([self.indices[rows], indices.astype(np.int32)], axis=1)
        self.cosines[rows] = np.take_along_axis(all_cosines, order, axis=1)
        self.indices[rows] = np.take_along_axis(all_indices, order, axis=1)


def _compare(rows: NDArray[np.float32], known: int, best: _Best) -> Job[None]:
    """Each pair with a row from `known` on in it once, for both of its rows."""
    n = len(rows)
    tiles = list(_tiles(0, known)) + list(_tiles(known, n))
    new = [tile for tile in tiles if tile[0] >= known]
    # Neighbours in a folder are alike: a tile with itself first sets limits that few of the other cosines surpass.
    pairs = [(tile, tile) for tile in new] + [(one, other) for other in new for one in tiles if one < other]
    for done, ((start, stop), (other, end)) in enumerate(pairs, start=1):
        block = rows[start:stop] @ rows[other:end].T
        if start == other:
            np.fill_diagonal(block, -np.inf)
        best.take(start, other, block)
        if start != other:
            best.take_across(start, other, block)
        yield Progress(WHAT, n * done // len(pairs), n)


def _tiles(start: int, stop: int) -> Iterator[tuple[int, int]]:
    for first in range(start, stop, _TILE):
        yield first, min(first + _TILE, stop)


def _principal(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows [N, D] in their first 64 principal components, nothing centred: products come near the cosines."""
    return rows @ _principal_axes(rows)


def _principal_axes(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    sample = rows[:: max(1, len(rows) // _SAMPLED_ROWS)]
    return np.ascontiguousarray(np.linalg.eigh(sample.T @ sample)[1][:, -_COMPONENTS:])


def _nearest(
    rows: NDArray[np.float32], own: NDArray[np.int64], best: _Best, k: int, known: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The k best of the candidates of the rows `own`; the cosines of two rows below `known` are exact already."""
    indices, cosines = best.indices, best.cosines
    size = max(1, _PAIRS * 64 // indices.shape[1])
    result = np.empty((len(own), k), dtype=np.int32), np.empty((len(own), k), dtype=np.float32)
    for start in range(0, len(own), size):
        part, near, found = own[start : start + size], indices[start : start + size], cosines[start : start + size]
        unsure = (near >= 0) & ((part[:, None] >= known) | (near >= known))
        line, place = np.nonzero(unsure)
        found[line, place] = _exact_cosines(rows, part[line], near[line, place])
        order = np.lexsort((near, -found), axis=1)[:, :k]
        result[0][start : start + size] = np.take_along_axis(near, order, axis=1)
        result[1][start : start + size] = np.take_along_axis(found, order, axis=1)
    return result


def _exact_cosines(
    rows: NDArray[np.float32], one: NDArray[np.integer], other: NDArray[np.integer]
) -> NDArray[np.float32]:
    """The cosines of pairs of rows, each summed in the same order wherever the pair stands."""
    cosines = np.empty(len(one), dtype=np.float32)
    for start in range(0, len(one), _PAIRS):
        part = slice(start, start + _PAIRS)
        cosines[part] = np.einsum("ij,ij->i", rows[one[part]], rows[other[part]])
    return np.clip(cosines, -1.0, 1.0, out=cosines)
