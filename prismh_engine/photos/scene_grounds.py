"""What sample photos show behind and below a thing: soil, concrete, grass, gravel, walls, hedges."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from .scene_canvas import Colour, as_planes, grain, mix, noise, to_image

GROUNDS = ("soil", "concrete", "grass", "gravel", "paving", "asphalt")

_SOILS: tuple[tuple[Colour, Colour], ...] = (
    ((0.30, 0.21, 0.14), (0.58, 0.45, 0.32)),
    ((0.42, 0.22, 0.14), (0.68, 0.42, 0.28)),
    ((0.34, 0.30, 0.25), (0.66, 0.60, 0.50)),
)


def draw_ground(rng: np.random.Generator, kind: str, size: tuple[int, int]) -> Image.Image:
    """A ground seen from above at a slant, RGB; with a wall or hedge at the far edge now and then."""
    width, height = size
    flat = _GROUND_PAINTERS[kind](rng, width, height)
    narrow = width * rng.uniform(0.12, 0.24)
    corners = (0, 0, narrow, height, width - narrow, height, width, 0)
    image = flat.transform(size, Image.Transform.QUAD, corners, Image.Resampling.BILINEAR)
    if rng.random() < 0.45:
        _add_backdrop(rng, image)
    return image


def scatter_leaves(rng: np.random.Generator, image: Image.Image, count: int) -> None:
    """Drop small dry or green leaves anywhere."""
    draw = ImageDraw.Draw(image)
    unit = min(image.size) / 480
    for _ in range(count):
        x, y = rng.uniform(0, image.width), rng.uniform(0.15 * image.height, image.height)
        length = rng.uniform(4, 12) * unit * (0.5 + y / image.height)
        colour = [(150, 104, 52), (118, 82, 40), (176, 140, 70), (84, 110, 44)][rng.integers(4)]
        light = rng.uniform(0.6, 1.15)
        draw.polygon(
            leaf_outline(x, y, length, length * 0.42, rng.uniform(0, 6.28)), tuple(int(c * light) for c in colour)
        )


def leaf_outline(x: float, y: float, length: float, width: float, angle: float) -> list[tuple[float, float]]:
    """The outline of a pointed leaf that starts at (x, y)."""
    along = np.linspace(0, 1, 7)
    across = width / 2 * np.sin(np.pi * along**0.8)
    us = np.concatenate([along, along[::-1]]) * length
    vs = np.concatenate([across, -across[::-1]])
    cos, sin = np.cos(angle), np.sin(angle)
    return [(float(x + u * cos - v * sin), float(y + u * sin + v * cos)) for u, v in zip(us, vs, strict=True)]


def _soil(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    dark, pale = _SOILS[rng.integers(len(_SOILS))]
    lumps = 0.65 * noise(rng, height, width, 5, 5, 0.62) + 0.35 * grain(rng, height, width)
    image = to_image(mix(dark, pale, np.clip(lumps, 0, 1)))
    _stones(rng, image, 90, (1.0, 4.5), pale)
    scatter_leaves(rng, image, int(rng.integers(0, 25)))
    return image


def _concrete(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    tone = rng.uniform(0.45, 0.72)
    grey = tone + 0.22 * (noise(rng, height, width, 3, 4) - 0.5) + 0.10 * (grain(rng, height, width) - 0.5)
    image = to_image(grey * as_planes((1.0, 0.985, 0.95)))
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(1, 4))):
        steps = rng.normal(0, 9, (24, 2)).cumsum(axis=0)
        steps += rng.uniform(0, 1, 2) * (width, height)
        steps[:, 0] += np.arange(24) * rng.uniform(-18, 18)
        shade = int(255 * tone * 0.5)
        draw.line([tuple(step) for step in steps], (shade, shade, shade), int(rng.integers(1, 3)))
    return image


def _asphalt(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    tone = rng.uniform(0.24, 0.38)
    grey = tone + 0.10 * (noise(rng, height, width, 3, 3) - 0.5) + 0.22 * (grain(rng, height, width) - 0.5)
    return to_image(grey * as_planes((0.98, 1.0, 1.03)))


def _paving(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    image = _concrete(rng, width, height)
    draw = ImageDraw.Draw(image, "RGBA")
    stone = int(min(width, height) * rng.uniform(0.16, 0.3))
    brick = rng.random() < 0.5
    for row, top in enumerate(range(0, height, stone)):
        shift = stone // 2 if brick and row % 2 else 0
        for left in range(-shift, width, stone):
            tint = int(rng.integers(0, 46))
            draw.rectangle((left, top, left + stone, top + stone), (96, 66, 48, tint), (40, 38, 34, 170), 2)
    return image


def _grass(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    dry = rng.uniform(0, 0.7)
    dark = (0.13 + 0.14 * dry, 0.24 + 0.05 * dry, 0.07)
    pale = (0.34 + 0.28 * dry, 0.48 + 0.06 * dry, 0.16 + 0.1 * dry)
    image = to_image(mix(dark, pale, np.clip(0.7 * noise(rng, height, width, 6, 4, 0.7) + 0.1, 0, 1)))
    draw = ImageDraw.Draw(image)
    unit = min(width, height) / 480
    count = 1100
    xs, ys = rng.uniform(0, width, count), np.sort(rng.uniform(0, height * 1.05, count))
    lengths, leans, lights = rng.uniform(8, 26, count) * unit, rng.normal(0, 6, count) * unit, rng.random(count)
    tones = (255 * mix(dark, pale, (lights[None] * 1.25).astype(np.float32)))[:, 0].T.astype(int)
    for x, y, length, lean, tone in zip(xs, ys, lengths, leans, tones.tolist(), strict=True):
        draw.line((x, y, x + lean, y - length), tuple(tone), 2 if length > 17 * unit else 1)
    return image


def _gravel(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    image = _asphalt(rng, width, height)
    tones: tuple[Colour, ...] = ((0.60, 0.57, 0.53), (0.52, 0.44, 0.36), (0.46, 0.48, 0.50), (0.66, 0.60, 0.48))
    _stones(rng, image, 700, (rng.uniform(2, 4), rng.uniform(7, 14)), tones[rng.integers(len(tones))])
    return image


def _stones(
    rng: np.random.Generator, image: Image.Image, count: int, radii: tuple[float, float], colour: Colour
) -> None:
    draw = ImageDraw.Draw(image)
    unit = min(image.size) / 480
    xs, ys = rng.uniform(0, image.width, count), rng.uniform(0, image.height, count)
    sizes, flats, lights = (
        rng.uniform(*radii, count) * unit,
        rng.uniform(0.55, 0.9, count),
        rng.uniform(0.6, 1.3, count),
    )
    base = np.array(colour) * 255
    for x, y, r, flat, light in zip(xs, ys, sizes, flats, lights, strict=True):
        tone = np.clip(base * light, 0, 255).astype(int)
        draw.ellipse((x - r, y - r * flat + 0.3 * r, x + r, y + r * flat + 0.3 * r), tuple((tone * 0.45).astype(int)))
        draw.ellipse((x - r, y - r * flat, x + r, y + r * flat), tuple(tone))


def _add_backdrop(rng: np.random.Generator, image: Image.Image) -> None:
    """A wall, a hedge or a metal sheet along the far edge."""
    width = image.width
    height = int(image.height * rng.uniform(0.10, 0.30))
    kind = ("plaster", "brick", "hedge", "sheet")[rng.integers(4)]
    if kind == "hedge":
        lumps = noise(rng, height, width, 4, 4, 0.8)
        wall = to_image(mix((0.05, 0.10, 0.03), (0.32, 0.44, 0.16), np.clip(lumps, 0, 1)))
    elif kind == "sheet":
        waves = 0.55 + 0.16 * np.sin(np.arange(width, dtype=np.float32) * np.float32(60 / width * 3.1))
        rust = np.clip((noise(rng, height, width, 3) - 0.45) * 3, 0, 1)
        wall = to_image(waves * mix((0.95, 1.0, 1.05), (0.85, 0.52, 0.32), rust))
    else:
        tones: tuple[Colour, ...] = ((0.80, 0.75, 0.62), (0.62, 0.68, 0.70), (0.74, 0.56, 0.44), (0.85, 0.84, 0.80))
        stain = 0.75 + 0.4 * (noise(rng, height, width, 3, 4) - 0.4)
        wall = to_image(stain * as_planes(tones[rng.integers(len(tones))]))
        if kind == "brick":
            draw = ImageDraw.Draw(wall, "RGBA")
            tall = max(height // 6, 4)
            for row, top in enumerate(range(0, height, tall)):
                for left in range(-(row % 2) * tall, width, 2 * tall):
                    red = int(rng.integers(-22, 22))
                    brick = (148 + red, 78 + red // 2, 58, 215)
                    draw.rectangle((left + 1, top + 1, left + 2 * tall - 1, top + tall - 1), brick)
    wall = wall.reduce(2).resize((width, height), Image.Resampling.BILINEAR)  # out of focus
    image.paste(wall, (0, 0))
    fade = np.linspace(130, 0, max(height // 3, 2)).astype(np.uint8)
    foot = Image.fromarray(np.repeat(fade[:, None], width, axis=1))
    image.paste((22, 20, 17), (0, height), foot)


_GROUND_PAINTERS = {
    "soil": _soil, "concrete": _concrete, "grass": _grass, "gravel": _gravel, "paving": _paving, "asphalt": _asphalt,
}  # fmt: skip
