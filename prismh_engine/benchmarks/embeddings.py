"""How many photos a second are encoded, beside the encoder alone on a batch in memory."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from .. import jobs
from ..jobs import Job
from ..models.encode_photos import PhotoEncoder, UsablePhoto, encode_photos
from ..models.encoders import TorchEncoder, build, compute_device
from ..models.pixels import normalize
from ..models.starter import IMAGE_SIZE, StarterEncoder, identity
from ..photos.cache import PhotoCache
from ..photos.folder import list_photos
from ..project.feature_sets import Encoder
from .rows import AT_LEAST, Conditions, Row, in_turn

NAME = "embeddings"
_PHOTOS = 256
_RESNET = "resnet18"


def measure(conditions: Conditions, found: list[Row], photos: int = _PHOTOS) -> Job[None]:
    """Photos a second from the cached copies; where there are fewer than `photos`, they are taken several times."""
    device = compute_device("auto")
    starter = StarterEncoder()
    by_torch = TorchEncoder(build("efficientnet_lite0", "starter"), identity(), device)
    resnet = TorchEncoder(build(_RESNET), Encoder(_RESNET, "", IMAGE_SIZE, 512), device)
    with tempfile.TemporaryDirectory(prefix="prismh-") as temporary, PhotoCache(Path(temporary)) as cache:
        listed = jobs.run(list_photos(conditions.photos, cache))
        few = [UsablePhoto(file.relative, file.path, look.content_hash) for file, look in listed]
        many = [few[number % len(few)] for number in range(photos)]
        turns = {
            "starter": _of_photos(starter, many, cache),
            "starter alone": _alone(starter, photos),
            "starter by torch": _alone(by_torch, photos),
            "resnet": _of_photos(resnet, many, cache),
            "resnet alone": _bare(_RESNET, resnet.batch_size, device, photos),
        }
        for warm_up in turns.values():
            warm_up()
        rates = yield from in_turn("Embeddings", turns, conditions.rounds)
    case, unit = f"starter features, {IMAGE_SIZE} px", "photos/s"
    found += [
        Row(NAME, case, unit, rates["starter"], "the bound", rates["starter alone"], goal=(AT_LEAST, 0.95)),
        Row(NAME, case, unit, rates["starter"], "torch alone", rates["starter by torch"], goal=(AT_LEAST, 2.0)),
        Row(
            NAME, f"{_RESNET}, {IMAGE_SIZE} px", unit, rates["resnet"], "the bound", rates["resnet alone"],
            goal=(AT_LEAST, 0.95),
        ),
    ]  # fmt: skip


def _of_photos(encoder: PhotoEncoder, photos: list[UsablePhoto], cache: PhotoCache) -> Callable[[], float]:
    def measure() -> float:
        began = time.perf_counter()
        jobs.run(encode_photos(photos, encoder, cache, lambda hashes, embeddings: None, "Encoding"))
        return len(photos) / (time.perf_counter() - began)

    return measure


def _alone(encoder: PhotoEncoder, photos: int) -> Callable[[], float]:
    """The encoder, pixels normalized and all, on one batch again and again."""
    size = encoder.identity.image_size
    images = np.random.default_rng(0).integers(0, 256, (encoder.batch_size, size, size, 3), dtype=np.uint8)

    def measure() -> float:
        began = time.perf_counter()
        for _ in range(photos // len(images)):
            encoder.encode(images)
        return photos // len(images) * len(images) / (time.perf_counter() - began)

    return measure


def _bare(name: str, batch_size: int, device: torch.device, photos: int) -> Callable[[], float]:
    """A network's forward pass alone, channels last, on one batch that is normalized already."""
    network = build(name).eval()
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (batch_size, IMAGE_SIZE, IMAGE_SIZE, 3), dtype=np.uint8)
    images = normalize(torch.from_numpy(pixels).to(device))

    def measure() -> float:
        began = time.perf_counter()
        with torch.inference_mode():
            for _ in range(photos // batch_size):
                network(images)
            if device.type == "cuda":
                torch.cuda.synchronize(device)
        return photos // batch_size * batch_size / (time.perf_counter() - began)

    return measure
