"""Photos that are looked up when they are asked for: a hundred thousand are never gone through for the dozen in sight.

Without Qt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, overload

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from prismh_engine.project import Photo


class PhotosById(Sequence["Photo"]):
    """photo_ids int64 [N]: which of `photos`, and in which order; all of them must be there."""

    def __init__(self, photo_ids: NDArray[np.int64], photos: Mapping[int, Photo]) -> None:
        self.photo_ids = photo_ids
        self._photos = photos

    def __len__(self) -> int:
        return len(self.photo_ids)

    @overload
    def __getitem__(self, place: int) -> Photo: ...
    @overload
    def __getitem__(self, place: slice) -> PhotosById: ...
    def __getitem__(self, place: int | slice) -> Photo | PhotosById:
        if isinstance(place, slice):
            return PhotosById(self.photo_ids[place], self._photos)
        return self._photos[int(self.photo_ids[place])]

    def at(self, rows: NDArray[np.int64]) -> PhotosById:
        """Those of some rows."""
        return PhotosById(self.photo_ids[rows], self._photos)


def ids_of(photos: Sequence[Photo]) -> NDArray[np.int64]:
    """The ids of photos, int64 [N]."""
    if isinstance(photos, PhotosById):
        return photos.photo_ids
    return np.fromiter(map(attrgetter("id"), photos), np.int64, len(photos))


def photos_at(photos: Sequence[Photo], rows: NDArray[np.int64]) -> Sequence[Photo]:
    """Those of some rows."""
    return photos.at(rows) if isinstance(photos, PhotosById) else [photos[row] for row in rows.tolist()]
