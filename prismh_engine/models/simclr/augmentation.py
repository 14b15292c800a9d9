"""The two views of a photo (Chen et al. 2020, section 3 and appendix A).

A view is drawn first, as plain numbers, then applied. So the photos' views are a function of (seed, epoch, photo, view)
and of nothing else: not of the order of calls, not of how many threads prepare them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from ...errors import BadValueError
from ..pixels import normalize
from .colour_changes import change_colours

FIXED_EPOCH = 2**64 - 1
"""The epoch of views that never change, for measuring the loss on held-out photos."""

SMALLEST_CROP = 0.2
"""The published share of a photo's area that a view shows at least."""

_VIEWS, _ORDER, _LOOK_ALIKES = 1, 2, 3  # the uses of one seed
_RATIO = (3 / 4, 4 / 3)
_FLIP, _JITTER, _GREY = 0.5, 0.8, 0.2
_BRIGHTNESS, _CONTRAST, _SATURATION, _HUE = 0.4, 0.4, 0.4, 0.1


@dataclass(frozen=True)
class View:
    """What is done to a photo to make a view of it.

    box: left, top, width, height of the crop in pixels. brightness, contrast, saturation: factors, 1 changes nothing;
    hue: a turn, -.5 to .5; all four None where colours stay.
    """

    box: tuple[int, int, int, int]
    flip: bool
    colours: tuple[float, float, float, float] | None
    grey: bool


def view_generator(seed: int, epoch: int, photo: int, view: int) -> np.random.Generator:
    """The random numbers of one view: a counter-based generator keyed by these four (Philox, Salmon et al. 2011)."""
    return np.random.Generator(_philox((0, view, photo, epoch), (seed, _VIEWS)))


def order_generator(seed: int, epoch: int) -> np.random.Generator:
    """The random numbers of the order of photos in one epoch."""
    return np.random.Generator(_philox((0, 0, 0, epoch), (seed, _ORDER)))


def look_alike_generator(seed: int, epoch: int, photo: int, time: int) -> np.random.Generator:
    """The random numbers of which photo a second view shows. time: how often the photo came before in the epoch."""
    return np.random.Generator(_philox((0, time, photo, epoch), (seed, _LOOK_ALIKES)))


def _philox(counter: tuple[int, ...], key: tuple[int, ...]) -> np.random.Philox:
    # Lists of numbers past 2**63 would pass through floats.
    return np.random.Philox(counter=np.array(counter, dtype=np.uint64), key=np.array(key, dtype=np.uint64))


def draw_view(
    generator: np.random.Generator,
    width: int,
    height: int,
    strength: float = 1.0,
    smallest_crop: float = SMALLEST_CROP,
) -> View:
    """Draw a view of a photo of this size in pixels.

    strength: scales the changes of colour, 0 to 1 and above. smallest_crop: share of the photo's area, above 0 to 1.
    """
    # All numbers are drawn, used or not, so that none depends on what became of another.
    area, ratio = generator.random(10), generator.random(10)
    place, chance, colour = generator.random(2), generator.random(3), generator.random(4)
    box = _draw_box(smallest_crop + (1 - smallest_crop) * area, ratio, place, width, height)
    colours = None
    if strength > 0 and chance[1] < _JITTER:
        spans = [min(span * strength, 1.0) for span in (_BRIGHTNESS, _CONTRAST, _SATURATION)]
        factors = [1 - span + 2 * span * float(u) for span, u in zip(spans, colour[:3], strict=True)]
        turn = min(_HUE * strength, 0.5) * (2 * float(colour[3]) - 1)
        colours = (factors[0], factors[1], factors[2], turn)
    return View(box, bool(chance[0] < _FLIP), colours, bool(chance[2] < _GREY))


def apply_view(pixels: NDArray[np.uint8], view: View, size: int) -> NDArray[np.uint8]:
    """The view of a picture [H, W, 3] as one of [size, size, 3].

    Crop and size are torchvision's `resized_crop` (bilinear, antialiased) within one of 255 levels; for colours see
    `colour_changes`.
    """
    left, top, width, height = view.box
    # A copy, since torch wants memory it could write to.
    crop = torch.from_numpy(pixels[top : top + height, left : left + width].copy()).permute(2, 0, 1)
    # On such pixels torch's vector code does what Pillow does, three times as fast.
    resized = functional.interpolate(crop[None], (size, size), mode="bilinear", antialias=True)[0]
    planes: NDArray[Any] = resized.numpy()
    if view.colours is not None or view.grey:
        # Always in one order, unlike torchvision's ColorJitter: a view is its numbers, nothing more.
        planes = change_colours(planes, view.colours, view.grey)
    made = np.empty((size, size, 3), dtype=np.uint8)
    turned = made[:, ::-1] if view.flip else made
    for channel in range(3):
        turned[..., channel] = planes[channel]
    return made


def get_simclr_transforms(size: int = 224, strength: float = 1.0) -> Callable[[Image.Image], Tensor]:
    """The augmentation of SimCLR as a transform for a loader of one's own: RGB picture -> float32 [3, size, size].

    A crop of .2 to 1 of the area, a flip in half of the cases, with probability .8 a change of brightness, contrast,
    saturation (.4 each) and hue (.1), all x strength, with .2 grey; ImageNet-normalized. Its chances come from torch's
    global generator. Raises `BadValueError` for a size below 1 or a strength below 0.
    """
    if size < 1:
        raise BadValueError(f"size must be >= 1, got {size}")
    if not strength >= 0:
        raise BadValueError(f"strength must be >= 0, got {strength}")
    return _RandomView(size, strength)


@dataclass(frozen=True)
class _RandomView:  # a class, not a closure, so that loaders can send it to worker processes
    size: int
    strength: float

    def __call__(self, image: Image.Image) -> Tensor:
        generator = np.random.default_rng(int(torch.randint(2**62, ())))
        view = draw_view(generator, image.width, image.height, self.strength)
        pixels = apply_view(np.asarray(image.convert("RGB")), view, self.size)
        return normalize(torch.from_numpy(pixels)[None])[0]


def _draw_box(
    area: np.ndarray, ratio: np.ndarray, place: np.ndarray, width: int, height: int
) -> tuple[int, int, int, int]:
    """The crop of torchvision's RandomResizedCrop: ten tries, then the largest that has a permitted ratio.

    area: shares of the photo's area to try, float64 [10]; ratio, place: uniform from 0 to 1.
    """
    low, high = math.log(_RATIO[0]), math.log(_RATIO[1])
    for a, r in zip(area, ratio, strict=True):
        target = width * height * float(a)
        aspect = math.exp(low + (high - low) * float(r))
        w, h = round(math.sqrt(target * aspect)), round(math.sqrt(target / aspect))
        if 0 < w <= width and 0 < h <= height:
            return int(place[0] * (width - w + 1)), int(place[1] * (height - h + 1)), w, h
    w = max(1, min(width, round(height * _RATIO[1])))
    h = max(1, min(height, round(width / _RATIO[0])))
    return (width - w) // 2, (height - h) // 2, w, h
