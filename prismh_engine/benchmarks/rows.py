"""What a benchmark finds: a row a comparison, from rounds that were taken in turn."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..jobs import Job, Progress

AT_LEAST, AT_MOST = "at least", "at most"
_BEST: Mapping[str, Callable[[Sequence[float]], float]] = {
    "highest": max,
    "lowest": min,
    "median": statistics.median,  # of differences, where the lowest is chance
}


@dataclass(frozen=True)
class Conditions:
    """What every benchmark is given.

    photos: a folder with large photos. rounds: how often each figure is taken; seconds: how long a round takes about,
    where that can be chosen. sizes: with how many feature rows analysis is measured.
    """

    photos: Path
    rounds: int
    seconds: float = 6.0
    sizes: tuple[int, ...] = (1_000, 10_000)


@dataclass(frozen=True)
class Row:
    """One comparison.

    benchmark: its name at the command line; case: what was measured. ours, other: the figure of each round, in `unit`;
    beside: what `other` is, "" where a figure stands alone. best_is: which of several rounds was disturbed least:
    "highest" for a rate, "lowest" for seconds and bytes, "median" for what can be negative. goal: ("at least" or
    "at most", ratio), None where there is none. allowed: what of ours does not count in the ratio. skipped: why
    nothing was measured, a sentence.
    """

    benchmark: str
    case: str
    unit: str = ""
    ours: Sequence[float] = ()
    beside: str = ""
    other: Sequence[float] = ()
    best_is: str = "highest"
    goal: tuple[str, float] | None = None
    allowed: float = 0.0
    skipped: str = ""

    @property
    def best(self) -> float | None:
        """Ratio of the best rounds, ours to the other's; None where a figure stands alone or was not measured."""
        return self._ratio(_BEST[self.best_is])

    @property
    def median(self) -> float | None:
        """Ratio of the medians."""
        return self._ratio(statistics.median)

    @property
    def met(self) -> bool | None:
        """Whether the best ratio reaches the goal, None where there is none to reach."""
        if self.goal is None or self.best is None:
            return None
        direction, bound = self.goal
        return self.best >= bound if direction == AT_LEAST else self.best <= bound

    def as_json(self) -> dict[str, Any]:
        values = asdict(self)
        goal = None if self.goal is None else f"{self.goal[0]} {self.goal[1]:g}"
        return {**values, "goal": goal, "ratio_best": self.best, "ratio_median": self.median, "met": self.met}

    def cells(self) -> list[str]:
        """The row as it is printed."""
        if self.skipped:
            return [self.benchmark, self.case, "", f"left out: {self.skipped}", "", ""]
        pick = _BEST[self.best_is]
        ours = f"{_short(pick(self.ours))} {self.unit}"
        if self.best is None or self.median is None:
            return [self.benchmark, self.case, ours, self.beside, "", ""]
        goal = "" if self.goal is None else f"{self.goal[0]} {self.goal[1]:g}: {'yes' if self.met else 'NO'}"
        beside = f"{self.beside} {_short(pick(self.other))}"
        return [self.benchmark, self.case, ours, beside, f"{self.best:.3f} ({self.median:.3f})", goal]

    def _ratio(self, pick: Callable[[Sequence[float]], float]) -> float | None:
        if not self.ours or not self.other:
            return None
        return (pick(self.ours) - self.allowed) / pick(self.other)


def in_turn(what: str, contestants: Mapping[str, Callable[[], float]], rounds: int) -> Job[dict[str, list[float]]]:
    """The figure of each contestant in each round; the order turns round from round to round.

    So a machine that slows down or speeds up while it is measured favours nobody.
    """
    found: dict[str, list[float]] = {name: [] for name in contestants}
    names = list(contestants)
    yield Progress(what, 0, rounds * len(names))
    for turn in range(rounds):
        for name in names if turn % 2 == 0 else reversed(names):
            found[name].append(contestants[name]())
            yield Progress(what, sum(map(len, found.values())), rounds * len(names), {name: found[name][-1]})
    return found


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
