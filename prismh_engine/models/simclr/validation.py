"""Which photos of a training show nearly the same, and which are most alike, by the starter; free of torch.

Near duplicates must not stand on both sides of a validation; the most alike may serve as positives.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...analysis.neighbours import near_duplicates, nearest_neighbours
from ...jobs import Job, StopToken
from ...photos.cache import PhotoCache
from ...project import Project
from .look_alikes import LOOK_ALIKES
from .starter_rows import starter_rows
from .training_photos import TrainingPhotos


def alike(
    photos: TrainingPhotos, cache: PhotoCache, stop: StopToken | None = None, project: Project | None = None
) -> Job[NDArray[np.int64]]:
    """A number for each photo, int64 [N], equal for photos that near duplicates join.

    They are the connected components of starter cosine >= .9 (`analysis.neighbours.near_duplicates`); photos of equal
    bytes share a number, and one that cannot be read any more has its own. However many photos there are, those of a
    few thousand are held at once. A stop and a disk that refuses are as of `StarterRows.fill`.
    """
    _, first, content_of = np.unique(photos.contents, axis=0, return_index=True, return_inverse=True)
    with starter_rows(cache.folder) as rows:
        row_of = yield from rows.fill(photos.take(first), cache, stop, project)
        component = yield from near_duplicates(rows)
        # A number larger than any component's for each that has no row.
        numbers = len(rows) + np.arange(len(first))
    numbers[row_of >= 0] = component[row_of[row_of >= 0]]
    return numbers[content_of.reshape(-1)]  # numpy 2.0 gives it another shape


def most_alike(
    photos: TrainingPhotos, cache: PhotoCache, stop: StopToken | None = None, project: Project | None = None
) -> Job[NDArray[np.int64]]:
    """The numbers of the five photos of other content most alike each, int64 [N, 5] (fewer where there are fewer).

    A photo that cannot be read any more, or is the only one, has its own number. A stop and a disk that refuses are as
    of `StarterRows.fill`.
    """
    _, first, content_of = np.unique(photos.contents, axis=0, return_index=True, return_inverse=True)
    with starter_rows(cache.folder) as rows:
        row_of = yield from rows.fill(photos.take(first), cache, stop, project)
        found = (yield from nearest_neighbours(rows.mapped(), LOOK_ALIKES)).indices
    if not found.shape[1]:
        return photos.numbers[:, None]
    number_of_row = photos.numbers[first][row_of >= 0]
    own = row_of[content_of.reshape(-1)]
    return np.where(own[:, None] >= 0, number_of_row[found][own], photos.numbers[:, None])
