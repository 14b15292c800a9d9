"""What a run was told to do, from its own file, which another program may have written; free of torch."""

from __future__ import annotations

from pathlib import Path

from ...errors import PrismhError
from ...settings import read_config, resolve
from .settings import TrainSettings


def settings_of(folder: Path) -> TrainSettings | None:
    """The settings of the run in a folder; None where they cannot be read."""
    try:
        config = read_config(folder / "settings.json", TrainSettings.step)
        return resolve(TrainSettings, {}, config, environment={}).settings
    except PrismhError:
        return None
