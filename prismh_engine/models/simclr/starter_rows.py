"""The starter's features of the photos of a training, a row for each content, more of them than should be held at once.

Free of torch.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from ...analysis.neighbours import unit_rows
from ...files import cannot_write
from ...jobs import Job, Progress, StopToken, change_progress
from ...photos.cache import PhotoCache
from ...project import Project
from ...project.feature_sets import STARTER
from .. import starter
from ..starter_photos import BY_STARTER, starter_features_of
from .training_photos import TrainingPhotos

_PHOTOS_AT_ONCE = 4096  # 21 MB of features


class StarterRows:
    """Rows float32 [N, D] of unit length in a nameless file, read a slice at a time."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._count = 0

    def fill(
        self,
        different: TrainingPhotos,
        cache: PhotoCache,
        stop: StopToken | None = None,
        project: Project | None = None,
    ) -> Job[NDArray[np.int64]]:
        """Write a row for each photo of different content; which row each has, int64 [M], -1 where it cannot be read.

        Features are taken from the project and the cache; what is missing is computed and kept in the cache, also at a
        stop, which leaves as `Stopped`. Raises `PrismhError` where the cache's disk refuses.
        """
        row_of = np.full(len(different), -1, dtype=np.int64)
        for start in range(0, len(different), _PHOTOS_AT_ONCE):
            yield Progress(BY_STARTER, start, len(different))
            part = different[start : start + _PHOTOS_AT_ONCE]
            found = yield from _starter_features(part, cache, stop, project, start, len(different))
            features = [found.get(photo.content_hash) for photo in part]
            read = np.array([row is not None for row in features])
            if read.any():
                row_of[start : start + len(part)][read] = np.arange(len(self), len(self) + read.sum())
                self._append(unit_rows(np.stack([row for row in features if row is not None])))
        return row_of

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, part: slice) -> NDArray[np.float32]:
        start, stop, _ = part.indices(self._count)
        bytes_a_row = 4 * starter.DIMENSION
        self._file.seek(start * bytes_a_row)
        content = self._file.read((stop - start) * bytes_a_row)
        return np.frombuffer(content, dtype=np.float32).reshape(-1, starter.DIMENSION)

    def mapped(self) -> NDArray[np.float32]:
        """All rows, [N, D], which the system may drop from memory again: five gigabytes of a million photos."""
        self._file.flush()
        if not self._count:  # no file of no bytes can be mapped
            return np.empty((0, starter.DIMENSION), dtype=np.float32)
        return np.memmap(self._file, dtype=np.float32, mode="r", shape=(self._count, starter.DIMENSION))

    def _append(self, rows: NDArray[np.float32]) -> None:
        self._file.seek(0, os.SEEK_END)
        self._file.write(rows.tobytes())
        self._count += len(rows)


@contextmanager
def starter_rows(folder: Path) -> Iterator[StarterRows]:
    """Room for rows, gone when the block ends. Raises `PrismhError` where the folder has none."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            yield StarterRows(file)
    except OSError as error:
        raise cannot_write(folder, error) from error


def _starter_features(
    photos: TrainingPhotos,
    cache: PhotoCache,
    stop: StopToken | None,
    project: Project | None,
    before: int,
    total: int,
) -> Job[dict[str, NDArray[np.float32]]]:
    """Content hash -> starter features of a part of all photos. before: how many came before; total: all of them."""
    found: dict[str, NDArray[np.float32]] = {}
    kept = None if project is None else project.features.find(STARTER)
    if kept is not None and kept.encoder == starter.identity():
        found = kept.of_contents(photo.content_hash for photo in photos)
    missing = [photo for photo in photos if photo.content_hash not in found]

    def of_all(progress: Progress) -> Progress:
        return Progress(progress.what, before + len(photos) - (progress.total or 0) + progress.done, total)

    if missing:
        found.update((yield from change_progress(starter_features_of(missing, cache, stop), of_all)))
    return found
