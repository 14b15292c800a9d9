"""Dots as pixels, scattered by numpy into a picture. Without Qt."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

ROOM = 32
"""Pixels around a canvas: a dot at its edge, or clipped to it, is drawn there without a test of every pixel."""

# Dots get smaller as more of them are on screen: from this many visible points on, this diameter in pixels.
_DIAMETERS = ((0, 7), (3_000, 6), (10_000, 5), (30_000, 4), (80_000, 3), (200_000, 2), (700_000, 1))
# Blending a pixel costs five times as much as setting it, so only those are blended that are neither nearly in a dot
# nor nearly out of it.
_NONE, _WHOLE = 0.2, 0.75
_AT_ONCE = 1 << 16
"""So many points a step: what is made of them stays in the processor's cache."""


@dataclass(frozen=True)
class View:
    """How map units become pixels: x_pixel = x * scale_x + offset_x, y likewise; a picture of width x height."""

    scale_x: float
    offset_x: float
    scale_y: float
    offset_y: float
    width: int
    height: int

    def rect(self, margin: float = 0.0) -> tuple[float, float, float, float]:
        """The visible part of the map with a margin in pixels: left, right, low, high, in map units."""
        xs = sorted((edge - self.offset_x) / self.scale_x for edge in (-margin, self.width + margin))
        ys = sorted((edge - self.offset_y) / self.scale_y for edge in (-margin, self.height + margin))
        return xs[0], xs[1], ys[0], ys[1]


class Canvas:
    """A premultiplied ARGB picture to draw dots into.

    padded: uint32 [height + 2 ROOM, width + 2 ROOM], whose pixels it writes; made where none is given.
    """

    def __init__(self, width: int, height: int, padded: NDArray[np.uint32] | None = None) -> None:
        shape = (height + 2 * ROOM, width + 2 * ROOM)
        self.width, self.height = width, height
        self._padded = np.zeros(shape, np.uint32) if padded is None else padded
        if self._padded.shape != shape or not self._padded.flags.c_contiguous:
            raise ValueError(f"a canvas of {width} x {height} needs pixels {shape}, got {self._padded.shape}")

    @property
    def pixels(self) -> NDArray[np.uint32]:
        """The picture, uint32 [height, width]."""
        return self._padded[ROOM:-ROOM, ROOM:-ROOM]

    def stamp(
        self, view: View, x: NDArray[np.float32], y: NDArray[np.float32], colours: NDArray[np.uint32], size: int
    ) -> None:
        """Draw a round dot of a diameter in pixels at each place x, y in map units; colours: opaque ARGB uint32.

        The edge of a dot is blended with what is under it.
        """
        size = min(size, ROOM - 2)
        margin = size // 2 + 1
        flat, stride = self._padded.reshape(-1), self._padded.shape[1]
        disk = _disk(size)
        for begin in range(0, len(x), _AT_ONCE):
            part = slice(begin, begin + _AT_ONCE)
            columns = _pixels(x[part], view.scale_x, view.offset_x, -margin, self.width + margin)
            at = _pixels(y[part], view.scale_y, view.offset_y, -margin, self.height + margin)
            at *= stride
            at += columns
            over, there = colours[part], np.empty_like(at)
            for coverage, pixels in disk:
                blended = _Blended(over, coverage) if coverage < 1 else None
                for down, right in pixels:
                    np.add(at, down * stride + right, out=there)
                    flat[there] = over if blended is None else blended.on(flat.take(there))


def diameter(visible: int) -> int:
    """The diameter of a dot in pixels when so many are on screen."""
    return [size for count, size in _DIAMETERS if visible >= count][-1]


def pixels_of(values: NDArray[np.float32], scale: float, offset: float) -> NDArray[np.float32]:
    """values * scale + offset, exact to a part of a pixel near the picture also where the scale is huge.

    What two float32 numbers near each other differ by is exact; their large products would not be.
    """
    origin = np.float32(-offset / scale)
    places = values - origin
    places *= np.float32(scale)
    places += np.float32(offset + float(origin) * scale)
    return places


def _pixels(values: NDArray[np.float32], scale: float, offset: float, low: int, high: int) -> NDArray[np.intp]:
    """Pixels of the padded canvas; what lies beyond the edge is put where its dot is not seen."""
    places = pixels_of(values, scale, offset + ROOM)
    np.clip(places, low + ROOM, high + ROOM, out=places)
    return places.astype(np.intp)


@lru_cache(maxsize=64)
def _disk(size: int) -> tuple[tuple[float, tuple[tuple[int, int], ...]], ...]:
    """The pixels (down, right) of a dot by their coverage, 0 to 1, the paler edge first."""
    if size <= 2:
        return ((1.0, tuple((down, right) for down in range(size) for right in range(size))),)
    fine = 8
    grid = (np.arange(size * fine) + 0.5) / fine - size / 2
    inside = grid[:, None] ** 2 + grid[None, :] ** 2 <= (size / 2) ** 2
    coverage = inside.reshape(size, fine, size, fine).mean(axis=(1, 3))
    pixels = [
        (1.0 if coverage[down, right] > _WHOLE else float(coverage[down, right]), down - size // 2, right - size // 2)
        for down in range(size)
        for right in range(size)
        if coverage[down, right] > _NONE
    ]
    alike = itertools.groupby(sorted(pixels), key=lambda pixel: pixel[0])
    return tuple((part, tuple((down, right) for _, down, right in group)) for part, group in alike)


class _Blended:
    """Premultiplied ARGB `over` at a coverage, to be put on top of others.

    Two channels are worked out at a time in one 32-bit number, and what does not hang on the others once.
    """

    _TWO = np.uint32(0x00FF00FF)
    _OTHER_TWO = np.uint32(0xFF00FF00)
    _BYTE = np.uint32(8)

    def __init__(self, over: NDArray[np.uint32], coverage: float) -> None:
        part = np.uint32(round(coverage * 256))
        self._rest = np.uint32(256) - part
        self._red_blue = (over & self._TWO) * part
        self._alpha_green = ((over >> self._BYTE) & self._TWO) * part

    def on(self, under: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Both together; `under` is written over."""
        red_blue = under & self._TWO
        red_blue *= self._rest
        red_blue += self._red_blue
        red_blue >>= self._BYTE
        red_blue &= self._TWO
        under >>= self._BYTE
        under &= self._TWO
        under *= self._rest
        under += self._alpha_green
        under &= self._OTHER_TWO
        under |= red_blue
        return under
