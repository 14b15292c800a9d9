"""The rows of a feature set kept at hand for one question after another: which of all photos look like this?"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..analysis.threads import one_thread

_ROWS_IN_CACHE = 256  # read twice while they are in the processor's cache
# Windows replaces no file that is mapped, and the last block is replaced when rows are added.
_STAY_MAPPED = sys.platform != "win32"


class KeptRows:
    """The N rows of a feature set: its blocks, mapped from the disk, and the length of each row.

    blocks: the block files, in order. count: N; rows past it are of an append that did not reach the catalogue.
    """

    def __init__(self, blocks: Sequence[Path], count: int) -> None:
        self._paths = blocks
        self._count = count
        self._mapped = list(_mapped(blocks)) if _STAY_MAPPED else None
        self._lengths = np.concatenate([np.empty(0, dtype=np.float32), *map(_lengths, self._blocks())])

    def __len__(self) -> int:
        return self._count

    def cosines(self, direction: NDArray[np.float32]) -> NDArray[np.float32]:
        """The cosine of each row to a direction [D] of unit length, float32 [N]; 0 for a row that has none.

        At 100,000 rows of 1,280 numbers that is one pass over half a gigabyte.
        """
        products = np.empty(len(self._lengths), dtype=np.float32)
        done = 0
        with one_thread():
            for block in self._blocks():
                np.dot(block, direction, out=products[done : done + len(block)])
                done += len(block)
        told = np.isfinite(products) & np.isfinite(self._lengths) & (self._lengths > 0)
        cosines = np.divide(products, self._lengths, out=np.zeros_like(products), where=told)
        return np.clip(cosines, -1.0, 1.0, out=cosines)[: self._count]

    def _blocks(self) -> Iterator[NDArray[np.float32]]:
        return iter(self._mapped) if self._mapped is not None else _mapped(self._paths)


def _mapped(paths: Sequence[Path]) -> Iterator[NDArray[np.float32]]:
    for path in paths:
        yield np.load(path, mmap_mode="r", allow_pickle=False)


def _lengths(block: NDArray[np.float32]) -> NDArray[np.float32]:
    """The Euclidean length of each row [N, D]."""
    squares = np.empty(len(block), dtype=np.float64)
    for start in range(0, len(block), _ROWS_IN_CACHE):
        part = block[start : start + _ROWS_IN_CACHE]
        own = np.einsum("ij,ij->i", part, part)
        # Squares of large entries overflow float32.
        squares[start : start + _ROWS_IN_CACHE] = (
            own if np.isfinite(own).all() else np.einsum("ij,ij->i", part, part, dtype=np.float64)
        )
    return np.sqrt(squares).astype(np.float32)
