"""A project's map as a picture: every photo where it lies on the map, groups told apart by colour and name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

# Okabe and Ito's colours first, darker where they would not stand out from white (3:1).
COLOURS = (
    "#0072b2", "#b87800", "#009e73", "#d55e00", "#c4609a", "#2f8fd0", "#8a7d00", "#332288", "#2f9384", "#882255",
    "#8c6d3f", "#aa4499", "#6a6aa8", "#5b7553", "#b0413e",
)  # fmt: skip
_PAPER, _INK = "#ffffff", "#1c2427"
_THUMBNAIL = 0.042  # of the picture's width
_MARGIN = 0.06


def group_colour(cluster: int) -> str:
    """The colour of a group; grey for photos in none."""
    return COLOURS[cluster % len(COLOURS)] if cluster >= 0 else "#8b979b"


def draw_map(
    positions: NDArray[np.float32],
    clusters: NDArray[np.int32],
    names: Mapping[int, str],
    thumbnails: Sequence[Path],
    size: tuple[int, int] = (1400, 900),
) -> Image.Image:
    """Draw a map of thumbnails, RGB.

    positions: float32 [N, 2]. clusters: int32 [N], -1 for none. names: cluster -> what stands on its group.
    thumbnails: N picture files; one that cannot be opened becomes a dot. size: in pixels.
    """
    picture = Image.new("RGB", size, _PAPER)
    places = _fit(positions, size)
    side = max(8, round(size[0] * _THUMBNAIL))
    ring = max(2, side // 16)
    tiles = []
    for path, cluster in zip(thumbnails, clusters.tolist(), strict=True):
        tile = Image.new("RGB", (side, side), group_colour(cluster))
        photo = _square(path, side - 2 * ring)
        if photo is not None:
            tile.paste(photo, (ring, ring))
        tiles.append(tile)
    corners = _rounded(side)
    for number in np.lexsort((places[:, 0], places[:, 1])):
        x, y = places[number]
        picture.paste(tiles[number], (round(x - side / 2), round(y - side / 2)), corners)
    _write_names(picture, places, clusters, names, side)
    return picture


def _fit(positions: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float64]:
    """Positions in pixels: the map fills the picture, y upwards."""
    if not len(positions):
        return np.empty((0, 2))
    low, high = positions.min(axis=0).astype(float), positions.max(axis=0).astype(float)
    span = np.where(high > low, high - low, 1.0)
    share = (positions - low) / span
    share[:, 1] = 1 - share[:, 1]
    return np.array(size) * (_MARGIN + (1 - 2 * _MARGIN) * share)


def _write_names(
    picture: Image.Image,
    places: NDArray[np.float64],
    clusters: NDArray[np.int32],
    names: Mapping[int, str],
    side: int,
) -> None:
    draw = ImageDraw.Draw(picture)
    tall = max(12, picture.width // 52)
    font = ImageFont.load_default(tall)
    taken: list[tuple[float, float, float]] = []  # left, right, top
    for cluster, name in sorted(names.items()):
        members = places[clusters == cluster]
        if not len(members):
            continue
        wide = draw.textlength(name, font=font)
        left = float(np.clip(np.median(members[:, 0]) - wide / 2, 4, max(4.0, picture.width - wide - 4)))
        top = max(4.0, float(members[:, 1].min()) - side / 2 - 1.3 * tall)
        while any(left < end and start < left + wide and abs(top - y) < 1.1 * tall for start, end, y in taken):
            top += 1.2 * tall
        taken.append((left, left + wide, top))
        draw.text((left, top), name, _INK, font, stroke_width=max(3, side // 12), stroke_fill=_PAPER)


def _square(path: Path, side: int) -> Image.Image | None:
    """The middle of a picture file, as a square."""
    try:
        with Image.open(path) as image:
            short = min(image.size)
            left, top = (image.width - short) // 2, (image.height - short) // 2
            box = (left, top, left + short, top + short)
            return image.convert("RGB").resize((side, side), Image.Resampling.LANCZOS, box=box)
    except OSError:
        return None


def _rounded(side: int) -> Image.Image:
    """The mask of a square with round corners."""
    mask = Image.new("L", (4 * side, 4 * side))
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, 4 * side - 1, 4 * side - 1), side * 0.7, 255)
    return mask.reduce(4)
