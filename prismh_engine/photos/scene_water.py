"""Standing water in sample photos: how a surface mirrors sky and trees, and puddles."""

from __future__ import annotations

import numpy as np

from .scene_canvas import Array, Box, Canvas, Colour, inside, mix


def draw_puddle(canvas: Canvas) -> None:
    """One to three pools of rain water with a wet edge, that mirror the sky."""
    rng = canvas.rng
    count = int(rng.choice([1, 1, 2, 3]))
    flat = rng.uniform(0.32, 0.62)
    for x, y, size in canvas.spread(count, *((0.40, 0.62) if count == 1 else (0.28, 0.44))):
        box = canvas.box(x, y + size * 0.1, size, rng.normal(0, 0.12), 1.7)
        if not box.u.size:
            continue
        turn = np.arctan2(box.v / np.float32(flat), box.u)
        edge = np.ones_like(turn)
        for lobes in (1, 2, 3, 5, 8):
            edge += np.float32(rng.uniform(0.02, 0.32) / lobes) * np.sin(lobes * turn + np.float32(rng.uniform(0, 6.3)))
        edge += 0.30 * (box.noise(rng, 5, 2, 0.5) - 0.5)
        distance = (np.hypot(box.u, box.v / np.float32(flat)) - edge) * np.float32(0.6)
        canvas.dim(box, inside(distance - 0.14, 0.36), 0.5)
        murky = canvas.pick(((0.30, 0.25, 0.18), (0.22, 0.23, 0.20), (0.36, 0.28, 0.19), (0.16, 0.18, 0.18)))
        # Shallow at the edge: the ground shows through.
        deep = np.clip(0.35 - distance * 9, 0, 1) * inside(distance, 0.012 + box.pixel)
        canvas.paint(box, deep, water(canvas, box, murky, 0.0, flat))
        canvas.paint(box, inside(np.abs(distance + 0.004) - 0.004, 0.012) * 0.3, (0.9, 0.93, 0.95))


def water(canvas: Canvas, box: Box, murky: Colour, middle: float, half: float) -> Array:
    """Water as it looks from above at a slant: its own colour near, the mirrored sky and trees farther away.

    middle, half: where along v its surface lies.
    """
    rng = canvas.rng
    down = (box.v - np.float32(middle)) / np.float32(half)
    clouds = np.clip(box.noise(rng, 2, 3) * 2.2 - 0.6, 0, 1)
    sky = mix((0.36, 0.52, 0.70), (0.97, 0.97, 0.96), clouds) * np.float32(0.7 + 0.3 * canvas.light.sun)
    mirror = np.clip(rng.uniform(0.45, 0.75) - down * np.float32(rng.uniform(0.15, 0.45)), 0.08, 0.96)
    line = _treetops(rng, box.u) * rng.uniform(0.3, 0.9) - rng.uniform(0.5, 1.5)
    wobble = np.sin(box.v * 40 + box.u * 5) * np.float32(0.03)
    trees = np.clip((line + wobble - down) * 6 + 0.5, 0, 1)
    return mix(murky, mix(sky, (0.10, 0.14, 0.08), trees * np.float32(0.85)), mirror)


def _treetops(rng: np.random.Generator, u: Array) -> Array:
    """A jagged line over u, mostly 0 to 1."""
    tops = rng.random(40)
    tops = np.convolve(tops, [0.2, 0.6, 0.2], "same") + 0.5 * np.sin(np.arange(40) * 0.4 + rng.uniform(0, 6.3))
    return np.interp(u, np.linspace(-1.7, 1.7, 40), tops).astype(np.float32)
