"""An encoder as an ONNX model that takes plain pixels."""

from __future__ import annotations

import copy
import functools
import tempfile
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from .pixels import normalize


def export(encoder: nn.Module, image_size: int) -> bytes:
    """The bytes of an ONNX model: `images`, uint8 [B, H, W, 3] -> `embeddings`, float32 [B, D].

    H = W = image_size; B is free.
    """
    model = _FromPixels(_with_joined_padding(encoder)).eval()
    example = torch.zeros(2, image_size, image_size, 3, dtype=torch.uint8)
    with warnings.catch_warnings(), torch.no_grad(), tempfile.TemporaryDirectory() as folder:
        # The tracer remarks on padding computed from the size, which is fixed here on purpose.
        warnings.simplefilter("ignore")
        path = Path(folder, "encoder.onnx")
        torch.onnx.export(
            model,
            (example,),
            path,
            input_names=["images"],
            output_names=["embeddings"],
            dynamic_axes={"images": {0: "batch"}, "embeddings": {0: "batch"}},
            opset_version=17,
            dynamo=False,
        )
        return path.read_bytes()


class _FromPixels(nn.Module):
    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        embeddings: torch.Tensor = self.encoder(normalize(images))
        return embeddings


def _with_joined_padding(encoder: nn.Module) -> nn.Module:
    """A copy whose TensorFlow-like padding becomes a part of its convolutions.

    torch can pad both sides of a convolution only alike and so needs a step of its own before it; ONNX knows a padding
    for each side, and ONNX Runtime is a third faster with it.
    """
    from timm.layers import Conv2dSame

    encoder = copy.deepcopy(encoder)
    for module in encoder.modules():
        if isinstance(module, Conv2dSame):
            module.forward = functools.partial(_convolve, module)  # type: ignore[method-assign]
    return encoder


def _convolve(layer: nn.Conv2d, images: torch.Tensor) -> torch.Tensor:
    sizes = [int(n) for n in images.shape[2:]]
    padding = [_padding(size, layer, axis) for axis, size in enumerate(sizes)]
    convolved: torch.Tensor = _PaddedConvolution.apply(images, layer.weight, layer.stride, padding, layer.groups)
    return convolved


def _padding(size: int, layer: nn.Conv2d, axis: int) -> tuple[int, int]:
    """Zeros before and after an axis, so that a stride s leaves ceil(size / s); the odd one comes after."""
    stride = layer.stride[axis]
    total = max((-(-size // stride) - 1) * stride + layer.kernel_size[axis] - size, 0)
    return total // 2, total - total // 2


class _PaddedConvolution(torch.autograd.Function):
    """A convolution without bias, with a padding for each side, as one ONNX operator."""

    @staticmethod
    def forward(
        ctx: Any,
        images: torch.Tensor,
        weight: torch.Tensor,
        stride: tuple[int, int],
        padding: list[tuple[int, int]],
        groups: int,
    ) -> torch.Tensor:
        (top, bottom), (left, right) = padding
        padded = functional.pad(images, [left, right, top, bottom])
        return functional.conv2d(padded, weight, stride=stride, groups=groups)

    @staticmethod
    def symbolic(
        graph: Any, images: Any, weight: Any, stride: tuple[int, int], padding: list[tuple[int, int]], groups: int
    ) -> Any:
        (top, bottom), (left, right) = padding
        return graph.op(
            "Conv", images, weight, strides_i=list(stride), pads_i=[top, left, bottom, right], group_i=groups
        )
