"""What goes into an encoder: a photo squeezed to a square of plain pixels, and those pixels normalized."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    import torch

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def prepare(image: Image.Image, image_size: int) -> NDArray[np.uint8]:
    """What goes into an encoder outside training: the whole frame squeezed to a square, uint8 [H, W, 3]."""
    size = (image_size, image_size)
    # Pillow's bicubic widens its filter when it shrinks: antialiased.
    return np.array(image if image.size == size else image.resize(size, Image.Resampling.BICUBIC))


def normalize(images: torch.Tensor) -> torch.Tensor:
    """uint8 [B, H, W, 3] -> ImageNet-normalized float32 [B, 3, H, W], channels last in memory."""
    import torch

    width = images.shape[2]
    mean = torch.tensor(IMAGENET_MEAN, device=images.device)
    std = torch.tensor(IMAGENET_STD, device=images.device)
    # Rows with all their channels: three numbers alone are too few for a processor's vectors, and ten times as slow.
    rows = images.flatten(2).float()
    rows = rows.mul_((1 / (255 * std)).repeat(width)).add_((-mean / std).repeat(width))
    return rows.unflatten(2, (width, 3)).permute(0, 3, 1, 2)
