"""Every encoder by name: built, its weights loaded and checked. Importing this file does not import torch.

An encoder takes ImageNet-normalized pixels, float32 [N, 3, H, W], and gives embeddings, float32 [N, D].
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import BadValueError, PrismhError
from ..project.feature_sets import Encoder

if TYPE_CHECKING:
    import torch
    from torch import nn

    from .weights import WeightsFile

ENCODERS = {"resnet50": 2048, "resnet18": 512, "efficientnet_lite0": 1280}
"""Name -> dimension D of its embeddings."""

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


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
    encoder = _network(name)
    if weights == "none":
        return encoder
    if weights == "starter" or (weights == "imagenet" and name == "efficientnet_lite0"):
        from . import starter

        file = weight_files.read(starter.weights_file())
    elif weights == "imagenet":
        file = weight_files.read(weight_files.imagenet_file(name))
    else:
        file = weight_files.read(Path(weights))
    fault = file.fault(encoder)
    if fault:
        holds = identify(file)
        if holds is not None:
            raise BadValueError(f"{file.path} holds the weights of {holds}, not of {name}: choose one of the two.")
        raise PrismhError(f"{file.path} does not hold the weights of {name}: {fault}. Choose another file.")
    file.load_into(encoder)
    return encoder


def from_file(path: Path) -> tuple[str, nn.Module, int | None]:
    """The encoder in a checkpoint or a file of bare weights, told by its tensors: name, module and image size.

    The image size is in pixels, None where the file does not say it. Raises `PrismhError` where the file cannot be
    read or holds another network.
    """
    from . import weights as weight_files

    file = weight_files.read(path)
    name = identify(file)
    if name is None:
        raise PrismhError(
            f"{path} holds the weights of another network than {', '.join(ENCODERS)}: choose another file."
        )
    encoder = _network(name)
    file.load_into(encoder)
    return name, encoder, file.image_size


def identify(file: WeightsFile) -> str | None:
    """The name of the encoder whose weights a file holds, None where it is none of ours."""
    import torch

    for name in ENCODERS:
        with torch.device("meta"):
            if not file.fault(_network(name)):
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


def normalize(images: torch.Tensor) -> torch.Tensor:
    """uint8 [B, H, W, 3] -> ImageNet-normalized float32 [B, 3, H, W], channels last in memory."""
    import torch

    mean = torch.tensor(IMAGENET_MEAN, device=images.device).reshape(1, 3, 1, 1)
    std = torch.tensor(IMAGENET_STD, device=images.device).reshape(1, 3, 1, 1)
    return images.permute(0, 3, 1, 2).float() * (1 / (255 * std)) - mean / std


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


def _network(name: str) -> nn.Module:
    from .torchvision_operators import import_torchvision

    torchvision = import_torchvision()
    if name == "efficientnet_lite0":
        return _efficientnet_lite0()
    from torch import nn

    resnet: nn.Module = getattr(torchvision.models, name)(weights=None)
    resnet.fc = nn.Identity()
    return resnet


def _efficientnet_lite0() -> nn.Module:
    """timm's network. Its weights want pixels of mean and std .5, so an affine step comes before the first layer.

    The step's constants are no part of the state dict, whose keys stay timm's. It cannot be folded into the first
    convolution, whose zero padding comes after it.
    """
    import timm
    import torch

    encoder: Any = timm.create_model("tf_efficientnet_lite0", pretrained=False, num_classes=0)
    mean = torch.tensor(IMAGENET_MEAN).reshape(1, 3, 1, 1)
    std = torch.tensor(IMAGENET_STD).reshape(1, 3, 1, 1)
    encoder.conv_stem.register_buffer("input_scale", std / 0.5, persistent=False)
    encoder.conv_stem.register_buffer("input_shift", (mean - 0.5) / 0.5, persistent=False)
    encoder.conv_stem.register_forward_pre_hook(_to_own_range)
    network: nn.Module = encoder
    return network


def _to_own_range(conv_stem: Any, inputs: tuple[torch.Tensor]) -> torch.Tensor:
    return inputs[0] * conv_stem.input_scale + conv_stem.input_shift
