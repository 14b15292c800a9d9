"""Points as pixels, without Qt: where they lie, which are near, and a picture of them made by numpy.

Sorted by the cells of a grid once, so that drawing and looking up touch visible cells only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_CELLS = 256  # a side; 256 x 256 cell numbers fit uint16, which numpy sorts by radix
# Dots get smaller as more of them are on screen: from this many visible points on, this diameter in pixels.
_DIAMETERS = ((0, 7), (3_000, 6), (10_000, 5), (30_000, 4), (80_000, 3), (200_000, 2), (700_000, 1))


@dataclass(frozen=True)
class View:
    """How map units become pixels: x_pixel = x * scale_x + offset_x, y likewise; a picture of width x height."""

    scale_x: float
    offset_x: float
    scale_y: float
    offset_y: float
    width: int
    height: int

    def rect(self, margin: float = 0.0) -> tuple[float, float, float, float]:
        """The visible part of the map with a margin in pixels: left, right, low, high, in map units."""
        xs = sorted((edge - self.offset_x) / self.scale_x for edge in (-margin, self.width + margin))
        ys = sorted((edge - self.offset_y) / self.scale_y for edge in (-margin, self.height + margin))
        return xs[0], xs[1], ys[0], ys[1]


class PointRaster:
    """Positions float32 [N, 2], sorted by grid cell."""

    def __init__(self, positions: NDArray[np.float32]) -> None:
        positions = np.ascontiguousarray(positions, dtype=np.float32).reshape(-1, 2)
        self.positions = positions
        low = positions.min(axis=0) if len(positions) else np.zeros(2, np.float32)
        high = positions.max(axis=0) if len(positions) else np.ones(2, np.float32)
        self._low = low
        self._cells_per_unit = _CELLS / np.maximum(high - low, 1e-6)
        columns, rows = self._cell(positions[:, 0], 0), self._cell(positions[:, 1], 1)
        cells = (rows * _CELLS + columns).astype(np.uint16)
        self.order = np.argsort(cells, kind="stable")
        """Sorted row -> index of the point."""
        self.x = positions[self.order, 0]
        self.y = positions[self.order, 1]
        self._starts = np.concatenate([[0], np.bincount(cells, minlength=_CELLS * _CELLS).cumsum()])

    def __len__(self) -> int:
        return len(self.positions)

    def within(self, left: float, right: float, low: float, high: float) -> NDArray[np.int64]:
        """The indices of the points in a rectangle given in map units, its edges included, in rising order."""
        found = []
        for part in self._slices(left, right, low, high):
            x, y = self.x[part], self.y[part]
            inside = (x >= left) & (x <= right) & (y >= low) & (y <= high)
            found.append(self.order[part][inside])
        return np.sort(np.concatenate(found)) if found else np.empty(0, np.int64)

    def nearest(self, x: float, y: float, radius: float) -> int:
        """The index of the nearest point within a radius in map units, -1 where there is none."""
        best, best_distance = -1, radius * radius
        for part in self._slices(x - radius, x + radius, y - radius, y + radius):
            if part.start == part.stop:
                continue
            distances = (self.x[part] - x) ** 2 + (self.y[part] - y) ** 2
            nearest = int(distances.argmin())
            if distances[nearest] <= best_distance:
                best, best_distance = int(self.order[part.start + nearest]), float(distances[nearest])
        return best

    def draw(self, view: View, colours: NDArray[np.uint32], pixel_ratio: float = 1.0) -> NDArray[np.uint32]:
        """A picture, premultiplied ARGB uint32 [height, width], of the visible points.

        colours: uint32 [N], in the order of `order`, opaque. Of points on one pixel the later one shows.
        """
        picture = np.zeros((view.height, view.width), np.uint32)
        parts = self._visible(view)
        if not parts:
            return picture
        chosen: slice | NDArray[np.int64] = parts[0]
        if len(parts) > 1:
            chosen = np.concatenate([np.arange(part.start, part.stop) for part in parts])
        columns = (self.x[chosen] * np.float32(view.scale_x) + np.float32(view.offset_x)).astype(np.int32)
        rows = (self.y[chosen] * np.float32(view.scale_y) + np.float32(view.offset_y)).astype(np.int32)
        stamp(picture, columns, rows, colours[chosen], self.dot_size(view, pixel_ratio))
        return picture

    def dot_size(self, view: View, pixel_ratio: float = 1.0) -> int:
        """The diameter of a dot in this view, in pixels of the picture."""
        visible = sum(part.stop - part.start for part in self._visible(view))
        return max(1, round(diameter(visible) * pixel_ratio))

    def _visible(self, view: View) -> list[slice]:
        return list(self._slices(*view.rect(margin=16)))

    def _slices(self, left: float, right: float, low: float, high: float) -> Iterator[slice]:
        """The sorted rows that may lie in a rectangle: one slice a row of cells, or one for all."""
        if not len(self):
            return
        columns = self._cell(np.array([left, right], np.float32), 0)
        rows = self._cell(np.array([low, high], np.float32), 1)
        first, last = int(columns[0]), int(columns[1])
        if first == 0 and last == _CELLS - 1:  # whole rows of cells follow each other without a gap
            yield slice(int(self._starts[int(rows[0]) * _CELLS]), int(self._starts[(int(rows[1]) + 1) * _CELLS]))
            return
        for row in range(int(rows[0]), int(rows[1]) + 1):
            begin, end = int(self._starts[row * _CELLS + first]), int(self._starts[row * _CELLS + last + 1])
            if begin < end:
                yield slice(begin, end)

    def _cell(self, values: NDArray[np.float32], axis: int) -> NDArray[np.int32]:
        cells = (values - self._low[axis]) * self._cells_per_unit[axis]
        return np.clip(cells, 0, _CELLS - 1).astype(np.int32)


def diameter(visible: int) -> int:
    """The diameter of a dot in pixels when so many are on screen."""
    return [size for count, size in _DIAMETERS if visible >= count][-1]


def stamp(
    picture: NDArray[np.uint32],
    columns: NDArray[np.int32],
    rows: NDArray[np.int32],
    colours: NDArray[np.uint32],
    size: int,
) -> None:
    """Draw a round dot of a diameter in pixels at each place into premultiplied ARGB [height, width].

    The edge of a dot is blended with what is under it.
    """
    height, width = picture.shape
    margin = size // 2 + 1
    inside = (columns >= -margin) & (columns < width + margin) & (rows >= -margin) & (rows < height + margin)
    if not inside.all():
        columns, rows, colours = columns[inside], rows[inside], colours[inside]
    # A border around the picture spares a test of the edges at every pixel of every dot.
    room = 2 * margin
    padded = np.zeros((height + 2 * room, width + 2 * room), np.uint32)
    padded[room:-room, room:-room] = picture
    flat = padded.reshape(-1)
    places = (rows + room).astype(np.intp) * padded.shape[1] + (columns + room)
    for down, right, coverage in _disk(size):
        at = places + (down * padded.shape[1] + right)
        flat[at] = colours if coverage >= 1 else _blend(flat[at], colours, coverage)
    picture[:] = padded[room:-room, room:-room]


def _disk(size: int) -> list[tuple[int, int, float]]:
    """The pixels of a dot, the paler edge first, as (down, right, coverage 0 to 1)."""
    if size <= 2:
        return [(down, right, 1.0) for down in range(size) for right in range(size)]
    fine = 8
    grid = (np.arange(size * fine) + 0.5) / fine - size / 2
    inside = grid[:, None] ** 2 + grid[None, :] ** 2 <= (size / 2) ** 2
    coverage = inside.reshape(size, fine, size, fine).mean(axis=(1, 3))
    pixels = [
        (down - size // 2, right - size // 2, float(coverage[down, right]))
        for down in range(size)
        for right in range(size)
        if coverage[down, right] > 0.05
    ]
    return sorted(((d, r, 1.0 if c > 0.95 else c) for d, r, c in pixels), key=lambda pixel: pixel[2])


def _blend(under: NDArray[np.uint32], over: NDArray[np.uint32], coverage: float) -> NDArray[np.uint32]:
    """Premultiplied ARGB `over` at a coverage on top of `under`; two channels at a time in one 32-bit number."""
    part = np.uint32(round(coverage * 256))
    rest = np.uint32(256) - part
    low, high = np.uint32(0x00FF00FF), np.uint32(0xFF00FF00)
    red_blue = (((over & low) * part + (under & low) * rest) >> np.uint32(8)) & low
    alpha_green = (((over >> np.uint32(8)) & low) * part + ((under >> np.uint32(8)) & low) * rest) & high
    return red_blue | alpha_green
