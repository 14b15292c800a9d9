"""Where the bars of a histogram over time lie in pixels, and which stretch of time is looked at closer. Without Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .time_bins import TimeBins

Span = tuple[float, float]
"""Moments as in `time_bins`, from the first on and before the second."""

_BREAK = 8
"""Pixels between the bars and the one that holds all that is before or after."""
_SHORTEST = 12 * 3600.0


@dataclass(frozen=True)
class TimeScale:
    """bins: the bars. width: the pixels that they have. margin: those of them left free at either end."""

    bins: TimeBins
    width: int
    margin: int

    @property
    def slot(self) -> float:
        """How wide a bar is with its gap."""
        breaks = _BREAK * (self.bins.earlier + self.bins.later)
        return (self.width - 2 * self.margin - breaks) / max(1, len(self.bins))

    @property
    def _start(self) -> float:
        """Where the first of the bars of one unit begins."""
        return self.margin + self.bins.earlier * (self.slot + _BREAK)

    def edges_of(self, bar: int) -> tuple[float, float]:
        """From which to which x a bar with its gap goes."""
        left = self._start + (bar - self.bins.earlier) * self.slot
        if self.bins.earlier and bar == 0:
            left -= _BREAK
        if self.bins.later and bar == len(self.bins) - 1:
            left += _BREAK
        return left, left + self.slot

    def bar_at(self, x: float) -> int:
        """The bar at x, the nearest where there is none."""
        bins = self.bins
        bar = math.floor((x - self._start) / self.slot) + bins.earlier
        if bins.later and bar >= len(bins) - 1:
            bar = len(bins) - 1 if x >= self.edges_of(len(bins) - 1)[0] - _BREAK / 2 else len(bins) - 2
        return min(max(bar, 0), len(bins) - 1)

    def x_of(self, moment: float) -> float:
        """Where a moment among the bars of one unit lies."""
        inner = self._inner()
        return self._start + self.slot * float(np.interp(moment, inner, np.arange(len(inner))))

    def moment_at(self, x: float) -> float:
        """The moment at x, the first or the last of the bars of one unit where x is outside them."""
        inner = self._inner()
        return float(np.interp((x - self._start) / self.slot, np.arange(len(inner)), inner))

    def band_of(self, span: Span) -> tuple[float, float]:
        """From which to which x a range of moments goes; the bar of all that is before or after is in it as a whole.

        Where there is no such bar, a range before or after all bars has no width.
        """
        first, last = self.bins.covering(span)
        begin, end = self.bins.span
        if (span[1] <= begin and not self.bins.earlier) or (span[0] >= end and not self.bins.later):
            return self.x_of(span[0]), self.x_of(span[0])
        left = self.x_of(span[0]) if begin <= span[0] <= end else self.edges_of(first)[0]
        right = self.x_of(span[1]) if begin <= span[1] <= end else self.edges_of(last)[1]
        return left, right

    def _inner(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return self.bins.edges[self.bins.earlier : len(self.bins.edges) - self.bins.later]


def zoomed(sight: Span, about: float, factor: float, whole: Span, reach: Span) -> Span | None:
    """What is seen after zooming in by a factor (out where it is below 1) about a moment; None: the whole.

    Never shorter than half a day, and no farther beyond the whole than before or than the photos reach, which is from
    the first to the last of all. What is far from all others may be spread over more than the whole: closer is then
    still closer, and not the whole.
    """
    low, high = sight
    factor = min(factor, max(1.0, (high - low) / _SHORTEST))
    nearer = 1 - 1 / factor
    begin, end = low + (about - low) * nearer, high - (high - about) * nearer
    if factor < 1:
        begin, end = max(begin, min(low, whole[0], reach[0])), min(end, max(high, whole[1], reach[1]))
    return None if factor <= 1 and begin <= whole[0] and whole[1] <= end else (begin, end)


def middle_of(sight: Span, chosen: Span | None) -> float:
    """The middle of what is seen of a range, of all that is seen where none of it is."""
    low, high = sight
    if chosen is not None and chosen[0] < high and low < chosen[1]:
        low, high = max(low, chosen[0]), min(high, chosen[1])
    return (low + high) / 2
