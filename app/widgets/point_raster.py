"""Points by where they lie, without Qt: which are in a rectangle, under a stencil, near a place; and which to draw.

Sorted by the cells of a grid once, so that drawing and looking up touch visible cells only.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from .point_canvas import Canvas, View, diameter, pixels_of

_T = TypeVar("_T", bound=np.generic)

_MOST_CELLS = 256  # a side; 256 x 256 cell numbers fit uint16, which numpy sorts by radix
_IN_A_CELL = 16
"""About so many points; with fewer of them a frame goes through more rows of cells than it draws dots."""
_SAMPLE = 20_000
"""So many points say where the lines of the grid lie."""
_MARGIN = 16
"""Pixels beyond the edge of a picture whose dots may reach into it."""


class PointRaster:
    """Positions float32 [N, 2], sorted by the cells of a grid.

    The lines of the grid lie closer where there are more points: every column and every row of cells holds the same
    share of them, a 256th where they are many, so that no cell gets crowded however unevenly they lie.
    """

    def __init__(self, positions: NDArray[np.float32]) -> None:
        self.positions = np.ascontiguousarray(positions, dtype=np.float32).reshape(-1, 2)
        self._cells = max(1, min(_MOST_CELLS, math.isqrt(len(self.positions) // _IN_A_CELL)))
        self._lines = [_lines(self.positions[:, axis], self._cells) for axis in (0, 1)]
        columns, rows = (self._cell(self.positions[:, axis], axis) for axis in (0, 1))
        cells = rows.astype(np.uint16) * np.uint16(self._cells) + columns.astype(np.uint16)
        self.order = np.argsort(cells, kind="stable")
        """Sorted row -> index of the point."""
        self.x = self.positions[self.order, 0]
        self.y = self.positions[self.order, 1]
        self._starts = np.concatenate([[0], np.bincount(cells, minlength=self._cells**2).cumsum()])

    def __len__(self) -> int:
        return len(self.order)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, right, low, high of the points, of which there is one at least, in map units."""
        x, y = self.x, self.y
        return float(x.min()), float(x.max()), float(y.min()), float(y.max())

    def only(self, mask: NDArray[np.bool_]) -> PointRaster:
        """The same points and indices, of which only those of a mask [N] are drawn and found."""
        kept = np.flatnonzero(mask.take(self.order))  # `take` of rows: several times faster than a mask
        made = copy.copy(self)
        made.order, made.x, made.y = self.order.take(kept), self.x.take(kept), self.y.take(kept)
        made._starts = np.searchsorted(kept, self._starts)
        return made

    def within(self, left: float, right: float, low: float, high: float) -> NDArray[np.int64]:
        """The indices of the points in a rectangle given in map units, its edges included, in rising order."""
        parts = list(self._slices(left, right, low, high))
        x, y = _joined(self.x, parts), _joined(self.y, parts)
        inside = (x >= left) & (x <= right) & (y >= low) & (y <= high)
        return self._rising(_joined(self.order, parts)[inside])

    def under(self, view: View, stencil: NDArray[np.bool_]) -> NDArray[np.int64]:
        """The indices of the points whose pixel in a view is set in a stencil [view.height, view.width], rising."""
        if not stencil.size:
            return np.empty(0, np.int64)
        parts = list(self._slices(*view.rect()))
        columns = np.floor(pixels_of(_joined(self.x, parts), view.scale_x, view.offset_x))
        rows = np.floor(pixels_of(_joined(self.y, parts), view.scale_y, view.offset_y))
        inside = (columns >= 0) & (columns < view.width) & (rows >= 0) & (rows < view.height)
        at = np.where(inside, rows * view.width + columns, 0).astype(np.intp)
        return self._rising(_joined(self.order, parts)[stencil.reshape(-1)[at] & inside])

    def nearest(self, x: float, y: float, radius: float) -> int:
        """The index of the nearest point within a radius in map units, -1 where there is none."""
        best, best_distance = -1, radius * radius
        for part in self._slices(x - radius, x + radius, y - radius, y + radius):
            distances = (self.x[part] - x) ** 2 + (self.y[part] - y) ** 2
            nearest = int(distances.argmin())
            if distances[nearest] <= best_distance:
                best, best_distance = int(self.order[part.start + nearest]), float(distances[nearest])
        return best

    def draw(
        self,
        view: View,
        canvas: Canvas,
        colours: NDArray[np.uint32],
        pixel_ratio: float = 1.0,
        beneath: NDArray[np.bool_] | None = None,
    ) -> None:
        """Draw the visible points; colours: opaque ARGB uint32 in the order of `order`.

        Of points on one place the later one shows; those of `beneath`, bool [N] in the order of `order`, come first.
        """
        parts = list(self._slices(*view.rect(margin=_MARGIN)))
        x, y, shown = (_joined(values, parts) for values in (self.x, self.y, colours))
        low = None if beneath is None else _joined(beneath, parts)
        if low is not None and low.any():
            rows = np.concatenate([np.flatnonzero(low), np.flatnonzero(~low)])
            x, y, shown = x.take(rows), y.take(rows), shown.take(rows)
        canvas.stamp(view, x, y, shown, self.dot_size(view, pixel_ratio))

    def draw_some(
        self, rows: NDArray[np.int64], view: View, canvas: Canvas, colours: NDArray[np.uint32], size: int
    ) -> None:
        """Draw dots of a size for some rows of `order`; colours: of those rows."""
        canvas.stamp(view, self.x[rows], self.y[rows], colours, size)

    def visible(self, view: View) -> int:
        """About how many points are on screen."""
        return sum(part.stop - part.start for part in self._slices(*view.rect(margin=_MARGIN)))

    def dot_size(self, view: View, pixel_ratio: float = 1.0) -> int:
        """The diameter of a dot in this view, in pixels of the picture."""
        return max(1, round(diameter(self.visible(view)) * pixel_ratio))

    def _rising(self, found: NDArray[np.int64]) -> NDArray[np.int64]:
        if len(found) < len(self.positions) / 16:
            return np.sort(found)
        mask = np.zeros(len(self.positions), bool)  # many of them: faster than sorting
        mask[found] = True
        return np.flatnonzero(mask)

    def _slices(self, left: float, right: float, low: float, high: float) -> Iterator[slice]:
        """The sorted rows that may lie in a rectangle: a slice for each row of cells, none of them empty."""
        if not len(self):
            return
        first, last = (int(cell) for cell in self._cell(np.array([left, right], np.float32), 0))
        bottom, top = (int(cell) for cell in self._cell(np.array([low, high], np.float32), 1))
        if first == 0 and last == self._cells - 1:  # whole rows of cells follow each other without a gap
            rows = np.array([[bottom * self._cells, (top + 1) * self._cells]])
        else:
            begins = np.arange(bottom, top + 1) * self._cells
            rows = np.stack([begins + first, begins + last + 1], axis=1)
        for begin, end in self._starts[rows].tolist():
            if begin < end:
                yield slice(begin, end)

    def _cell(self, values: NDArray[np.float32], axis: int) -> NDArray[np.int64]:
        return np.searchsorted(self._lines[axis], values, side="right")


def _joined(values: NDArray[_T], parts: list[slice]) -> NDArray[_T]:
    """The rows of some slices, one after the other."""
    if len(parts) == 1:
        return values[parts[0]]
    return np.concatenate([values[part] for part in parts]) if parts else values[:0]


def _lines(values: NDArray[np.float32], cells: int) -> NDArray[np.float32]:
    """The lines between so many rows or columns with about equally many of the values."""
    if not len(values):
        return np.zeros(cells - 1, np.float32)
    sample = np.sort(values[:: max(1, len(values) // _SAMPLE)])
    return sample[(np.arange(1, cells) * len(sample)) // cells]
