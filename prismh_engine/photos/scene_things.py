"""The breeding places that sample photos show: drums, tyres, pots, puddles, buckets and drains, shaded by numpy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from .scene_canvas import Array, Box, Canvas, Colour, as_planes, ellipse, inside, mix, planes
from .scene_grounds import leaf_outline


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
    for x, y, size in _spread(canvas, int(rng.choice([1, 1, 1, 2, 3])), 0.17, 0.25):
        lying = rng.random() < 0.2
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
    base = _pick(rng, _DRUM_COLOURS)
    rusty = rng.random() < 0.6
    rust = np.clip((box.noise(rng, 5, 4, 0.7) - (0.5 if rusty else 0.75)) * 4, 0, 1)
    colour = mix(base, (0.36, 0.19, 0.10), rust * (0.55 + 0.45 * vessel.height))
    if rng.random() < 0.4:  # a painted band
        band = inside(np.abs(vessel.height - 0.5) - 0.12, box.pixel * 2)
        colour = mix(colour, _pick(rng, ((0.9, 0.9, 0.86), (0.85, 0.7, 0.12), (0.2, 0.2, 0.2))), band * 0.85)
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
    for x, y, size in _spread(canvas, int(rng.choice([1, 1, 1, 2])), 0.20, 0.30):
        tall, flat, foot = rng.uniform(1.5, 1.8), rng.uniform(0.36, 0.56), rng.uniform(0.62, 0.74)
        canvas.shadow(x, y + size * tall / 2, size * 0.85, size * 0.36)
        box = canvas.box(x, y, size, rng.normal(0, 0.06), 2.0)
        if not box.u.size:
            continue
        vessel = _vessel(canvas, box, 1.0, foot, tall, flat)
        base = _pick(rng, _BUCKET_COLOURS)
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
    for x, y, size in _spread(canvas, int(rng.choice([1, 1, 2, 3])), 0.15, 0.23):
        tall, flat, foot = rng.uniform(1.35, 1.75), rng.uniform(0.28, 0.44), rng.uniform(0.6, 0.78)
        y += size * 0.6
        canvas.shadow(x, y + size * tall / 2, size * 1.05, size * 0.42)
        box = canvas.box(x, y, size, rng.normal(0, 0.03), 2.2)
        if not box.u.size:
            continue
        base = _pick(rng, _POT_COLOURS)
        if rng.random() < 0.6:
            plate = box.v - tall / 2
            rx = foot + 0.45
            canvas.paint(box, inside(ellipse(box.u, plate - 0.08, rx, rx * flat), box.pixel * 2),
                         as_planes(base) * np.float32(0.55))  # fmt: skip
            canvas.paint(box, inside(ellipse(box.u, plate, rx, rx * flat), box.pixel * 2),
                         as_planes(base) * np.float32(0.9))  # fmt: skip
            canvas.paint(box, inside(ellipse(box.u, plate, rx - 0.1, (rx - 0.1) * flat), box.pixel * 2),
                         _water(canvas, box, (0.20, 0.20, 0.15), tall / 2, rx * flat))  # fmt: skip
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
            _one_tyre(canvas, x + shift, y - rise, size, flat, 0.40, 0.0, water=layer == layers - 1)


def _one_tyre(
    canvas: Canvas, x: float, y: float, size: float, flat: float, thick: float, angle: float, *, wide: float = 1.0,
    water: bool = True,
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
        if water and rng.random() < 0.7:
            pool = inside(ellipse(u, v - 0.10, hole * 1.02, hole * flat * 0.95), box.pixel * 2) * well
            canvas.paint(box, pool, _water(canvas, box, (0.08, 0.08, 0.06), 0.1, hole * flat) * np.float32(0.8))
    else:
        depth = inside(ellipse(u, v + 0.06, hole, hole * flat), box.pixel * 2)
        canvas.dim(box, well * (1 - depth), 0.7)


def draw_puddle(canvas: Canvas) -> None:
    """One to three pools of rain water with a wet edge, that mirror the sky."""
    rng = canvas.rng
    count = int(rng.choice([1, 1, 2, 3]))
    flat = rng.uniform(0.32, 0.62)
    for x, y, size in _spread(canvas, count, *((0.40, 0.62) if count == 1 else (0.28, 0.44))):
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
        murky = _pick(rng, ((0.30, 0.25, 0.18), (0.22, 0.23, 0.20), (0.36, 0.28, 0.19), (0.16, 0.18, 0.18)))
        # Shallow at the edge: the ground shows through.
        deep = np.clip(0.35 - distance * 9, 0, 1) * inside(distance, 0.012 + box.pixel)
        canvas.paint(box, deep, _water(canvas, box, murky, 0.0, flat))
        canvas.paint(box, inside(np.abs(distance + 0.004) - 0.004, 0.012) * 0.3, (0.9, 0.93, 0.95))


def draw_drain(canvas: Canvas) -> None:
    """A drain in the ground: a grate of bars or a round cover, with wet dirt around it."""
    rng = canvas.rng
    x, y = canvas.width * rng.uniform(0.38, 0.62), canvas.height * rng.uniform(0.45, 0.65)
    size, flat, angle = canvas.unit * rng.uniform(0.24, 0.36), rng.uniform(0.5, 0.85), rng.normal(0, 0.25)
    box = canvas.box(x, y, size, angle, 2.0)
    u, v = box.u, box.v / np.float32(flat)
    canvas.dim(box, inside(np.hypot(u, v) - rng.uniform(0.9, 1.5) - 0.5 * (box.noise(rng, 5) - 0.5), 0.6), 0.45)
    metal = mix((0.24, 0.24, 0.25), (0.40, 0.25, 0.15), np.clip((box.noise(rng, 6, 4) - 0.45) * 3, 0, 1))
    metal = metal * (np.float32(rng.uniform(0.6, 1.2) + 0.5 * canvas.light.sun) * as_planes(_pick(rng, _METALS)))
    soft = box.pixel * 1.5
    if rng.random() < 0.6:
        wide, deep = rng.uniform(0.9, 1.3), rng.uniform(0.6, 1.0)
        frame = np.maximum(np.abs(u) - wide, np.abs(v) - deep)
        slots = int(rng.integers(6, 11))
        wave = np.abs(((u / wide * 0.5 + 0.5) * slots) % 1 - 0.5)
        within = inside(frame + 0.14, soft)
        bars = inside(np.abs(v) - 0.05, soft)
        slot = within * inside((wave - 0.27) * (2 * wide / slots), soft) * (1 - bars)
        canvas.paint(box, inside(frame - 0.10, soft), (0.46, 0.45, 0.43))
        canvas.paint(box, inside(frame, soft), metal)
        canvas.paint(box, slot, (0.02, 0.02, 0.02))
        glint = within * inside((np.abs(wave - 0.33) - 0.03) * (2 * wide / slots), soft) * (1 - slot)
        canvas.paint(box, glint * np.float32(0.5), (0.66, 0.66, 0.66))
    else:
        radius = np.hypot(u, v)
        canvas.paint(box, inside(radius - 1.14, soft), (0.44, 0.43, 0.41))
        canvas.paint(box, inside(radius - 1.02, soft), metal)
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


# What draws each kind of breeding place onto a canvas.
THINGS: dict[str, Callable[[Canvas], None]] = {
    "drum": draw_drum, "tyre": draw_tyre, "pot": draw_pot, "puddle": draw_puddle, "bucket": draw_bucket,
    "drain": draw_drain,
}  # fmt: skip


def _spread(canvas: Canvas, count: int, low: float, high: float) -> list[tuple[float, float, float]]:
    """(x, y, size) in pixels of `count` things side by side, far ones first.

    low, high: the range of sizes as shares of the picture's shorter side.
    """
    rng = canvas.rng
    size = canvas.unit * rng.uniform(low, high) * (1.0 if count == 1 else 0.88)
    middle = canvas.width * rng.uniform(0.42, 0.58)
    places = []
    for number in range(count):
        x = middle + (number - (count - 1) / 2) * size * rng.uniform(2.05, 2.5)
        places.append((x, canvas.height * rng.uniform(0.46, 0.58), size * rng.uniform(0.9, 1.1)))
    return sorted(places, key=lambda place: place[1])


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
    water = _water(canvas, box, (0.12, 0.12, 0.09), vessel.top + sunk, radius * vessel.flat)
    canvas.paint(box, pool * mouth, water)


def _rim(canvas: Canvas, box: Box, vessel: _Vessel, radius: float, colour: Colour) -> None:
    away = np.abs(np.hypot(box.u, (box.v - vessel.top) / vessel.flat) - radius)
    bright = np.clip(as_planes(colour) * np.float32(1.25) + np.float32(0.08), 0, 1)
    canvas.paint(box, inside(away - 0.03, box.pixel * 2) * vessel.mouth * 0.9, bright)


def _water(canvas: Canvas, box: Box, murky: Colour, middle: float, half: float) -> Array:
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


def _plant(canvas: Canvas, x: float, y: float, size: float) -> None:
    """Leaves, and sometimes flowers, that grow out of the point (x, y)."""
    rng = canvas.rng
    side = int(size * 4.4)
    layer = Image.new("RGBA", (2 * side, 2 * side))  # drawn twice as large, for smooth edges
    draw = ImageDraw.Draw(layer)
    centre, unit = float(side), 2 * size
    green = np.array(_pick(rng, ((0.22, 0.42, 0.14), (0.30, 0.50, 0.18), (0.14, 0.34, 0.16), (0.42, 0.52, 0.20)))) * 255
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
        petal = np.array(_pick(rng, ((0.85, 0.15, 0.2), (0.9, 0.75, 0.2), (0.9, 0.5, 0.7), (0.92, 0.92, 0.9)))) * 255
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


def _pick(rng: np.random.Generator, colours: tuple[Colour, ...]) -> Colour:
    """One of the colours, a little lighter, darker or off."""
    light = rng.uniform(0.8, 1.15)
    red, green, blue = np.array(colours[rng.integers(len(colours))]) * rng.uniform(0.9, 1.1, 3) * light
    return (float(red), float(green), float(blue))


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
_METALS: tuple[Colour, ...] = ((1.0, 1.0, 1.0), (1.1, 1.0, 0.9), (0.9, 1.0, 1.1))
