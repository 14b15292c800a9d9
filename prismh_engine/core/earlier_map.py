"""What a new map takes over from an earlier one: the places of photos, or how it lies."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from .. import jobs
from ..analysis.alignment import align
from ..analysis.mapping import Layout
from ..analysis.neighbours import nearest_among, unit_rows
from ..analysis.placing import PLACING_NEIGHBOURS, place
from ..counted import counted
from ..jobs import Job, Progress, StopToken
from ..project import Map
from .groups import MOST_NEW


def can_be_extended(kept: Map, photo_ids: NDArray[np.int64]) -> bool:
    """Whether a map that is kept shows enough of these photos [N] for the others to be placed on it."""
    new = len(photo_ids) - np.isin(photo_ids, kept.photo_ids).sum()
    # Photos placed before count as new: their map has never been laid out with them.
    new += min(kept.parameters.get("placed", 0), len(photo_ids) - new)
    return bool(kept.finished and len(photo_ids) and new <= MOST_NEW * len(photo_ids))


def extend(
    kept: Map, photo_ids: NDArray[np.int64], embeddings: NDArray[np.float32], stop: StopToken | None
) -> Job[Layout]:
    """The map of these photos, ids [N] and embeddings [N, D]: those it shows already stay, the others are placed."""
    rows, places = _shared(kept, photo_ids)
    positions = np.zeros((len(photo_ids), 2), dtype=np.float32)
    positions[rows] = kept.positions[places]
    new = np.setdiff1d(np.arange(len(photo_ids)), rows)
    placed = kept.parameters.get("placed", 0) + len(new)
    note = f"{counted(len(new), 'photo')} placed on the map that was there."
    layout = Layout(positions, kept.method, kept.parameters.get("perplexity"), note=note, placed=placed)
    if not len(new):
        return dataclasses.replace(layout, note="The map that was there shows them all.")
    near = yield from nearest_among(unit_rows(embeddings[new]), unit_rows(embeddings[rows]), PLACING_NEIGHBOURS)

    def of_all(progress: Progress) -> Progress:
        positions[new] = progress.metrics["positions"]
        return dataclasses.replace(progress, metrics={"photo_ids": photo_ids, "positions": positions.copy()})

    positions[new] = yield from jobs.change_progress(place(positions[rows], near, stop), of_all)
    return layout


def turned(earlier: Map | None, photo_ids: NDArray[np.int64], positions: NDArray[np.float32]) -> NDArray[np.float32]:
    """Positions [N, 2] of these photos, turned and mirrored so that they lie like an earlier map."""
    if earlier is None:
        return positions
    rows, places = _shared(earlier, photo_ids)
    return align(positions, rows, earlier.positions[places])


def _shared(earlier: Map, photo_ids: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The photos on both: where they stand among `photo_ids`, and where on the earlier map."""
    _, rows, places = np.intersect1d(photo_ids, earlier.photo_ids, return_indices=True)
    return rows, places
