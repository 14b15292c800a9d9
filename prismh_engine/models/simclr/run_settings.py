"""What a run was told to do, from its own file, which another program may have written; free of torch."""

from __future__ import annotations

from pathlib import Path

from ...errors import PrismhError
from ...settings import read_config, resolve
from .run_files import RunFiles
from .settings import TrainSettings


def settings_of(folder: Path) -> TrainSettings | None:
    """The settings of the run in a folder; None where they cannot be read."""
    try:
        config = read_config(RunFiles(folder).settings, TrainSettings.step)
        return resolve(TrainSettings, {}, config, environment={}).settings
    except PrismhError:
        return None
