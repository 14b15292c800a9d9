"""What a run gives keeps a share of the weights it started from; what it learns does not."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from prismh_engine.models.simclr import main
from prismh_engine.tables import write_csv

from .conftest import tiny_flags
from .test_best_epoch import assert_same, held
from .test_resume import state

LEARNS = ("--freeze_bn", "--epochs", "2", "--checkpoint_every", "1", "--learning_rate", "1e-4")


@pytest.fixture(scope="module")
def whole(tiny_photos: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that gives what it learned."""
    run = tmp_path_factory.mktemp("whole") / "run"
    assert main([*tiny_flags(tiny_photos, run), *LEARNS, "--weights", str(weights)]) == 0
    return run


def test_what_is_given_lies_between_the_start_and_what_is_learned_all_the_same(
    tiny_photos: Path, weights: Path, whole: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    flags = [*LEARNS, "--weights", str(weights), "--start_share", "0.25"]
    assert main([*tiny_flags(tiny_photos, run), *flags]) == 0
    start = load_file(weights)
    for name in ("checkpoint_epoch_1.pt", "last.pt"):
        learned, given = held(whole, name), held(run, name)
        assert not torch.equal(learned["conv1.weight"], start["conv1.weight"])
        for key, weight in given.items():
            torch.testing.assert_close(weight, 0.25 * start[key] + 0.75 * learned[key] if weight.ndim else start[key])
    assert state(run)["history"] == state(whole)["history"]
    assert_same(load_file(run / "encoder.safetensors"), held(run, "best_model.pt"))


def test_epochs_are_compared_by_what_is_given(tiny_photos: Path, weights: Path, whole: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    flags = [*LEARNS, "--weights", str(weights), "--start_share", "1", "--learning_rate", "1e-2"]
    assert main([*tiny_flags(tiny_photos, run), *flags]) == 0
    start, *later = state(run)["worths"]
    assert later == [start, start]
    assert state(run, "best_model.pt")["epoch"] == 0
    assert_same(load_file(run / "encoder.safetensors"), load_file(weights))


@pytest.mark.parametrize(("labels_each", "share"), [(0, 0.3), (2, 10 / 12), (4, 10 / 14)])
def test_left_to_the_program_the_share_is_larger_the_fewer_labels_teach(
    tiny_photos: Path, weights: Path, tmp_path: Path, labels_each: int, share: float
) -> None:
    run, table = tmp_path / "run", tmp_path / "labels.csv"
    labelled = [(f"{number:02}.png", "tyre" if number % 2 else "drum") for number in range(2 * labels_each)]
    write_csv(table, ("file_path", "label"), labelled)
    flags = ["--freeze_bn", "--weights", str(weights), "--start_share", "auto", "--epochs", "1"]
    assert main([*tiny_flags(tiny_photos, run), *flags, *(["--labels", str(table)] if labels_each else [])]) == 0
    ends = state(run)["start_share"]
    between = ends["start"]["conv1.weight"].lerp(ends["learned"]["conv1.weight"], 1 - share)
    torch.testing.assert_close(held(run, "last.pt")["conv1.weight"], between)
    assert not torch.equal(ends["start"]["conv1.weight"], ends["learned"]["conv1.weight"])


@pytest.mark.parametrize("flags", [("--freeze_bn",), ("--weights", "starter")])
def test_left_to_the_program_nothing_is_kept_of_a_start_that_knows_nothing_or_whose_statistics_learn(
    tiny_photos: Path, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    run = tmp_path / "run"
    given = [flag for flag in tiny_flags(tiny_photos, run) if flag not in ("--base_model", "resnet18")]
    model = () if "--weights" in flags else ("--base_model", "resnet18")
    assert main([*given, *model, *flags, "--start_share", "auto", "--epochs", "1"]) == 0
    assert state(run)["start_share"] == {"start": {}, "learned": {}}


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--freeze_bn"], "--start_share keeps a share of the weights a run starts from: give --weights"),
        (["--weights", "starter"], "statistics of batch norm cannot be mixed: add --freeze_bn"),
    ],
)
def test_where_there_is_nothing_to_keep_a_share_of_one_is_told(
    flags: list[str], says: str, tiny_photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--data_dir", str(tiny_photos), "--output_dir", str(tmp_path / "run"), "--start_share", "0.5"]
    assert main([*given, *flags]) == 2
    assert says in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
