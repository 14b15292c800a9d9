"""An encoder as an ONNX model that takes plain pixels."""

from __future__ import annotations

import copy
import functools
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from ..errors import PrismhError
from ..files import write_whole
from .pixels import scale_and_shift

_TOLERANCE = 1e-3
"""Of the largest number in an embedding."""


def export(encoder: nn.Module, image_size: int) -> bytes:
    """The bytes of an ONNX model: `images`, uint8 [B, H, W, 3] -> `embeddings`, float32 [B, D].

    H = W = image_size; B is free. Raises `PrismhError` where ONNX cannot say what the network does, or ONNX Runtime
    makes something else of it than torch does.
    """
    model = _FromPixels(_with_joined_padding(encoder)).eval()
    content = _traced(model, image_size)
    _check(content, model, image_size)
    return content


def write(encoder: nn.Module, image_size: int, path: Path) -> None:
    """Write the ONNX model of an encoder to a file, whole or not at all. Raises as `export` does."""
    content = export(encoder, image_size)
    with write_whole(path) as stream:
        stream.write(content)


def _traced(model: nn.Module, image_size: int) -> bytes:
    example = torch.zeros(2, image_size, image_size, 3, dtype=torch.uint8)
    with _plain_and_quiet(), torch.no_grad(), tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "encoder.onnx")
        try:
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
        except (RuntimeError, ValueError, TypeError) as error:
            reason = str(error).partition("\n")[0]
            raise PrismhError(f"This encoder cannot be written as ONNX: {reason}") from error
        return path.read_bytes()


@contextmanager
def _plain_and_quiet() -> Iterator[None]:
    """Attention in steps that ONNX knows, and nothing printed by the tracer."""
    tracer: Any = torch._C
    fast, log = torch.backends.mha.get_fastpath_enabled(), getattr(tracer, "_jit_onnx_log", None)
    torch.backends.mha.set_fastpath_enabled(False)
    # Where it fails it prints the whole graph to stdout, also with its log switched off.
    tracer._jit_onnx_log = lambda *_: None
    try:
        with warnings.catch_warnings():
            # It remarks on padding computed from the size, which is fixed here on purpose.
            warnings.simplefilter("ignore")
            yield
    finally:
        tracer._jit_onnx_log = log
        torch.backends.mha.set_fastpath_enabled(fast)


def _check(content: bytes, model: nn.Module, image_size: int) -> None:
    """Compare with torch on noise: one image and three, while two were traced."""
    for count in (1, 3):
        images = np.random.default_rng(count).integers(0, 256, (count, image_size, image_size, 3), dtype=np.uint8)
        with torch.no_grad():
            expected = model(torch.from_numpy(images)).numpy()
        found = _by_onnx_runtime(content, images)
        tolerance = _TOLERANCE * float(np.abs(expected).max())
        if found.shape != expected.shape or not np.allclose(found, expected, rtol=0, atol=tolerance):
            raise PrismhError("This encoder cannot be written as ONNX: ONNX Runtime makes other embeddings than torch.")


def _by_onnx_runtime(content: bytes, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is raised
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        (found,) = session.run(None, {"images": images})
    except Exception as error:  # its errors share no base
        raise PrismhError("This encoder cannot be written as ONNX: ONNX Runtime does not run it.") from error
    embeddings: NDArray[np.float32] = found
    return embeddings


class _FromPixels(nn.Module):
    scale: torch.Tensor
    shift: torch.Tensor

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        # Buffers, since tensors made on the way would fix the size of the batch in what the tracer sees.
        scale, shift = scale_and_shift()
        self.register_buffer("scale", scale)
        self.register_buffer("shift", shift)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        embeddings: torch.Tensor = self.encoder(images.permute(0, 3, 1, 2).float() * self.scale - self.shift)
        return embeddings


def _with_joined_padding(encoder: nn.Module) -> nn.Module:
    """A copy whose TensorFlow-like padding becomes a part of its convolutions.

    torch can pad both sides of a convolution only alike and so needs a step of its own before it; ONNX knows a padding
    for each side, and ONNX Runtime is a third faster with it.
    """
    from timm.layers import Conv2dSame

    encoder = copy.deepcopy(encoder)
    for module in encoder.modules():
        if isinstance(module, Conv2dSame) and module.bias is None and module.dilation == (1, 1):
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
