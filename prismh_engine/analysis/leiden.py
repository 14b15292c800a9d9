"""Groups as communities of the neighbour graph, as many as its links make out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .neighbours import Neighbours

LEIDEN_NEIGHBOURS = 15


def leiden(neighbours: Neighbours, resolution: float = 1.0, seed: int = 0) -> NDArray[np.int32]:
    """A community for each of N >= 1 photos, int32 [N], 0 and up in no order; the same seed gives the same ones.

    They are those of highest modularity by the Leiden algorithm (Traag, Waltman and van Eck 2019) in the graph that
    links each photo with its 15 nearest, twice where they are so mutually; every one hangs together. resolution > 0:
    the higher it is the more of them there are.
    """
    n = len(neighbours.indices)
    nearest = neighbours.indices[:, :LEIDEN_NEIGHBOURS]
    if not nearest.size:
        return np.zeros(n, dtype=np.int32)
    from graspologic_native import leiden_csr
    from scipy.sparse import coo_array

    links = (np.repeat(np.arange(n), nearest.shape[1]), nearest.ravel().astype(np.int64))
    one_way = coo_array((np.ones(nearest.size), links), shape=(n, n)).tocsr()
    graph = (one_way + one_way.T).tocsr()
    _, community = leiden_csr(
        graph.indptr.astype(np.int64), graph.indices.astype(np.int32), graph.data, n, resolution=resolution, seed=seed
    )
    return np.fromiter((community[photo] for photo in range(n)), dtype=np.int32, count=n)
