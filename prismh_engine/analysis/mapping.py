"""Embeddings to 2-D positions: t-SNE, principal components and, where it is installed, UMAP."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import jobs
from ..errors import PrismhError
from ..jobs import Job, Progress, Stopped, StopToken
from .neighbours import Neighbours, nearest_among, nearest_neighbours
from .placing import PLACING_NEIGHBOURS, place
from .threads import one_thread, threads_for_moving

MOST_LAID_OUT = 100_000
"""Photos up to which t-SNE lays out all; of more it lays out `SAMPLED` and the others are placed among them."""

SAMPLED = 50_000
EARLY_ITERATIONS, ITERATIONS = 250, 750
EXAGGERATION = 12.0
NEIGHBOURS_PER_PERPLEXITY = 3
_CHUNK = 25  # fixed: another length would change the last bits, and with them the map
_SMALL = 5000  # photos up to which one thread is faster
_SMALLEST_PERPLEXITY = 2.0
_UMAP_NEIGHBOURS = 14  # and the photo itself
_FEWEST_FOR_UMAP = 7


@dataclass(frozen=True)
class Layout:
    """2-D positions float32 [N, 2].

    method: "tsne", "pca" or "umap", what it became. perplexity: the one used, None without t-SNE. finished: False
    where it was stopped. note: a sentence where it is not what was asked for, else "". placed: how many photos were
    placed on the map of others.
    """

    positions: NDArray[np.float32]
    method: str
    perplexity: float | None = None
    finished: bool = True
    note: str = ""
    placed: int = 0


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
    neighbours_of: (rows, k) -> the k nearest of each, from a graph that is kept. Of more than 100,000 photos 50,000
    are drawn by chance and laid out, and the others placed among them.
    """
    n = len(rows)
    if n > MOST_LAID_OUT:
        return (yield from _tsne_of_many(rows, perplexity, seed, stop))
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
                n_jobs=threads_for_moving(n),
                callbacks=callbacks,
                callbacks_every_iters=5,
            )
            positions = np.asarray(embedding, dtype=np.float32)
            yield _progress(done, positions)
    except Stopped:
        return Layout(positions, "tsne", used, finished=False, note=note)
    return Layout(positions, "tsne", used, note=note)


def _tsne_of_many(rows: NDArray[np.float32], perplexity: float, seed: int, stop: StopToken | None) -> Job[Layout]:
    n = len(rows)
    chosen = np.sort(np.random.default_rng(seed).choice(n, SAMPLED, replace=False))
    others = np.setdiff1d(np.arange(n), chosen)
    sample = rows[chosen]
    positions = pca(rows, seed).positions
    try:
        near = yield from nearest_among(rows[others], sample, PLACING_NEIGHBOURS)
    except Stopped:
        return Layout(positions, "tsne", perplexity, finished=False)

    def of_all(progress: Progress) -> Progress:
        positions[chosen] = progress.metrics["positions"] if "positions" in progress.metrics else positions[chosen]
        positions[others] = positions[
            chosen[near.indices[:, 0]]
        ]  # each beside the one most like it, until it is placed
        return dataclasses.replace(progress, metrics={"positions": positions.copy()})

    laid_out = yield from jobs.change_progress(tsne(sample, perplexity=perplexity, seed=seed, stop=stop), of_all)
    positions[chosen] = laid_out.positions
    positions[others] = laid_out.positions[near.indices[:, 0]]

    def of_placed(progress: Progress) -> Progress:
        positions[others] = progress.metrics["positions"]
        return dataclasses.replace(progress, metrics={"positions": positions.copy()})

    if laid_out.finished:
        positions[others] = yield from jobs.change_progress(place(laid_out.positions, near, stop), of_placed)
    finished = laid_out.finished and not (stop is not None and stop.stopped)
    note = f"{SAMPLED:,} of the photos were laid out and the others placed among them. {laid_out.note}".strip()
    return Layout(positions, "tsne", laid_out.perplexity, finished, note)


def umap(
    rows: NDArray[np.float32],
    *,
    seed: int = 0,
    neighbours_of: Callable[[NDArray[np.float32], int], Job[Neighbours]] = nearest_neighbours,
) -> Job[Layout]:
    """UMAP (McInnes, Healy and Melville 2018) of rows [N, D] of unit length from their 15 nearest, by umap-learn.

    Starts from the principal components; the same seed gives the same map. Below 7 photos the principal components
    are the map. Cannot be stopped in mid-way. Raises `PrismhError` where umap-learn is not installed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on a part of it that wants TensorFlow
            from umap import UMAP
    except ImportError as error:
        raise PrismhError('UMAP is not installed: type pip install "prism-h[umap]", or take --method tsne.') from error
    start = pca(rows, seed)
    n = len(rows)
    if n < _FEWEST_FOR_UMAP:
        return dataclasses.replace(start, note="Too few photos for UMAP, so principal components serve.")
    yield Progress("Comparing photos", 0, n, {"positions": start.positions})
    near = yield from neighbours_of(rows, min(_UMAP_NEIGHBOURS, n - 1))
    yield Progress("Drawing the map", 0, None, {"positions": start.positions})
    # Each photo stands first among its own neighbours here.
    known = (
        np.column_stack([np.arange(n), near.indices]).astype(np.int32),
        np.column_stack([np.zeros(n), near.distances]).astype(np.float32),
    )
    spread = 10.0 / max(float(np.abs(start.positions).max()), 1e-12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on its one thread with a seed, and on later photos
        made = UMAP(
            n_neighbors=known[0].shape[1],
            init=start.positions * spread,
            precomputed_knn=(*known, None),
            random_state=seed,
            n_jobs=1,
        ).fit_transform(rows)
    return Layout(np.asarray(made, dtype=np.float32), "umap")


def _prepare(neighbours: Neighbours, start: NDArray[np.float32], perplexity: float, seed: int) -> Any:
    """The embedding before its first iteration."""
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    affinities = PerplexityBasedNN(
        perplexity=perplexity,
        knn_index=PrecomputedNeighbors(neighbours.indices, neighbours.distances),
        n_jobs=threads_for_moving(len(start)),
    )
    # Small, as t-SNE wants its start, and no two photos at one point: equal photos would never come apart.
    spread = start[:, 0].astype(np.float64).std() or 1.0
    jitter = np.random.default_rng(seed).normal(0.0, 1e-6, start.shape)
    return TSNEEmbedding(start / spread * 1e-4 + jitter, affinities, random_state=seed)


def _progress(done: int, positions: NDArray[np.float32]) -> Progress:
    return Progress("Drawing the map", done, ITERATIONS, {"positions": positions})
