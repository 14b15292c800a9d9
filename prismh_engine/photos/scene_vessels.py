"""Round vessels in sample photos: drums, buckets, and pots with plants."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from .scene_canvas import Array, Box, Canvas, Colour, as_planes, ellipse, inside, mix, planes
from .scene_grounds import leaf_outline
from .scene_water import water


@dataclass
class _Vessel:
    """A round vessel in a box, all [h, w]: cover of its side and of its mouth, and how light falls on them.

    height: 0 at the rim to 1 at the foot, bent as a ring around the vessel is. flat: how much its circles are
    squashed, 0 to 1. top: v of the rim's middle.
    """

    side: Array
    mouth: Array
    height: Array
    shade: Array
    flat: float
    top: float


def draw_drum(canvas: Canvas) -> None:
    """One to three steel or plastic drums, standing or lying."""
    rng = canvas.rng
    for x, y, size in canvas.spread(int(rng.choice([1, 1, 1, 2, 3])), 0.17, 0.25):
        lying = rng.random() < 0.12
        angle = rng.choice([-1, 1]) * rng.uniform(1.25, 1.75) if lying else rng.normal(0, 0.05)
        _one_drum(canvas, x, y, size * (0.85 if lying else 1.0), angle)


def _one_drum(canvas: Canvas, x: float, y: float, size: float, angle: float) -> None:
    rng = canvas.rng
    tall = rng.uniform(2.3, 2.9)
    lying = abs(angle) > 1
    canvas.shadow(x, y + size * (0.85 if lying else tall / 2), size * (1.5 if lying else 1.05), size * 0.42)
    box = canvas.box(x, y, size, angle, 2.1)
    if not box.u.size:
        return
    vessel = _vessel(canvas, box, 1.0, 1.0, tall, rng.uniform(0.26, 0.46))
    base = canvas.pick(_DRUM_COLOURS)
    rusty = rng.random() < 0.6
    rust = np.clip((box.noise(rng, 5, 4, 0.7) - (0.5 if rusty else 0.75)) * 4, 0, 1)
    colour = mix(base, (0.36, 0.19, 0.10), rust * (0.55 + 0.45 * vessel.height))
    if rng.random() < 0.4:  # a painted band
        band = inside(np.abs(vessel.height - 0.5) - 0.12, box.pixel * 2)
        colour = mix(colour, canvas.pick(((0.9, 0.9, 0.86), (0.85, 0.7, 0.12), (0.2, 0.2, 0.2))), band * 0.85)
    rings = np.zeros_like(vessel.height)
    for place in (0.03, 0.34, 0.66, 0.97):
        step = (vessel.height - np.float32(place)) / np.float32(0.022)
        rings -= step * np.exp(-(step**2)) * np.float32(0.5)
    canvas.paint(box, vessel.side, colour * (vessel.shade + rings))
    lid = mix(base, (0.36, 0.19, 0.10), rust * 0.8) * np.float32(0.75 + 0.25 * canvas.light.sun)
    canvas.paint(box, vessel.mouth, lid)
    if rng.random() < 0.6:
        _open_mouth(canvas, box, vessel, 0.9, rng.uniform(0.05, 0.35))
    else:
        mouth_v = box.v - vessel.top
        for bung in (-0.55, 0.5):
            spot = ellipse(box.u - bung, mouth_v - 0.3 * vessel.flat, 0.12, 0.12 * vessel.flat)
            canvas.paint(box, inside(spot, box.pixel), (0.12, 0.11, 0.10))
        edge = np.abs(np.hypot(box.u, mouth_v / vessel.flat) - 0.9)
        canvas.dim(box, inside(edge - 0.03, box.pixel * 2) * vessel.mouth, 0.45)
    _rim(canvas, box, vessel, 0.96, base)


def draw_bucket(canvas: Canvas) -> None:
    """One or two buckets with a handle, wider at the top, plastic or galvanised."""
    rng = canvas.rng
    for x, y, size in canvas.spread(int(rng.choice([1, 1, 1, 2])), 0.20, 0.30):
        tall, flat, foot = rng.uniform(1.5, 1.8), rng.uniform(0.36, 0.56), rng.uniform(0.62, 0.74)
        canvas.shadow(x, y + size * tall / 2, size * 0.85, size * 0.36)
        box = canvas.box(x, y, size, rng.normal(0, 0.06), 2.0)
        if not box.u.size:
            continue
        vessel = _vessel(canvas, box, 1.0, foot, tall, flat)
        base = canvas.pick(_BUCKET_COLOURS)
        dirt = np.clip((box.noise(rng, 4) - 0.4) * 1.6, 0, 0.7) * vessel.height
        colour = mix(base, (0.32, 0.26, 0.18), dirt)
        lip = inside(np.abs(vessel.height - 0.07) - 0.045, box.pixel * 2)
        canvas.paint(box, vessel.side, colour * (vessel.shade + 0.18 * lip))
        canvas.paint(box, vessel.mouth, as_planes(base) * np.float32(0.9))
        _open_mouth(canvas, box, vessel, 0.91, rng.uniform(0.15, 0.5))
        _rim(canvas, box, vessel, 0.96, base)
        up = rng.choice([-1.0, 1.0])
        bow = np.hypot(box.u / 1.02, (box.v - vessel.top) / (flat + 0.75 if up < 0 else flat + 0.28))
        half = (box.v < vessel.top) if up < 0 else (box.v > vessel.top)
        wire = inside(np.abs(bow - 1) - 0.022, box.pixel * 1.5) * half
        canvas.paint(box, wire, (0.78, 0.78, 0.76) if canvas.light.sun > 0.5 else (0.5, 0.5, 0.5))


def draw_pot(canvas: Canvas) -> None:
    """One to three plant pots with a plant, often in a saucer that holds water."""
    rng = canvas.rng
    for x, y, size in canvas.spread(int(rng.choice([1, 1, 2, 3])), 0.15, 0.23):
        tall, flat, foot = rng.uniform(1.35, 1.75), rng.uniform(0.28, 0.44), rng.uniform(0.6, 0.78)
        y += size * 0.6
        canvas.shadow(x, y + size * tall / 2, size * 1.05, size * 0.42)
        box = canvas.box(x, y, size, rng.normal(0, 0.03), 2.2)
        if not box.u.size:
            continue
        base = canvas.pick(_POT_COLOURS)
        if rng.random() < 0.6:
            plate = box.v - tall / 2
            rx = foot + 0.45
            canvas.paint(box, inside(ellipse(box.u, plate - 0.08, rx, rx * flat), box.pixel * 2),
                         as_planes(base) * np.float32(0.55))  # fmt: skip
            canvas.paint(box, inside(ellipse(box.u, plate, rx, rx * flat), box.pixel * 2),
                         as_planes(base) * np.float32(0.9))  # fmt: skip
            canvas.paint(box, inside(ellipse(box.u, plate, rx - 0.1, (rx - 0.1) * flat), box.pixel * 2),
                         water(canvas, box, (0.20, 0.20, 0.15), tall / 2, rx * flat))  # fmt: skip
        vessel = _vessel(canvas, box, 1.0, foot, tall, flat)
        bloom = np.clip((box.noise(rng, 4, 4) - 0.5) * 2, 0, 0.5)
        collar = inside(vessel.height - 0.2, box.pixel * 2)
        under = np.exp(-(((vessel.height - 0.24) / 0.05) ** 2)) * 0.35
        shade = vessel.shade * (1 + 0.12 * collar) - under
        canvas.paint(box, vessel.side, mix(base, (0.82, 0.78, 0.70), bloom) * shade)
        canvas.paint(box, vessel.mouth, as_planes(base) * np.float32(1.05))
        soil = inside(ellipse(box.u, box.v - vessel.top, 0.86, 0.86 * flat), box.pixel * 2)
        lumps = np.clip(box.noise(rng, 12, 3, 0.8), 0, 1)
        canvas.paint(box, soil, mix((0.08, 0.06, 0.05), (0.26, 0.19, 0.13), lumps))
        _plant(canvas, x, y + vessel.top * size, size)


def _vessel(canvas: Canvas, box: Box, top_radius: float, foot_radius: float, tall: float, flat: float) -> _Vessel:
    u, v, light = box.u, box.v, canvas.light
    share = np.clip((v + tall / 2) / tall, 0, 1)
    radius = top_radius + (foot_radius - top_radius) * share
    around = np.clip(u / radius, -1, 1)
    bulge = np.sqrt(1 - around**2)
    below = v - tall / 2 - flat * foot_radius * bulge
    distance = np.maximum(np.maximum(np.abs(u) - radius, -(v + tall / 2)), below)
    facing = 0.75 * light.side * around + 0.62 * bulge
    shade = 0.36 + 0.62 * np.clip(facing, 0, 1.1) + 0.5 * light.sun * np.clip(facing, 0, 1) ** 14
    shade *= 1 - 0.25 * share
    height = np.clip((v + tall / 2 - flat * radius * bulge) / tall, -0.2, 1)
    mouth = inside(ellipse(u, v + tall / 2, top_radius, top_radius * flat), box.pixel * 1.5)
    return _Vessel(inside(distance, box.pixel * 1.5), mouth, height, shade, flat, -tall / 2)


def _open_mouth(canvas: Canvas, box: Box, vessel: _Vessel, radius: float, depth: float) -> None:
    """The inside of a vessel, with water `depth` object sizes below its rim."""
    v = box.v - vessel.top
    mouth = inside(ellipse(box.u, v, radius, radius * vessel.flat), box.pixel * 1.5)
    inner = np.float32(0.10) + np.float32(0.16) * np.clip(0.5 - canvas.light.side * box.u * 0.6 - v, 0, 1)
    canvas.paint(box, mouth, inner * as_planes((1.0, 0.97, 0.92)))
    sunk = depth * (1 - vessel.flat) * 0.8
    pool = inside(ellipse(box.u, v - sunk, radius * 0.98, radius * vessel.flat), box.pixel * 2)
    surface = water(canvas, box, (0.12, 0.12, 0.09), vessel.top + sunk, radius * vessel.flat)
    canvas.paint(box, pool * mouth, surface)


def _rim(canvas: Canvas, box: Box, vessel: _Vessel, radius: float, colour: Colour) -> None:
    away = np.abs(np.hypot(box.u, (box.v - vessel.top) / vessel.flat) - radius)
    bright = np.clip(as_planes(colour) * np.float32(1.25) + np.float32(0.08), 0, 1)
    canvas.paint(box, inside(away - 0.03, box.pixel * 2) * vessel.mouth * 0.9, bright)


def _plant(canvas: Canvas, x: float, y: float, size: float) -> None:
    """Leaves, and sometimes flowers, that grow out of the point (x, y)."""
    rng = canvas.rng
    side = int(size * 4.4)
    layer = Image.new("RGBA", (2 * side, 2 * side))  # drawn twice as large, for smooth edges
    draw = ImageDraw.Draw(layer)
    centre, unit = float(side), 2 * size
    green = (
        np.array(canvas.pick(((0.22, 0.42, 0.14), (0.30, 0.50, 0.18), (0.14, 0.34, 0.16), (0.42, 0.52, 0.20)))) * 255
    )
    spiky = rng.random() < 0.4
    for angle in rng.uniform(-np.pi, 0, int(rng.integers(26, 60))):
        length = unit * rng.uniform(0.7, 1.7)
        broad = length * (rng.uniform(0.06, 0.11) if spiky else rng.uniform(0.28, 0.5))
        start = 0.0 if spiky else rng.uniform(0, 0.6) * unit
        base_x, base_y = centre + start * np.cos(angle) * 0.9, centre + start * np.sin(angle) * 0.9
        bright = np.clip(rng.uniform(0.55, 1.35) + 0.25 * canvas.light.side * np.cos(angle), 0.4, 1.6)
        tone = tuple(np.clip(green * bright, 0, 255).astype(int))
        draw.polygon(leaf_outline(base_x, base_y, length * (1.0 if spiky else 0.55), broad, angle), (*tone, 255))
        end = (base_x + length * 0.5 * np.cos(angle), base_y + length * 0.5 * np.sin(angle))
        draw.line((base_x, base_y, *end), (*(int(c * 0.75) for c in tone), 255), 2)
    if rng.random() < 0.45:
        petal = np.array(canvas.pick(_PETALS)) * 255
        for _ in range(int(rng.integers(5, 16))):
            angle, away, r = rng.uniform(-np.pi, 0), unit * rng.uniform(0.3, 1.2), unit * rng.uniform(0.06, 0.12)
            px, py = centre + away * np.cos(angle), centre + away * np.sin(angle)
            draw.ellipse((px - r, py - r, px + r, py + r), (*petal.astype(int), 255))
            draw.ellipse((px - r / 3, py - r / 3, px + r / 3, py + r / 3), (110, 80, 20, 255))
    small = planes(np.asarray(layer.reduce(2)))
    left, top = int(x - side / 2), int(y - side / 2)
    rows = slice(max(0, top), min(canvas.height, top + side))
    columns = slice(max(0, left), min(canvas.width, left + side))
    part = small[:, rows.start - top : max(rows.stop - top, 0), columns.start - left : max(columns.stop - left, 0)]
    if part.size:
        canvas.pixels[:, rows, columns] += part[3] * (part[:3] - canvas.pixels[:, rows, columns])


_DRUM_COLOURS: tuple[Colour, ...] = (
    (0.10, 0.28, 0.58), (0.12, 0.36, 0.26), (0.62, 0.14, 0.10),
    (0.16, 0.16, 0.17), (0.56, 0.34, 0.20), (0.24, 0.42, 0.66),
)  # fmt: skip
_BUCKET_COLOURS: tuple[Colour, ...] = (
    (0.85, 0.16, 0.14), (0.14, 0.42, 0.78), (0.92, 0.78, 0.16), (0.66, 0.68, 0.70),
    (0.88, 0.88, 0.86), (0.20, 0.62, 0.36), (0.16, 0.16, 0.18), (0.90, 0.48, 0.16), (0.50, 0.30, 0.60),
)  # fmt: skip
_POT_COLOURS: tuple[Colour, ...] = (
    (0.70, 0.36, 0.22), (0.76, 0.44, 0.28), (0.62, 0.30, 0.18),
    (0.28, 0.20, 0.16), (0.82, 0.80, 0.74), (0.20, 0.32, 0.48),
)  # fmt: skip
_PETALS: tuple[Colour, ...] = ((0.85, 0.15, 0.20), (0.90, 0.75, 0.20), (0.90, 0.50, 0.70), (0.92, 0.92, 0.90))
