"""Bars of a histogram over time, of whole hours, days, weeks, months, quarters or years, and marks of its axis. No Qt.

Moments are seconds since 1970 by the camera's own clock, as if it showed UTC.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HOUR, DAY, WEEK, MONTH, QUARTER, YEAR = "hour", "day", "week", "month", "quarter", "year"

_UNITS = (HOUR, DAY, WEEK, MONTH, QUARTER, YEAR)
_SECONDS = {HOUR: 3600, DAY: 86_400, WEEK: 7 * 86_400}
_MONDAY = 4 * 86_400  # the first one after 1970-01-01
_MONTHS = {MONTH: 1, QUARTER: 3, YEAR: 12}
_STRAYS = 0.01
_BULK, _FEWEST, _LEAST_PART = 0.85, 3, 1 / 16
"""Where so large a share of the photos has fewer bars than these, or than this part of all, it is shown alone."""
_MOST_MONTHS = 18
_MARKS = (
    (HOUR, 1), (HOUR, 3), (HOUR, 6), (HOUR, 12), (DAY, 1), (DAY, 2), (WEEK, 1), (MONTH, 1), (MONTH, 3), (MONTH, 6),
    (YEAR, 1), (YEAR, 2), (YEAR, 5), (YEAR, 10), (YEAR, 20), (YEAR, 50), (YEAR, 100),
)  # fmt: skip


@dataclass(frozen=True)
class TimeBins:
    """Bars of equal units. edges float64 [B + 1], rising: bar i holds the moments from edge i on and before edge i + 1.

    The first edge is -inf where some photos are dated far before all others, as by a clock that was never set, or
    before the stretch that is looked at; the last one inf where some are dated after: such a bar holds all of them, so
    that the others have room.
    """

    unit: str
    edges: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.edges) - 1

    @property
    def earlier(self) -> int:
        """1 where the first bar holds all that is before the others, else 0."""
        return int(math.isinf(self.edges[0]))

    @property
    def later(self) -> int:
        """1 where the last bar holds all that is after the others, else 0."""
        return int(math.isinf(self.edges[-1]))

    @property
    def span(self) -> tuple[float, float]:
        """From where to where the bars of one unit each go."""
        return float(self.edges[self.earlier]), float(self.edges[len(self) - self.later])

    def starts(self, rising: NDArray[np.float64]) -> NDArray[np.intp]:
        """How many of rising moments, float64 [N], lie before each edge, [B + 1]: bar i holds those from i to i + 1."""
        return np.searchsorted(rising, self.edges)

    def covering(self, times: tuple[float, float]) -> tuple[int, int]:
        """The first and the last bar that hold a part of a range of moments."""
        first = int(np.searchsorted(self.edges, times[0], side="right")) - 1
        last = int(np.searchsorted(self.edges, times[1], side="left")) - 1
        first = min(max(first, 0), len(self) - 1)
        return first, min(max(last, first), len(self) - 1)

    def edge_from(self, moment: float, step: int, *, beyond: bool) -> float:
        """The edge one bar on (step 1) or back (-1) from a moment; the last one in that direction where there is none.

        beyond: bars of the same unit go on where photos lie before or after these bars.
        """
        at = int(np.searchsorted(self.edges, moment)) + step
        first, last = self.earlier, len(self) - self.later
        outside = not self.span[0] <= moment <= self.span[1] or (at < first if step < 0 else at > last)
        if beyond and math.isfinite(moment) and outside and (self.earlier if step < 0 else self.later):
            return _start(self.unit, _number(self.unit, moment) + step)
        return float(self.edges[min(max(at, 0), len(self))])


def bins_for(times: NDArray[np.float64], most: int) -> TimeBins | None:
    """Bars for moments, float64 [N] with nan for unknown ones: the finest unit of which `most` bars serve; None for no
    known moment.
    """
    known = np.sort(times[np.isfinite(times)])
    if not len(known):
        return None
    unit, numbers = _finest(*_without_strays(known), most)
    bulk = _bulk(known)
    fewest = max(_FEWEST, _LEAST_PART * (numbers[1] - numbers[0] + 1))
    if _number(unit, bulk[1]) - _number(unit, bulk[0]) + 1 < fewest:  # nearly all in a few bars: those alone
        finer, among = _finest(*bulk, most)
        unit, numbers = (finer, among) if _UNITS.index(finer) < _UNITS.index(unit) else (unit, numbers)
    return _bins(unit, numbers, known)


def bins_within(times: NDArray[np.float64], span: tuple[float, float], most: int) -> TimeBins:
    """Bars for a stretch of moments alone, of the finest unit of which `most` serve; all that is before or after it is
    in one bar each. times float64 [N], nan unknown, at least one known; span: from the first on and before the second.
    """
    unit, numbers = _finest(span[0], max(span[0], span[1] - 1), most)
    return _bins(unit, numbers, times[np.isfinite(times)])


def marks(span: tuple[float, float], most: int) -> list[tuple[float, str]]:
    """Where an axis over a span of moments is marked: at most `most` starts of hours, days, months or years, each with
    the unit that its text should tell.
    """
    found: list[tuple[float, str]] = []
    for unit, step in _MARKS:
        first, last = _number(unit, span[0]), _number(unit, span[1])
        if (last - first) / step > most + 1:
            continue
        # Counted from midnight, January or a round year.
        numbers = [number for number in range(first, last + 1) if (number + _offset(unit)) % step == 0]
        found = [(_start(unit, number), unit) for number in numbers if span[0] <= _start(unit, number) < span[1]]
        if len(found) <= most:
            break
    return [(at, DAY if unit == WEEK or (unit == HOUR and at % _SECONDS[DAY] == 0) else unit) for at, unit in found]


def calendar_parts(times: NDArray[np.float64]) -> list[tuple[tuple[float, float], int]]:
    """The months in which photos were taken, or the years where the months are many, each as a range of moments, with
    the number of its photos. times float64 [N], nan unknown.
    """
    months = times[np.isfinite(times)].astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)
    for unit in (MONTH, YEAR):
        numbers, counts = np.unique(months // _MONTHS[unit], return_counts=True)
        if len(numbers) <= _MOST_MONTHS:
            break
    return [
        ((_start(unit, number), _start(unit, number + 1)), count)
        for number, count in zip(numbers.tolist(), counts.tolist(), strict=True)
    ]


def even_spans(times: NDArray[np.float64], most: int) -> list[tuple[float, float]]:
    """Spans of whole days, at most `most`, that hold about equally many moments, float64 [N] with nan for unknown ones;
    the first is open to what is earlier, the last to what is later, and none is empty. Between two of them a year
    begins, a quarter, a month or a day: the largest of these that leaves the shares within a quarter of even.
    """
    known = np.sort(times[np.isfinite(times)])
    borders = []
    for part in range(1, most):
        wanted = part * len(known) / most
        moment = float(known[int(wanted)]) if len(known) else 0.0
        for unit in (YEAR, QUARTER, MONTH, DAY):
            number = _number(unit, moment)
            near = [_start(unit, number), _start(unit, number + 1)]
            off, best = min((abs(int(np.searchsorted(known, border)) - wanted), border) for border in near)
            if off <= len(known) / most / 4 or unit == DAY:
                borders.append(best)
                break
    inner = [border for border in sorted(set(borders)) if len(known) and known[0] < border <= known[-1]]
    edges = [-math.inf, *inner, math.inf]
    counts = np.diff(np.searchsorted(known, edges))
    kept = [edges[0], *(edge for edge, count in zip(edges[1:-1], counts[:-1], strict=True) if count), edges[-1]]
    return list(itertools.pairwise(kept))


def _bins(unit: str, numbers: tuple[int, int], known: NDArray[np.float64]) -> TimeBins:
    """A bar for each unit from one number to another, and one for all known moments before or after these."""
    inner = [_start(unit, number) for number in range(numbers[0], numbers[1] + 2)]
    before, after = int(known.min() < inner[0]), int(known.max() >= inner[-1])
    return TimeBins(unit, np.array([*[-math.inf] * before, *inner, *[math.inf] * after]))


def _finest(low: float, high: float, most: int) -> tuple[str, tuple[int, int]]:
    """The finest unit of which `most` bars hold the moments from low to high; the numbers of the first and the last."""
    unit, numbers = YEAR, (0, 0)
    for unit in _UNITS:
        numbers = _number(unit, low), _number(unit, high)
        if numbers[1] - numbers[0] < most:
            break
    return unit, numbers


def _bulk(known: NDArray[np.float64]) -> tuple[float, float]:
    """The shortest stretch that holds nearly all of the rising moments, with what lies not far from it."""
    held = math.ceil(_BULK * len(known))
    first = int((known[held - 1 :] - known[: len(known) - held + 1]).argmin())
    return _with_near(known, float(known[first]), float(known[first + held - 1]))


def _without_strays(known: NDArray[np.float64]) -> tuple[float, float]:
    """The first and the last of rising moments, but for the few at either end that lie far off from all others."""
    few = max(1, int(len(known) * _STRAYS)) if len(known) >= 10 else 0
    return _with_near(known, float(known[few]), float(known[-1 - few]))


def _with_near(known: NDArray[np.float64], low: float, high: float) -> tuple[float, float]:
    """From low to high, and as far beyond as rising moments lie no farther than that is long."""
    room = max(high - low, _SECONDS[WEEK])
    near = known[(known >= low - room) & (known <= high + room)]
    return float(near[0]), float(near[-1])


def _number(unit: str, moment: float) -> int:
    """The number of the unit that holds a moment, counted from 1970."""
    if unit in _SECONDS:
        return math.floor((moment - (_MONDAY if unit == WEEK else 0)) / _SECONDS[unit])
    return int(np.datetime64(math.floor(moment), "s").astype("datetime64[M]").astype(np.int64)) // _MONTHS[unit]


def _start(unit: str, number: int) -> float:
    if unit in _SECONDS:
        return float(number * _SECONDS[unit] + (_MONDAY if unit == WEEK else 0))
    return float(np.datetime64(number * _MONTHS[unit], "M").astype("datetime64[s]").astype(np.int64))


def _offset(unit: str) -> int:
    return 1970 if unit == YEAR else 0
