"""The names of a project as teachers: what there is to learn from, and whether a run has. Without Qt and torch."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from prismh_engine.errors import PrismhError

if TYPE_CHECKING:
    from prismh_engine.project import Project

FEWEST_NAMES, FEWEST_PHOTOS = 2, 5
"""So many names, on so many photos each, are worth a learning."""

PHOTOS_THAT_TEACH_WELL = 20
"""Of each name: with so many groups got better on every set tried, with five not on everyday photos (docs/recipes.md).
"""

_MOST = 0.8


@dataclass(frozen=True)
class Teachers:
    """photos: how many would teach one of so many `names`. names_on_enough: those of the names that are on
    FEWEST_PHOTOS or more. taken_up: whether they are enough, and a run has learned from most of them.
    """

    photos: int
    names: int
    names_on_enough: int
    taken_up: bool

    @property
    def enough(self) -> bool:
        """Whether they are worth a learning."""
        return self.names_on_enough >= FEWEST_NAMES


def teachers_of(project: Project) -> Teachers:
    """Count the names of a project that can be learned from."""
    from prismh_engine.models.simclr.photo_labels import names_that_teach

    counts = names_that_teach(project)
    on_enough = sum(count >= FEWEST_PHOTOS for count in counts.values())
    teachers = Teachers(counts.total(), len(counts), on_enough, taken_up=False)
    return replace(teachers, taken_up=teachers.enough and _taken_up(project, counts))


def _taken_up(project: Project, counts: Counter[str]) -> bool:
    from prismh_engine.models.simclr.run_files import RunFiles
    from prismh_engine.project.runs import FAILED

    # Without a row of metrics it was stopped before it learned anything.
    files = (RunFiles(run.folder) for run in project.runs.all() if run.state != FAILED)
    tables = (of_run.labels for of_run in files if of_run.metrics.is_file() and of_run.labels.is_file())
    taught = (_taught(table, table.stat().st_mtime_ns) for table in tables)
    return any((counts & by_run).total() >= _MOST * counts.total() for by_run in taught)


@lru_cache(maxsize=8)
def _taught(table: Path, written: int) -> Counter[str]:
    """Name -> how many photos taught it, by the table of a run. written: when, so that it is read once."""
    from prismh_engine.photo_tables import read_labels

    try:
        return Counter(name for names in read_labels(table).values() for name in names)
    except PrismhError:  # it went away, or was changed by hand
        return Counter()
