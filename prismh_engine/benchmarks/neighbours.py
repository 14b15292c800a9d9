"""How long it takes to compare photos, beside scikit-learn; and to find the look-alikes of one."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import numpy as np

from .. import jobs
from ..analysis.neighbours import NEIGHBOURS, nearest_neighbours
from ..core.look_alikes import largest
from ..jobs import Job, Progress
from ..project.feature_sets import BLOCK_ROWS
from ..project.kept_rows import KeptRows
from .feature_rows import feature_rows, measure_beside, timed
from .fresh_process import call
from .rows import AT_MOST, Conditions, Row

NAME = "neighbours"
_ONE_PHOTO_AMONG = 100_000
_GOAL_SECONDS = 0.05
_ASKED = 20


def measure(conditions: Conditions, found: list[Row]) -> Job[None]:
    """The 90 nearest neighbours of all; the 90 nearest of one photo among 100,000."""
    yield from measure_beside(NAME, conditions, found, ours, bare, "scikit-learn")
    yield Progress(f"One photo among {_ONE_PHOTO_AMONG:,}", 0, None)
    seconds = call(one_photo, size=_ONE_PHOTO_AMONG)
    case = f"of one photo among {_ONE_PHOTO_AMONG:,}, exact"
    found.append(
        Row(NAME, case, "s", [min(seconds)], "50 ms", [_GOAL_SECONDS], "lowest", (AT_MOST, 1.0)),
    )


def ours(size: int) -> tuple[float, float, int]:
    return timed(lambda rows: jobs.run(nearest_neighbours(rows, NEIGHBOURS)), size)


def bare(size: int) -> tuple[float, float, int]:
    """scikit-learn's exact search with all cores."""
    from sklearn.neighbors import NearestNeighbors

    def search(rows: np.ndarray) -> None:
        search = NearestNeighbors(n_neighbors=NEIGHBOURS, metric="cosine", algorithm="brute", n_jobs=os.cpu_count())
        search.fit(rows).kneighbors()

    return timed(search, size)


def one_photo(size: int) -> list[float]:
    """Seconds for each of some photos in turn, among rows on the disk that were read before, as a project has them."""
    rows = feature_rows(size)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{start}.npy" for start in range(0, size, BLOCK_ROWS)]
        for path in paths:
            start = int(path.stem)
            np.save(path, rows[start : start + BLOCK_ROWS])
        kept = KeptRows(paths, size)
        for query in rows[:_ASKED]:
            began = time.perf_counter()
            largest(kept.cosines(query), NEIGHBOURS)
            found.append(time.perf_counter() - began)
        del kept
    return found
