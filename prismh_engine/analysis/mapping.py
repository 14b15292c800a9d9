"""Embeddings to 2-D positions: t-SNE and principal components."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..jobs import Job, Progress, Stopped, StopToken
from .neighbours import Neighbours, nearest_neighbours
from .threads import one_thread

EARLY_ITERATIONS, ITERATIONS = 250, 750
EXAGGERATION = 12.0
NEIGHBOURS_PER_PERPLEXITY = 3
_CHUNK = 25  # fixed: another length would change the last bits, and with them the map
_SMALL = 5000  # photos up to which one thread is faster
_SMALLEST_PERPLEXITY = 2.0


@dataclass(frozen=True)
class Layout:
    """2-D positions float32 [N, 2].

    method: "tsne" or "pca", what it became. perplexity: the one used, None without t-SNE. finished: False where it
    was stopped. note: a sentence where it is not what was asked for, else "".
    """

    positions: NDArray[np.float32]
    method: str
    perplexity: float | None = None
    finished: bool = True
    note: str = ""


def pca(rows: NDArray[np.float32], seed: int = 0) -> Layout:
    """The first two principal components of rows [N, D], any N >= 0; components that are not there are 0."""
    positions = np.zeros((len(rows), 2), dtype=np.float32)
    components = min(2, *rows.shape)
    if components and (rows != rows[:1]).any():  # equal photos have none
        from sklearn.decomposition import PCA

        small = one_thread() if len(rows) <= _SMALL else nullcontext()
        with small:
            positions[:, :components] = PCA(components, random_state=seed).fit_transform(rows)
    return Layout(positions, "pca")


def tsne(
    rows: NDArray[np.float32],
    *,
    perplexity: float = 30.0,
    seed: int = 0,
    neighbours_of: Callable[[NDArray[np.float32], int], Job[Neighbours]] = nearest_neighbours,
    stop: StopToken | None = None,
) -> Job[Layout]:
    """t-SNE (van der Maaten and Hinton 2008) of rows [N, D] of unit length, by openTSNE, any N >= 0.

    Starts from the principal components, reads the exact neighbours by cosine, and yields the positions as they move
    (metrics["positions"], float32 [N, 2]). The same seed gives the same map. The perplexity is lowered to (N - 1) / 3
    where that is less; below 7 photos the principal components are the map. A stop returns the positions so far.
    neighbours_of: (rows, k) -> the k nearest of each, from a graph that is kept.
    """
    n = len(rows)
    start = pca(rows, seed)
    used = min(perplexity, (n - 1) / NEIGHBOURS_PER_PERPLEXITY)
    if used < _SMALLEST_PERPLEXITY:
        few = f"{n} photo{'s are' if n != 1 else ' is'} too few for t-SNE"
        return Layout(start.positions, "pca", note=f"{few}, so principal components serve.")
    note = f"Perplexity {used:.3g} instead of {perplexity:g}, since there are only {n} photos." * (used < perplexity)
    positions = start.positions
    try:
        yield Progress("Comparing photos", 0, n, {"positions": positions})
        neighbours = yield from neighbours_of(rows, int(NEIGHBOURS_PER_PERPLEXITY * used + 1e-9))
        embedding = _prepare(neighbours, positions, used, seed)
        callbacks = None if stop is None else [lambda *_: stop.stopped]
        for done in range(_CHUNK, ITERATIONS + 1, _CHUNK):
            embedding = embedding.optimize(
                n_iter=_CHUNK,
                exaggeration=EXAGGERATION if done <= EARLY_ITERATIONS else None,
                momentum=0.8,
                learning_rate="auto",
                inplace=True,
                n_jobs=1,  # more threads add in another order, and no two maps would be the same
                callbacks=callbacks,
                callbacks_every_iters=5,
            )
            positions = np.asarray(embedding, dtype=np.float32)
            yield _progress(done, positions)
    except Stopped:
        return Layout(positions, "tsne", used, finished=False, note=note)
    return Layout(positions, "tsne", used, note=note)


def _prepare(neighbours: Neighbours, start: NDArray[np.float32], perplexity: float, seed: int) -> Any:
    """The embedding before its first iteration."""
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    affinities = PerplexityBasedNN(
        perplexity=perplexity, knn_index=PrecomputedNeighbors(neighbours.indices, neighbours.distances)
    )
    # Small, as t-SNE wants its start, and no two photos at one point: equal photos would never come apart.
    spread = start[:, 0].astype(np.float64).std() or 1.0
    jitter = np.random.default_rng(seed).normal(0.0, 1e-6, start.shape)
    return TSNEEmbedding(start / spread * 1e-4 + jitter, affinities, random_state=seed)


def _progress(done: int, positions: NDArray[np.float32]) -> Progress:
    return Progress("Drawing the map", done, ITERATIONS, {"positions": positions})
