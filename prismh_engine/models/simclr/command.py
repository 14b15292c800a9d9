"""The step `train` as a command. torch is imported when the training starts, not for `--help`."""

from __future__ import annotations

from collections.abc import Sequence

from ...command import run_step
from .run import train
from .settings import TrainSettings

DESCRIPTION = (
    "Learn an encoder from photos without labels (SimCLR). Values come from, in rising order: the published default, "
    "--preset, --config, PRISMH_<FLAG>, flag."
)

_SHOWN = ("loss", "val_loss", "knn", "learning_rate", "photos_per_second", "seconds_left")


def main(argv: Sequence[str] | None = None) -> int:
    """Run `train` from its command line; return the exit code."""
    return run_step(TrainSettings, train, argv, description=DESCRIPTION, json_progress=True, shown=_SHOWN)
