"""Every encoder by name: built, its weights loaded and checked. Importing this file does not import torch.

An encoder takes ImageNet-normalized pixels, float32 [N, 3, H, W], and gives embeddings, float32 [N, D].
"""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import BadValueError, PrismhError
from ..project.feature_sets import Encoder
from .pixels import normalize
from .starter_weights import weights_file

if TYPE_CHECKING:
    import torch
    from torch import nn

    from .networks import Network
    from .weights import WeightsFile

ENCODERS = {"resnet50": 2048, "resnet18": 512, "efficientnet_lite0": 1280}
"""Name -> dimension D of its embeddings; those that can be trained."""


class LoadedEncoder(NamedTuple):
    """An encoder with its weights. image_size: side in pixels of what it is made for, as far as known."""

    name: str
    module: nn.Module
    image_size: int


def build(name: str, weights: str | Path = "none") -> nn.Module:
    """An encoder without its classifier, on the CPU, in training mode.

    name: resnet18 or resnet50 (torchvision's, `fc` is Identity) or efficientnet_lite0 (timm's
    `tf_efficientnet_lite0`). weights: "none" (random, from torch's global generator), "starter" (efficientnet_lite0
    alone), "imagenet" (torchvision's; on efficientnet_lite0 the starter), or a file: see `weights.read`.

    Raises `BadValueError` for an unknown name or weights that belong to another encoder, `PrismhError` for weights
    that cannot be had.
    """
    from . import weights as weight_files

    if name not in ENCODERS:
        raise BadValueError(f"base_model must be one of {', '.join(ENCODERS)}, got {name!r}")
    if weights == "starter" and name != "efficientnet_lite0":
        raise BadValueError(f"The starter weights belong to efficientnet_lite0, not to {name}: choose one of the two.")
    network = _trainable(name)
    if weights == "none":
        return network.module
    if weights == "starter" or (weights == "imagenet" and name == "efficientnet_lite0"):
        file = weight_files.read(weights_file())
    elif weights == "imagenet":
        file = weight_files.read(weight_files.imagenet_file(name))
    else:
        file = weight_files.read(Path(weights))
    fault = network.fault(file.state)
    if fault:
        raise _of_another(file, name, fault)
    network.load(file.state)
    return network.module


def from_file(path: Path, name: str | None = None) -> LoadedEncoder:
    """The encoder in a checkpoint of a training or a file of bare weights.

    name: any classification network of torchvision or timm, see `networks.by_name`; None to tell one of `ENCODERS` by
    its tensors. Raises `BadValueError` for an unknown name or a file that holds another encoder, `PrismhError` where
    the file cannot be read.
    """
    from . import weights as weight_files
    from .networks import by_name

    # The name first: a slip of the finger is told before a large file is read.
    builders = [] if name is None or name in ENCODERS else by_name(name)
    file = weight_files.read(path)
    name = name or identify(file)
    if name is None:
        raise PrismhError(
            f"{path} holds the weights of another network than {', '.join(ENCODERS)}: choose another file, or name "
            "its network with --encoder."
        )
    fault = ""
    for build_network in builders or [partial(_trainable, name)]:
        network = build_network()
        fault = network.fault(file.state)
        if not fault:
            network.load(file.state)
            return LoadedEncoder(name, network.module, file.image_size or network.image_size)
    raise _of_another(file, name, fault)


def identify(file: WeightsFile) -> str | None:
    """The name of the encoder whose weights a file holds, None where it is none of `ENCODERS`."""
    import torch

    for name in ENCODERS:
        with torch.device("meta"):
            if not _trainable(name).fault(file.state):
                return name
    return None


def weights_sha256(module: nn.Module) -> str:
    """What tells two trained encoders apart: the sha256, in hex, of every tensor with its name, type and shape."""
    digest = hashlib.sha256()
    for key, tensor in sorted(module.state_dict().items()):
        array = tensor.detach().cpu().contiguous().numpy()
        digest.update(f"{key} {array.dtype} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def compute_device(name: str) -> torch.device:
    """auto: an NVIDIA GPU where torch finds one, else the CPU. Raises `BadValueError` for cuda where it finds none."""
    import torch

    if name == "cuda" and not torch.cuda.is_available():
        raise BadValueError("device is cuda, but torch finds no GPU here: leave it at auto.")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


class TorchEncoder:
    """An encoder run by torch, channels last, in evaluation mode; batches of at most `batch_size`."""

    def __init__(self, module: nn.Module, identity: Encoder, device: torch.device, batch_size: int = 64) -> None:
        import torch

        self.identity = identity
        # Small batches stay in a CPU's cache: EfficientNet-Lite0 takes 19 ms a photo in eights, 28 in thirty-twos.
        self.batch_size = min(batch_size, 8) if device.type == "cpu" else batch_size
        self._device = device
        self._module = cast(Any, module.eval())
        self._module.to(self._device, memory_format=torch.channels_last)

    def encode(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """uint8 [B, H, W, 3] -> float32 [B, D]."""
        import torch

        parts = [np.empty((0, self.identity.dimension), dtype=np.float32)]
        with torch.inference_mode():
            for start in range(0, len(images), self.batch_size):
                part = torch.from_numpy(images[start : start + self.batch_size]).to(self._device)
                parts.append(self._module(normalize(part)).float().cpu().numpy())
        return np.concatenate(parts)


def _trainable(name: str) -> Network:
    from . import networks

    return networks.efficientnet_lite0() if name == "efficientnet_lite0" else networks.resnet(name)


def _of_another(file: WeightsFile, name: str, fault: str) -> PrismhError:
    holds = identify(file)
    if holds is not None and holds != name:
        return BadValueError(f"{file.path} holds the weights of {holds}, not of {name}: choose one of the two.")
    return PrismhError(f"{file.path} does not hold the weights of {name}: {fault}. Choose another file.")
