"""`train --labels`: photos that carry a label teach it, beside all others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from prismh_engine import jobs
from prismh_engine.errors import PrismhError
from prismh_engine.models.simclr import TrainSettings, nt_xent, train
from prismh_engine.models.simclr.learner import Learner, Machine
from prismh_engine.models.simclr.photo_labels import names_that_teach, teaching_labels
from prismh_engine.models.simclr.run_folder import METRICS
from prismh_engine.models.simclr.training_photos import TrainingPhotos, photos_of_folder
from prismh_engine.photos.cache import PhotoCache
from prismh_engine.project import Project
from prismh_engine.settings import resolve
from prismh_engine.tables import read_csv, write_csv

from .conftest import COUNT
from .test_resume import assert_same_end, state
from .test_several_ranks import first_loss, start
from .test_supervised_loss import slow_sup_con

NAMES = {f"{n:02}.png": ("tyre" if n % 4 < 2 else "drum") for n in range(8)}


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    """Eight of the tiny photos, of two labels."""
    return table(tmp_path / "labels.csv", *NAMES.items())


def table(path: Path, *rows: tuple[str, str]) -> Path:
    write_csv(path, ("file_path", "label"), rows)
    return path


def test_a_run_keeps_what_taught_it_and_writes_the_usual_files(
    learn: Callable[..., int], labels: Path, tmp_path: Path, run_left_alone: Path
) -> None:
    assert learn("--labels", labels) == 0
    run = tmp_path / "run"
    assert {row["file_path"]: row["label"] for row in read_csv(run / "labels.csv", ("file_path", "label"))} == NAMES
    rows, plain = read_csv(run / "metrics.csv", METRICS), read_csv(run_left_alone / "metrics.csv", METRICS)
    assert [row["step"] for row in rows] == [row["step"] for row in plain]
    assert float(rows[-1]["train_loss"]) != float(plain[-1]["train_loss"])
    assert not set(NAMES) & {f"{number:02}.png" for number in state(run)["held_out"]}


def test_the_names_of_a_project_are_counted_as_they_teach(tiny_project: Path) -> None:
    with Project.open(tiny_project) as project:
        ids = {photo.path.name: photo.id for photo in project.photos.used()}
        project.labels.name_group([ids["00.png"], ids["01.png"], ids["02.png"]], "water")
        project.labels.name_photos([ids["02.png"], ids["03.png"], ids["04.png"]], "tyre")
        project.labels.name_photos([ids["04.png"]], "drum")
        project.photos.overrule([ids["03.png"]], "set aside")
        taught = teaching_labels("project", TrainingPhotos(), project)
        assert names_that_teach(project) == Counter(taught.values()) == {"water": 2, "tyre": 1}


def test_the_loss_is_told_by_the_labels_of_the_photos_in_the_batch(tiny_photos: Path, tmp_path: Path) -> None:
    given = {"preset": "quick", "image_size": 64, "batch_size": 8, "labels_weight": 0.4, "mixed_precision": "off"}
    settings = resolve(TrainSettings, given).settings
    with PhotoCache(tmp_path / "cache") as cache:
        photos = jobs.run(photos_of_folder(tiny_photos, cache, None))
        taught = {photo.number: NAMES[photo.file_path] for photo in photos if photo.file_path in NAMES}
        machine = Machine(torch.device("cpu"), 0, lambda: False)
        with Learner(settings, photos, TrainingPhotos(), cache, machine, labels=taught) as learner:
            batch = next(learner.batches.stream(0))
            assert sum(number in taught for number in batch.numbers) == 4
            with torch.no_grad():
                z_i, z_j = learner.model.eval()(batch.views())[1].double().chunk(2)
            named = [place for place, number in enumerate(batch.numbers) if number in taught]
            codes = [["tyre", "drum"].index(taught[batch.numbers[place]]) for place in named]
            expected = 0.6 * nt_xent(z_i, z_j, 0.2) + 0.4 * slow_sup_con(z_i[named], z_j[named], codes, 0.2)
            assert learner.learn_batch()["loss"] == pytest.approx(expected.item(), rel=1e-4)


def test_where_labels_tell_the_whole_loss_photos_without_one_are_left_out(
    tiny_photos: Path, tmp_path: Path, labels: Path
) -> None:
    given = {"data_dir": tiny_photos, "output_dir": tmp_path / "run", "base_model": "resnet18", "image_size": 32,
             "batch_size": 4, "epochs": 1, "labels": str(labels), "labels_weight": 1}  # fmt: skip
    report = jobs.run(train(resolve(TrainSettings, given)))
    assert report.notes[0] == "8 photos with one of 2 labels teach alone: the others have no part."
    assert state(report.run_folder)["step"] == 2


def test_a_run_put_down_in_mid_epoch_ends_as_one_left_alone_whatever_was_named_since(
    learn: Callable[..., int], labels: Path, tiny_photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert learn("--labels", labels, "--output_dir", tmp_path / "alone") == 0
    stop = jobs.StopToken()
    flags = {"data_dir": tiny_photos, "output_dir": tmp_path / "run", "base_model": "resnet18", "image_size": 32,
             "batch_size": 4, "epochs": 3, "val_fraction": 0.2, "num_workers": 1, "mixed_precision": "off",
             "labels": str(labels)}  # fmt: skip
    jobs.run(
        train(resolve(TrainSettings, flags), stop),
        lambda progress: stop.stop() if progress.what == "Learning" and progress.done == 4 else None,
        stop,
    )
    assert (state(tmp_path / "run")["epoch"], state(tmp_path / "run")["batch"]) != (0, 0)
    table(labels, *NAMES.items(), ("09.png", "drum"))
    capsys.readouterr()
    assert learn("--labels", labels, "--resume_from", "auto", "--num_workers", 3) == 0
    assert_same_end(tmp_path / "run", tmp_path / "alone")


def test_labels_that_changed_are_told_and_lost_ones_are_not_missed(
    learn: Callable[..., int], labels: Path, tiny_photos: Path, tmp_path: Path
) -> None:
    assert learn("--labels", labels, "--epochs", 1) == 0

    def notes(epochs: int) -> str:
        given = {"output_dir": tmp_path / "run", "resume_from": "auto", "epochs": epochs}
        return " ".join(jobs.run(train(resolve(TrainSettings, given))).notes)

    assert "labels changed" not in notes(2)
    table(labels, *list(NAMES.items())[:6])
    assert "The labels changed since the run began: it goes on with those it began with." in notes(3)
    labels.unlink()
    assert "labels changed" not in notes(4)
    assert state(tmp_path / "run")["labels"] == NAMES


def test_a_resume_with_another_file_of_labels_is_refused(
    learn: Callable[..., int], labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert learn("--labels", labels, "--epochs", 1) == 0
    other = table(tmp_path / "other.csv", *NAMES.items())
    assert learn("--labels", other, "--epochs", 2, "--resume_from", "auto") == 2
    assert "leave it out to go on with the run" in capsys.readouterr().err


def test_a_batch_in_parts_has_the_first_loss_of_a_whole_one(
    learn: Callable[..., int], labels: Path, tmp_path: Path
) -> None:
    flags = ("--labels", labels, "--epochs", 1, "--freeze_bn")
    assert learn(*flags, "--batch_size", 8) == 0
    parts = ("--batch_size", 4, "--accumulation_steps", 2, "--output_dir", tmp_path / "parts")
    assert learn(*flags, *parts) == 0
    assert first_loss(tmp_path / "parts") == pytest.approx(first_loss(tmp_path / "run"), rel=1e-6)


def test_ranks_begin_with_the_loss_of_one_process(
    learn: Callable[..., int], labels: Path, tiny_photos: Path, tmp_path: Path
) -> None:
    assert learn("--labels", labels, "--epochs", 1) == 0
    with start(tiny_photos, tmp_path / "ranks", "--labels", labels, "--epochs", 1, ranks=3) as process:
        _, error = process.communicate()
    assert process.returncode == 0, error.decode()
    assert first_loss(tmp_path / "ranks") == pytest.approx(first_loss(tmp_path / "run"), rel=1e-6)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([("elsewhere/1.png", "drum"), ("2.png", "tyre")], "labels none of the photos to learn from. It names"),
        ([("00.png", "drum"), ("01.png", "drum")], "only the label 'drum': learning from labels needs two at least"),
        ([("00.png", "drum"), ("00.png", "tyre")], "no label: learning from labels needs two at least"),
    ],
)
def test_labels_that_cannot_teach_are_refused_in_a_sentence(
    learn: Callable[..., int],
    tmp_path: Path,
    rows: list[tuple[str, str]],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert learn("--labels", table(tmp_path / "labels.csv", *rows)) == 1
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_what_does_not_teach_is_told(tiny_photos: Path, tmp_path: Path) -> None:
    rows = [*NAMES.items(), ("00.png", "drum"), ("12.png", "pot"), ("elsewhere.png", "pot")]
    given = {"data_dir": tiny_photos, "output_dir": tmp_path / "run", "base_model": "resnet18", "image_size": 32,
             "batch_size": 4, "epochs": 1, "labels": str(table(tmp_path / "labels.csv", *rows))}  # fmt: skip
    notes = jobs.run(train(resolve(TrainSettings, given))).notes
    assert "labels 1 path that is not among the photos to learn from, and left out: elsewhere.png." in notes[0]
    assert notes[1] == "1 photo carries several labels and teaches none of them: 00.png."
    assert notes[2].startswith("1 label is on one photo alone (pot):")
    assert notes[3] == "8 photos with one of 3 labels teach beside all others."


def test_a_project_teaches_the_names_given_in_it(tiny_project: Path) -> None:
    with Project.open(tiny_project) as opened:
        ids = [photo.id for photo in opened.photos.used()]
        assert len(ids) == COUNT
        opened.labels.name_group(ids[:6], "drum")
        opened.labels.name_photos(ids[4:10], "tyre")  # a photo's own name counts more than its group's
    given = {"project": tiny_project, "base_model": "resnet18", "image_size": 32, "batch_size": 4, "epochs": 1}
    report = jobs.run(train(resolve(TrainSettings, {**given, "labels": "project"})))
    taught = [row["label"] for row in read_csv(report.run_folder / "labels.csv", ("file_path", "label"))]
    assert taught == 4 * ["drum"] + 6 * ["tyre"]


def test_a_project_without_names_or_no_project_is_said_and_leaves_no_run(
    tiny_project: Path, learn: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    given = {"project": tiny_project, "base_model": "resnet18", "labels": "project"}
    with pytest.raises(PrismhError, match="The project gives the photos to learn from no name"):
        jobs.run(train(resolve(TrainSettings, given)))
    with Project.open(tiny_project) as opened:
        assert opened.runs.all() == []
    assert learn("--labels", "project") == 2
    assert "goes with --project" in capsys.readouterr().err
