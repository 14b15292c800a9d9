"""What a run was told to do, from its own file, which another program may have written."""

from __future__ import annotations

from prismh_engine.errors import PrismhError
from prismh_engine.models.simclr.settings import TrainSettings
from prismh_engine.project import Run
from prismh_engine.settings import read_config, resolve


def settings_of(run: Run) -> TrainSettings | None:
    """The settings of a run; None where they cannot be read."""
    try:
        config = read_config(run.folder / "settings.json", TrainSettings.step)
        return resolve(TrainSettings, {}, config, environment={}).settings
    except PrismhError:
        return None


def epochs_of(run: Run) -> int:
    """How many epochs a run is to have; 0 where that cannot be read."""
    settings = settings_of(run)
    return 0 if settings is None else settings.epochs
