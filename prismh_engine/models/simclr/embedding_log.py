"""Features of some photos, with thumbnails, for TensorBoard's projector."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from ...analysis.neighbours import unit_rows
from ...photos.cache import PhotoCache
from ..pixels import prepare
from .training_photos import TrainingPhoto, TrainingPhotos, drawn

MOST_PHOTOS = 1000
_THUMBNAIL = 64  # pixels; 32 x 32 of them are 2,048 pixels wide, and a browser takes 8,192
_DIGITS = 5  # of rows of unit length, whose text would else be three times as long
_TAG = "embeddings"


def write(
    writer: Any,
    features: NDArray[np.float32],
    photos: TrainingPhotos,
    cache: PhotoCache,
    labels: Mapping[int, str] | None = None,
    step: int = 0,
) -> None:
    """Log features [N, D] of N photos, scaled to unit length, with their file_path, label and thumbnail.

    Of more than 1,000 photos 1,000 are taken, as by `drawn`. writer: a `SummaryWriter`. labels: number of a photo ->
    its label. step: optimizer steps so far; what was logged for the same step before is written anew.
    Raises `ValueError` where features and photos differ in number, `PrismhError` where a photo cannot be read any more.
    """
    if len(features) != len(photos):
        raise ValueError(f"there must be a row of features for each of the {len(photos)} photos, got {len(features)}")
    if not photos:
        return
    row_of = {photo.number: row for row, photo in enumerate(photos)}
    photos = drawn(photos, MOST_PHOTOS)
    features = features[[row_of[photo.number] for photo in photos]]
    # torch prints a warning where the folder is there: a line among those of --progress json.
    shutil.rmtree(Path(writer.log_dir, f"{step:05}", _TAG), ignore_errors=True)
    header, rows = ["file_path"], [[_one_line(photo.file_path)] for photo in photos]
    if labels:
        header.append("label")
        for row, photo in zip(rows, photos, strict=True):
            row.append(_one_line(labels.get(photo.number, "")))
    thumbnails = np.stack([_thumbnail(photo, cache) for photo in photos])
    writer.add_embedding(
        np.round(unit_rows(features).astype(np.float64), _DIGITS),
        # A single column has no header in the projector's format.
        metadata=rows if labels else [path for (path,) in rows],
        metadata_header=header if labels else None,
        label_img=torch.from_numpy(thumbnails).permute(0, 3, 1, 2).float() / 255,
        global_step=step,
        tag=_TAG,
    )


def _thumbnail(photo: TrainingPhoto, cache: PhotoCache) -> NDArray[np.uint8]:
    with Image.open(cache.thumbnail(photo.path, photo.content_hash)) as image:
        return prepare(image.convert("RGB"), _THUMBNAIL)


def _one_line(text: str) -> str:
    """A name as one cell of the table: no tab or line break ends it, and what is no Unicode is shown as `?`."""
    return " ".join(text.split()).encode("utf-8", "replace").decode()
