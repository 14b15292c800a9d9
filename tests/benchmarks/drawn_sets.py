"""`python -m tests.benchmarks.drawn_sets NAME --output_dir D`: drawn photos in class folders.

`surfaces`: six textures, each in two colours drawn at random, so that colour says nothing. `aerial`: small tiles of
roofs, water and yards from straight above, turned by any angle, far from what everyday photos show.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from scipy import ndimage

Grey = NDArray[np.float64]
"""Brightness [SIDE, SIDE], 0 to 1."""

SIDE = 224
_WIDE = 320  # drawn larger, then turned and cut, so that no corner is empty


def draw(name: str, kind: str, number: int) -> Image.Image:
    """One photo of a set, RGB; the same three values give the same pixels."""
    kinds = SETS[name]
    rng = np.random.default_rng((list(SETS).index(name), list(kinds).index(kind), number))
    return kinds[kind](rng)


def write(name: str, folder: Path, each: int) -> None:
    """Write `each` photos of every class of a set as JPEG, in a folder a class."""
    for kind in SETS[name]:
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for number in range(each):
            draw(name, kind, number).save(folder / kind / f"{number:04d}.jpg", quality=80)


def _noise(rng: np.random.Generator, size: float) -> Grey:
    """Smooth noise whose blobs are about `size` pixels wide, 0 to 1."""
    field = ndimage.gaussian_filter(rng.standard_normal((_WIDE, _WIDE)), size / 2, mode="wrap")
    low, high = np.quantile(field, (0.01, 0.99))
    return np.clip((field - low) / (high - low), 0, 1)


def _plane() -> tuple[Grey, Grey]:
    y, x = np.mgrid[:_WIDE, :_WIDE].astype(float)
    return x, y


def _cells(rng: np.random.Generator, distance: float) -> tuple[NDArray[np.int64], Grey]:
    """Cells around scattered seeds: the number of each pixel's cell, and how far it lies from the cell's border."""
    from scipy.spatial import cKDTree

    seeds = rng.uniform(-20, _WIDE + 20, (int((_WIDE + 40) ** 2 / distance**2), 2))
    x, y = _plane()
    found, near = cKDTree(seeds).query(np.stack([x.ravel(), y.ravel()], axis=1), k=2)
    return near[:, 0].reshape(x.shape), (found[:, 1] - found[:, 0]).reshape(x.shape)


# Surfaces: each gives a brightness, which two colours then stand for.


def _ripples(rng: np.random.Generator) -> Grey:
    x, y = _plane()
    waves = sum(
        np.sin((np.cos(angle) * x + np.sin(angle) * y) / length + rng.uniform(0, 6))
        for angle, length in zip(rng.normal(0, 0.5, 5), rng.uniform(3, 9, 5), strict=True)
    )
    return 0.5 + waves / 8 + 0.4 * (_noise(rng, 60) - 0.5)


def _cracks(rng: np.random.Generator) -> Grey:
    cells, border = _cells(rng, rng.uniform(28, 60))
    tone = rng.uniform(0.55, 0.85, cells.max() + 1)[cells]
    return np.where(border < rng.uniform(2, 4), 0.1, tone + 0.3 * (_noise(rng, 6) - 0.5))


def _pebbles(rng: np.random.Generator) -> Grey:
    cells, border = _cells(rng, rng.uniform(14, 30))
    tone = rng.uniform(0.3, 0.9, cells.max() + 1)[cells]
    return tone * np.clip(border / 9, 0.15, 1) + 0.15 * (_noise(rng, 4) - 0.5)


def _mat(rng: np.random.Generator) -> Grey:
    x, y = _plane()
    step = rng.uniform(7, 16)
    over = (np.floor(x / step) + np.floor(y / step)) % 2 == 0
    strands = np.where(over, np.abs(np.sin(np.pi * x / step * 2)), np.abs(np.sin(np.pi * y / step * 2)))
    return 0.2 + 0.6 * strands + 0.3 * (_noise(rng, 25) - 0.5)


def _algae(rng: np.random.Generator) -> Grey:
    size = rng.uniform(10, 26)
    film = _noise(rng, size) + 0.35 * _noise(rng, size / 4)
    return np.where(film > rng.uniform(0.55, 0.75), 0.75, 0.3) + 0.25 * (_noise(rng, 5) - 0.5)


def _sheet(rng: np.random.Generator) -> Grey:
    x, y = _plane()
    length = rng.uniform(6, 14)
    rust = _noise(rng, 35)
    return 0.5 + 0.32 * np.sin(2 * np.pi * x / length) - 0.35 * np.clip(rust - 0.6, 0, 1) + 0.1 * np.sin(y / 60)


def _surface(pattern: Callable[[np.random.Generator], Grey]) -> Callable[[np.random.Generator], Image.Image]:
    def drawn(rng: np.random.Generator) -> Image.Image:
        grey = np.clip(pattern(rng), 0, 1)
        grey = 0.5 + (grey - 0.5) * rng.uniform(0.12, 0.5) + 0.5 * (_noise(rng, 90) - 0.5)
        dark, pale = np.sort(rng.uniform(0, 1, (2, 3)), axis=0)  # any hue for either, one darker in each channel
        pale = np.maximum(pale, dark + 0.25)
        planes = dark + grey[:, :, None] * (pale - dark)
        _paint(planes, _noise(rng, 18) > rng.uniform(0.75, 1.0), rng.uniform(0, 1, 3), 0.8)  # dirt, of any colour
        return _photographed(rng, planes)

    return drawn


# Aerial tiles: a ground, and on it what the class is called after.


def _ground(rng: np.random.Generator) -> Grey:
    """Soil, grass or paving from above, [_WIDE, _WIDE, 3]."""
    dark, pale = _GROUNDS[rng.integers(len(_GROUNDS))]
    mixed = 0.6 * _noise(rng, rng.uniform(20, 70)) + 0.4 * _noise(rng, 4)
    planes = np.array(dark) + mixed[:, :, None] * (np.array(pale) - np.array(dark))
    x, y = _plane()
    if rng.random() < 0.5:  # a path
        angle = rng.uniform(0, np.pi)
        away = np.abs(np.cos(angle) * (x - rng.uniform(0, _WIDE)) + np.sin(angle) * (y - rng.uniform(0, _WIDE)))
        planes[away < rng.uniform(6, 18)] = np.array((0.62, 0.56, 0.48)) * rng.uniform(0.7, 1.2)
    return planes


_GROUNDS = (
    ((0.35, 0.25, 0.17), (0.60, 0.48, 0.36)),
    ((0.18, 0.27, 0.12), (0.42, 0.52, 0.26)),
    ((0.42, 0.42, 0.41), (0.62, 0.61, 0.58)),
)


def _trees(rng: np.random.Generator, planes: Grey, most: int) -> None:
    x, y = _plane()
    for _ in range(int(rng.integers(0, most + 1))):
        centre, radius = rng.uniform(0, _WIDE, 2), rng.uniform(10, 26)
        rough = radius * (0.75 + 0.5 * _noise(rng, 12))
        _paint(planes, np.hypot(x - centre[0] - 6, y - centre[1] - 6) < rough, (0.09, 0.11, 0.07), 0.6)
        crown = np.hypot(x - centre[0], y - centre[1]) < rough
        _paint(planes, crown, np.array((0.16, 0.30, 0.12)) * rng.uniform(0.8, 1.5), 0.95)


def _clutter(rng: np.random.Generator, planes: Grey, most: int) -> None:
    """Boxes and sheets of any colour, on the ground and on roofs alike."""
    x, y = _plane()
    for _ in range(int(rng.integers(2, most + 1))):
        place, sides, angle = rng.uniform(50, _WIDE - 50, 2), rng.uniform(4, 16, 2), rng.uniform(0, np.pi)
        across = np.cos(angle) * (x - place[0]) + np.sin(angle) * (y - place[1])
        along = np.cos(angle) * (y - place[1]) - np.sin(angle) * (x - place[0])
        _paint(planes, (np.abs(across) < sides[0]) & (np.abs(along) < sides[1]), rng.uniform(0.08, 0.8, 3), 0.9)


def _paint(planes: Grey, where: NDArray[np.bool_], colour: object, strength: float = 1.0) -> None:
    planes[where] += strength * (np.asarray(colour) - planes[where])


def _box(rng: np.random.Generator, low: float, high: float) -> tuple[NDArray[np.bool_], Grey, Grey]:
    """A rectangle somewhere about the middle: its pixels, and coordinates from its centre along its sides."""
    x, y = _plane()
    across, along = x - _WIDE / 2 - rng.normal(0, 14), y - _WIDE / 2 - rng.normal(0, 14)
    width, height = rng.uniform(low, high, 2)
    return (np.abs(across) < width / 2) & (np.abs(along) < height / 2), across, along


def _roof(rng: np.random.Generator, planes: Grey) -> tuple[NDArray[np.bool_], Grey, Grey]:
    inside, across, along = _box(rng, 110, 170)
    shadow = np.roll(inside, (7, 9), axis=(0, 1))
    _paint(planes, shadow, (0.05, 0.05, 0.06), 0.65)
    return inside, across, along


_ROOFS = ((0.55, 0.26, 0.18), (0.50, 0.50, 0.52), (0.30, 0.38, 0.45), (0.60, 0.52, 0.42), (0.33, 0.20, 0.15))


def _tiled_roof(rng: np.random.Generator) -> Grey:
    planes = _ground(rng)
    inside, across, along = _roof(rng, planes)
    step = rng.uniform(5, 8)
    rows = (along / step) % 1
    columns = ((across / step) + 0.5 * np.floor(along / step)) % 1
    shade = 0.75 + 0.25 * rows - 0.2 * (np.abs(columns - 0.5) > 0.4)
    side = np.where(across > 0, 1.0, rng.uniform(0.6, 0.8))
    _paint(planes, inside, (shade * side)[inside][:, None] * np.array(_ROOFS[rng.integers(len(_ROOFS))]))
    return planes


def _sheet_roof(rng: np.random.Generator) -> Grey:
    planes = _ground(rng)
    inside, across, along = _roof(rng, planes)
    waves = 0.8 + 0.22 * np.sin(2 * np.pi * across / rng.uniform(5, 9))
    side = np.where(along > 0, 1.0, rng.uniform(0.6, 0.85))
    colour = np.array(_ROOFS[rng.integers(len(_ROOFS))])
    _paint(planes, inside, (waves * side)[inside][:, None] * colour)
    _paint(planes, inside & (_noise(rng, 30) > 0.75), (0.42, 0.24, 0.14), 0.6)
    return planes


def _flat(rng: np.random.Generator) -> tuple[Grey, NDArray[np.bool_], Grey, Grey]:
    planes = _ground(rng)
    inside, across, along = _roof(rng, planes)
    colour = np.array(_ROOFS[rng.integers(len(_ROOFS))]) * 0.5 + 0.3
    _paint(planes, inside, colour + 0.15 * (_noise(rng, 25)[inside][:, None] - 0.5))
    edge = inside & ~ndimage.binary_erosion(inside, iterations=4)
    _paint(planes, edge, colour * 1.2)
    return planes, inside, across, along


def _roof_tank(rng: np.random.Generator) -> Grey:
    planes, _, across, along = _flat(rng)
    place, radius = rng.uniform(-45, 45, 2), rng.uniform(6, 10)
    away = np.hypot(across - place[0], along - place[1])
    _paint(planes, np.hypot(across - place[0] - 6, along - place[1] - 5) < radius, (0.08, 0.08, 0.1), 0.6)
    _paint(planes, away < radius, np.array(_TANKS[rng.integers(len(_TANKS))]))
    _paint(planes, np.abs(away - radius * 0.55) < 1.4, (0.75, 0.75, 0.75), 0.5)
    return planes


_TANKS = ((0.10, 0.10, 0.11), (0.15, 0.28, 0.55), (0.80, 0.80, 0.78), (0.20, 0.40, 0.25))


def _roof_puddle(rng: np.random.Generator) -> Grey:
    planes, inside, across, along = _flat(rng)
    place = rng.uniform(-40, 40, 2)
    rough = rng.uniform(8, 17) * (0.5 + _noise(rng, 14))
    wet = inside & (np.hypot(across - place[0], along - place[1]) < rough)
    _paint(planes, wet, np.array((0.24, 0.26, 0.27)) * rng.uniform(0.7, 1.5), 0.75)
    glint = wet & (_noise(rng, 14) > 0.8)
    _paint(planes, glint, (0.8, 0.84, 0.88), 0.6)
    return planes


def _pond(rng: np.random.Generator) -> Grey:
    planes = _ground(rng)
    x, y = _plane()
    rough = rng.uniform(45, 80) * (0.55 + 0.9 * _noise(rng, 70))
    away = np.hypot((x - _WIDE / 2) * rng.uniform(0.8, 1.3), y - _WIDE / 2)
    _paint(planes, away < rough + 5, (0.30, 0.26, 0.18), 0.7)
    water = np.array(_WATERS[rng.integers(len(_WATERS))])
    _paint(planes, away < rough, water + 0.05 * (_noise(rng, 10)[away < rough][:, None] - 0.5))
    _paint(planes, (away < rough) & (_noise(rng, 26) > rng.uniform(0.6, 0.95)), (0.25, 0.42, 0.16), 0.7)
    return planes


def _channel(rng: np.random.Generator) -> Grey:
    planes = _ground(rng)
    x, y = _plane()
    bend = rng.uniform(5, 30) * np.sin(y / rng.uniform(30, 70) + rng.uniform(0, 6))
    away, width = np.abs(x - _WIDE / 2 - bend), rng.uniform(9, 22)
    _paint(planes, away < width + 4, np.array((0.55, 0.53, 0.5)) * rng.uniform(0.6, 1.2), 0.8)
    water = np.array(_WATERS[rng.integers(len(_WATERS))])
    _paint(planes, away < width, water + 0.06 * (_noise(rng, 8)[away < width][:, None] - 0.5))
    return planes


_WATERS = ((0.13, 0.20, 0.22), (0.24, 0.26, 0.18), (0.36, 0.31, 0.22), (0.10, 0.14, 0.13))


def _tyre_yard(rng: np.random.Generator) -> Grey:
    planes = _ground(rng)
    x, y = _plane()
    heap, spread = rng.normal(_WIDE / 2, 18, 2), rng.uniform(18, 42)
    for _ in range(int(rng.integers(3, 16))):
        place, radius = rng.normal(heap, spread), rng.uniform(4, 6)
        away = np.hypot(x - place[0], y - place[1])
        _paint(planes, away < radius, np.full(3, rng.uniform(0.08, 0.2)))
        _paint(planes, away < radius * 0.45, (0.3, 0.28, 0.25), 0.6)
    return planes


def _tile(scene: Callable[[np.random.Generator], Grey]) -> Callable[[np.random.Generator], Image.Image]:
    def drawn(rng: np.random.Generator) -> Image.Image:
        planes = scene(rng)
        _clutter(rng, planes, 9)
        _trees(rng, planes, 5)
        return _photographed(rng, planes * rng.uniform(0.7, 1.2))

    return drawn


def _photographed(rng: np.random.Generator, planes: Grey) -> Image.Image:
    """Turned by any angle, enlarged a little, lit from one side, slightly blurred, with the grain of a sensor."""
    image = Image.fromarray((np.clip(planes, 0, 1) * 255).astype(np.uint8))
    image = image.rotate(float(rng.uniform(0, 360)), Image.Resampling.BILINEAR)
    side = rng.uniform(0.58, 0.70) * _WIDE
    left, top = (_WIDE - side) / 2, (_WIDE - side) / 2
    box = (left, top, left + side, top + side)
    image = image.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=box)
    image = image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0, 1.2))))
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE - 0.5
    angle = rng.uniform(0, 2 * np.pi)
    light = 1 + rng.uniform(0, 0.35) * (np.cos(angle) * x + np.sin(angle) * y)
    lit = np.asarray(image) * light[:, :, None] + rng.normal(0, rng.uniform(2, 9), (SIDE, SIDE, 1))
    return Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8))


SETS: Mapping[str, Mapping[str, Callable[[np.random.Generator], Image.Image]]] = {
    "surfaces": {
        kind: _surface(pattern)
        for kind, pattern in {
            "algae": _algae,
            "cracks": _cracks,
            "mat": _mat,
            "pebbles": _pebbles,
            "ripples": _ripples,
            "sheet": _sheet,
        }.items()
    },
    "aerial": {
        kind: _tile(scene)
        for kind, scene in {
            "channel": _channel,
            "pond": _pond,
            "roof_puddle": _roof_puddle,
            "roof_tank": _roof_tank,
            "sheet_roof": _sheet_roof,
            "tiled_roof": _tiled_roof,
            "tyre_yard": _tyre_yard,
        }.items()
    },
}


def command_line() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.drawn_sets", description=__doc__)
    parser.add_argument("name", choices=list(SETS))
    parser.add_argument("--output_dir", type=Path, required=True, help="folder for a folder a class")
    parser.add_argument("--each", type=int, default=100, help="photos a class (default 100)")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    arguments = command_line().parse_args(argv)
    write(arguments.name, arguments.output_dir, arguments.each)
    return 0


if __name__ == "__main__":
    sys.exit(main())
