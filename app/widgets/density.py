"""The soft tint under a map's points: how dense each group lies, as a small picture. Without Qt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SIDE = 128
_CELLS = 64
"""A side, in which points are counted; the picture is finer, so that no cell is seen."""
_SIGMA = _CELLS / 26
MARGIN = 0.12
"""Room around the points, as a share of the map's extent, in which the tint fades out."""


def bounds(positions: NDArray[np.float32]) -> tuple[float, float, float, float]:
    """Left, right, low, high of the square that the tint of positions [N, 2] covers, in map units."""
    return _square(*_columns(positions))


def tint(
    positions: NDArray[np.float32], groups: NDArray[np.int32], colours: NDArray[np.uint8], strength: float
) -> NDArray[np.uint8]:
    """A picture of the density, premultiplied RGBA uint8 [SIDE, SIDE, 4], first row at the top.

    positions [N, 2] of the points to count, groups int [N] (-1: none, left out), colours uint8 [K, 3].
    strength: alpha where a group is densest, 0 to 1.
    """
    x, y = _columns(positions)
    left, right, low, high = _square(x, y)
    count = len(colours)
    known = np.where((groups >= 0) & (groups < count), groups, count).astype(np.int64)
    columns = ((x - np.float32(left)) * np.float32(_CELLS / (right - left))).astype(np.int64).clip(0, _CELLS - 1)
    rows = ((np.float32(high) - y) * np.float32(_CELLS / (high - low))).astype(np.int64).clip(0, _CELLS - 1)
    counted = np.bincount((known * _CELLS + rows) * _CELLS + columns, minlength=(count + 1) * _CELLS**2)
    histograms = counted.reshape(count + 1, _CELLS, _CELLS)[:count].astype(np.float32)
    density = _blurred(_blurred(histograms, 1), 2)
    density /= np.maximum(density.max(axis=(1, 2), keepdims=True), 1e-9)
    alpha = strength * np.minimum(density.max(axis=0), 1.0) ** 0.8
    density *= alpha / np.maximum(density.sum(axis=0), 1e-6)
    channels = np.einsum("kij,kc->cij", density, colours.astype(np.float32))
    picture = _finer(_finer(np.concatenate([channels, 255 * alpha[None]]), 1), 2)
    # So pale a tint has few steps. Rounded at random, their edges are not seen.
    picture += np.random.default_rng(0).random((SIDE, SIDE), dtype=np.float32)
    made = np.minimum(picture, np.floor(picture[3])).clip(0, 255).astype(np.uint8)
    return np.ascontiguousarray(np.moveaxis(made, 0, 2))


def _columns(positions: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """x and y, each in one piece: numpy goes through columns of two a hundred times slower."""
    return np.ascontiguousarray(positions[:, 0]), np.ascontiguousarray(positions[:, 1])


def _square(x: NDArray[np.float32], y: NDArray[np.float32]) -> tuple[float, float, float, float]:
    left, right, low, high = (float(value) for value in (x.min(), x.max(), y.min(), y.max()))
    half = max(right - left, high - low, 1e-6) * (0.5 + MARGIN)
    across, up = (left + right) / 2, (low + high) / 2
    return across - half, across + half, up - half, up + half


def _finer(pictures: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Pictures [C, H, W] with more pixels along an axis, each between its neighbours."""
    at = ((np.arange(SIDE, dtype=np.float32) + 0.5) * (_CELLS / SIDE) - 0.5).clip(0, _CELLS - 1)
    below = np.minimum(at.astype(np.int64), _CELLS - 2)
    part = (at - below).astype(np.float32)[:, None] if axis == 1 else (at - below).astype(np.float32)
    return pictures.take(below, axis) * (1 - part) + pictures.take(below + 1, axis) * part


def _blurred(pictures: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Pictures [K, H, W] after a Gaussian blur along an axis.

    Sums of shifted pictures and no matrix product: the threads of a matrix product wait for each other in the middle of
    a frame when the machine is busy.
    """
    reach = round(3 * _SIGMA)
    kernel = np.exp(-(np.arange(reach + 1, dtype=np.float32) ** 2) / (2 * _SIGMA**2))
    kernel /= kernel[0] + 2 * kernel[1:].sum()
    rows = np.ascontiguousarray(np.moveaxis(pictures, axis, 0))
    made, part = rows * kernel[0], np.empty_like(rows)
    for shift in range(1, reach + 1):
        np.multiply(rows, kernel[shift], out=part)
        made[shift:] += part[:-shift]
        made[:-shift] += part[shift:]
    return np.moveaxis(made, 0, axis)
