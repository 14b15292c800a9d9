"""The network of SimCLR: an encoder, and the projection head that only the loss sees."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from ...errors import BadValueError, PrismhError
from .. import encoders
from . import checkpoint as checkpoints

IMAGES_IN_CACHE = 8


class SimCLRProjectionHead(nn.Sequential):
    """Linear, ReLU, Linear (Chen et al. 2020, section 2.1): [N, input_dim] -> [N, output_dim]."""

    def __init__(self, input_dim: int, hidden_dim: int = 2048, output_dim: int = 128) -> None:
        for name, value in (("input_dim", input_dim), ("hidden_dim", hidden_dim), ("output_dim", output_dim)):
            if value < 1:
                raise BadValueError(f"{name} must be >= 1, got {value}")
        super().__init__(nn.Linear(input_dim, hidden_dim), nn.ReLU(inplace=True), nn.Linear(hidden_dim, output_dim))


class SimCLRModel(nn.Module):
    """Encoder and projection head: images [N, 3, H, W] -> (features [N, D], projections [N, output_dim], unit length).

    Images are ImageNet-normalized. base_model: resnet50 (D = 2048; its weights load into torchvision's), resnet18
    (512) or efficientnet_lite0 (1280; timm's tf_efficientnet_lite0). pretrained: start from ImageNet weights; those of
    efficientnet_lite0 come with the installation. image_size: the side of the views it learned from, in pixels, None
    where it did not learn here.
    Raises `BadValueError` for an unknown base_model or an output_dim below 1.
    """

    def __init__(self, base_model: str = "resnet50", pretrained: bool = False, output_dim: int = 128) -> None:
        super().__init__()
        self._build(base_model, "imagenet" if pretrained else "none", output_dim)

    @classmethod
    def start(cls, base_model: str, weights: str | Path, output_dim: int = 128) -> SimCLRModel:
        """A model whose encoder starts from any weights `encoders.build` knows: none, starter, imagenet or a file."""
        model = cls.__new__(cls)
        nn.Module.__init__(model)
        model._build(base_model, weights, output_dim)
        return model

    @classmethod
    def from_checkpoint(cls, path: str | Path) -> SimCLRModel:
        """The model a checkpoint of a training holds, in `eval` mode.

        Raises `PrismhError` where it cannot be read, or holds a model of another kind.
        """
        path = Path(path)
        state = checkpoints.read(path)
        described = state["model"]
        if described.get("base_model") not in encoders.ENCODERS or not isinstance(described.get("output_dim"), int):
            raise PrismhError(
                f"{path} does not say which model it holds: build the model, and load model_state_dict into it."
            )
        model = cls(described["base_model"], output_dim=described["output_dim"])
        checkpoints.load_model(model, state, path)
        model.image_size = described.get("image_size")
        return model.eval()

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        features = self.encoder(images)
        return features, self.project(features)

    def project(self, features: Tensor) -> Tensor:
        """Features [N, D] -> projections [N, output_dim] of unit length."""
        return functional.normalize(self.projection_head(features), dim=1)

    def freeze(self, blocks: int = 0, batch_norm: bool = False) -> None:
        """Keep the first `blocks` blocks of the encoder, and all before them, or all its batch norms, as they are.

        Frozen first blocks need no gradient, so that nothing of them is kept for the backward pass. A block is a
        residual block: 16 in resnet50 and efficientnet_lite0, 8 in resnet18.
        Raises `BadValueError` where no block would be left to learn.
        """
        parts = _blocks(self.encoder)
        if not 0 <= blocks < len(parts):
            raise BadValueError(
                f"freeze_blocks must be between 0 and {len(parts) - 1} for {self.base_model}, got {blocks}"
            )
        first_to_learn = next(parts[blocks].parameters())
        for parameter in self.encoder.parameters() if blocks else ():
            if parameter is first_to_learn:
                break
            parameter.requires_grad_(False)
        if batch_norm:
            for module in self.encoder.modules():
                if isinstance(module, _BatchNorm):
                    module.requires_grad_(False)
        self._learning = [parameter for parameter in self.encoder.parameters() if parameter.requires_grad]

    def let_encoder_learn(self, learns: bool) -> None:
        """Whether the encoder, but for what is frozen in it, learns beside the projection head.

        A head that knows nothing yet sends blind gradients, which distort the weights an encoder starts from; so that
        the head had better learn alone at first (Kumar et al. 2022, arXiv 2202.10054, section 3).
        """
        for parameter in self._learning:
            parameter.requires_grad_(learns)

    def _build(self, base_model: str, weights: str | Path, output_dim: int) -> None:
        if base_model not in encoders.ENCODERS:
            raise BadValueError(f"base_model must be one of {', '.join(encoders.ENCODERS)}, got {base_model!r}")
        self.base_model = base_model
        self.output_dim = output_dim
        self.image_size: int | None = None
        self.encoder_dim = encoders.ENCODERS[base_model]
        self.encoder = encoders.build(base_model, weights)
        self._learning = list(self.encoder.parameters())
        self.projection_head = SimCLRProjectionHead(self.encoder_dim, output_dim=output_dim)


class FrozenFirst(nn.Module):
    """A `SimCLRModel` whose first `blocks` blocks are frozen, with the same weights, input and output.

    What comes before the first block that learns is computed without gradients, a few images at a time on a CPU: its
    large activations then stay in the processor's cache, which takes less than half the time of a whole batch at once.
    """

    def __init__(self, model: SimCLRModel, blocks: int) -> None:
        super().__init__()
        self.model = model
        model.freeze(blocks)
        layers = _layers(model.encoder)
        border = layers.index(_blocks(model.encoder)[blocks])
        # Plain lists: the layers stay the encoder's, under its names.
        self._first, self._rest = tuple(layers[:border]), tuple(layers[border:])

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        at_once = IMAGES_IN_CACHE if images.device.type == "cpu" else len(images)
        with torch.no_grad():
            parts = [_through(self._first, part) for part in images.split(at_once)]
        features = _through(self._rest, torch.cat(parts))
        return features, self.model.project(features)


def set_training_mode(model: nn.Module) -> None:
    """`model.train()`, but a batch norm whose weights do not learn keeps its statistics too."""
    model.train()
    for module in model.modules():
        if isinstance(module, _BatchNorm) and module.weight is not None and not module.weight.requires_grad:
            module.eval()


def unwrapped(model: nn.Module) -> nn.Module:
    """The model inside `DataParallel` and its kin, whose state loads anywhere."""
    inner = getattr(model, "module", None)
    return inner if isinstance(inner, nn.Module) else model


def extract_features(model: nn.Module, dataloader: Iterable[Any]) -> NDArray[np.float32]:
    """The encoder's features of every image a loader gives, float32 [N, D], in its order.

    A batch is a tensor [B, 3, H, W], or a tuple or list whose first element is taken (a view pair, images with labels,
    a view pair with labels).
    The model's mode is put back afterwards.
    """
    device = next(model.parameters()).device
    training = model.training
    model.eval()
    features = []
    try:
        with torch.inference_mode():
            for batch in dataloader:
                images = batch
                while isinstance(images, (tuple, list)):
                    images = images[0]
                found, _ = model(images.to(device, memory_format=torch.channels_last))
                features.append(found.float().cpu().numpy())
    finally:
        model.train(training)
    if not features:
        return np.empty((0, getattr(unwrapped(model), "encoder_dim", 0)), dtype=np.float32)
    return np.concatenate(features)


def _blocks(encoder: nn.Module) -> list[nn.Module]:
    stages = [getattr(encoder, f"layer{i}") for i in range(1, 5)] if hasattr(encoder, "layer1") else encoder.blocks
    return [block for stage in stages for block in stage]  # type: ignore[union-attr]


def _layers(encoder: nn.Module) -> list[nn.Module]:
    """The encoder as a sequence of layers, one after the other: a ResNet of torchvision, or timm's EfficientNet."""
    before, after = ["conv_stem", "bn1"], ["conv_head", "bn2", "global_pool"]
    last: list[Any] = [encoder.classifier] if hasattr(encoder, "classifier") else [nn.Flatten(1), encoder.fc]
    if hasattr(encoder, "layer1"):
        before, after = ["conv1", "bn1", "relu", "maxpool"], ["avgpool"]
    first, middle = ([getattr(encoder, name) for name in names] for names in (before, after))
    return [*first, *_blocks(encoder), *middle, *last]


def _through(layers: Iterable[nn.Module], x: Tensor) -> Tensor:
    for layer in layers:
        x = layer(x)
    return x
