"""What `train_classifier` learns from: photos in class folders, photos with labels, or a dataset of somebody's own."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ... import jobs
from ...errors import BadValueError, PrismhError
from ...paths import to_text
from ...photos.cache import PhotoCache
from ...photos.folder import list_photos
from ...photos.record import FoundPhoto, file_facts
from ..pixels import normalize, prepare
from ..simclr.augmentation import apply_view, draw_view

IMAGE_SIZE = 224
_COLOURS = 0.3  # of SimCLR's changes: what a thing is made of shows in its colour


class LabelledImages(Protocol):
    """N images with a label each. An image is a float32 tensor [3, H, W] as the encoder takes it."""

    @property
    def labels(self) -> Sequence[Any]: ...

    def whole(self, index: int) -> Tensor:
        """An image as it is classified."""

    def view(self, index: int, generator: np.random.Generator) -> Tensor:
        """An image as it is learned from, another one each time."""


def labelled_images(labeled_data: Any, cache: PhotoCache) -> LabelledImages:
    """A folder of class folders, a list of (path, label), or a dataset of (image, label).

    Raises `PrismhError` where the folder or a photo of the list cannot be read, `BadValueError` for anything else.
    """
    if isinstance(labeled_data, (str, Path)):
        return _of_folder(Path(labeled_data), cache)
    if not hasattr(labeled_data, "__len__") or not hasattr(labeled_data, "__getitem__"):
        raise BadValueError(
            "labeled_data must be a folder of class folders, a list of (path, label) or a dataset of (image, label), "
            f"got {type(labeled_data).__name__}"
        )
    if isinstance(labeled_data, (list, tuple)) and all(isinstance(pair[0], (str, Path)) for pair in labeled_data):
        return _of_paths([(Path(path), label) for path, label in labeled_data], cache)
    return _Dataset(labeled_data)


def whole_frame(image: Image.Image, image_size: int = IMAGE_SIZE) -> Tensor:
    """An RGB picture squeezed to a square of normalized pixels, [3, S, S]."""
    return normalize(torch.from_numpy(prepare(image, image_size))[None])[0]


def photo_copy(path: Path, cache: PhotoCache) -> Callable[[], Image.Image]:
    """Gives a photo's upright RGB copy from the cache. Raises `PrismhError` where the photo cannot be read."""
    try:
        found = FoundPhoto(path, to_text(Path(path.name)), *file_facts(path.stat()))
    except OSError as error:
        raise PrismhError(f"Cannot read the photo {path}: {error.strerror or error}.") from error
    look = cache.look(found)
    if not look.usable:
        raise PrismhError(f"Cannot read the photo {path}: {look.invalid_reason}")
    return lambda: cache.copy(path, look.content_hash)


class _Photos:
    """Photos, each opened once and kept as a copy in the cache."""

    def __init__(self, copies: Sequence[Callable[[], Image.Image]], labels: Sequence[Any]) -> None:
        self.labels = labels
        self._copies = copies

    def whole(self, index: int) -> Tensor:
        return whole_frame(self._copies[index]())

    def view(self, index: int, generator: np.random.Generator) -> Tensor:
        return _view(self._copies[index](), generator)


class _Dataset:
    """Somebody's own images: tensors as they are, whose augmentation is the dataset's affair, or pictures."""

    def __init__(self, dataset: Any) -> None:
        self._dataset = dataset
        self.labels = [_plain(dataset[index][1]) for index in range(len(dataset))]

    def whole(self, index: int) -> Tensor:
        image = self._dataset[index][0]
        return whole_frame(image.convert("RGB")) if isinstance(image, Image.Image) else _checked(image)

    def view(self, index: int, generator: np.random.Generator) -> Tensor:
        image = self._dataset[index][0]
        return _view(image.convert("RGB"), generator) if isinstance(image, Image.Image) else _checked(image)


def _of_folder(folder: Path, cache: PhotoCache) -> _Photos:
    if not folder.is_dir():
        raise PrismhError(f"There is no folder {folder}: labeled_data must name a folder of class folders.")
    listed = [pair for pair in jobs.run(list_photos(folder, cache)) if "/" in pair[0].relative]
    if not listed:
        raise PrismhError(
            f"{folder} has no photos in class folders: put the photos of each label in a folder of its own."
        )
    copies = [_copy_of(cache, found.path, look.content_hash) for found, look in listed]
    return _Photos(copies, [PurePosixPath(found.relative).parts[0] for found, _ in listed])


def _of_paths(pairs: Sequence[tuple[Path, Any]], cache: PhotoCache) -> _Photos:
    return _Photos([photo_copy(path, cache) for path, _ in pairs], [_plain(label) for _, label in pairs])


def _copy_of(cache: PhotoCache, path: Path, content_hash: str) -> Callable[[], Image.Image]:
    return lambda: cache.copy(path, content_hash)


def _view(image: Image.Image, generator: np.random.Generator) -> Tensor:
    drawn = dataclasses.replace(draw_view(generator, image.width, image.height, _COLOURS), grey=False)
    return normalize(torch.from_numpy(apply_view(np.asarray(image), drawn, IMAGE_SIZE))[None])[0]


def _checked(image: Any) -> Tensor:
    if not isinstance(image, Tensor) or image.ndim != 3:
        raise BadValueError(
            f"An image of labeled_data must be a picture or a tensor [3, H, W], got {type(image).__name__}"
        )
    return image.float()


def _plain(label: Any) -> Any:
    """A label as text or number, also where it came as a tensor or a number of numpy's."""
    return label.item() if hasattr(label, "item") else label
