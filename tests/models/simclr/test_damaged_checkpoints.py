"""Checkpoints of a run are damaged: it says which, and from where it goes on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from prismh_engine import jobs
from prismh_engine.models.simclr import TrainSettings, checkpoint, main, train
from prismh_engine.settings import resolve

from ...damage import flip_a_byte, overwrite

ALL = ("last.pt", "best_model.pt", "checkpoint_epoch_3.pt", "checkpoint_epoch_2.pt", "checkpoint_epoch_1.pt")


@pytest.fixture
def run(run_left_alone: Path, tmp_path: Path) -> Path:
    """A finished run of three epochs of three steps, with a checkpoint of each; the best is the first."""
    shutil.copytree(run_left_alone, tmp_path / "run")
    return tmp_path / "run"


def damage(run: Path, names: Sequence[str], how: Callable[[Path], object]) -> None:
    for name in names:
        path = run / "checkpoints" / name
        content = path.read_bytes()
        path.unlink()  # it may be the same file as another
        path.write_bytes(content)
        how(path)


def cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


@pytest.mark.parametrize("how", [cut_off, overwrite, flip_a_byte])
def test_it_goes_on_from_the_newest_good_one_and_says_from_where(
    run: Path, run_left_alone: Path, how: Callable[[Path], object], capsys: pytest.CaptureFixture[str]
) -> None:
    damage(run, ("last.pt", "best_model.pt", "checkpoint_epoch_3.pt"), how)
    assert main(["--output_dir", str(run), "--resume_from", "auto"]) == 0
    said = capsys.readouterr()
    for told in (said.err, said.out):  # before it learns, and in the end
        assert f"best_model.pt, checkpoint_epoch_3.pt and last.pt in {run / 'checkpoints'} are damaged" in told
        assert "The run is taken up from checkpoint_epoch_2.pt, saved at step 6, after epoch 2 of 3." in told
    assert (run / "metrics.csv").read_bytes() == (run_left_alone / "metrics.csv").read_bytes()


def test_a_best_one_that_is_damaged_is_told_though_the_last_is_good(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(run, ["best_model.pt"], flip_a_byte)
    assert main(["--output_dir", str(run), "--resume_from", "auto", "--epochs", "4"]) == 0
    said = capsys.readouterr().out
    assert f"best_model.pt in {run / 'checkpoints'} is damaged" in said
    assert "The run is taken up from last.pt, saved at step 9, after epoch 3 of 3." in said


def test_the_best_epoch_is_taken_from_its_own_checkpoint_where_that_was_kept(run: Path, run_left_alone: Path) -> None:
    damage(run, ["best_model.pt"], flip_a_byte)
    assert main(["--output_dir", str(run), "--resume_from", "auto"]) == 0
    for name in ("checkpoints/best_model.pt", "encoder.safetensors"):
        assert (run / name).read_bytes() == (run_left_alone / name).read_bytes()


def test_where_the_best_epoch_is_lost_it_is_told_which_one_is_kept(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(run, ["best_model.pt", "checkpoint_epoch_1.pt"], overwrite)
    for _ in range(2):  # the second time all is there
        assert main(["--output_dir", str(run), "--resume_from", "auto"]) == 0
        assert checkpoint.read(run / "checkpoints" / "best_model.pt")["epoch"] == 3
        assert "epoch 3 is kept as the best." in capsys.readouterr().out


def test_a_finished_run_is_still_one_though_its_last_checkpoint_is_damaged(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(run, ["last.pt"], overwrite)
    assert main(["--output_dir", str(run), "--resume_from", "auto"]) == 0
    said = capsys.readouterr().out
    assert f"last.pt in {run / 'checkpoints'} is damaged" in said
    assert "The run is taken up from checkpoint_epoch_3.pt, saved at step 9, after epoch 3 of 3." in said
    assert "This run was finished before" in said


def test_where_none_can_be_read_it_begins_anew_and_what_is_left_of_the_run_is_kept(
    run: Path, run_left_alone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(run, ALL, overwrite)
    assert main(["--output_dir", str(run), "--resume_from", "auto"]) == 0
    (aside,) = (run / "superseded").iterdir()
    said = capsys.readouterr().err
    assert "best_model.pt, checkpoint_epoch_1.pt, checkpoint_epoch_2.pt, checkpoint_epoch_3.pt and last.pt" in said
    assert f"learning begins anew, and what is left of the run was moved to {aside}." in said
    assert {path.name for path in (aside / "checkpoints").iterdir()} == set(ALL)
    for name in ("metrics.csv", "encoder.safetensors"):
        assert (aside / name).read_bytes() == (run_left_alone / name).read_bytes()
        assert (run / name).read_bytes() == (run_left_alone / name).read_bytes(), "learned again with its settings"


def test_a_run_that_begins_anew_has_no_measures_of_the_one_before(run: Path) -> None:
    damage(run, ALL, overwrite)
    stop = jobs.StopToken()
    for progress in train(resolve(TrainSettings, {"output_dir": run, "resume_from": "auto"}), stop):
        if progress.what == "Learning":
            stop.stop()
    assert not (run / "metrics.csv").exists(), "it was stopped after its first step"
    assert main(["--output_dir", str(run), "--resume_from", "auto", "--quiet"]) == 0
    assert len((run / "metrics.csv").read_text().splitlines()) == 4


def test_a_checkpoint_named_by_a_person_that_is_damaged_is_refused_with_the_way_out(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(run, ["last.pt"], overwrite)
    last = run / "checkpoints" / "last.pt"
    assert main(["--resume_from", str(last)]) == 1
    assert f"{last} is not a checkpoint" in (said := capsys.readouterr().err)
    assert "--resume_from auto" in said
