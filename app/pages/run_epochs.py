"""How long a run is to learn."""

from __future__ import annotations

from prismh_engine.models.simclr.run_settings import settings_of
from prismh_engine.project import Run


def epochs_of(run: Run) -> int:
    """How many epochs a run is to have; 0 where that cannot be read."""
    settings = settings_of(run.folder)
    return 0 if settings is None else settings.epochs
