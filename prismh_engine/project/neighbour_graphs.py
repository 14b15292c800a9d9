"""The one neighbour graph of a feature set: kept beside its rows, extended when rows were added."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from ..analysis.neighbours import NEIGHBOURS, Neighbours, extend, nearest_neighbours, unit_rows
from ..errors import PrismhError
from ..files import write_whole
from ..jobs import Job
from .feature_sets import BLOCK_ROWS, FeatureSet
from .photo_catalogue import Photo

KEPT_NEIGHBOURS = NEIGHBOURS + 30
"""More than a map asks for, so that a photo keeps enough of them when some are set aside."""


def neighbour_graph(features: FeatureSet) -> Job[Neighbours]:
    """The min(120, N - 1) nearest neighbours of each of the N rows of a feature set, among all of them.

    Read from `features/<set>/neighbours.npz`; made where it is missing, damaged or of other photos, extended where
    rows were added, and kept. A stop leaves what was kept as it was. A disk that refuses the file costs only the time
    to make it again.
    """
    contents = _contents(features)
    kept = _read(features, contents)
    if kept is not None and len(kept.indices) == len(contents):
        return kept
    rows = unit_rows_at(features, np.arange(len(contents)))
    if kept is None:
        graph = yield from nearest_neighbours(rows, KEPT_NEIGHBOURS)
    else:
        graph = yield from extend(kept, rows, KEPT_NEIGHBOURS)
    with suppress(PrismhError):
        _write(features, contents, graph)
    return graph


def neighbours_of_photos(
    features: FeatureSet, photos: Sequence[Photo], rows: NDArray[np.float32], k: int
) -> Job[Neighbours]:
    """The min(k, M - 1) nearest neighbours of photos that have features, among one another, by the kept graph.

    rows: theirs, float32 [M, D] of unit length. More neighbours than the graph holds are looked up.
    """
    row_of = features.rows()
    places = np.array([row_of[photo.look.content_hash] for photo in photos], dtype=np.int64)
    # Photos of equal bytes share a row, and each is the other's neighbour.
    if min(k, len(photos) - 1) > KEPT_NEIGHBOURS or len(np.unique(places)) < len(places):
        return (yield from nearest_neighbours(rows, k))
    graph = yield from neighbour_graph(features)
    return (yield from graph.among(places, k, lambda: rows))


def unit_rows_at(features: FeatureSet, places: NDArray[np.integer]) -> NDArray[np.float32]:
    """The rows of a feature set at these places, scaled to unit length [N, D]; a part is read at a time."""
    rows = np.empty((len(places), features.encoder.dimension), dtype=np.float32)
    for start in range(0, len(places), BLOCK_ROWS):
        rows[start : start + BLOCK_ROWS] = unit_rows(features.at(places[start : start + BLOCK_ROWS]))
    return rows


def _contents(features: FeatureSet) -> list[str]:
    """The content hash of each row, in their order."""
    rows = features.rows()
    return sorted(rows, key=rows.__getitem__)


def _fingerprint(features: FeatureSet, contents: Sequence[str]) -> str:
    """Of the encoder and of the photos whose rows a graph covers."""
    said = json.dumps([asdict(features.encoder), KEPT_NEIGHBOURS])
    return hashlib.sha256("\n".join([said, *contents]).encode()).hexdigest()


def _read(features: FeatureSet, contents: Sequence[str]) -> Neighbours | None:
    """The kept graph of the first of these rows or of all; None where there is none, or it is damaged or of others."""
    try:
        with np.load(features.folder / "neighbours.npz", allow_pickle=False) as file:
            indices, cosines, fingerprint = file["indices"], file["cosines"], str(file["fingerprint"])
    except Exception:  # a damaged one is told in a dozen ways, from BadZipFile to NotImplementedError
        return None
    covered = len(indices)
    shape = (covered, max(min(KEPT_NEIGHBOURS, covered - 1), 0))
    if covered > len(contents) or indices.shape != shape or cosines.shape != shape:
        return None
    if fingerprint != _fingerprint(features, contents[:covered]):
        return None
    return Neighbours(indices, cosines)


def _write(features: FeatureSet, contents: Sequence[str], graph: Neighbours) -> None:
    with write_whole(features.folder / "neighbours.npz") as stream:
        np.savez(
            stream,
            indices=graph.indices,
            cosines=graph.cosines,
            fingerprint=np.array(_fingerprint(features, contents)),
        )
