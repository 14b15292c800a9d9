"""Analysis of many feature rows beside the bare library: time and memory, each in a process of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..analysis.neighbours import unit_rows
from ..jobs import Job
from .fresh_process import call, peak_bytes
from .rows import AT_MOST, Conditions, Row, in_turn

_DIMENSION = 1280
_GROUPS = 40
_FEW = 200  # rows of a first run, which imports what the measured one needs


def measure_beside(
    name: str,
    conditions: Conditions,
    found: list[Row],
    ours: Callable[[int], Any],
    bare: Callable[[int], Any],
    what: str,
) -> Job[None]:
    """Rows for each of `conditions.sizes`.

    ours, bare: functions of a module, which give what `timed` gives for so many rows, called in fresh processes.
    what: the bare call in words.
    """
    for size in conditions.sizes:
        processor: dict[str, list[float]] = {"ours": [], "bare": []}
        memory: dict[str, list[float]] = {"ours": [], "bare": []}

        def once(
            contestant: str,
            size: int = size,
            processor: dict[str, list[float]] = processor,
            memory: dict[str, list[float]] = memory,
        ) -> float:
            seconds, of_all_cores, most = call({"ours": ours, "bare": bare}[contestant], size=size)
            processor[contestant].append(of_all_cores)
            memory[contestant].append(most / 1e6)
            return float(seconds)

        turns = {contestant: lambda contestant=contestant: once(contestant) for contestant in memory}
        seconds = yield from in_turn(f"{name}, {size:,} rows", turns, conditions.rounds)
        case, goal = f"{size:,} x {_DIMENSION:,}", (AT_MOST, 1.1)
        found += [
            Row(name, f"{case}, time", "s", seconds["ours"], what, seconds["bare"], "lowest", goal),
            Row(name, f"{case}, processor time", "s", processor["ours"], what, processor["bare"], "lowest"),
            Row(name, f"{case}, memory at the peak", "MB", memory["ours"], what, memory["bare"], "lowest"),
        ]


def timed(work: Callable[[NDArray[np.float32]], object], size: int) -> tuple[float, float, int]:
    """Seconds that `work` takes with so many rows, processor time, and the most memory of this process in bytes.

    Processor time is that of all threads, those that spin while they wait for another too.
    """
    work(feature_rows(_FEW))
    rows = feature_rows(size)
    began, processor = time.perf_counter(), time.process_time()
    work(rows)
    return time.perf_counter() - began, time.process_time() - processor, peak_bytes()


def feature_rows(size: int) -> NDArray[np.float32]:
    """Rows [size, 1280] of unit length in 40 groups that overlap, as an encoder's do."""
    generator = np.random.default_rng(0)
    centres = generator.normal(size=(_GROUPS, _DIMENSION)).astype(np.float32)
    rows = np.empty((size, _DIMENSION), dtype=np.float32)
    for start in range(0, size, 4096):
        part = rows[start : start + 4096]
        generator.standard_normal(out=part, dtype=np.float32)
        part *= 1.5
        part += centres[generator.integers(0, _GROUPS, len(part))]
        part[:] = unit_rows(part)
    return rows
