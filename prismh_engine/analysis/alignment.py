"""A map turned and mirrored so that it lies like an earlier one of the same photos."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_FEWEST = 3  # photos on both maps: fewer fix no turn


def align(positions: NDArray[np.float32], rows: NDArray[np.integer], like: NDArray[np.float32]) -> NDArray[np.float32]:
    """Positions [N, 2] turned and mirrored round their middle, nothing stretched.

    rows: int [M], the photos that the earlier map shows too; like: their positions there, float32 [M, 2]. The turn is
    the one that brings both nearest to each other (orthogonal Procrustes problem: Schönemann 1966). Fewer than three
    shared photos, or all of them at one place, leave the map as it is.
    """
    if len(rows) < _FEWEST:
        return positions
    from scipy.linalg import orthogonal_procrustes

    middle = positions[rows].mean(axis=0, dtype=np.float64)
    shared = positions[rows] - middle
    there = like - like.mean(axis=0, dtype=np.float64)
    if not (shared.any() and there.any()):
        return positions
    turn, _ = orthogonal_procrustes(shared, there)
    if np.allclose(turn, np.eye(2), atol=1e-6):  # the same map again stays the same to the last bit
        return positions
    return ((positions - middle) @ turn + middle).astype(np.float32)
