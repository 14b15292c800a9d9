"""The paper on which sample photos are drawn: pixels, light, noise, and soft-edged painting with numpy."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array: TypeAlias = NDArray[np.float32]
Colour: TypeAlias = tuple[float, float, float]


@dataclass
class Light:
    """side: -1 (from the left) to 1; sun: 0 (overcast) to 1 (hard light)."""

    side: float
    sun: float


@dataclass
class Box:
    """A part of the canvas in an object's own coordinates.

    u to its right and v down, both [h, w], in object sizes; pixel: a pixel's size in them.
    """

    rows: slice
    columns: slice
    u: Array
    v: Array
    pixel: float

    def noise(self, rng: np.random.Generator, coarse: int, octaves: int = 3, fall: float = 0.5) -> Array:
        """Cloudy noise over the box; see `noise`."""
        height, width = self.u.shape
        return noise(rng, height, width, coarse, octaves, fall)


class Canvas:
    """pixels: float32 [3, H, W], 0 to 1 (a plane a colour: numpy is several times faster on them)."""

    def __init__(self, image: Image.Image, rng: np.random.Generator, light: Light) -> None:
        self.pixels: Array = planes(np.asarray(image))
        self.rng = rng
        self.light = light

    @property
    def width(self) -> int:
        return self.pixels.shape[2]

    @property
    def height(self) -> int:
        return self.pixels.shape[1]

    @property
    def unit(self) -> float:
        """The shorter side in pixels; sizes are given as shares of it."""
        return float(min(self.width, self.height))

    def box(self, x: float, y: float, size: float, angle: float = 0.0, reach: float = 1.6) -> Box:
        """The surroundings of an object at pixel (x, y): `reach` times its size (in pixels), turned by `angle`."""
        far = reach * size
        top, bottom = (int(np.clip(value, 0, self.height)) for value in (y - far, y + far + 1))
        left, right = (int(np.clip(value, 0, self.width)) for value in (x - far, x + far + 1))
        dx = (np.arange(left, right, dtype=np.float32) - np.float32(x))[None, :] / np.float32(size)
        dy = (np.arange(top, bottom, dtype=np.float32) - np.float32(y))[:, None] / np.float32(size)
        cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        return Box(slice(top, bottom), slice(left, right), dx * cos + dy * sin, dy * cos - dx * sin, 1 / size)

    def paint(self, box: Box, cover: Array, colour: Array | Colour) -> None:
        """Lay a colour (one, or [3, h, w]) over the box where `cover` [h, w] is 1."""
        if cover.size:
            part = self.pixels[:, box.rows, box.columns]
            part += cover * (as_planes(colour) - part)

    def dim(self, box: Box, cover: Array, by: float) -> None:
        """Darken by the share `by` where `cover` is 1."""
        if cover.size:
            self.pixels[:, box.rows, box.columns] *= 1 - np.float32(by) * cover

    def shadow(self, x: float, y: float, width: float, height: float, soft: float = 0.5) -> None:
        """The shadow of a thing that stands at (x, y), in pixels, with this half width and half height."""
        light = self.light
        length = 0.35 + 0.5 * light.sun
        box = self.box(x - light.side * width * length, y, width, 0.0, 2.4)
        reach = np.hypot(box.u / (1.1 + length * abs(light.side)), box.v * width / height)
        self.dim(box, np.clip((1.15 - reach) / (soft * (1.3 - light.sun)), 0, 1), 0.35 + 0.3 * light.sun)

    def spread(self, count: int, low: float, high: float) -> list[tuple[float, float, float]]:
        """(x, y, size) in pixels of `count` things side by side, far ones first.

        low, high: the range of sizes as shares of the picture's shorter side.
        """
        rng = self.rng
        size = self.unit * rng.uniform(low, high) * (1.0 if count == 1 else 0.88)
        middle = self.width * rng.uniform(0.42, 0.58)
        places = []
        for number in range(count):
            x = middle + (number - (count - 1) / 2) * size * rng.uniform(2.05, 2.5)
            places.append((x, self.height * rng.uniform(0.46, 0.58), size * rng.uniform(0.9, 1.1)))
        return sorted(places, key=lambda place: place[1])

    def pick(self, colours: Sequence[Colour]) -> Colour:
        """One of the colours, a little lighter, darker or off."""
        light = self.rng.uniform(0.8, 1.15)
        one = np.array(colours[int(self.rng.integers(len(colours)))])
        red, green, blue = one * self.rng.uniform(0.9, 1.1, 3) * light
        return (float(red), float(green), float(blue))

    def image(self) -> Image.Image:
        return to_image(self.pixels)


def inside(distance: Array, soft: float) -> Array:
    """Cover, 0 to 1, of what lies inside a signed distance, with an edge `soft` wide."""
    cover: Array = np.clip(np.float32(0.5) - distance / np.float32(max(soft, 1e-6)), 0, 1)
    return cover


def ellipse(u: Array, v: Array, rx: float, ry: float) -> Array:
    """Signed distance (near the edge) to an ellipse around (0, 0)."""
    return (np.hypot(u / np.float32(rx), v / np.float32(ry)) - 1) * np.float32(min(rx, ry))


@functools.lru_cache(maxsize=1)
def _grain() -> Array:
    return np.random.default_rng(0).random((1024, 1024), dtype=np.float32)


def grain(rng: np.random.Generator, height: int, width: int) -> Array:
    """White noise [height, width], 0 to 1: a random piece of one sheet (drawing it anew is slower)."""
    sheet = _grain()
    if max(height, width) > len(sheet):
        sheet = np.tile(sheet, (-(-height // len(sheet)), -(-width // len(sheet))))
    top = int(rng.integers(0, sheet.shape[0] - height + 1))
    left = int(rng.integers(0, sheet.shape[1] - width + 1))
    return sheet[top : top + height, left : left + width]


def noise(rng: np.random.Generator, height: int, width: int, coarse: int, octaves: int = 3, fall: float = 0.5) -> Array:
    """Cloudy noise [height, width] around 0.5, mostly 0 to 1; `coarse` lumps across the shorter side at first."""
    rows, columns = height // 4 + 2, width // 4 + 2
    total = np.zeros((rows, columns), np.float32)
    weight, weights = 1.0, 0.0
    for octave in range(octaves):
        lumps = coarse * 2**octave / min(rows, columns)
        small = Image.fromarray(grain(rng, max(2, round(lumps * rows)), max(2, round(lumps * columns))))
        total += np.float32(weight) * np.asarray(small.resize((columns, rows), Image.Resampling.BICUBIC))
        weights += weight
        weight *= fall
    cloud = Image.fromarray(total).resize((width, height), Image.Resampling.BILINEAR)
    spread = np.float32(1.7)  # a sum of octaves keeps to the middle
    return np.asarray(cloud, np.float32) * (spread / np.float32(weights)) + (np.float32(0.5) - spread / 2)


def mix(a: Array | Colour, b: Array | Colour, share: Array) -> Array:
    """Colour [3, h, w] between two colours; `share` [h, w] of the second."""
    first = as_planes(a)
    return first + share * (as_planes(b) - first)


def as_planes(colour: Array | Colour) -> Array:
    """A colour as [3, 1, 1]; one that is [3, h, w] already stays as it is."""
    return np.asarray(colour, np.float32).reshape(3, 1, 1) if isinstance(colour, tuple) else colour


def planes(pixels: NDArray[np.uint8]) -> Array:
    """uint8 [h, w, C] as float32 [C, h, w], 0 to 1."""
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)).astype(np.float32) * np.float32(1 / 255)


def to_image(colours: Array) -> Image.Image:
    """float32 [3, h, w], 0 to 1, as an RGB picture."""
    return Image.merge("RGB", [Image.fromarray(plane) for plane in (np.clip(colours, 0, 1) * 255).astype(np.uint8)])
