"""Brightness, contrast, saturation and hue of one picture, on a CPU: torchvision's `ColorJitter` in 16-bit integers.

A processor works on 16 such numbers at once; Pillow's way through HSV takes ten times as long. Each change rounds to
whole levels. All four together stay within 6 of 255 levels of torchvision's float arithmetic, half a level on average,
where Pillow's, with its coarse hues, are up to 10 away and 1.1 on average.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

_ONE = 128
"""Factors are in 1/128, so that 255 times a factor of 1, and its rounding, fit into 16 bits."""

_RED, _GREEN, _BLUE = 38, 75, 15  # .299, .587, .114


def change_colours(
    pixels: NDArray[np.uint8], colours: tuple[float, float, float, float] | None, grey: bool
) -> NDArray[np.int16]:
    """A picture [3, H, W] with other colours, as values 0 to 255.

    colours: factors of brightness, contrast and saturation, each 0 to 2, and a turn of hue, -.5 to .5, applied in this
    order; None leaves them. grey: at last, each channel becomes the grey of the pixel.
    """
    _, height, width = pixels.shape
    # Red, green, blue, red, green: each channel has the next two behind it.
    ring = np.empty((5, height, width), dtype=np.int16)
    planes, spare = ring[:3], np.empty((3, height, width), dtype=np.int16)
    planes[:] = pixels
    if colours is not None:
        brightness, contrast, saturation, hue = colours
        _move_from(0, brightness, planes, spare)
        _move_from(round(_mean_grey(planes)), contrast, planes, spare)
        _move_from(_grey(planes), saturation, planes, spare)
        turns = max(1, math.ceil(abs(6 * hue)))
        for _ in range(turns):
            _turn_hue(ring, 6 * hue / turns, spare)
    if grey:
        planes[:] = _grey(planes)
    return planes


def _move_from(
    origin: int | NDArray[np.int16], factor: float, planes: NDArray[np.int16], spare: NDArray[np.int16]
) -> None:
    """Make the distance of all values from an origin `factor` times as long."""
    np.subtract(planes, origin, out=spare)
    spare *= round((factor - 1) * _ONE)
    spare += _ONE // 2
    spare >>= 7
    planes += spare
    np.clip(planes, 0, 255, out=planes)


def _turn_hue(ring: NDArray[np.int16], turn: float, spare: NDArray[np.int16]) -> None:
    """Turn the hue by up to one of its six sectors, -1 to 1.

    Over the hue circle a channel is a tent whose top is cut at the largest of the three values and whose foot at the
    smallest. The uncut tent at value x is 2x - middle value; a turn moves it by turn * (largest - smallest), up or down
    by which of the other two channels is larger; cut again it is the new value. That is exact, without divisions.
    """
    planes = ring[:3]
    red, green, blue = planes
    ring[3:] = ring[:2]
    largest, smallest = np.maximum(red, green), np.minimum(red, green)
    middle = np.maximum(np.minimum(largest, blue), smallest)
    np.maximum(largest, blue, out=largest)
    np.minimum(smallest, blue, out=smallest)
    move = largest - smallest
    move *= round(turn * _ONE)
    move += _ONE // 2
    move >>= 7
    np.subtract(ring[1:4], ring[2:5], out=spare)
    np.sign(spare, out=spare)
    spare *= move
    planes += planes
    planes -= middle
    planes -= spare
    np.maximum(planes, smallest, out=planes)
    np.minimum(planes, largest, out=planes)


def _grey(planes: NDArray[np.int16]) -> NDArray[np.int16]:
    red, green, blue = planes
    grey = red * np.int16(_RED)
    grey += green * np.int16(_GREEN)
    grey += blue * np.int16(_BLUE)
    grey += _ONE // 2
    grey >>= 7
    return grey


def _mean_grey(planes: NDArray[np.int16]) -> float:
    # Down the columns first: so many sums at once, and of 256 values at most, which fit into 16 bits.
    sums = [
        np.add.reduce(planes[:, top : top + 256].view(np.uint16), axis=1, dtype=np.uint16).sum(axis=1, dtype=np.int64)
        for top in range(0, planes.shape[1], 256)
    ]
    red, green, blue = np.sum(sums, axis=0) / planes[0].size
    return float(0.299 * red + 0.587 * green + 0.114 * blue)
