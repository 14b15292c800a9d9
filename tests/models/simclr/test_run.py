"""What `train` leaves in its folder, and in a project."""

from __future__ import annotations

import json
import math
import shutil
import sqlite3
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from prismh_engine import jobs
from prismh_engine.errors import PrismhError
from prismh_engine.models.simclr import SimCLRModel, TrainSettings, probe, train
from prismh_engine.models.torchvision_operators import import_torchvision
from prismh_engine.project import Project
from prismh_engine.project.runs import FAILED
from prismh_engine.settings import read_config, resolve
from prismh_engine.tables import read_csv

METRICS = (
    "epoch,step,train_loss,val_loss,learning_rate,grad_norm,positive_similarity,negative_similarity,alignment,"
    "uniformity,feature_std,rankme,knn,worth"
)


def tiny(project: Path, stop: jobs.StopToken | None = None, **flags: object) -> jobs.Job:
    flags = {"base_model": "resnet18", "image_size": 32, "batch_size": 4, "epochs": 1} | flags
    return train(resolve(TrainSettings, {"project": project, **flags}), stop)


def stops_learning(stop: jobs.StopToken) -> Callable[[jobs.Progress], None]:
    """Asks for a stop after the first step."""
    return lambda progress: stop.stop() if progress.what == "Learning" else None


def test_the_run_folder_holds_every_published_file(run_left_alone: Path) -> None:
    names = {path.relative_to(run_left_alone).as_posix() for path in run_left_alone.rglob("*") if path.is_file()}
    tensorboard = {name for name in names if name.startswith("tensorboard/")}
    assert len([name for name in tensorboard if "tfevents" in name]) == 1
    assert {Path(name).name for name in tensorboard} >= {"tensors.tsv", "metadata.tsv", "sprite.png"}
    assert names - tensorboard - {".lock"} == {
        "settings.json", "run.json", "metrics.csv", "performance.csv", "encoder.safetensors", "checkpoints/last.pt",
        "checkpoints/best_model.pt", *(f"checkpoints/checkpoint_epoch_{n}.pt" for n in (1, 2, 3)),
    }  # fmt: skip
    assert read_config(run_left_alone / "settings.json", "train")["batch_size"] == 4
    about = json.loads((run_left_alone / "run.json").read_text())
    assert about["photos"] == 13
    assert len(about["photos_fingerprint"]) == 64
    assert "--batch_size 4" in about["command"]


def test_metrics_have_a_row_an_epoch_and_every_column(run_left_alone: Path) -> None:
    assert (run_left_alone / "metrics.csv").read_text(encoding="utf-8-sig").splitlines()[0] == METRICS
    rows = read_csv(run_left_alone / "metrics.csv", METRICS.split(","))
    assert [(row["epoch"], row["step"]) for row in rows] == [("1", "3"), ("2", "6"), ("3", "9")]
    for row in rows:
        values = {name: float(row[name]) for name in METRICS.split(",")[2:11]}
        assert 0 < values["train_loss"] < 10
        assert 0 < values["val_loss"] < 10
        assert -1 <= values["negative_similarity"] <= 1
        assert values["alignment"] == pytest.approx(2 - 2 * values["positive_similarity"], abs=1e-5)
        assert values["uniformity"] <= 0
        assert 0 < values["feature_std"] < 1.1
        assert 1 < float(row["rankme"]) <= 4  # three photos held out, and one that fills up their batch
        assert row["knn"] == ""  # no folders of classes
        assert row["worth"] == ""  # what starts from nothing is compared by its loss
    assert len(read_csv(run_left_alone / "performance.csv", ["photos_per_second", "data_wait_share"])) == 3


def test_the_finished_encoder_loads_into_torchvision_and_is_that_of_the_best_checkpoint(run_left_alone: Path) -> None:
    weights = load_file(run_left_alone / "encoder.safetensors")
    resnet = import_torchvision().models.resnet18(weights=None)
    resnet.fc = torch.nn.Identity()
    resnet.load_state_dict(weights)
    resnet.eval()
    model = SimCLRModel.from_checkpoint(run_left_alone / "checkpoints" / "best_model.pt")
    assert model.image_size == 32
    images = torch.randn(2, 3, 32, 32)
    assert torch.equal(model(images)[0], resnet(images))


def test_a_checkpoint_holds_plain_values_alone(run_left_alone: Path) -> None:
    state = torch.load(run_left_alone / "checkpoints" / "last.pt", weights_only=True)
    assert (state["epoch"], state["batch"], state["step"], state["seed"]) == (3, 0, 9, 0)
    assert state["settings"]["temperature"] == 0.5
    assert len(state["history"]["val_loss"]) == 3


def test_auto_starts_afresh_in_an_empty_folder_but_no_fresh_run_goes_where_one_is(
    learn: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert learn("--epochs", 1, "--resume_from", "auto") == 0
    assert learn("--epochs", 1) == 1
    said = capsys.readouterr().err
    assert "--resume_from auto" in said
    assert "--output_dir" in said
    assert str(tmp_path / "run") in said


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        (["--data_dir", "nowhere"], 1, "There is no folder"),
        (["--temperature", "0"], 2, "temperature must be > 0, got 0"),
        (["--device", "gpu"], 2, "device must be one of auto, cpu, cuda"),
        (["--weights", "starter"], 2, "resnet18"),
        (["--freeze_blocks", "8"], 2, "freeze_blocks must be between 0 and 7 for resnet18, got 8"),
        (["--resume_from", "gone.pt"], 1, "There is no checkpoint gone.pt"),
        (["--learning_rate", "1e30"], 1, "smaller --learning_rate"),
    ],
)
def test_what_a_person_can_mend_is_one_sentence(
    learn: Callable[..., int], flags: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert learn(*flags) == code
    error = capsys.readouterr().err.strip()
    assert said in error
    assert len(error.splitlines()) == 1


def test_one_photo_is_not_enough(
    learn: Callable[..., int], tiny_photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a.png").write_bytes((tiny_photos / "00.png").read_bytes())
    assert learn("--data_dir", tmp_path / "one") == 1
    assert "learning needs two at least" in capsys.readouterr().err


def test_held_out_photos_are_told_from_as_many_others_as_those_to_learn_from(
    learn: Callable[..., int], tmp_path: Path
) -> None:
    """Where all look alike to the loss it is the logarithm of the number of others: of four photos' views seven."""
    assert learn("--temperature", 1000, "--epochs", 1) == 0
    (row,) = read_csv(tmp_path / "run" / "metrics.csv", METRICS.split(","))
    assert float(row["val_loss"]) == pytest.approx(math.log(7), rel=1e-3)


def test_only_the_newest_numbered_checkpoints_are_kept(learn: Callable[..., int], tmp_path: Path) -> None:
    assert learn("--checkpoint_every", 1, "--keep_checkpoints", 1, "--epochs", 2, "--optimizer", "sgd") == 0
    assert [p.name for p in (tmp_path / "run/checkpoints").glob("checkpoint_*")] == ["checkpoint_epoch_2.pt"]


def test_the_starter_learns_with_frozen_blocks(learn: Callable[..., int], tmp_path: Path) -> None:
    flags = ["--base_model", "efficientnet_lite0", "--weights", "starter", "--freeze_blocks", 11, "--freeze_bn"]
    assert learn(*flags, "--epochs", 1, "--optimizer", "adamw") == 0
    before = SimCLRModel("efficientnet_lite0", pretrained=True).encoder.state_dict()
    after = load_file(tmp_path / "run" / "encoder.safetensors")
    changed = {key for key in before if not torch.equal(before[key], after[key])}
    assert "conv_head.weight" in changed
    assert not any(key.startswith(("conv_stem", "bn", "blocks.0", "blocks.4")) or ".bn" in key for key in changed)


def test_it_says_first_that_it_takes_hours_and_which_preset_does_not(tiny_photos: Path, tmp_path: Path) -> None:
    stop, told = jobs.StopToken(), []
    flags = {"data_dir": tiny_photos, "output_dir": tmp_path / "run", "base_model": "resnet18", "image_size": 32}

    def listen(progress: jobs.Progress) -> None:
        told.append(progress.what)
        if "hours" in progress.what:
            stop.stop()

    report = jobs.run(train(resolve(TrainSettings, {**flags, "epochs": 10**6}), stop), listen, stop)
    assert "--preset standard" in told[-1]
    assert told.count("Learning") == 1
    assert "hours" in str(report)


def test_a_project_lends_its_photos_and_keeps_the_run(tiny_project: Path) -> None:
    report = jobs.run(tiny(tiny_project))
    assert any(note.startswith("No photos are held out") for note in report.notes)  # one of 13 would be too few
    with Project.open(tiny_project) as opened:
        run = opened.runs.newest()
        assert run is not None
        assert (run.name, run.state) == (report.run, "finished")
        assert (run.folder / "encoder.safetensors").exists()
        assert report.run_folder == run.folder
    again = jobs.run(tiny(tiny_project, resume_from="auto"))
    assert (again.run, again.finished, again.epochs_done) == (report.run, True, 1)
    longer = jobs.run(tiny(tiny_project, resume_from="auto", epochs=2))
    assert (longer.run, longer.epochs_done) == (report.run, 2)


def test_a_stopped_training_is_taken_up_and_a_new_one_is_another_run(tiny_project: Path) -> None:
    for flags, name in (({}, "run-1"), ({"resume_from": "auto"}, "run-1"), ({}, "run-2")):
        stop = jobs.StopToken()
        report = jobs.run(tiny(tiny_project, **flags), stops_learning(stop), stop)
        assert (report.run, report.finished) == (name, False)
    with Project.open(tiny_project) as opened:
        assert [run.state for run in opened.runs.all()] == ["stopped", "stopped"]


def test_a_stopped_training_is_taken_up_though_a_later_one_failed_with_nothing_saved(tiny_project: Path) -> None:
    stop = jobs.StopToken()
    stopped = jobs.run(tiny(tiny_project, stop, epochs=2), stops_learning(stop), stop)
    with Project.open(tiny_project) as opened:
        failed = opened.runs.new()
        failed.folder.mkdir(parents=True)
        for name in ("run.json", "settings.json"):
            (failed.folder / name).write_bytes((stopped.run_folder / name).read_bytes())
        opened.runs.set_state(failed, FAILED)
    assert jobs.run(tiny(tiny_project, resume_from="auto", epochs=2)).run == stopped.run


def test_the_project_keeps_why_a_training_could_not_go_on(tiny_project: Path) -> None:
    with pytest.raises(PrismhError) as told:
        jobs.run(tiny(tiny_project, optimizer="sgd", learning_rate=1e30, epochs=3))
    with Project.open(tiny_project) as opened:
        run = opened.runs.newest()
        assert run is not None
        assert (run.state, run.failure) == (FAILED, str(told.value))


def test_why_it_could_not_go_on_is_told_though_the_project_cannot_keep_it(tiny_project: Path) -> None:
    full = (
        "CREATE TRIGGER full BEFORE UPDATE ON runs WHEN NEW.state != 'running' BEGIN SELECT RAISE(ABORT, 'full'); END"
    )
    with closing(sqlite3.connect(tiny_project / "project.db")) as database, database:
        database.execute(full)
    with pytest.raises(PrismhError, match="out of bounds"):
        jobs.run(tiny(tiny_project, optimizer="sgd", learning_rate=1e30, epochs=3))


@pytest.mark.parametrize("asked", [{"batch_size": 64}, {"batch_size": 4, "accumulation_steps": 16}])
def test_who_asks_for_a_larger_step_than_there_are_photos_is_told(tiny_project: Path, asked: dict[str, int]) -> None:
    told = "There are 13 photos to learn from: a step takes all of them, fewer than"
    assert any(note.startswith(told) for note in jobs.run(tiny(tiny_project, **asked)).notes)
    assert not any(note.startswith(told) for note in jobs.run(tiny(tiny_project)).notes)


def test_a_run_gone_on_with_by_its_checkpoint_alone_is_known_to_the_project(tiny_project: Path) -> None:
    report = jobs.run(tiny(tiny_project))
    longer = {"resume_from": report.run_folder / "checkpoints" / "last.pt", "epochs": 2}
    again = jobs.run(train(resolve(TrainSettings, longer)))
    assert (again.run, again.run_folder, again.finished) == (report.run, report.run_folder, True)
    stop = jobs.StopToken()
    once_more = train(resolve(TrainSettings, {**longer, "epochs": 3}), stop)
    jobs.run(once_more, stops_learning(stop), stop)
    with Project.open(tiny_project) as opened:
        assert [run.state for run in opened.runs.all()] == ["stopped"]


def test_a_run_whose_disk_failed_goes_on_when_the_disk_is_mended(tiny_project: Path) -> None:
    in_the_way: list[Path] = []

    def break_the_disk(progress: jobs.Progress) -> None:
        if progress.what == "Learning" and progress.metrics.get("epoch") == 2 and not in_the_way:
            (metrics,) = tiny_project.glob("runs/*/metrics.csv")
            metrics.unlink()
            metrics.mkdir()
            in_the_way.append(metrics)

    with pytest.raises(PrismhError, match=r"Cannot write .*metrics\.csv"):
        jobs.run(tiny(tiny_project, epochs=3), break_the_disk)
    with Project.open(tiny_project) as opened:
        assert [run.state for run in opened.runs.all()] == ["stopped"]
    in_the_way[0].rmdir()
    assert jobs.run(tiny(tiny_project, resume_from="auto", epochs=3)).finished


def test_a_run_killed_after_its_last_file_is_finished_when_it_is_resumed(tiny_project: Path) -> None:
    jobs.run(tiny(tiny_project))
    with Project.open(tiny_project) as opened:
        opened.runs.set_state(opened.runs.all()[0], "running")
    assert jobs.run(tiny(tiny_project, resume_from="auto")).finished
    with Project.open(tiny_project) as opened:
        assert [run.state for run in opened.runs.all()] == ["finished"]


def test_a_finished_run_from_elsewhere_is_taken_into_a_project(tiny_project: Path, run_left_alone: Path) -> None:
    resumed = {"project": tiny_project, "resume_from": run_left_alone / "checkpoints" / "last.pt"}
    report = jobs.run(train(resolve(TrainSettings, resumed)))
    assert (report.run, report.finished, report.epochs_done) == ("run-1", True, 3)
    assert (report.run_folder / "encoder.safetensors").exists()


def test_auto_goes_on_with_the_run_that_began_and_not_with_a_later_one_that_failed_before(tiny_project: Path) -> None:
    stop = jobs.StopToken()
    assert not jobs.run(tiny(tiny_project, epochs=2, stop=stop), stops_learning(stop)).finished
    with pytest.raises(PrismhError, match="no weights file"):
        jobs.run(tiny(tiny_project, weights=__file__))
    report = jobs.run(train(resolve(TrainSettings, {"project": tiny_project, "resume_from": "auto"})))
    assert (report.run, report.finished, report.epochs) == ("run-1", True, 2)


def test_auto_goes_on_with_a_run_that_was_killed_before_all_that_tells_of_it_was_written(tiny_project: Path) -> None:
    for _ in range(2):
        stop = jobs.StopToken()
        stopped = jobs.run(tiny(tiny_project, stop), stops_learning(stop), stop)
    (stopped.run_folder / "run.json").unlink()
    shutil.rmtree(stopped.run_folder / "checkpoints")
    assert jobs.run(tiny(tiny_project, resume_from="auto")).run == stopped.run == "run-2"


def test_a_failed_training_is_known_to_the_project(tiny_project: Path) -> None:
    with pytest.raises(PrismhError, match="not a number"):
        jobs.run(tiny(tiny_project, learning_rate=1e30, epochs=3))
    with Project.open(tiny_project) as opened:
        assert [run.state for run in opened.runs.all()] == ["failed"]


def test_a_probe_says_how_long_each_preset_takes_and_leaves_nothing(tiny_project: Path) -> None:
    with Project.open(tiny_project) as opened:
        opened.photos.overrule([photo.id for photo in opened.photos.all()[3:]], "set aside")
        seconds = jobs.run(probe(opened))
        assert set(seconds) == {"quick", "standard", "thorough", "names"}
        assert 0 < seconds["standard"] < seconds["thorough"]
        assert opened.runs.all() == []


@pytest.mark.skipif(sys.platform != "linux", reason="file names are text there")
def test_a_folder_that_tensorboard_cannot_write_to_is_told(photo_folder: Path, tmp_path: Path) -> None:
    settings = {"data_dir": photo_folder, "output_dir": tmp_path / "\udcff", "base_model": "resnet18", "image_size": 32}
    with pytest.raises(PrismhError, match="is not UTF-8"):
        jobs.run(train(resolve(TrainSettings, settings, None, {})))


def test_a_training_that_a_vanished_disk_ends_leaves_no_thread_behind(tiny_photos: Path, tmp_path: Path) -> None:
    given = {"data_dir": tiny_photos, "output_dir": tmp_path / "run", "base_model": "resnet18", "image_size": 32}
    given |= {"batch_size": 4, "epochs": 2, "val_fraction": 0.0, "checkpoint_minutes": 0.0}
    checkpoints, before = tmp_path / "run" / "checkpoints", set(threading.enumerate())

    def vanish(progress: jobs.Progress) -> None:
        if progress.what == "Learning" and checkpoints.is_dir():
            checkpoints.rename(tmp_path / "gone")
            checkpoints.write_text("no folder any more")

    with pytest.raises(PrismhError, match="Cannot write"):
        jobs.run(train(resolve(TrainSettings, given, environment={})), vanish)
    assert set(threading.enumerate()) <= before
