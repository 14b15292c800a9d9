"""The soft tint under a map's points: how dense each group lies, as a small picture. Without Qt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SIDE = 128
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
    """A picture of the density, straight (not premultiplied) RGBA uint8 [SIDE, SIDE, 4], first row at the top.

    positions [N, 2] of the points to count, groups int [N] (-1: none, left out), colours uint8 [K, 3].
    strength: alpha where a group is densest, 0 to 1.
    """
    left, right, low, high = bounds(positions)
    count = len(colours)
    known = (groups >= 0) & (groups < count)
    columns = ((positions[known, 0] - left) * (SIDE / (right - left))).astype(np.int64).clip(0, SIDE - 1)
    rows = ((high - positions[known, 1]) * (SIDE / (high - low))).astype(np.int64).clip(0, SIDE - 1)
    flat = (groups[known].astype(np.int64) * SIDE + rows) * SIDE + columns
    histograms = np.bincount(flat, minlength=count * SIDE * SIDE).reshape(count, SIDE, SIDE).astype(np.float32)
    blur = _blur(SIDE / 26)
    density = blur @ histograms @ blur
    peaks = density.max(axis=(1, 2), keepdims=True)
    density /= np.maximum(peaks, 1e-9)
    total = density.sum(axis=0)
    colour = np.tensordot(density, colours.astype(np.float32), axes=(0, 0)) / np.maximum(total, 1e-6)[..., None]
    alpha = strength * np.minimum(density.max(axis=0), 1.0) ** 0.8
    return np.concatenate([colour, alpha[..., None] * 255], axis=2).round().clip(0, 255).astype(np.uint8)


def _blur(sigma: float) -> NDArray[np.float32]:
    """A Gaussian blur as a matrix [SIDE, SIDE]: two products blur a picture."""
    at = np.arange(SIDE, dtype=np.float32)
    kernel = np.exp(-((at[:, None] - at[None, :]) ** 2) / (2 * sigma**2))
    return (kernel / kernel.sum(axis=1, keepdims=True)).astype(np.float32)
