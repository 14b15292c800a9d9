"""From photos to embeddings: the next photos are read while an encoder works on these."""

from __future__ import annotations

import itertools
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import PrismhError
from ..jobs import Job, Progress
from ..photos.cache import PhotoCache
from ..project.feature_sets import Encoder
from .pixels import prepare

if TYPE_CHECKING:
    from torch import nn

_BATCHES_AHEAD = 4
_SECONDS_BETWEEN_KEEPS = 5.0


@dataclass(frozen=True)
class UsablePhoto:
    """A photo as encoding needs it: its path in every output, where it lies, and which cached copy is its own."""

    file_path: str
    path: Path
    content_hash: str


class CachedPhoto(Protocol):
    """What encoding asks of a photo; `UsablePhoto` and the photos of a training have it."""

    @property
    def path(self) -> Path: ...

    @property
    def content_hash(self) -> str: ...


class PhotoEncoder(Protocol):
    """An encoder that is ready to run: `TorchEncoder` or `StarterEncoder`."""

    identity: Encoder
    batch_size: int

    def encode(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """uint8 [B, H, W, 3] -> float32 [B, D]."""


@dataclass(frozen=True)
class EncoderToStart:
    """An encoder that is not running yet.

    identity: what it is. start: makes it ready to run, called once. what: its work in a `Progress`. module: gives the
    network itself, on the CPU; called before `start` or not at all.
    """

    identity: Encoder
    start: Callable[[], PhotoEncoder]
    what: str
    module: Callable[[], nn.Module]


Keep = Callable[[Sequence[str], NDArray[np.float32]], None]


def encode_photos(
    photos: Sequence[CachedPhoto], encoder: PhotoEncoder, cache: PhotoCache, keep: Keep, what: str
) -> Job[list[str]]:
    """Encode photos from their cached copies; return sentences on those that could not be read any more.

    keep: takes content hashes and embeddings [n, D], every few seconds and at the end, also at an early one: what was
    computed is never lost.
    """
    problems: list[str] = []
    hashes: list[str] = []
    rows: list[NDArray[np.float32]] = []
    kept_at = time.monotonic()
    pool = ThreadPoolExecutor(max(2, (os.cpu_count() or 2) // 2), thread_name_prefix="read")
    try:
        done = 0
        for batch in _batches(photos, encoder, cache, pool):
            ready = [(photo, image) for photo, image in batch if not isinstance(image, PrismhError)]
            problems += [str(image) for _, image in batch if isinstance(image, PrismhError)]
            if ready:
                rows.append(encoder.encode(np.stack([image for _, image in ready])))
                hashes += [photo.content_hash for photo, _ in ready]
            done += len(batch)
            if rows and time.monotonic() - kept_at > _SECONDS_BETWEEN_KEEPS:
                keep(hashes, np.concatenate(rows))
                hashes, rows, kept_at = [], [], time.monotonic()
            yield Progress(what, done, len(photos))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        if rows:
            keep(hashes, np.concatenate(rows))
    return problems


def encode_through_cache(
    photos: Sequence[CachedPhoto], encoder: EncoderToStart, cache: PhotoCache
) -> Job[dict[str, NDArray[np.float32]]]:
    """Content hash -> embedding [D] of photos without a project; what is new is kept in the cache, also at a stop.

    The encoder is started only where the cache lacks a photo. One that cannot be read any more has no embedding.
    """
    key = cache_key(encoder.identity)
    by_content = {photo.content_hash: photo for photo in photos}
    known = cache.features(key, by_content)
    missing = [photo for name, photo in by_content.items() if name not in known]
    if missing:
        yield Progress(encoder.what, 0, len(missing))

        def keep(hashes: Sequence[str], embeddings: NDArray[np.float32]) -> None:
            cache.store_features(key, hashes, embeddings)
            known.update(zip(hashes, embeddings, strict=True))

        yield from encode_photos(missing, encoder.start(), cache, keep, encoder.what)
    return known


def cache_key(identity: Encoder) -> str:
    """An encoder's identity as the cache knows it."""
    return f"{identity.name} {identity.weights_sha256} {identity.image_size}"


_Prepared = tuple[CachedPhoto, "NDArray[np.uint8] | PrismhError"]


def _batches(
    photos: Sequence[CachedPhoto], encoder: PhotoEncoder, cache: PhotoCache, pool: ThreadPoolExecutor
) -> Iterator[list[_Prepared]]:
    """Photos ready for the encoder, in order, in batches; some batches are read ahead."""
    image_size = encoder.identity.image_size

    def read(photo: CachedPhoto) -> _Prepared:
        try:
            return photo, prepare(cache.copy(photo.path, photo.content_hash), image_size)
        except PrismhError as error:
            return photo, error

    coming = iter(photos)
    reading: deque[Future[_Prepared]] = deque()
    while True:
        ahead = _BATCHES_AHEAD * encoder.batch_size - len(reading)
        reading.extend(pool.submit(read, photo) for photo in itertools.islice(coming, ahead))
        if not reading:
            return
        yield [reading.popleft().result() for _ in range(min(encoder.batch_size, len(reading)))]
