"""An encoder from a file of weights, ready to embed photos of the user's."""

from __future__ import annotations

from pathlib import Path

from ..project.feature_sets import Encoder
from .encode_photos import EncoderToStart

BY_LEARNED = "Seeing what was learned of them"


def file_encoder(
    path: Path, name: str | None = None, image_size: int | None = None, device: str = "auto", batch_size: int = 64
) -> EncoderToStart:
    """The encoder in a checkpoint or a file of weights, loaded and ready to be started.

    name: of a network of torchvision or timm; None for one that this program trains. image_size: in pixels; None for
    the encoder's own. device: auto, cpu or cuda. batch_size: photos encoded at once on a GPU.
    Raises `BadValueError` for a name, an image size or a file that do not fit each other, `PrismhError` where the file
    cannot be read.
    """
    from .encoders import TorchEncoder, compute_device, from_file, weights_sha256
    from .networks import dimension

    found, module, own_size = from_file(path, name)
    size = image_size or own_size
    identity = Encoder(found, weights_sha256(module), size, dimension(module, size))
    return EncoderToStart(
        identity,
        lambda: TorchEncoder(module, identity, compute_device(device), batch_size),
        BY_LEARNED,
        lambda: module,
    )
