"""How bright, rich in contrast and sharp a photo is, and a hash of its looks.

All are taken at one scale, the photo brought down to `SHORT_SIDE` pixels on its short side (smaller ones as they
are), since sharpness means nothing without a scale: at full size every phone photo is soft.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SHORT_SIDE = 384
"""Pixels on the short side of the picture that is measured and kept as the photo's copy."""


@dataclass(frozen=True)
class Measures:
    """brightness: mean grey, 0 to 255. contrast: standard deviation of grey. sharpness: variance of the Laplacian
    (4 neighbours) of grey at the scale of this module. difference_hash: 64-bit dHash.
    """

    brightness: float
    contrast: float
    sharpness: float
    difference_hash: int


def measure(image: Image.Image) -> Measures:
    """Measure an RGB picture that was decoded with `short_side=SHORT_SIDE`."""
    grey_image = image.convert("L")
    levels, counts = range(256), grey_image.histogram()
    pixels = sum(counts)
    sum_of_grey = sum(level * count for level, count in zip(levels, counts, strict=True))
    sum_of_squares = sum(level * level * count for level, count in zip(levels, counts, strict=True))
    return Measures(
        brightness=sum_of_grey / pixels,
        contrast=_variance(pixels, sum_of_grey, sum_of_squares) ** 0.5,
        sharpness=_sharpness(np.asarray(grey_image, dtype=np.int16)),
        difference_hash=_difference_hash(grey_image),
    )


def _sharpness(grey: NDArray[np.int16]) -> float:
    if min(grey.shape) < 3:
        return 0.0
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1]
    laplacian += grey[1:-1, :-2]
    laplacian += grey[1:-1, 2:]
    laplacian -= grey[1:-1, 1:-1] << 2
    total = int(laplacian.sum(dtype=np.int64))
    # At most 1,020 squared fits into 32 bits, and the sum is exact: the same on every machine.
    sum_of_squares = int(np.square(laplacian, dtype=np.int32).sum(dtype=np.int64))
    return _variance(laplacian.size, total, sum_of_squares)


def _variance(count: int, total: int, sum_of_squares: int) -> float:
    return (count * sum_of_squares - total * total) / count**2


def _difference_hash(grey: Image.Image) -> int:
    """dHash (N. Krawetz, 2013): of a 9 x 8 picture, whether each pixel is darker than the one at its right."""
    small = np.asarray(grey.resize((9, 8), Image.Resampling.BOX)).astype(np.int16)
    bits = (small[:, :-1] < small[:, 1:]).ravel()
    return int.from_bytes(np.packbits(bits).tobytes(), "big")
