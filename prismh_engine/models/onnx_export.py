"""An encoder as an ONNX model that takes plain pixels."""

from __future__ import annotations

import io
import warnings

import torch
from torch import nn

from .encoders import normalize


def export(encoder: nn.Module, image_size: int) -> bytes:
    """The bytes of an ONNX model: `images`, uint8 [B, H, W, 3] -> `embeddings`, float32 [B, D].

    H = W = image_size; B is free.
    """
    buffer = io.BytesIO()
    model = _FromPixels(encoder).eval()
    example = torch.zeros(2, image_size, image_size, 3, dtype=torch.uint8)
    with warnings.catch_warnings(), torch.no_grad():
        # The tracer remarks on padding computed from the size, which is fixed here on purpose.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            (example,),
            buffer,
            input_names=["images"],
            output_names=["embeddings"],
            dynamic_axes={"images": {0: "batch"}, "embeddings": {0: "batch"}},
            opset_version=17,
            dynamo=False,
        )
    return buffer.getvalue()


class _FromPixels(nn.Module):
    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        embeddings: torch.Tensor = self.encoder(normalize(images))
        return embeddings
