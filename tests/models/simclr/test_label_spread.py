"""Labels that spread to the photos most alike the labelled ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from prismh_engine import jobs
from prismh_engine.models.simclr import TrainReport, main
from prismh_engine.models.simclr.label_spread import spread
from prismh_engine.models.simclr.look_alikes import LOOK_ALIKES
from prismh_engine.tables import read_csv, write_csv

from .conftest import tiny_flags
from .test_resume import assert_same_end, job, state
from .test_resume_from_starter import StopsOnceThereIs

LABELLED = {"00.png": "drum", "01.png": "tyre"}


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    write_csv(tmp_path / "labels.csv", ("file_path", "label"), list(LABELLED.items()))
    return tmp_path / "labels.csv"


def test_a_label_reaches_the_most_alike_and_the_nearer_one_counts() -> None:
    look_alikes = np.array([[3, 5], [5, 7], [3, 7], [1, 3], [1, 3]])
    reached = spread({1: "drum", 3: "tyre"}, np.array([1, 3, 5, 7, 9]), look_alikes)
    assert reached == {1: "drum", 3: "tyre", 5: "tyre", 7: "tyre"}
    assert spread({1: "drum", 5: "tyre"}, np.array([1, 3, 5, 7, 9]), look_alikes) == {
        1: "drum", 5: "tyre", 3: "drum", 7: "tyre",
    }  # fmt: skip
    assert 5 not in spread({1: "drum", 3: "tyre"}, np.array([1, 3, 5, 7, 9]), look_alikes, spared={5})
    assert spread({}, np.array([1, 3, 5, 7, 9]), look_alikes) == {}


def run_on(photos: Path, run: Path, stop: jobs.StopToken, labels: Path, **flags: object) -> TrainReport:
    given = {"labels": str(labels), "labels_weight": 1.0, "spread_labels": True, **flags}
    return jobs.run(job(photos, run, stop, **given), None, stop)


def test_the_most_alike_learn_with_the_labelled_photos_and_only_labels_that_were_given_are_told(
    tiny_photos: Path, tmp_path: Path, labels: Path
) -> None:
    run = tmp_path / "run"
    report = run_on(tiny_photos, run, jobs.StopToken(), labels)
    told = "In learning, each label reaches the photos most like those that have it: "
    (note,) = [note for note in report.notes if note.startswith(told)]
    more = int(note.removeprefix(told).split()[0])
    assert LOOK_ALIKES <= more <= 2 * LOOK_ALIKES
    assert state(run)["step"] == 3 * -(-(2 + more) // 4)  # of the weight 1 only those that teach are learned from
    assert {row["file_path"]: row["label"] for row in read_csv(run / "labels.csv", ("file_path", "label"))} == LABELLED
    assert state(run)["labels"] == LABELLED


def test_a_photo_with_several_labels_is_reached_by_none(tiny_photos: Path, tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    names = list(LABELLED.items()) + [(f"{n:02}.png", name) for n in range(2, 13) for name in ("pot", "drain")]
    write_csv(table, ("file_path", "label"), names)
    report = run_on(tiny_photos, tmp_path / "run", jobs.StopToken(), table, epochs=1)
    assert any("0 photos more." in note for note in report.notes)
    assert state(tmp_path / "run")["step"] == 1


def test_a_run_is_taken_up_with_the_labels_that_had_spread(tiny_photos: Path, tmp_path: Path, labels: Path) -> None:
    whole, run = tmp_path / "whole", tmp_path / "run"
    run_on(tiny_photos, whole, jobs.StopToken(), labels)
    stop = StopsOnceThereIs(run / "checkpoints" / "checkpoint_epoch_1.pt")
    assert not run_on(tiny_photos, run, stop, labels, checkpoint_every=1).finished
    assert 0 < state(run)["step"] < state(whole)["step"]
    labels.unlink()
    again = ["--output_dir", str(run), "--resume_from", "auto", "--quiet"]
    assert main(again) == 0
    assert_same_end(run, whole)


def test_without_labels_there_is_nothing_to_spread(
    tiny_photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*tiny_flags(tiny_photos, tmp_path / "run"), "--spread_labels"]) == 2
    assert "--spread_labels takes labels further: give --labels, or leave it out." in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
