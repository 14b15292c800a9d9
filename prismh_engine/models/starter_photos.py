"""The starter's embeddings of photos of the user's: on a GPU where there is one, else by ONNX Runtime without torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..jobs import Job, StopToken
from ..photos.cache import PhotoCache
from . import starter
from .encode_photos import CachedPhoto, EncoderToStart, PhotoEncoder, encode_through_cache

if TYPE_CHECKING:
    from torch import nn

BY_STARTER = "Seeing what they show"


def starter_features_of(
    photos: Sequence[CachedPhoto], cache: PhotoCache, stop: StopToken | None = None
) -> Job[dict[str, NDArray[np.float32]]]:
    """Content hash -> starter embedding [1280] of photos without a project; kept in the cache, also at a stop.

    A photo that cannot be read any more has none.
    """
    return (yield from encode_through_cache(photos, starter_encoder(stop=stop), cache))


def starter_encoder(
    image_size: int = starter.IMAGE_SIZE,
    device: str = "auto",
    batch_size: int = 64,
    stop: StopToken | None = None,
    threads: int = 0,
) -> EncoderToStart:
    """The starter, ready to be started.

    image_size: in pixels. device: auto, cpu or cuda. batch_size: photos encoded at once on a GPU. stop: ends the wait
    at its first use with `Stopped`. threads: on a CPU, 0 for one a core.
    """
    identity = starter.identity(image_size)

    def start() -> PhotoEncoder:
        # A look at the driver first, since asking torch for GPUs means importing it.
        if device == "cuda" or (device == "auto" and starter.uses_gpu()):
            from .encoders import TorchEncoder, build, compute_device

            found = compute_device(device)
            if found.type != "cpu":
                return TorchEncoder(build("efficientnet_lite0", "starter"), identity, found, batch_size)
        return starter.StarterEncoder(identity.image_size, stop, threads)

    def module() -> nn.Module:
        from .encoders import build

        return build("efficientnet_lite0", "starter")

    return EncoderToStart(identity, start, BY_STARTER, module)
