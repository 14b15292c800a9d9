"""How much embeddings are worth to a person who looks at their map, where no name tells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..jobs import Job
from .clustering import k_means, separation
from .neighbours import Neighbours

MARGIN = 0.1
"""A gain that is smaller is called none.

Learned features that names scored worse than the starter's gained .08 at most, those they scored better .1 at least, on
the three sets it was picked on (docs/recipes.md).
"""

FEWEST_PHOTOS = 10
"""Of fewer nothing can be told."""

_GROUPS = (4, 8)


def worth(rows: NDArray[np.float32], neighbours: Neighbours) -> Job[float]:
    """The worth of rows [N, D] of unit length, 0 to 1, higher is better, to be compared among the same photos.

    The share of a photo's 15 nearest neighbours that lie in its own group, the mean over k-means with few groups and
    with more. neighbours: of each row, 15 or as many as there are. N >= 10.
    """
    shares = []
    for k in _GROUPS:
        found = yield from k_means(rows, k)
        shares.append(float(separation(found.clusters, neighbours).mean()))
    return float(np.mean(shares))


def gain(before: float, after: float) -> float:
    """How much of what one worth lacks to 1 the other adds: 1 at most, below 0 where it is worth less."""
    return (after - before) / (1 - before) if before < 1 else min(after - before, 0.0)
