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

    scale, shift = scale_and_shift()
    if images.device.type != "cpu":
        return images.permute(0, 3, 1, 2).float() * scale.to(images.device) - shift.to(images.device)
    # numpy takes large memory in large pages where the system has them, a tenth of the time for its first use, and does
    # not wait for a second thread that others keep from running.
    pixels = images.numpy()
    made = np.empty(pixels.shape, dtype=np.float32)
    # Whole rows, since three numbers are too few for a processor's vectors, and image by image, within its cache.
    count, height, width, _ = pixels.shape
    rows = (count, height, 3 * width)
    scales, shifts = (np.tile(numbers.numpy().reshape(3), width) for numbers in (scale, shift))
    for image, room in zip(pixels.reshape(rows), made.reshape(rows), strict=True):
        np.copyto(room, image)
        room *= scales
        room -= shifts
    return torch.from_numpy(made).permute(0, 3, 1, 2)


def scale_and_shift() -> tuple[torch.Tensor, torch.Tensor]:
    """Normalized are pixels of 0 to 255 times the first less the second, each [1, 3, 1, 1]."""
    import torch

    mean = torch.tensor(IMAGENET_MEAN).reshape(1, 3, 1, 1)
    std = torch.tensor(IMAGENET_STD).reshape(1, 3, 1, 1)
    return 1 / (255 * std), mean / std
