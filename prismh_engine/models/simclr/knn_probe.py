"""A measure with labels, beside a training without them: how well nearest neighbours tell classes (kNN accuracy)."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from ...analysis.neighbours import nearest_neighbours, unit_rows
from ...analysis.scores import NEIGHBOURS, knn_leave_one_out
from ...errors import PrismhError
from ...jobs import run
from ...photos.cache import PhotoCache
from ...project.feature_sets import Encoder
from ..encode_photos import encode_photos
from ..ranks import Ranks
from .photo_labels import labels_of_file
from .training_photos import TrainingPhoto, TrainingPhotos, drawn

MOST_PHOTOS = 2000
_IMAGES_AT_ONCE = 8  # activations of eight still fit a processor's cache: faster than more at once

Encode = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""uint8 [B, H, W, 3] -> float32 [B, D]: an encoder as it is now."""


def read_labels(path: Path | None, photos: Sequence[TrainingPhoto], notes: list[str] | None = None) -> dict[int, str]:
    """Number of a photo -> its label, for photos that have one.

    path: a CSV with file_path and label; of several labels of a photo the first counts. None: the folders photos lie
    in, where there are two or more with two photos or more; else nothing. notes: as of `labels_of_file`.
    Raises `PrismhError` where the CSV is none, knows none of the photos, or names fewer than two classes.
    """
    if path is None:
        return _folders(photos)
    found = {number: own[0] for number, own in labels_of_file(path, photos, notes).items()}
    if len(set(found.values())) < 2:
        raise PrismhError(
            f"{path} gives all photos to learn from the one label {next(iter(found.values()))!r}: measuring needs two "
            "labels at least. Add photos of another, or leave out --probe_labels."
        )
    return found


class KnnProbe:
    """Leave-one-out kNN accuracy of the labelled photos, as `evaluate` has it (`analysis.scores`).

    photos: all of the training; labels: as of `read_labels`. Of more than 2,000 labelled photos the same 2,000 are
    taken each time, whose content decides. image_size: the side of the square each whole frame is squeezed to, in
    pixels.
    """

    def __init__(self, photos: TrainingPhotos, labels: Mapping[int, str], cache: PhotoCache, image_size: int) -> None:
        self.photos = drawn(photos.take(np.isin(photos.numbers, list(labels))), MOST_PHOTOS)
        names = [labels[photo.number] for photo in self.photos]
        self._classes = np.unique(names, return_inverse=True)[1].astype(np.int64)
        self._cache = cache
        self._image_size = image_size

    def measure(self, encode: Encode, ranks: Ranks) -> float | None:
        """The accuracy, 0 to 1, the same on every rank; None where there are not two photos of two classes.

        Every rank must call it: each encodes its share. Raises `PrismhError` where a photo cannot be read any more.
        """
        if len(np.unique(self._classes)) < 2:
            return None
        features = encode_whole_frames(self.photos, self._cache, self._image_size, encode, ranks)
        accuracy = None
        if features is not None:
            neighbours = run(nearest_neighbours(unit_rows(features), NEIGHBOURS))
            right = knn_leave_one_out(neighbours, self._classes)
            accuracy = None if right is None else float(right.mean())
        return ranks.share(accuracy)


def encode_whole_frames(
    photos: Sequence[TrainingPhoto], cache: PhotoCache, image_size: int, encode: Encode, ranks: Ranks
) -> NDArray[np.float32] | None:
    """Features of photos float32 [N, D], each frame squeezed whole to a square, in their order, on rank 0; else None.

    Every rank must call it: each encodes its share. Raises `PrismhError` on every rank where a photo cannot be read.
    """
    share = [photos[int(place)] for place in np.array_split(np.arange(len(photos)), ranks.count)[ranks.rank]]
    rows: dict[str, NDArray[np.float32]] = {}

    def keep(hashes: Sequence[str], embeddings: NDArray[np.float32]) -> None:
        rows.update(zip(hashes, embeddings, strict=True))

    error: Exception | None = None
    try:
        encoder = _Encoder(Encoder("", "", image_size, 0), _IMAGES_AT_ONCE, encode)
        problems = run(encode_photos(share, encoder, cache, keep, "Measuring"))
        if problems:
            error = PrismhError(problems[0])
    except Exception as failed:  # whatever it is, the other ranks must not wait for this one
        error = failed
    ranks.raise_together(error)
    own = [rows[photo.content_hash] for photo in share]
    return ranks.gather_rows(np.stack(own) if own else np.empty((0, 0), dtype=np.float32))


@dataclass
class _Encoder:
    """An encoder as `encode_photos` wants it; its features are not kept, so that it needs no name."""

    identity: Encoder
    batch_size: int
    encode: Encode


def _folders(photos: Sequence[TrainingPhoto]) -> dict[int, str]:
    """Number of a photo -> the folder it lies in, of folders with two photos or more; empty where it is one folder."""
    # Interned, since hundreds of thousands of photos may lie in few folders.
    folders = {photo.number: sys.intern(str(PurePosixPath(photo.file_path).parent)) for photo in photos}
    sizes = Counter(folders.values())
    classes = {folder for folder, size in sizes.items() if size > 1}
    return {number: folder for number, folder in folders.items() if folder in classes} if len(classes) > 1 else {}
