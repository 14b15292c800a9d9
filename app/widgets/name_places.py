"""Where the names of groups stand on a map so that none covers another. Without Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_GAP = 2.0
_LOOKED_AT = 2000
"""Of a larger group so many points, or up to twice as many, say where its name belongs."""


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
    positions: NDArray[np.float32], groups: NDArray[np.int32], count: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The place each group's name belongs to, above the middle of the bulk of its points, [K, 2] in map units; and how
    many points each has, [K].

    groups: 0 to K - 1 for each position, others are left out. A group without points has NaN.
    """
    places = np.full((count, 2), np.nan, np.float32)
    known = np.where((groups >= 0) & (groups < count), groups, count)
    order = np.argsort(known.astype(np.uint16) if count < 1 << 16 else known, kind="stable")  # 16 bits: by radix
    sizes = np.bincount(known, minlength=count + 1)[:count]
    end = 0
    for group, size in enumerate(sizes.tolist()):
        begin, end = end, end + size
        if size:
            members = positions[order[begin : end : 1 + size // _LOOKED_AT]]
            # Of a group that is bent or has outliers, the height of its middle third says where its bulk ends.
            across = np.sort(members[:, 0])
            last = len(across) - 1
            middle = (members[:, 0] >= across[last // 3]) & (members[:, 0] <= across[last - last // 3])
            heights = np.sort(members[middle, 1])
            places[group] = across[len(across) // 2], heights[round(0.92 * (len(heights) - 1))]
    return places, sizes


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
