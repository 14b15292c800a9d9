"""Pairs of views: a dataset for loaders of one's own, and the loader of the command and the window."""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from ... import jobs
from ...errors import PrismhError
from ...photos.cache import PhotoCache, default_cache_folder
from ...photos.folder import list_photos
from ...photos.measures import SHORT_SIDE
from ..pixels import normalize
from .augmentation import (
    FIXED_EPOCH,
    SMALLEST_CROP,
    View,
    apply_view,
    draw_view,
    get_simclr_transforms,
    view_generator,
)
from .device_views import DeviceBatch
from .look_alikes import LookAlikes, side_by_side
from .order import InTurn, Order, Shuffled
from .training_photos import TrainingPhoto

BATCHES_AHEAD = 2
SMALL = 160
"""Below this image size a training opens smaller copies of the photos, of a short side of 1.5 image sizes."""

CPU = torch.device("cpu")


class SimCLRDataset(Dataset[tuple[Any, Any]]):
    """Two views of every photo below a folder, in the sorted order of relative paths.

    Each photo is opened once: its copy (short side 384 pixels) is kept in the platform's cache folder.
    transform: RGB picture -> view; None means `get_simclr_transforms()`. `file_paths`: the photos, relative to
    root_dir with `/`. Raises `PrismhError` where the folder is missing or holds no photo that can be read.
    """

    def __init__(self, root_dir: str | Path, transform: Callable[[Image.Image], Any] | None = None) -> None:
        root = Path(root_dir)
        if not root.is_dir():
            raise PrismhError(f"There is no folder {root}: root_dir must name the folder with the photos.")
        self._cache_folder = default_cache_folder()
        self._cache: tuple[int, PhotoCache] | None = None
        listed = jobs.run(list_photos(root, self._open_cache()))
        if not listed:
            raise PrismhError(f"{root} holds no photo that can be read.")
        self.root_dir = root
        self.transform = transform or get_simclr_transforms()
        self.file_paths = [found.relative for found, _ in listed]
        self._photos = [(found.path, look.content_hash) for found, look in listed]

    def __len__(self) -> int:
        return len(self._photos)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        path, content_hash = self._photos[index]
        image = self._open_cache().copy(path, content_hash)
        return self.transform(image), self.transform(image)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_cache": None}

    def _open_cache(self) -> PhotoCache:
        # A loader's worker processes must not share the cache's open database with their parent.
        if self._cache is None or self._cache[0] != os.getpid():
            self._cache = (os.getpid(), PhotoCache(self._cache_folder))
        return self._cache[1]


class Batch(Protocol):
    """One rank's share of a batch: its photos, and both views of each for whoever asks.

    numbers: int64 [count], the photos' numbers; a share may hold none.
    """

    numbers: NDArray[np.int64]

    @property
    def count(self) -> int: ...

    def views(self, start: int = 0, stop: int | None = None) -> Tensor:
        """The first views of photos start to stop of the share, then their second ones: float32 [2n, 3, S, S].

        ImageNet-normalized, in channels-last memory, on the device. The same values each time one asks.
        """


class _HostBatch:
    """A `Batch` whose views are made on the CPU and kept as bytes."""

    def __init__(self, numbers: NDArray[np.int64], image_size: int) -> None:
        self.numbers = numbers
        self._pixels = np.empty((2, len(numbers), image_size, image_size, 3), dtype=np.uint8)

    @property
    def count(self) -> int:
        return len(self.numbers)

    def put(self, place: int, pixels: NDArray[np.uint8], views: tuple[View, View]) -> None:
        """Make the views of the photo at this place of the batch, [H, W, 3]."""
        for which, view in enumerate(views):
            self._pixels[which, place] = apply_view(pixels, view, self._pixels.shape[2])

    def views(self, start: int = 0, stop: int | None = None) -> Tensor:
        """As `Batch.views`."""
        return normalize(torch.from_numpy(self._pixels[:, start:stop]).flatten(0, 1))


class ViewBatches:
    """Batches of photos and their two views, prepared in threads beside the training step.

    A batch is a function of (seed, epoch, its place in the epoch), so that a training can go on at any batch. A last
    batch of one photo is skipped. smallest_crop, colour_strength: of the views, as of `draw_view`. fixed: photos in
    their order and the same views in every epoch. order: of the photos in an epoch, by lot where none is given.
    look_alikes: which other photos some of the second views show. part: (rank, ranks), which share of each batch to
    prepare: the batch's photos in order, in ranks parts of nearly equal size; the photos of a batch and their views are
    the same whatever the number of ranks. batch_size, `len` and `photos_in_epoch` count all ranks together. Close it,
    or use it in a `with`.
    """

    def __init__(
        self,
        photos: Sequence[TrainingPhoto],
        cache: PhotoCache,
        *,
        image_size: int,
        batch_size: int,
        seed: int,
        threads: int,
        smallest_crop: float = SMALLEST_CROP,
        colour_strength: float = 1.0,
        fixed: bool = False,
        order: Order | None = None,
        look_alikes: LookAlikes | None = None,
        part: tuple[int, int] = (0, 1),
        device: torch.device = CPU,
    ) -> None:
        self.photos = photos
        self.batch_size = min(batch_size, len(photos))
        self._cache = cache
        self._image_size = image_size
        self._short_side = math.ceil(1.5 * image_size) if image_size < SMALL else SHORT_SIDE
        self._seed = seed
        self._drawn_with = (colour_strength, smallest_crop)
        self._fixed = fixed
        self._order = order or (InTurn(len(photos)) if fixed else Shuffled(len(photos)))
        self._look_alikes = look_alikes
        self._part = part
        self._device = device
        self._sending = torch.cuda.Stream(device) if device.type == "cuda" else None
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="views") if threads else None

    def __len__(self) -> int:
        """Batches in an epoch."""
        whole, rest = divmod(len(self.photos), self.batch_size)
        return whole + (rest > 1)

    @property
    def photos_in_epoch(self) -> int:
        """How many photos an epoch takes: all, or all but one."""
        return min(len(self) * self.batch_size, len(self.photos))

    def stream(self, epoch: int, batch: int = 0) -> Generator[Batch, None, None]:
        """The batches from (epoch, batch) on: one epoch where the views are fixed, else epoch after epoch, endlessly.

        The next ones are being prepared while one is used. Close it when it is not drained.
        """
        upcoming = self._positions(epoch, batch)
        pending: deque[tuple[Batch, list[Future[None]]]] = deque()
        try:
            while True:
                while len(pending) <= (BATCHES_AHEAD if self._pool else 0):
                    position = next(upcoming, None)
                    if position is None:
                        break
                    pending.append(self._begin(*position))
                if not pending:
                    return
                ready, futures = pending.popleft()
                for future in futures:
                    future.result()
                yield ready
        finally:
            for _, futures in pending:
                for future in futures:
                    future.cancel()

    def close(self) -> None:
        """Drop what is still to be prepared and wait for what is being prepared."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> ViewBatches:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _positions(self, epoch: int, batch: int) -> Iterator[tuple[int, list[tuple[int, int]]]]:
        """The epoch whose views are taken, and of each of this rank's photos its place in the list and how often it
        came before in the epoch; batch after batch."""
        rank, ranks = self._part
        while True:
            drawn = self._order.draw(self._seed, epoch, self.batch_size)
            for start in range(batch * self.batch_size, len(self) * self.batch_size, self.batch_size):
                batches = (of_all[start : start + self.batch_size] for of_all in (drawn.places, drawn.times))
                places, times = (np.array_split(chosen, ranks)[rank].tolist() for chosen in batches)
                yield FIXED_EPOCH if self._fixed else epoch, list(zip(places, times, strict=True))
            if self._fixed:
                return
            epoch, batch = epoch + 1, 0

    def _begin(self, epoch: int, chosen: list[tuple[int, int]]) -> tuple[Batch, list[Future[None]]]:
        numbers = np.array([self.photos[index].number for index, _ in chosen], dtype=np.int64)
        if self._device.type == "cpu":
            batch: _HostBatch | DeviceBatch = _HostBatch(numbers, self._image_size)
        else:
            batch = DeviceBatch(numbers, self._image_size, self._device, self._sending)
        futures = []
        for place, (index, times) in enumerate(chosen):
            if self._pool is None:
                self._prepare(index, epoch, times, batch, place)
            else:
                futures.append(self._pool.submit(self._prepare, index, epoch, times, batch, place))
        return batch, futures

    def _prepare(self, index: int, epoch: int, times: int, batch: _HostBatch | DeviceBatch, place: int) -> None:
        photo, other = self.photos[index], index
        if self._look_alikes is not None:
            other = self._look_alikes.draw(self._seed, epoch, photo.number, index, times)
        pixels = [self._open(self.photos[one]) for one in ([index] if other == index else [index, other])]
        first, second = (
            draw_view(
                view_generator(self._seed, epoch, photo.number, 2 * times + which),
                shown.shape[1],
                shown.shape[0],
                *self._drawn_with,
            )
            for which, shown in enumerate((pixels[0], pixels[-1]))
        )
        if len(pixels) == 1:
            batch.put(place, pixels[0], (first, second))
        else:
            batch.put(place, *side_by_side(pixels[0], first, pixels[1], second))

    def _open(self, photo: TrainingPhoto) -> NDArray[np.uint8]:
        return np.asarray(self._cache.copy(photo.path, photo.content_hash, self._short_side))
