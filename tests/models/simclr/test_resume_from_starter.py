"""A training that starts from the starter, shows look-alikes and lets the head learn first, put down and taken up."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from prismh_engine import jobs
from prismh_engine.models import encoders
from prismh_engine.models.simclr import main
from prismh_engine.models.simclr.network import SimCLRModel
from prismh_engine.models.simclr.run_folder import METRICS
from prismh_engine.tables import read_csv

from .conftest import tiny_flags
from .test_best_epoch import assert_same, held
from .test_resume import assert_same_end, copy_run, job, state

FLAGS = {
    "base_model": "efficientnet_lite0", "weights": "starter", "freeze_blocks": 12, "optimizer": "adamw",
    "neighbour_share": 0.5, "head_epochs": 1, "warmup_epochs": 1, "start_share": 0.25,
    "freeze_bn": True,
}  # fmt: skip


@pytest.fixture(scope="module")
def left_alone(tiny_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("starter") / "run"
    given = [f"--{name}" if value is True else f"--{name}={value}" for name, value in FLAGS.items()]
    assert main([*tiny_flags(tiny_photos, run), *given, "--checkpoint_every", "1"]) == 0
    return run


class StopsOnceThereIs(jobs.StopToken):
    """Is set when it has been looked at so many times since a file of the run is there."""

    def __init__(self, path: Path, looks: int = 0) -> None:
        super().__init__()
        self._path = path
        self._left = looks

    @property
    def stopped(self) -> bool:
        if self._path.exists():
            self._left -= 1
        return self._left < 0


def assert_resumes_to_the_same_end(run: Path, left_alone: Path) -> None:
    again = ["--output_dir", str(run), "--resume_from", "auto", "--num_workers", "3", "--quiet"]
    assert main([*again, "--checkpoint_every", "1"]) == 0
    assert_same_end(run, left_alone)
    assert state(run)["worths"] == state(left_alone)["worths"]
    assert torch.equal(state(run)["look_alikes"], state(left_alone)["look_alikes"])
    for end in ("start", "learned"):
        assert_same(state(run)["start_share"][end], state(left_alone)["start_share"][end])


# The token is looked at before the first step, then at each layer: of two forward passes that measure the start, and
# of the first step.
@pytest.mark.parametrize("looks", [0, 100], ids=["before the start is measured", "while it is measured"])
def test_it_is_put_down_at_the_very_start(left_alone: Path, tiny_photos: Path, tmp_path: Path, looks: int) -> None:
    run = tmp_path / "run"
    stop = StopsOnceThereIs(run / "run.json", looks)
    assert not jobs.run(job(tiny_photos, run, stop, **FLAGS), None, stop).finished
    assert (state(run)["step"], state(run)["worths"]) == (0, [])
    assert not (run / "checkpoints" / "best_model.pt").exists()
    assert_resumes_to_the_same_end(run, left_alone)


def test_that_the_start_is_measured_is_told_before_learning_begins(tiny_photos: Path, tmp_path: Path) -> None:
    told: list[str] = []
    stop = jobs.StopToken()

    def listen(progress: jobs.Progress) -> None:
        told.append(progress.what)
        if progress.what == "Learning":
            stop.stop()

    jobs.run(job(tiny_photos, tmp_path / "run", stop, **FLAGS), listen, stop)
    assert told[-2:] == ["Measuring the encoder before it learns", "Learning"]


@pytest.mark.parametrize(("step", "at"), [(1, (0, 1)), (5, (1, 2)), (8, (2, 2))])
def test_it_is_put_down_in_mid_epoch(
    left_alone: Path, tiny_photos: Path, tmp_path: Path, step: int, at: tuple[int, int]
) -> None:
    """In the epoch of the head, where the best there is is the start, in the one after it, and in the last one."""
    run, stop = tmp_path / "run", jobs.StopToken()

    def listen(progress: jobs.Progress) -> None:
        if progress.what == "Learning" and progress.done == step:
            stop.stop()

    jobs.run(job(tiny_photos, run, stop, **FLAGS), listen, stop)
    assert (state(run)["epoch"], state(run)["batch"]) == at
    assert state(run)["worths"] == state(left_alone)["worths"][: 1 + at[0]]
    assert step > 1 or state(run, "best_model.pt")["epoch"] == 0
    assert_resumes_to_the_same_end(run, left_alone)


def test_the_encoder_is_the_starter_until_the_head_has_learned_and_then_but_for_frozen_blocks_is_not(
    left_alone: Path,
) -> None:
    starter = encoders.build("efficientnet_lite0", "starter").state_dict()
    first, second = held(left_alone, "checkpoint_epoch_1.pt"), held(left_alone, "checkpoint_epoch_2.pt")
    assert_same(first, starter)
    changed = {key for key in starter if not torch.equal(starter[key], second[key])}
    assert "conv_head.weight" in changed
    assert not any(key.startswith(("conv_stem", "blocks.0", "blocks.3")) or "bn" in key for key in changed)


def test_its_worth_is_measured_after_the_head_and_features_are_taken_at_the_size_the_starter_knows(
    left_alone: Path,
) -> None:
    head, *later = [row["worth"] for row in read_csv(left_alone / "metrics.csv", METRICS)]
    assert head == ""
    assert all(0 <= float(worth) <= 1 for worth in later)
    assert state(left_alone)["model"]["image_size"] == 32
    assert encoders.from_file(left_alone / "checkpoints" / "last.pt").image_size == 224
    assert encoders.from_file(left_alone / "encoder.safetensors").image_size == 224
    assert SimCLRModel.from_checkpoint(left_alone / "checkpoints" / "last.pt").image_size == 32


def test_look_alikes_are_those_the_run_began_with_until_photos_change(
    left_alone: Path, tiny_photos: Path, tmp_path: Path
) -> None:
    run, photos = tmp_path / "run", tmp_path / "photos"
    copy_run(left_alone, run)
    photos.mkdir()
    for number in range(12):
        os.link(tiny_photos / f"{number:02}.png", photos / f"{number:02}.png")
    saved = state(left_alone)["look_alikes"]
    again = ["--output_dir", str(run), "--resume_from", "auto", "--quiet"]
    assert main([*again, "--epochs", "4"]) == 0
    assert torch.equal(state(run)["look_alikes"], saved)
    assert main([*again, "--epochs", "5", "--data_dir", str(photos), "--allow_changed_photos"]) == 0
    changed = state(run)
    assert len(changed["look_alikes"]) == 12 - len(changed["held_out"])
    assert 12 not in changed["look_alikes"]
