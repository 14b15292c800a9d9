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
_ROUNDING = np.float32(4e-6)  # more than two sums of the same products in other orders differ
_COMPONENTS, _SAMPLED_ROWS = 64, 16_384
_CANDIDATES_PER_NEIGHBOUR = 3
_LINES = 512  # rows whose candidates are put in order at once
_PAIRS = 512  # pairs of rows multiplied at once: their copies stay in the processor's cache


def search(
    rows: NDArray[np.float32], k: int, indices: NDArray[np.integer], cosines: NDArray[np.float32]
) -> Job[tuple[NDArray[np.int32], NDArray[np.float32]]]:
    """The k < N nearest of each row [N, D] of unit length: indices [N, k] and cosines [N, k], nearest first.

    indices, cosines: those of the first rows, [M, min(k, M - 1)], found before; only pairs with a later row in them
    are compared. Of equally alike rows the first stands first. Whatever was compared when, the cosines are the same
    to rounding, and so are the indices, but where more than 8 spare candidates are equally alike at the end of a row.
    """
    n, known = len(rows), len(indices)
    best = _Best(n, k, min(k + _SPARE, n - 1))
    best.indices[:known, : indices.shape[1]] = indices
    best.cosines[:known, : indices.shape[1]] = cosines
    if n * (n - known) <= EXACT_ROWS**2:
        yield from _compare(rows, known, best)
    else:
        wide = min(_CANDIDATES_PER_NEIGHBOUR * k, n - 1)
        near = _Best(n, wide, wide)
        yield from _compare(_principal(rows), known, near)
        for start, stop in _slices(0, n, _LINES):
            line, place = np.nonzero(near.indices[start:stop] >= 0)
            found = near.cosines[start:stop]
            found[line, place] = _summed(rows, start + line, rows, near.indices[start + line, place])
            best.merge(np.arange(start, stop), near.indices[start:stop], found)
    return _nearest(rows, rows, best, k)


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
    return _nearest(rows[wanted], rows, best, k)


def look_up_among(
    queries: NDArray[np.float32], rows: NDArray[np.float32], k: int
) -> Job[tuple[NDArray[np.int32], NDArray[np.float32]]]:
    """The k <= N of the rows [N, D] nearest to each query [M, D]: indices [M, k] and cosines, nearest first.

    Above 10^10 pairs in 64 principal components.
    """
    if len(queries) * len(rows) > EXACT_ROWS**2:
        axes = _principal_axes(rows)
        queries, rows = queries @ axes, rows @ axes
    best = _Best(len(queries), k, min(k + _SPARE, len(rows)))
    for start in range(0, len(queries), _TILE):
        part = queries[start : start + _TILE]
        for column in range(0, len(rows), _TILE):
            best.take(start, column, part @ rows[column : column + _TILE].T)
        yield Progress(WHAT, start + len(part), len(queries))
    return _nearest(queries, rows, best, k)


class _Best:
    """The best candidates of N rows so far, nearest first: indices [N, wide], -1 where there is none, and cosines."""

    def __init__(self, n: int, k: int, wide: int) -> None:
        self.indices = np.full((n, wide), -1, dtype=np.int32)
        self.cosines = np.full((n, wide), -np.inf, dtype=np.float32)
        self._k = k

    def take(self, start: int, column: int, block: NDArray[np.float32]) -> None:
        """Cosines [R, C] of the rows from `start` with those from `column`."""
        better = block > self._limits(start, len(block))[:, None]
        better[self._take_crowded(start, column, block, better.sum(axis=1))] = False
        row, other = _places(better)
        self._take_few(start + row, column + other, block[row, other])

    def take_across(self, start: int, column: int, block: NDArray[np.float32]) -> None:
        """The same cosines for the rows from `column`."""
        better = block > self._limits(column, block.shape[1])
        better[:, self._take_crowded(column, start, block.T, better.sum(axis=0))] = False
        other, row = _places(better)
        order = np.argsort(row.astype(np.uint16), kind="stable")  # of 16 bits: sorted by counting
        row, other = row[order], other[order]
        self._take_few(column + row, start + other, block[other, row])

    def merge(self, rows: NDArray[np.int64], indices: NDArray[np.integer], cosines: NDArray[np.float32]) -> None:
        """More candidates [R, C] of some rows [R]; -1 where there is none."""
        wide = self.indices.shape[1]
        all_cosines = np.concatenate([self.cosines[rows], cosines], axis=1)
        order = np.argsort(-all_cosines, axis=1)[:, :wide]
        all_indices = np.concatenate([self.indices[rows], indices.astype(np.int32)], axis=1)
        self.cosines[rows] = np.take_along_axis(all_cosines, order, axis=1)
        self.indices[rows] = np.take_along_axis(all_indices, order, axis=1)

    def _limits(self, start: int, count: int) -> NDArray[np.float32]:
        """What a cosine must surpass to be a candidate of each row."""
        cosines = self.cosines[start : start + count]
        # A cosine that was rounded in another way before could be a little less.
        return np.maximum(cosines[:, -1], cosines[:, self._k - 1] - _ROUNDING)

    def _take_crowded(
        self, start: int, column: int, block: NDArray[np.float32], counts: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Take from the rows of a block where more surpass the limit than there is room for; which rows those are."""
        wide = self.indices.shape[1]
        crowded = np.flatnonzero(counts > wide)
        if len(crowded):
            cosines = block[crowded] if len(crowded) < len(block) else block
            chosen = np.argpartition(cosines, cosines.shape[1] - wide, axis=1)[:, -wide:]
            self.merge(start + crowded, column + chosen, np.take_along_axis(cosines, chosen, axis=1))
        return crowded

    def _take_few(self, rows: NDArray[np.int64], others: NDArray[np.int64], cosines: NDArray[np.float32]) -> None:
        """Take pairs, by rising row."""
        if not len(rows):
            return
        begins = np.flatnonzero(np.diff(rows, prepend=-1))
        counts = np.diff(begins, append=len(rows))
        line = np.repeat(np.arange(len(begins)), counts)
        place = np.arange(len(rows)) - begins[line]
        near = np.full((len(begins), counts.max()), -1, dtype=np.int32)
        found = np.full(near.shape, -np.inf, dtype=np.float32)
        near[line, place] = others
        found[line, place] = cosines
        self.merge(rows[begins], near, found)


def _places(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What `np.nonzero` gives of a matrix, sooner."""
    width = mask.shape[1]
    flat = np.flatnonzero(mask)
    ends = np.searchsorted(flat, np.arange(1, len(mask) + 1) * width)
    row = np.repeat(np.arange(len(mask)), np.diff(ends, prepend=0))
    return row, flat - row * width


def _compare(rows: NDArray[np.float32], known: int, best: _Best) -> Job[None]:
    """Each pair with a row from `known` on in it once, for both of its rows."""
    n = len(rows)
    tiles = [*_slices(0, known, _TILE), *_slices(known, n, _TILE)]
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


def _slices(start: int, stop: int, length: int) -> Iterator[tuple[int, int]]:
    for first in range(start, stop, length):
        yield first, min(first + length, stop)


def _principal(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows [N, D] in their first 64 principal components, nothing centred: products come near the cosines."""
    return rows @ _principal_axes(rows)


def _principal_axes(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    sample = rows[:: max(1, len(rows) // _SAMPLED_ROWS)]
    return np.ascontiguousarray(np.linalg.eigh(sample.T @ sample)[1][:, -_COMPONENTS:])


def _nearest(
    own: NDArray[np.float32], rows: NDArray[np.float32], best: _Best, k: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The k best among the rows [N, D] of the candidates of the rows `own` [M, D], in an order that is sure.

    A product of matrices rounds by where in it two rows meet. So where two candidates stand so close that rounding
    may have put one before the other, the cosines of both are summed again, and of equally alike ones the first
    stands first.
    """
    for start, stop in _slices(0, len(own), _LINES):
        near, found = best.indices[start:stop], best.cosines[start:stop]
        close = found[:, 1:] > found[:, :-1] - _ROUNDING
        unsure = np.zeros(found.shape, dtype=np.bool_)
        unsure[:, :-1] = close
        unsure[:, 1:] |= close
        line, place = np.nonzero(unsure)
        if len(line):
            found[line, place] = _summed(own, start + line, rows, near[line, place])
            changed = np.unique(line)
            order = np.lexsort((near[changed], -found[changed]), axis=1)
            near[changed] = np.take_along_axis(near[changed], order, axis=1)
            found[changed] = np.take_along_axis(found[changed], order, axis=1)
    return np.ascontiguousarray(best.indices[:, :k]), np.clip(best.cosines[:, :k], -1.0, 1.0)


def _summed(
    rows: NDArray[np.float32], one: NDArray[np.integer], others: NDArray[np.float32], other: NDArray[np.integer]
) -> NDArray[np.float32]:
    """The cosines of pairs of rows, each summed in the same order wherever the pair stands."""
    cosines = np.empty(len(one), dtype=np.float32)
    for start, stop in _slices(0, len(one), _PAIRS):
        cosines[start:stop] = np.einsum("ij,ij->i", rows[one[start:stop]], others[other[start:stop]])
    return cosines
