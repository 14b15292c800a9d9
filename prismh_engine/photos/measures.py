"""How bright, rich in contrast and sharp a photo is, and a hash of its looks.

All are taken at one scale, the photo brought down to `SHORT_SIDE` pixels on its short side (smaller ones as they
are), since sharpness means nothing without a scale: at full size every phone photo is soft.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
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
    grey = np.asarray(grey_image).astype(np.int16)
    if min(grey.shape) >= 3:
        middle = grey[1:-1, 1:-1]
        laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * middle
        sharpness = float(laplacian.var(dtype=np.float64))
    else:
        sharpness = 0.0
    return Measures(
        brightness=float(grey.mean(dtype=np.float64)),
        contrast=float(grey.std(dtype=np.float64)),
        sharpness=sharpness,
        difference_hash=_difference_hash(grey_image),
    )


def _difference_hash(grey: Image.Image) -> int:
    """dHash (N. Krawetz, 2013): of a 9 x 8 picture, whether each pixel is darker than the one at its right."""
    small = np.asarray(grey.resize((9, 8), Image.Resampling.BOX)).astype(np.int16)
    bits = (small[:, :-1] < small[:, 1:]).ravel()
    return int.from_bytes(np.packbits(bits).tobytes(), "big")
