"""The places of a project where more photos were taken than elsewhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..analysis.hot_spots import HotSpot, hot_spots
from ..jobs import Job, Progress
from ..project import Project


def find_hot_spots(
    project: Project, photo_ids: NDArray[np.int64], chosen: NDArray[np.bool_] | None = None
) -> Job[list[HotSpot]]:
    """See `analysis.hot_spots`; the rows of a hot spot are places in `photo_ids`, int64 [N].

    chosen bool [N]: the photos that count, as those with a certain name; the others tell where photos were taken.
    """
    yield Progress("Looking for hot spots", 0, None)
    shots = project.columns.shots()
    row_of = {photo_id: row for row, photo_id in enumerate(shots.photo_ids)}
    places = np.array([shots.latitudes, shots.longitudes], np.float64).reshape(2, -1)
    places = np.append(places, [[np.nan], [np.nan]], axis=1)  # an id the project does not know has no place
    latitudes, longitudes = places[:, [row_of.get(int(photo_id), -1) for photo_id in photo_ids]]
    yield Progress("Looking for hot spots", 1, None)
    return hot_spots(latitudes, longitudes, chosen)
