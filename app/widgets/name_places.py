"""Where the names of groups stand on a map so that none covers another. Without Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .point_raster import PointRaster

_GAP = 2.0
_LOOKED_AT = 2000
"""Of a larger group so many points, or some more, say where its name belongs."""
_SAMPLE = 100_000
"""Of more points so many or up to twice as many are told apart by group, and besides those of small groups."""


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels."""

    x: float
    y: float
    width: float
    height: float

    def meets(self, other: Box) -> bool:
        return (
            self.x < other.x + other.width + _GAP
            and other.x < self.x + self.width + _GAP
            and self.y < other.y + other.height + _GAP
            and other.y < self.y + self.height + _GAP
        )


def anchors(
    raster: PointRaster, groups: NDArray[np.int32], count: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The place each group's name belongs to, above the middle of the bulk of its points, [K, 2] in map units; and how
    many points each has, [K], of more than a hundred thousand points about how many.

    groups int [N]: 0 to K - 1 for each point, others are left out. A group without points has NaN.
    """
    places = np.full((count, 2), np.nan, np.float32)
    rows, counts, sizes = _by_group(raster.order, groups, count)
    end = 0
    for group, members in enumerate(counts.tolist()):
        begin, end = end, end + members
        if members:
            some = rows[begin : end : max(1, members // _LOOKED_AT)]
            across, up = raster.x[some], raster.y[some]
            # Of a group that is bent or has outliers, the height of its middle third says where its bulk ends.
            by_x = np.sort(across)
            last = len(by_x) - 1
            middle = (across >= by_x[last // 3]) & (across <= by_x[last - last // 3])
            heights = np.sort(up[middle])
            places[group] = by_x[len(by_x) // 2], heights[round(0.92 * (len(heights) - 1))]
    return places, sizes


def _by_group(
    order: NDArray[np.int64], groups: NDArray[np.int32], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Rows of a raster's order by their group, those of no group last; how many of each group are among them, [K], and
    about how many each group has, [K]. The order goes evenly over the map, and so does every so many of it.
    """
    step = max(1, len(order) // _SAMPLE)
    known = _known(groups.take(order[::step]), count)
    sizes = counts = np.bincount(known, minlength=count + 1)[:count]
    rows = np.arange(0, len(order), step)
    small = counts < _LOOKED_AT
    if step > 1 and small.any():
        known = _known(groups.take(order), count)
        looked_at = np.append(small, False).take(known)
        looked_at[::step] = True
        rows = np.flatnonzero(looked_at)
        known = known.take(rows)
        counts = np.bincount(known, minlength=count + 1)[:count]
    by_group = np.argsort(known.astype(np.uint16) if count < 1 << 16 else known, kind="stable")  # 16 bits: by radix
    return rows[by_group], counts, np.where(small, counts, sizes * step)


def _known(groups: NDArray[np.int32], count: int) -> NDArray[np.int32]:
    return np.where((groups >= 0) & (groups < count), groups, np.int32(count))


def place(wanted: Sequence[tuple[float, float, float, float]], width: float, height: float) -> list[Box | None]:
    """Lay names out in a picture of width x height pixels.

    wanted: for each name, the more important ones first: the x of its middle, the y of its bottom, its width and its
    height. A name moves up or down to the nearest free place, at most three of its heights; None where there is none
    or the place it belongs to is out of sight.
    """
    placed: list[Box | None] = []
    for middle, bottom, name_width, name_height in wanted:
        placed.append(None)
        if not (0 <= middle <= width and -name_height <= bottom - name_height and bottom <= height + name_height):
            continue
        x = min(max(middle - name_width / 2, 0.0), max(width - name_width, 0.0))
        for step in (0.0, -0.6, 0.6, -1.2, 1.2, -1.8, 1.8, -2.4, 2.4, -3.0, 3.0):
            y = min(max(bottom - name_height + step * name_height, 0.0), max(height - name_height, 0.0))
            box = Box(x, y, name_width, name_height)
            if not any(other is not None and box.meets(other) for other in placed):
                placed[-1] = box
                break
    return placed
