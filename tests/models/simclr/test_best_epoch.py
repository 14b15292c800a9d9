"""Which weights `best_model.pt` and `encoder.safetensors` hold: of the epoch that is worth most, or of the start."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from prismh_engine import jobs
from prismh_engine.models import encoders
from prismh_engine.models.simclr import TrainReport, TrainSettings, checkpoint, main, train
from prismh_engine.models.simclr.run_folder import METRICS
from prismh_engine.models.simclr.worth_probe import WorthProbe
from prismh_engine.settings import resolve
from prismh_engine.tables import read_csv, write_csv

from .conftest import COUNT, tiny_flags
from .test_resume import assert_same_end, copy_run, state

# A few long steps change the groups of weights that know nothing; too long ones make one point of all photos.
LONG_STEPS = ("--optimizer", "lars", "--learning_rate", "1")
TOO_LONG_STEPS = ("--optimizer", "adam", "--learning_rate", "1e-1")


def from_weights(photos: Path, weights: Path, output: Path, flags: tuple[str, ...]) -> Path:
    assert main([*tiny_flags(photos, output), "--weights", str(weights), "--checkpoint_every", "1", *flags]) == 0
    return output


@pytest.fixture(scope="module")
def better(tiny_photos: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with an epoch that is worth more than the start."""
    return from_weights(tiny_photos, weights, tmp_path_factory.mktemp("better") / "run", (*LONG_STEPS, "--epochs", "4"))


@pytest.fixture(scope="module")
def worse(tiny_photos: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with none, since its features collapse."""
    return from_weights(
        tiny_photos, weights, tmp_path_factory.mktemp("worse") / "run", (*TOO_LONG_STEPS, "--epochs", "1")
    )


def worths(run: Path) -> list[float]:
    """In `metrics.csv`, of each epoch."""
    return [float(row["worth"]) for row in read_csv(run / "metrics.csv", METRICS)]


def held(run: Path, name: str) -> dict[str, torch.Tensor]:
    """The encoder in a checkpoint."""
    weights = state(run, name)["model_state_dict"]
    return {key.removeprefix("encoder."): value for key, value in weights.items() if key.startswith("encoder.")}


def assert_same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    assert all(torch.equal(one[key], other[key]) for key in one)


def epoch_of_encoder(run: Path) -> int:
    with safe_open(run / "encoder.safetensors", "pt") as file:
        return int(file.metadata()["epoch"])


def resumed(run: Path, **flags: Any) -> TrainReport:
    given = {"output_dir": run, "resume_from": "auto", **flags}
    return jobs.run(train(resolve(TrainSettings, given, environment={})))


def test_an_epoch_that_is_worth_more_than_the_start_is_kept(better: Path) -> None:
    found = worths(better)
    start, *later = state(better)["worths"]
    assert found == pytest.approx(later)
    assert max(found) > start
    best = 1 + found.index(max(found))
    assert state(better, "best_model.pt")["epoch"] == epoch_of_encoder(better) == best
    assert_same(held(better, "best_model.pt"), held(better, f"checkpoint_epoch_{best}.pt"))
    assert_same(load_file(better / "encoder.safetensors"), held(better, "best_model.pt"))
    assert f"epoch {best} is kept as the best" in str(resumed(better))


def test_an_epoch_that_made_one_point_of_all_photos_is_worth_nothing_and_the_start_is_kept(
    worse: Path, weights: Path
) -> None:
    """Nothing has clearer groups than one point."""
    assert worths(worse) == [0]
    assert state(worse)["worths"][0] > 0
    assert (state(worse, "best_model.pt")["epoch"], state(worse, "best_model.pt")["step"]) == (0, 0)
    assert_same(held(worse, "best_model.pt"), load_file(weights))
    assert_same(load_file(worse / "encoder.safetensors"), load_file(weights))
    assert epoch_of_encoder(worse) == 0
    assert not torch.equal(held(worse, "last.pt")["conv1.weight"], load_file(weights)["conv1.weight"])
    assert encoders.from_file(worse / "checkpoints" / "best_model.pt").image_size == 32


def test_a_finished_run_whose_start_is_the_best_is_complete_and_gets_back_what_it_lost(
    worse: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    copy_run(worse, run)
    report = resumed(run)
    assert (report.finished, report.best_epoch, report.epochs_done) == (True, 0, 1)
    assert "This run was finished before" in str(report)
    assert "no epoch's groups are better separated than the start's" in str(report)
    (run / "encoder.safetensors").unlink()
    assert "was finished before" not in str(resumed(run))
    assert_same_end(run, worse)
    assert "was finished before" in str(resumed(run))


def test_a_start_that_was_measured_and_not_yet_kept_when_the_program_was_killed_is_kept_by_the_resume(
    worse: Path, tiny_photos: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    (run / "checkpoints").mkdir(parents=True)
    shutil.copy(worse / "run.json", run)
    shutil.copy(worse / "checkpoints" / "best_model.pt", run / "checkpoints" / "last.pt")
    assert main([*tiny_flags(tiny_photos, run), "--epochs", "1", "--resume_from", "auto"]) == 0
    assert_same_end(run, worse)


def test_where_the_head_alone_learns_the_start_is_kept_and_a_longer_run_is_compared_with_it(
    learn: Callable[..., int], tmp_path: Path, weights: Path
) -> None:
    run = tmp_path / "run"
    assert learn("--weights", weights, "--head_epochs", 2, "--epochs", 2, *LONG_STEPS) == 0
    assert [row["worth"] for row in read_csv(run / "metrics.csv", METRICS)] == ["", ""]
    assert_same(held(run, "last.pt"), load_file(weights))
    assert state(run, "best_model.pt")["epoch"] == epoch_of_encoder(run) == 0
    report = resumed(run, epochs=4)
    start, *_, third, fourth = state(run)["worths"]
    measured = {0: start, 3: third, 4: fourth}
    assert report.best_epoch == epoch_of_encoder(run) == max(measured, key=measured.__getitem__)


def test_the_encoder_stays_in_the_epochs_of_the_head_and_learns_in_the_next(
    learn: Callable[..., int], tmp_path: Path, weights: Path
) -> None:
    run = tmp_path / "run"
    flags = ("--head_epochs", 1, "--epochs", 2, "--checkpoint_every", 1, "--optimizer", "sgd", "--weight_decay", 0.1)
    assert learn("--weights", weights, *flags) == 0
    first, second = held(run, "checkpoint_epoch_1.pt"), held(run, "checkpoint_epoch_2.pt")
    assert_same(first, load_file(weights))  # statistics of batch norm too
    unchanged = {key for key in first if torch.equal(first[key], second[key])}
    assert not unchanged
    heads = [state(run, f"checkpoint_epoch_{epoch}.pt")["model_state_dict"]["projection_head.0.weight"]
             for epoch in (1, 2)]  # fmt: skip
    assert not torch.equal(*heads)


def test_the_last_epoch_is_measured_where_a_run_ends_early(
    learn: Callable[..., int], tmp_path: Path, weights: Path
) -> None:
    still = ("--learning_rate", 1e-30, "--weight_decay", 0, "--freeze_bn")
    assert learn("--weights", weights, *still, "--epochs", 30, "--early_stopping_patience", 1) == 0
    run = tmp_path / "run"
    start, first, second = state(run)["worths"]
    assert first is None
    assert second == start
    assert state(run, "best_model.pt")["epoch"] == 0  # nothing is worth more
    assert resumed(run).notes[-1].startswith("This run was finished before")


@pytest.mark.parametrize("epochs", [1, 2, 6, 7, 14, 40, 240])
def test_a_run_is_measured_some_six_times(epochs: int) -> None:
    settings = TrainSettings(epochs=epochs)
    due = [epoch for epoch in range(1, epochs + 1) if WorthProbe.is_due(epoch, settings, ends=epoch == epochs)]
    assert min(epochs, 4) <= len(due) <= 7
    assert due[-1] == epochs


def test_of_too_few_photos_the_loss_tells_the_best_epoch(
    learn: Callable[..., int], tiny_photos: Path, tmp_path: Path, weights: Path
) -> None:
    few = tmp_path / "few"
    few.mkdir()
    for number in range(9):
        shutil.copy(tiny_photos / f"{number:02}.png", few)
    assert learn("--data_dir", few, "--weights", weights, "--epochs", 2, "--checkpoint_every", 1) == 0
    report = resumed(tmp_path / "run")
    losses = state(tmp_path / "run")["history"]["val_loss"]
    assert report.best_epoch == epoch_of_encoder(tmp_path / "run") == 1 + losses.index(min(losses))
    assert "the start" not in str(report)


def test_a_run_from_nothing_follows_its_loss(run_left_alone: Path) -> None:
    losses = state(run_left_alone)["history"]["val_loss"]
    assert state(run_left_alone, "best_model.pt")["epoch"] == 1 + losses.index(min(losses))
    assert state(run_left_alone)["worths"] == []


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    rows = [(f"{number:02}.png", "tyre" if number % 2 else "drum") for number in range(COUNT)]
    write_csv(tmp_path / "labels.csv", ("file_path", "label"), rows[:8])
    return tmp_path / "labels.csv"


def test_a_run_with_labels_from_nothing_keeps_its_last_epoch(
    learn: Callable[..., int], tmp_path: Path, labels: Path
) -> None:
    run = tmp_path / "run"
    assert learn("--labels", labels, "--learning_rate", 0.1) == 0
    assert state(run, "best_model.pt")["epoch"] == epoch_of_encoder(run) == 3
    assert {row["worth"] for row in read_csv(run / "metrics.csv", METRICS)} == {""}
    assert resumed(run).notes[-1].startswith("This run was finished before")


def test_labels_that_taught_nothing_good_leave_the_start_the_best(
    learn: Callable[..., int], tmp_path: Path, labels: Path, weights: Path
) -> None:
    assert learn("--weights", weights, "--labels", labels, "--epochs", 1, *TOO_LONG_STEPS) == 0
    assert worths(tmp_path / "run") == [0]
    assert state(tmp_path / "run", "best_model.pt")["epoch"] == epoch_of_encoder(tmp_path / "run") == 0


def as_an_earlier_version_wrote(run: Path, name: str) -> dict[str, Any]:
    old = state(run, name)
    for key in ("worths", "start_directions", "look_alikes", "start_share"):
        del old[key]
    del old["model"]["feature_size"]
    unknown = ("neighbour_share", "head_epochs", "smallest_crop", "colour_strength", "start_share", "spread_labels")
    for key in unknown:
        del old["settings"][key], old["origins"][key]
    for row in old["rows"]:
        del row["worth"]
    return old


@pytest.mark.parametrize("preset", [None, "quick"])
def test_a_run_of_an_earlier_version_goes_on_as_it_began_and_follows_its_loss(
    better: Path, tmp_path: Path, preset: str | None
) -> None:
    run = tmp_path / "run"
    (run / "checkpoints").mkdir(parents=True)
    old = as_an_earlier_version_wrote(better, "checkpoint_epoch_1.pt")
    old["settings"]["preset"] = preset
    checkpoint.write(run / "checkpoints" / "last.pt", old)
    report = resumed(run)
    assert (report.finished, report.epochs_done) == (True, 4)
    assert_same(held(run, "last.pt"), held(better, "last.pt"))
    losses = state(run)["history"]["val_loss"]
    assert report.best_epoch == epoch_of_encoder(run) == 1 + losses.index(min(losses))
    assert {row["worth"] for row in read_csv(run / "metrics.csv", METRICS)} == {""}


def test_a_finished_run_of_an_earlier_version_stays_as_it_is(run_left_alone: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    copy_run(run_left_alone, run)
    for name in ("last.pt", "best_model.pt"):
        old = as_an_earlier_version_wrote(run_left_alone, name)
        (run / "checkpoints" / name).unlink()
        checkpoint.write(run / "checkpoints" / name, old)
    before = (run / "encoder.safetensors").stat().st_mtime_ns
    assert "was finished before" in str(resumed(run))
    assert (run / "encoder.safetensors").stat().st_mtime_ns == before
    assert encoders.from_file(run / "checkpoints" / "best_model.pt").image_size == 32
