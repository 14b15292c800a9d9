"""`torchrun`: several processes learn as one, write as one and stop as one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from prismh_engine.models.simclr import main
from prismh_engine.models.simclr.run_folder import METRICS
from prismh_engine.tables import read_csv

from .conftest import tiny_flags


def start(photos: Path, run: Path, *flags: object, ranks: int = 2) -> subprocess.Popen[bytes]:
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(ranks)]
    command = [*torchrun, "-m", "prismh_engine.models.simclr", *tiny_flags(photos, run)[:-1], *map(str, flags)]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def rows(run: Path) -> list[dict[str, str]]:
    return read_csv(run / "metrics.csv", METRICS)


def first_loss(run: Path) -> float:
    """The loss of the first step, as TensorBoard's log has it."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run / "tensorboard"))
    events.Reload()
    return float(events.Scalars("Step/loss")[0].value)


@pytest.mark.parametrize("ranks", [2, 3])
def test_ranks_begin_with_the_loss_of_one_process_and_write_one_run(
    run_left_alone: Path, tiny_photos: Path, tmp_path: Path, ranks: int
) -> None:
    """Ten photos in batches of four, four and two: with three ranks one of them is left without a photo at the end."""
    with start(tiny_photos, tmp_path / "run", "--epochs", 2, ranks=ranks) as process:
        out, error = process.communicate()
    assert process.returncode == 0, error.decode()
    assert out.decode().count("Learned from 13 photos") == 1
    assert first_loss(tmp_path / "run") == pytest.approx(first_loss(run_left_alone), rel=1e-6)
    here, alone = rows(tmp_path / "run"), rows(run_left_alone)
    assert [row["step"] for row in here] == ["3", "6"]
    assert float(here[0]["train_loss"]) == pytest.approx(float(alone[0]["train_loss"]), rel=0.05)
    assert all(0 < float(row["val_loss"]) < 10 and float(row["rankme"]) > 1 for row in here)
    assert json.loads((tmp_path / "run" / "run.json").read_text())["ranks"] == ranks
    assert torch.isfinite(load_file(tmp_path / "run" / "encoder.safetensors")["conv1.weight"]).all()


def test_ranks_measure_what_the_start_is_worth_and_show_the_same_look_alikes(
    tiny_photos: Path, tmp_path: Path, weights: Path
) -> None:
    flags = ["--weights", weights, "--neighbour_share", 0.5, "--head_epochs", 1, "--epochs", 2]
    assert main([*tiny_flags(tiny_photos, tmp_path / "alone"), *map(str, flags)]) == 0
    with start(tiny_photos, tmp_path / "run", *flags) as process:
        _, error = process.communicate()
    assert process.returncode == 0, error.decode()
    here, alone = (
        torch.load(tmp_path / name / "checkpoints" / "last.pt", weights_only=True) for name in ("run", "alone")
    )
    assert here["worths"][0] == pytest.approx(alone["worths"][0], abs=0.05)
    assert torch.equal(here["look_alikes"], alone["look_alikes"])
    assert first_loss(tmp_path / "run") == pytest.approx(first_loss(tmp_path / "alone"), rel=1e-6)
    first, second = rows(tmp_path / "run")
    assert first["worth"] == ""
    assert 0 <= float(second["worth"]) <= 1
    best = torch.load(tmp_path / "run" / "checkpoints" / "best_model.pt", weights_only=True)
    assert best["epoch"] == (2 if float(second["worth"]) > here["worths"][0] else 0)


def test_a_signal_stops_all_ranks_and_one_process_goes_on_with_their_run(tiny_photos: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    with start(tiny_photos, run, "--epochs", 500, "--progress", "json") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["what"] == "Learning":
                process.send_signal(signal.SIGTERM)
                break
        process.communicate()
    state = torch.load(run / "checkpoints" / "last.pt", weights_only=True)
    assert 1 <= state["step"] < 1500
    again = ["--output_dir", str(run), "--resume_from", "auto", "--quiet"]
    assert main([*again, "--epochs", "499"]) == 2  # a run can only be made longer
    assert not list(run.rglob("*.part"))


def test_a_fault_is_told_once_and_ends_every_rank(tiny_photos: Path, tmp_path: Path) -> None:
    with start(tiny_photos / "nowhere", tmp_path / "run") as process:
        _, error = process.communicate()
    assert process.returncode != 0
    assert error.decode().count("There is no folder") == 1
