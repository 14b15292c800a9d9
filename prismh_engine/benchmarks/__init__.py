"""How fast the engine is on this machine, each figure beside what it should be measured against, in one run.

`python -m prismh_engine.benchmarks` and `prismh-engine benchmark` run the step. Names are imported when they are first
used: torch costs seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy_names import importing

if TYPE_CHECKING:
    from .command import main
    from .photo_sets import cache_seconds
    from .training import training_throughput

_HOME = {"cache_seconds": "photo_sets", "main": "command", "training_throughput": "training"}

__all__ = ["cache_seconds", "main", "training_throughput"]

__getattr__ = importing(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
