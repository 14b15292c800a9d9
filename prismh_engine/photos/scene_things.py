"""The breeding places that sample photos show, each with the call that draws it onto a canvas."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .scene_canvas import Array, Box, Canvas, Colour, as_planes, ellipse, inside, mix
from .scene_vessels import draw_bucket, draw_drum, draw_pot
from .scene_water import draw_puddle, water


def draw_tyre(canvas: Canvas) -> None:
    """Tyres: one flat on the ground, a small stack, or one that leans or stands."""
    rng = canvas.rng
    kind = rng.choice(["flat", "flat", "stack", "leaning", "pair"])
    x, y = (canvas.width * rng.uniform(0.4, 0.6), canvas.height * rng.uniform(0.48, 0.6))
    size = canvas.unit * rng.uniform(0.27, 0.38)
    flat = rng.uniform(0.42, 0.72)
    if kind == "leaning":
        _one_tyre(canvas, x, y, size * 0.95, rng.uniform(0.82, 1.0), 0.12, rng.normal(0, 0.5), wide=rng.uniform(0.6, 1))
    elif kind == "pair":
        _one_tyre(canvas, x - size * 0.75, y - size * 0.35, size * 0.8, flat, 0.35, 0.0)
        _one_tyre(canvas, x + size * 0.6, y + size * 0.3, size * 0.85, flat, 0.35, 0.0)
    else:
        layers = 1 if kind == "flat" else int(rng.integers(2, 4))
        size *= 1.0 if layers == 1 else 0.8
        for layer in range(layers):
            shift = rng.normal(0, 0.05) * size
            rise = layer * size * 0.42 - (layers - 1) * size * 0.2
            _one_tyre(canvas, x + shift, y - rise, size, flat, 0.40, 0.0, wet=layer == layers - 1)


def _one_tyre(
    canvas: Canvas, x: float, y: float, size: float, flat: float, thick: float, angle: float, *, wide: float = 1.0,
    wet: bool = True,
) -> None:  # fmt: skip
    rng = canvas.rng
    canvas.shadow(x, y + size * (thick + 0.25 * flat), size * 1.02, size * max(flat, 0.5) * 0.9, 0.35)
    box = canvas.box(x, y, size, angle, 1.7)
    if not box.u.size:
        return
    u, v = box.u / np.float32(wide), box.v
    tone = rng.uniform(0.10, 0.20)
    dust = np.clip(box.noise(rng, 4, 4) - 0.35, 0, 1) * rng.uniform(0.2, 0.8)
    rubber = mix((tone, tone, tone * 1.04), (0.44, 0.38, 0.31), dust)
    bend = np.sqrt(np.clip(1 - u**2, 0, 1))
    tread = np.maximum(np.maximum(np.abs(u) - 1, -v), v - thick - flat * bend)
    cut = np.sin(np.arcsin(np.clip(u, -1, 1)) * 34 + np.round((v - flat * bend) * 9) * 1.6) < 0.1
    light = (0.55 + 0.45 * canvas.light.side * u) * (1 - 0.55 * cut.astype(np.float32))
    canvas.paint(box, inside(tread, box.pixel * 1.5), rubber * light)
    radius = np.hypot(u, v / np.float32(flat))
    hole = rng.uniform(0.50, 0.58)
    middle, half = (1 + hole) / 2, (1 - hole) / 2
    slope = np.clip((radius - middle) / half, -1, 1)
    way_u, way_v = u / np.maximum(radius, 1e-3), v / flat / np.maximum(radius, 1e-3)
    facing = slope * (canvas.light.side * way_u - 0.7 * way_v) * 0.6 + 0.75 * np.sqrt(1 - slope**2 * 0.9)
    groove = np.float32(1.0) - 0.35 * inside(np.abs(radius - (hole + 0.34 * half)) - 0.012, box.pixel * 2)
    groove -= 0.3 * inside(np.abs(radius - (1 - 0.45 * half)) - 0.012, box.pixel * 2)
    turn = np.arctan2(v / flat, u)
    start = rng.uniform(-3, 3)
    letters = ((np.sin(turn * 70) > -0.2) & (np.cos(turn - start) > 0.85)).astype(np.float32)
    marks = letters * inside(np.abs(radius - middle) - 0.05, box.pixel * 2) * float(rng.choice([0.0, 0.35, 0.9]))
    groove -= 0.4 * ((np.sin(turn * 46) > 0.2) & (radius > 1 - 0.3 * half)).astype(np.float32)
    gloss = np.clip(facing, 0, 1) ** 6 * 0.35 * canvas.light.sun
    face = rubber * (np.clip(facing, 0.15, 1.2) * 1.5 * groove) + (gloss + marks * 0.5)
    ring = inside(ellipse(u, v, 1.0, flat), box.pixel * 1.5) * (
        1 - inside(ellipse(u, v, hole, hole * flat), box.pixel * 2)
    )
    canvas.paint(box, ring, face)
    well = inside(ellipse(u, v, hole, hole * flat), box.pixel * 2)
    if thick > 0.2:
        canvas.dim(box, well, 0.75)
        if wet and rng.random() < 0.7:
            pool = inside(ellipse(u, v - 0.10, hole * 1.02, hole * flat * 0.95), box.pixel * 2) * well
            canvas.paint(box, pool, water(canvas, box, (0.08, 0.08, 0.06), 0.1, hole * flat) * np.float32(0.8))
    else:
        depth = inside(ellipse(u, v + 0.06, hole, hole * flat), box.pixel * 2)
        canvas.dim(box, well * (1 - depth), 0.7)


def draw_drain(canvas: Canvas) -> None:
    """A drain in the ground: a grate of bars, with wet dirt around it."""
    rng = canvas.rng
    box, u, v = _in_the_ground(canvas)
    soft = box.pixel * 1.5
    wide, deep = rng.uniform(0.9, 1.3), rng.uniform(0.6, 1.0)
    frame: Array = np.maximum(np.abs(u) - wide, np.abs(v) - deep)
    slots = int(rng.integers(6, 11))
    wave: Array = np.abs(((u / wide * 0.5 + 0.5) * slots) % 1 - 0.5)
    within = inside(frame + 0.14, soft)
    across: Array = np.abs(v)
    bars = inside(across - 0.05, soft)
    slot = within * inside((wave - 0.27) * (2 * wide / slots), soft) * (1 - bars)
    canvas.paint(box, inside(frame - 0.10, soft), (0.46, 0.45, 0.43))
    canvas.paint(box, inside(frame, soft), _metal(canvas, box))
    canvas.paint(box, slot, (0.02, 0.02, 0.02))
    glint = within * inside((np.abs(wave - 0.33) - 0.03) * (2 * wide / slots), soft) * (1 - slot)
    canvas.paint(box, glint * np.float32(0.5), (0.66, 0.66, 0.66))


def draw_cover(canvas: Canvas) -> None:
    """A round manhole cover with a raised pattern."""
    rng = canvas.rng
    box, u, v = _in_the_ground(canvas)
    soft = box.pixel * 1.5
    radius: Array = np.hypot(u, v)
    canvas.paint(box, inside(radius - 1.14, soft), (0.44, 0.43, 0.41))
    canvas.paint(box, inside(radius - 1.02, soft), _metal(canvas, box))
    fine = rng.uniform(14, 30)
    pattern = rng.integers(3)
    raised = (
        np.sin(u * fine) * np.sin(v * fine) if pattern == 0
        else np.sin(radius * fine * 1.6) if pattern == 1
        else np.sin((u + v) * fine) * np.sign(np.sin((u - v) * fine / 3))
    )  # fmt: skip
    studs = (raised > 0.15).astype(np.float32) * inside(radius - 0.82, soft)
    canvas.paint(box, studs * np.float32(0.55), (0.62, 0.60, 0.57))
    canvas.dim(box, inside(np.abs(radius - 0.9) - 0.02, soft) + inside(np.abs(radius - 1.03) - 0.02, soft), 0.75)
    for hole in (-0.6, 0.6):
        canvas.paint(box, inside(np.hypot(u - hole, v) - 0.07, soft), (0.02, 0.02, 0.02))


def _in_the_ground(canvas: Canvas) -> tuple[Box, Array, Array]:
    """A place in the ground with wet dirt around it, and its coordinates in the plane of the ground."""
    rng = canvas.rng
    x, y = canvas.width * rng.uniform(0.38, 0.62), canvas.height * rng.uniform(0.45, 0.65)
    box = canvas.box(x, y, canvas.unit * rng.uniform(0.24, 0.36), rng.normal(0, 0.25), 2.0)
    u, v = box.u, np.asarray(box.v / np.float32(rng.uniform(0.5, 0.85)), np.float32)
    canvas.dim(box, inside(np.hypot(u, v) - rng.uniform(0.9, 1.5) - 0.5 * (box.noise(rng, 5) - 0.5), 0.6), 0.45)
    return box, u, v


def _metal(canvas: Canvas, box: Box) -> Array:
    """Cast iron, rusty in places."""
    rust = np.clip((box.noise(canvas.rng, 6, 4) - 0.45) * 3, 0, 1)
    light = np.float32(canvas.rng.uniform(0.6, 1.2) + 0.5 * canvas.light.sun)
    return mix((0.24, 0.24, 0.25), (0.40, 0.25, 0.15), rust) * (light * as_planes(canvas.pick(_METALS)))


_METALS: tuple[Colour, ...] = ((1.0, 1.0, 1.0), (1.1, 1.0, 0.9), (0.9, 1.0, 1.1))

# What draws each kind of breeding place onto a canvas.
THINGS: dict[str, Callable[[Canvas], None]] = {
    "drum": draw_drum, "tyre": draw_tyre, "pot": draw_pot, "puddle": draw_puddle, "bucket": draw_bucket,
    "drain": draw_drain, "cover": draw_cover,
}  # fmt: skip
