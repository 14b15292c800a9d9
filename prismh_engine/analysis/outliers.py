"""How far each photo lies from all others: what looks like nothing else in the collection."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .neighbours import Neighbours

OUTLIER_NEIGHBOUR = 20
"""The neighbour that is asked: the first would not do, since odd photos often have one another."""

FEWEST_PHOTOS = 40
"""Below so many no photo can be told to be unlike the others."""


def outlier_distances(graph: Neighbours) -> NDArray[np.float64]:
    """1 - cosine of each photo [N] to its min(20, N / 4)-th nearest neighbour, 0 to 2; NaN below 40 photos.

    Near duplicates would shield one another: a burst of an odd thing has its neighbours in itself. So the graph should
    hold but the best photo of each group of them. Raises `ValueError` for a graph of too few neighbours.
    """
    n, width = graph.indices.shape
    if n < FEWEST_PHOTOS:
        return np.full(n, np.nan)
    neighbour = neighbours_asked(n)
    if width < neighbour:
        raise ValueError(f"graph must hold at least {neighbour} neighbours of each photo, got {width}")
    return 1.0 - graph.cosines[:, neighbour - 1].astype(np.float64)


def neighbours_asked(photos: int) -> int:
    """Which neighbour is asked among so many photos."""
    return min(OUTLIER_NEIGHBOUR, photos // 4)
