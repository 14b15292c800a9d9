"""The step `benchmark`: every figure of the engine beside what it is measured against, printed and written as JSON."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, ClassVar

from ..command import run_step
from ..files import write_json
from ..jobs import Job, Stopped, StopToken
from ..settings import Resolved, Settings, setting
from .photo_sets import MEGAPIXELS, cache_seconds, write_large_photos
from .rows import Conditions, Row

NAMES = (
    "first_look", "instant_map", "training", "loss", "checkpoint", "memory", "embeddings",
    "map", "neighbours", "clusters",
)  # fmt: skip
_WITH_PHOTOS = ("first_look", "instant_map", "training", "memory", "embeddings")
SIZES = (1_000, 10_000, 100_000)
_SIZES = ", ".join(f"{size:,}" for size in SIZES)
_HEADER = ("benchmark", "case", "ours", "beside", "ratio (median)", "goal")


@dataclass(frozen=True)
class BenchmarkSettings(Settings):
    """Settings of the step `benchmark`."""

    step: ClassVar[str] = "benchmark"

    names: tuple[str, ...] = setting((), "what to measure, all where none is named", choices=NAMES, positional=True)
    photos: Path | None = setting(
        None, f"folder with photos, which are enlarged to {MEGAPIXELS:g} megapixels (default: drawn scenes)"
    )
    rounds: int = setting(3, "how often each is measured, in turn", minimum=1)
    most_rows: int = setting(
        10_000, f"map, neighbours and clusters are measured with {_SIZES} feature rows, up to so many", minimum=SIZES[0]
    )
    output: Path | None = setting(None, "file for all figures, as JSON")


@dataclass(frozen=True)
class BenchmarkReport:
    """Every row, and the machine they were measured on."""

    machine: dict[str, Any]
    rows: Sequence[Row]

    def __str__(self) -> str:
        table = [list(_HEADER), *(row.cells() for row in self.rows)]
        widths = [max(len(line[column]) for line in table) for column in range(len(_HEADER))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in table]
        return "\n".join(line.rstrip() for line in lines)

    def as_json(self) -> dict[str, Any]:
        created = datetime.now(timezone.utc).isoformat(timespec="seconds")
        return {"created": created, "machine": self.machine, "rows": [row.as_json() for row in self.rows]}


def benchmark(resolved: Resolved[BenchmarkSettings], stop: StopToken | None = None) -> Job[BenchmarkReport]:
    """Measure what is asked for; after a stop the report holds what was measured until then.

    Raises `PrismhError` where the photos cannot be used or the output cannot be written.
    """
    settings = resolved.settings
    from . import machine

    report = BenchmarkReport(machine.facts(), rows := [])
    with tempfile.TemporaryDirectory(prefix="prismh-") as temporary:
        conditions = Conditions(
            Path(temporary, "photos"),
            settings.rounds,
            sizes=tuple(size for size in SIZES if size <= settings.most_rows),
        )
        names = settings.names or NAMES
        try:
            if set(names) & set(_WITH_PHOTOS):
                yield from write_large_photos(conditions.photos, settings.photos)
                first_look = cache_seconds(conditions.photos)
                rows.append(Row("photos", "first look at them, once", "s", [first_look]))
            for name in names:
                # A file a benchmark; torch is imported with the first.
                yield from importlib.import_module(f".{name}", __package__).measure(conditions, rows)
        except Stopped:
            pass
    if settings.output is not None:
        write_json(settings.output, report.as_json())
    return report


def main(argv: Sequence[str] | None = None) -> int:
    """Run `benchmark` from its command line; return the exit code."""
    return run_step(
        BenchmarkSettings,
        benchmark,
        argv,
        description="Measure how fast the engine is on this machine, each figure beside what it should be held "
        "against, in one run. Leave the machine alone meanwhile.",
    )
