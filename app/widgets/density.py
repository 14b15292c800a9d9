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
    low, high = positions.min(axis=0), positions.max(axis=0)
    centre, half = (low + high) / 2, max(float((high - low).max()), 1e-6) * (0.5 + MARGIN)
    return float(centre[0] - half), float(centre[0] + half), float(centre[1] - half), float(centre[1] + half)


def tint(
    positions: NDArray[np.float32], groups: NDArray[np.int32], colours: NDArray[np.uint8], strength: float
) -> NDArray[np.uint8]:
    """A picture of the density, premultiplied RGBA uint8 [SIDE, SIDE, 4], first row at the top.

    positions [N, 2] of the points to count, groups int [N] (-1: none, left out), colours uint8 [K, 3].
    strength: alpha where a group is densest, 0 to 1.
    """
    left, right, low, high = bounds(positions)
    count = len(colours)
    known = (groups >= 0) & (groups < count)
    columns = ((positions[known, 0] - left) * (_CELLS / (right - left))).astype(np.int64).clip(0, _CELLS - 1)
    rows = ((high - positions[known, 1]) * (_CELLS / (high - low))).astype(np.int64).clip(0, _CELLS - 1)
    flat = (groups[known].astype(np.int64) * _CELLS + rows) * _CELLS + columns
    histograms = np.bincount(flat, minlength=count * _CELLS**2).reshape(count, _CELLS, _CELLS).astype(np.float32)
    density = _blurred(_blurred(histograms, 1), 2)
    density /= np.maximum(density.max(axis=(1, 2), keepdims=True), 1e-9)
    alpha = strength * np.minimum(density.max(axis=0), 1.0) ** 0.8
    weights = density * (alpha / np.maximum(density.sum(axis=0), 1e-6))
    channels = [(weights * channel[:, None, None]).sum(axis=0) for channel in colours.T.astype(np.float32)]
    picture = _finer(_finer(np.stack([*channels, 255 * alpha], axis=2), 0), 1)
    # So pale a tint has few steps. Rounded at random, their edges are not seen.
    picture += np.random.default_rng(0).random((SIDE, SIDE, 1), dtype=np.float32)
    made = np.minimum(picture, np.floor(picture[..., 3:])).clip(0, 255).astype(np.uint8)
    return np.ascontiguousarray(made)


def _finer(picture: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """A picture with more pixels along an axis, each between its neighbours."""
    rows = np.moveaxis(picture, axis, 0)
    at = ((np.arange(SIDE, dtype=np.float32) + 0.5) * (_CELLS / SIDE) - 0.5).clip(0, _CELLS - 1)
    below = np.minimum(at.astype(np.int64), _CELLS - 2)
    part = (at - below).reshape(-1, *[1] * (picture.ndim - 1))
    return np.moveaxis(rows[below] * (1 - part) + rows[below + 1] * part, 0, axis)


def _blurred(pictures: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Pictures [K, H, W] after a Gaussian blur along an axis.

    Sums of shifted pictures and no matrix product: the threads of a matrix product wait for each other in the middle of
    a frame when the machine is busy.
    """
    reach = round(3 * _SIGMA)
    kernel = np.exp(-(np.arange(reach + 1, dtype=np.float32) ** 2) / (2 * _SIGMA**2))
    kernel /= kernel[0] + 2 * kernel[1:].sum()
    rows = np.moveaxis(pictures, axis, 0)
    made = rows * kernel[0]
    for shift in range(1, reach + 1):
        part = rows * kernel[shift]
        made[shift:] += part[:-shift]
        made[:-shift] += part[shift:]
    return np.moveaxis(made, 0, axis)
