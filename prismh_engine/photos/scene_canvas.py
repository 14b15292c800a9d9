"""The paper on which sample photos are drawn: pixels, light, noise, and soft-edged painting with numpy."""

from __future__ import annotations

import functools
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
    """A part of the canvas in an object's own coordinates: u to its right, v down, both [h, w], in object sizes."""

    rows: slice
    columns: slice
    u: Array
    v: Array
    pixel: float
    """Size of a pixel in object sizes."""


class Canvas:
    """pixels: float32 [H, W, 3], 0 to 1."""

    def __init__(self, image: Image.Image, rng: np.random.Generator, light: Light) -> None:
        self.pixels: Array = np.asarray(image, dtype=np.float32) / np.float32(255)
        self.rng = rng
        self.light = light

    @property
    def width(self) -> int:
        return self.pixels.shape[1]

    @property
    def height(self) -> int:
        return self.pixels.shape[0]

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
        """Lay a colour ([h, w, 3], [3]) over the box where `cover` [h, w] is 1."""
        if cover.size:
            part = self.pixels[box.rows, box.columns]
            part += cover[..., None] * (np.asarray(colour, dtype=np.float32) - part)

    def dim(self, box: Box, cover: Array, by: float) -> None:
        """Darken by the share `by` where `cover` is 1."""
        if cover.size:
            self.pixels[box.rows, box.columns] *= 1 - np.float32(by) * cover[..., None]

    def shadow(self, x: float, y: float, width: float, height: float, soft: float = 0.5) -> None:
        """The shadow of a thing that stands at (x, y), in pixels, with this half width and half height."""
        light = self.light
        length = 0.35 + 0.5 * light.sun
        box = self.box(x - light.side * width * length, y, width, 0.0, 2.4)
        reach = np.hypot(box.u / (1.1 + length * abs(light.side)), box.v * width / height)
        self.dim(box, np.clip((1.15 - reach) / (soft * (1.3 - light.sun)), 0, 1), 0.35 + 0.3 * light.sun)

    def image(self) -> Image.Image:
        return Image.fromarray((np.clip(self.pixels, 0, 1) * 255 + 0.5).astype(np.uint8))


def inside(distance: Array, soft: float) -> Array:
    """Cover, 0 to 1, of what lies inside a signed distance, with an edge `soft` wide."""
    return np.clip(0.5 - distance / np.float32(max(soft, 1e-6)), 0, 1)


def ellipse(u: Array, v: Array, rx: float, ry: float) -> Array:
    """Signed distance (near the edge) to an ellipse around (0, 0)."""
    return (np.hypot(u / np.float32(rx), v / np.float32(ry)) - 1) * np.float32(min(rx, ry))


@functools.lru_cache(maxsize=1)
def _grain() -> Array:
    return np.random.default_rng(0).random((1024, 1024), dtype=np.float32)


def grain(rng: np.random.Generator, height: int, width: int) -> Array:
    """White noise [height, width], 0 to 1: a random piece of one sheet (drawing it anew is ten times slower)."""
    sheet = _grain()
    repeats = (-(-(height + 1) // 1024) + 1, -(-(width + 1) // 1024) + 1)
    if max(height, width) > 512:
        sheet = np.tile(sheet, repeats)
    top = int(rng.integers(0, sheet.shape[0] - height + 1))
    left = int(rng.integers(0, sheet.shape[1] - width + 1))
    return sheet[top : top + height, left : left + width]


def noise(rng: np.random.Generator, height: int, width: int, coarse: int, octaves: int = 3, fall: float = 0.5) -> Array:
    """Cloudy noise [height, width] around 0.5, mostly 0 to 1; `coarse` lumps across the shorter side at first."""
    total = np.zeros((height, width), np.float32)
    weight, weights = 1.0, 0.0
    for octave in range(octaves):
        lumps = coarse * 2**octave
        shorter = max(min(height, width), 1)
        rows, columns = (max(2, round(lumps * side / shorter)) for side in (height, width))
        small = Image.fromarray(grain(rng, rows, columns))
        total += np.float32(weight) * np.asarray(small.resize((width, height), Image.Resampling.BICUBIC))
        weights += weight
        weight *= fall
    return (total / np.float32(weights) - 0.5) * np.float32(1.7) + np.float32(0.5)


def mix(a: Array | Colour, b: Array | Colour, share: Array) -> Array:
    """Colour [h, w, 3] between two colours; `share` [h, w] of the second."""
    first, second = np.asarray(a, np.float32), np.asarray(b, np.float32)
    return first + share[..., None] * (second - first)
