"""What writing a checkpoint costs a training that goes on meanwhile."""

from __future__ import annotations

import math
import tempfile
import time
from pathlib import Path
from typing import Any

from ..jobs import Job
from ..models.simclr.checkpoint import CheckpointWriter
from ..models.simclr.settings import TrainSettings
from .rows import AT_MOST, Conditions, Row, in_turn
from .training import Bound, training_settings

NAME = "checkpoint"
_IMAGE_SIZE, _BATCH_SIZE = 64, 16  # the state is as large at any size; short steps make the difference plain
_GOAL = 0.01


def measure(
    conditions: Conditions, found: list[Row], base_models: tuple[str, ...] = ("resnet18", "resnet50")
) -> Job[None]:
    """The seconds a checkpoint takes from a training, as a share of the default time between two of them.

    In each round the same steps are done without one and with one that is saved before them and on the disk after.
    """
    for base_model in base_models:
        row = yield from _of_encoder(base_model, conditions)
        found.append(row)


def _of_encoder(base_model: str, conditions: Conditions) -> Job[Row]:
    settings = training_settings(base_model, _IMAGE_SIZE, _BATCH_SIZE).settings
    training = Bound(settings)
    training.advance(1)
    steps = math.ceil(conditions.seconds / training.advance(1))
    with tempfile.TemporaryDirectory(prefix="prismh-") as folder:
        path = Path(folder, "last.pt")
        writer = CheckpointWriter()
        try:
            turns = {
                "without": lambda: training.advance(steps),
                "with": lambda: _with_checkpoint(training, steps, writer, path),
            }
            turns["with"]()
            seconds = yield from in_turn(f"Checkpoints of {base_model}", turns, conditions.rounds)
        finally:
            writer.close()
        megabytes = path.stat().st_size / 1e6
    costs = [w - o for w, o in zip(seconds["with"], seconds["without"], strict=True)]
    interval = 60 * TrainSettings().checkpoint_minutes
    case = f"{base_model}, {megabytes:,.0f} MB"
    return Row(NAME, case, "s", costs, "the time between two", [interval], "median", (AT_MOST, _GOAL))


def _with_checkpoint(training: Bound, steps: int, writer: CheckpointWriter, path: Path) -> float:
    began = time.perf_counter()
    writer.save(_state(training), path)
    training.advance(steps)
    writer.wait()
    return time.perf_counter() - began


def _state(training: Bound) -> dict[str, Any]:
    """What makes a checkpoint large, under the names a checkpoint has it."""
    return {
        "model": {},
        "model_state_dict": training.model.state_dict(),
        "optimizer_state_dict": training.optimizer.state_dict(),
        "epoch": 0,
        "step": 0,
    }
