"""New photos on a map that is there: each comes to lie among its look-alikes, and nothing else moves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..jobs import Job, Progress, StopToken
from .neighbours import Neighbours
from .threads import threads_for_moving

PLACING_NEIGHBOURS = 15
"""How many photos of the map each new one is drawn to."""

PLACING = "Placing photos on the map"
_ITERATIONS = 250
_CHUNK = 25
_PERPLEXITY = 5.0
# The exaggeration, step and limit that openTSNE's `transform` moves new points with (Poličar et al. 2019).
_EXAGGERATION, _LEARNING_RATE, _LONGEST_STEP = 1.5, 0.1, 0.25


def place(
    positions: NDArray[np.float32], neighbours: Neighbours, stop: StopToken | None = None
) -> Job[NDArray[np.float32]]:
    """Positions float32 [M, 2] of new photos on a map of N photos, which stay where they are.

    positions: of the map, float32 [N, 2]. neighbours: the most alike photos of the map for each new one, [M, k], k
    about 15. A new photo starts at the mean of their places, weighted by how alike they are, and moves on by the
    gradient of t-SNE with the map held fast, by openTSNE. Yields the positions as they move (metrics["positions"]). A
    stop returns the positions so far. The same photos get the same places.
    """
    if not len(positions) or not neighbours.indices.size:
        return np.zeros((len(neighbours.indices), 2), dtype=np.float32)
    from openTSNE.affinity import joint_probabilities_nn

    k = neighbours.indices.shape[1]
    affinities = joint_probabilities_nn(
        neighbours.indices.astype(np.int32),
        neighbours.distances,
        [min(_PERPLEXITY, max((k - 1) / 3, 1.0))],
        symmetrize=False,
        normalization="point-wise",
        n_reference_samples=len(positions),
    )
    placed = (affinities @ positions).astype(np.float32)
    yield Progress(PLACING, 0, _ITERATIONS, {"positions": placed})
    if k > 1:
        placed = yield from _moved(positions.astype(np.float64), placed, affinities, stop)
    return placed


def _moved(
    positions: NDArray[np.float64], start: NDArray[np.float32], affinities: object, stop: StopToken | None
) -> Job[NDArray[np.float32]]:
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PrecomputedAffinities
    from openTSNE.tsne import PartialTSNEEmbedding
    from scipy.sparse import identity

    # openTSNE moves a map into the middle of its grid before it lays points on it.
    middle = (positions.max(axis=0) + positions.min(axis=0)) / 2
    held = TSNEEmbedding(positions - middle, PrecomputedAffinities(identity(len(positions), format="csr")))
    moving = PartialTSNEEmbedding(start - middle, held, affinities)
    callbacks = None if stop is None else [lambda *_: stop.stopped]
    placed = start
    for done in range(_CHUNK, _ITERATIONS + 1, _CHUNK):
        moving = moving.optimize(
            n_iter=_CHUNK,
            exaggeration=_EXAGGERATION,
            momentum=0.8,
            learning_rate=_LEARNING_RATE,
            max_grad_norm=_LONGEST_STEP,
            negative_gradient_method="auto",
            inplace=True,
            n_jobs=threads_for_moving(len(start)),
            callbacks=callbacks,
            callbacks_every_iters=5,
        )
        placed = (np.asarray(moving) + middle).astype(np.float32)
        yield Progress(PLACING, done, _ITERATIONS, {"positions": placed})
        if stop is not None and stop.stopped:
            break
    return placed
