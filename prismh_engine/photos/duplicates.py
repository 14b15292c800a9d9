"""Which photos show the same as a better one: equal bytes, and near duplicates.

A group is a best photo and those within the threshold of it, and of no other: there are no chains, in which the
first and the last photo would have nothing in common.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..jobs import StopToken
from .record import Look

HASH_BITS = 3
"""dHashes that differ in at most this many of 64 bits make two photos candidates."""

_GREY_SIDE = 32
_GREY_CORRELATION = 0.95
_FLAT_DEVIATION, _FLAT_DIFFERENCE = 1.0, 8.0
_BANDS = 4
_SHARP = 50.0
"""Sharpness counts in steps of a factor of two from here, where the verdict "blurry" ends unless another is asked for:
for its place alone, no photo judged blurred stands over one that is not."""
_ONES = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1)


@dataclass(frozen=True)
class Duplicate:
    """best: the index of the best photo of the group. equal_bytes: the two files are the same."""

    best: int
    equal_bytes: bool


class Alike(Protocol):
    """Photos that have starter features, by their content."""

    def __contains__(self, content_hash: str, /) -> bool: ...

    def better(self, ranked: Sequence[str], cosine: float, stop: StopToken | None, /) -> dict[int, int]:
        """Of these contents, best first: position -> position of the better one within `cosine` of it; no chains."""


def find_duplicates(
    looks: Sequence[Look],
    names: Sequence[str],
    *,
    alike: Alike | None,
    thumbnail: Callable[[int], Image.Image | None],
    ccthreshold: float,
    stop: StopToken | None = None,
) -> dict[int, Duplicate]:
    """Index -> its better photo, for the photos that have one.

    alike: the photos that have starter features; two of them are near duplicates where their cosine is at least
    `ccthreshold`. Of others the dHash decides, confirmed on grey copies of 32 pixels made from
    `thumbnail(index)`. names: by which of two equal photos is kept, the shorter, then the first.
    """
    usable = [index for index, look in enumerate(looks) if look.usable]
    usable.sort(key=lambda index: _rank(looks[index], names[index]))
    first: dict[str, int] = {}
    same_as: dict[int, int] = {}
    for index in usable:
        best = first.setdefault(looks[index].content_hash, index)
        if best != index:
            same_as[index] = best
    unlike = list(first.values())
    better = _near_duplicates([looks[index] for index in unlike], alike, unlike, thumbnail, ccthreshold, stop)
    found = {unlike[i]: Duplicate(unlike[j], equal_bytes=False) for i, j in better.items()}
    for index, best in same_as.items():
        found[index] = found.get(best, Duplicate(best, equal_bytes=True))
    return found


def _rank(look: Look, name: str) -> tuple[bool, int, int, bool, bool, float, int, str]:
    """Best first: whole, large, sharp, and of about equally sharp ones one that says where and when it was taken.

    Whoever keeps the other one loses the place it cannot say. Of equal ones "IMG_1.jpg" before "IMG_1 (1).jpg".
    """
    sharpness = look.sharpness or 0.0
    about = math.floor(math.log2(max(sharpness, 1.0) / _SHARP))
    return (
        look.truncated, -(look.width or 0) * (look.height or 0), -about, look.latitude is None, look.taken_at is None,
        -sharpness, len(name), name,
    )  # fmt: skip


def _near_duplicates(
    looks: Sequence[Look],
    alike: Alike | None,
    indices: Sequence[int],
    thumbnail: Callable[[int], Image.Image | None],
    ccthreshold: float,
    stop: StopToken | None,
) -> dict[int, int]:
    """Position -> position of its better photo; photos stand best first, `indices` are theirs for `thumbnail`."""
    better: dict[int, int] = {}
    seen: list[int] = []
    if alike is not None:
        seen = [position for position, look in enumerate(looks) if look.content_hash in alike]
        found = alike.better([looks[position].content_hash for position in seen], ccthreshold, stop)
        better = {seen[i]: seen[j] for i, j in found.items()}
    unseen = set(range(len(looks))).difference(seen)
    if unseen:
        hashes = np.array([look.difference_hash or 0 for look in looks], dtype=np.uint64)
        grey = _GreyCopies(lambda position: thumbnail(indices[position]))
        _by_hash(hashes, unseen, grey, better, stop)
    return better


def _by_hash(
    hashes: NDArray[np.uint64],
    unseen: set[int],
    grey: _GreyCopies,
    better: dict[int, int],
    stop: StopToken | None,
) -> None:
    """Add to `better` the pairs with one of `unseen` in it. Hashes stand best first.

    Two hashes that differ in at most 3 bits are equal in at least one of four bands of 16 bits.
    """
    groups = [_equal_in_band(hashes, sorted(unseen), band) for band in range(_BANDS)]
    settled = set(better) | set(better.values())  # a photo that others hang on must not hang on another
    for position in sorted({member for group in groups for member in group}):
        if position in better:
            continue
        if stop is not None:
            stop.check()
        others = np.unique(np.concatenate([group.get(position, np.empty(0, dtype=np.int64)) for group in groups]))
        others = others[others > position]
        others = others[_bits(hashes[others] ^ hashes[position]) <= HASH_BITS]
        for other in others.tolist():
            if (position in unseen or other in unseen) and other not in settled and grey.alike(position, other):
                better[other] = position
                settled |= {other, position}


def _equal_in_band(hashes: NDArray[np.uint64], unseen: Sequence[int], band: int) -> dict[int, NDArray[np.int64]]:
    """Position -> all positions with the same 16 bits, for those that are not alone and have one of `unseen` there."""
    keys = (hashes >> np.uint64(16 * band)) & np.uint64(0xFFFF)
    order = np.argsort(keys, kind="stable")
    order = order[np.isin(keys[order], keys[unseen])]
    ends = np.flatnonzero(np.diff(keys[order])) + 1
    return {
        position: group for group in np.split(order, ends) if len(group) > 1 for position in group.tolist()
    }  # fmt: skip


def _bits(values: NDArray[np.uint64]) -> NDArray[np.int64]:
    return _ONES[values.view(np.uint8).reshape(-1, 8)].sum(axis=1)


class _GreyCopies:
    """Grey copies of 32 x 32 pixels, made when they are first compared."""

    def __init__(self, thumbnail: Callable[[int], Image.Image | None]) -> None:
        self._thumbnail = thumbnail
        self._copies: dict[int, tuple[NDArray[np.float32], float] | None] = {}

    def alike(self, one: int, other: int) -> bool:
        """Whether two photos correlate whatever their brightness; of flat ones, whether they are equally bright."""
        first, second = self._get(one), self._get(other)
        if first is None or second is None:
            return False
        flat = not first[0].any(), not second[0].any()
        if any(flat):
            return all(flat) and abs(first[1] - second[1]) <= _FLAT_DIFFERENCE
        return float(first[0] @ second[0]) >= _GREY_CORRELATION

    def _get(self, position: int) -> tuple[NDArray[np.float32], float] | None:
        if position not in self._copies:
            image = self._thumbnail(position)
            self._copies[position] = None if image is None else _centred(image)
        return self._copies[position]


def _centred(image: Image.Image) -> tuple[NDArray[np.float32], float]:
    """A picture's grey values, centred and of unit length [1024] (zeros where it is flat), and their mean."""
    small = image.convert("L").resize((_GREY_SIDE, _GREY_SIDE), Image.Resampling.BOX)
    values = np.asarray(small, dtype=np.float32).ravel()
    mean, deviation = float(values.mean()), float(values.std())
    centred = values - mean
    return (np.zeros_like(centred) if deviation < _FLAT_DEVIATION else centred / np.linalg.norm(centred)), mean
