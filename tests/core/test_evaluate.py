from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from prismh_engine import embedding_files
from prismh_engine.core.evaluate import main
from prismh_engine.project import Photo, Project
from prismh_engine.tables import write_csv

from ..invented import add_features, fill_with_embeddings, heaps

SCORES = {"knn", "linear_probe", "nmi", "ari", "silhouette"}


def _run(tmp_path: Path, *files: Path, more: tuple[str, ...] = ()) -> dict:
    arguments = ["--embeddings", *map(str, files), "--output_dir", str(tmp_path / "out"), "--quiet", *more]
    assert main(arguments) == 0
    return json.loads((tmp_path / "out" / "evaluation.json").read_text(encoding="utf-8"))


def _write(tmp_path: Path, name: str, spread: float = 0.6) -> Path:
    embeddings, heap = heaps((20, 15, 10), spread=spread)
    names = [f"{['drum', 'tyre', 'pot'][h]}/{i:02}.jpg" for i, h in enumerate(heap)]
    embedding_files.write(tmp_path / name, embeddings, names)
    return tmp_path / name


def test_without_labels_the_class_is_the_folder(tmp_path: Path) -> None:
    found = _run(tmp_path, _write(tmp_path, "e.npz"))
    assert found["photos"] == 45
    assert found["classes"] == ["drum", "pot", "tyre"]
    (scores,) = found["files"]
    assert set(scores) == {"embeddings", *SCORES}
    assert scores["embeddings"].endswith("e.npz")
    for name in SCORES - {"silhouette"}:
        assert scores[name]["value"] > (0.95 if name in ("knn", "linear_probe") else 0.8)  # k-means may be stuck
        assert scores[name]["low"] <= scores[name]["value"] <= scores[name]["high"]
    assert "difference" not in found


def test_two_files_are_compared_on_the_photos_both_have(tmp_path: Path) -> None:
    good = embedding_files.read(_write(tmp_path, "good.npz"))
    poor = embedding_files.read(_write(tmp_path, "poor.npz", spread=4.0))
    # Another order, and five photos fewer: rows belong together by their file path.
    order = np.random.default_rng(0).permutation(45)[:40]
    embedding_files.write(tmp_path / "poor.npz", poor.embeddings[order], [poor.file_paths[i] for i in order])
    found = _run(tmp_path, tmp_path / "poor.npz", tmp_path / "good.npz")
    assert found["photos"] == 40
    assert len(good.file_paths) == 45
    assert "40 photos that both have" in found["notes"][0]
    for name in SCORES:
        gain = found["difference"][name]
        first, second = (file[name]["value"] for file in found["files"])
        assert gain["value"] == pytest.approx(second - first)
        assert gain["low"] > 0
        assert gain["verdict"] == "better"


def test_labels_come_from_a_file_and_photos_without_one_are_left_out(tmp_path: Path) -> None:
    embeddings, heap = heaps((20, 20), spread=0.6)
    embedding_files.write(tmp_path / "e.npz", embeddings, [f"{i}.jpg" for i in range(40)])
    rows = [(f"{i}.jpg", ["drum", "tyre"][heap[i]]) for i in range(38)] + [("0.jpg", "tyre")]
    write_csv(tmp_path / "labels.csv", ("file_path", "label"), rows)
    found = _run(tmp_path, tmp_path / "e.npz", more=("--labels", str(tmp_path / "labels.csv")))
    assert found["photos"] == 37
    assert found["notes"] == ["3 photos without a label, or with several, are left out."]
    assert found["files"][0]["knn"]["value"] == 1


def test_the_table_on_the_screen_holds_every_score(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = _write(tmp_path, "e.npz")
    assert main(["--embeddings", str(file), "--output_dir", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert said.startswith("45 photos, 3 classes\n")
    assert all(word in said for word in ("kNN", "linear probe", "NMI", "ARI", "silhouette", "1.000 (1.000 to 1.000)"))


def test_the_table_tells_of_each_score_whether_it_is_better(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, poor = str(_write(tmp_path, "good.npz")), str(_write(tmp_path, "poor.npz", spread=4.0))
    for files, word in (((poor, good), "better"), ((good, poor), "worse"), ((good, good), "no change")):
        assert main(["--embeddings", *files, "--output_dir", str(tmp_path / "out")]) == 0
        verdicts = capsys.readouterr().out.splitlines()[-1]
        assert verdicts.split() == 5 * word.split()


def test_photos_can_be_kept_out_of_the_score(tmp_path: Path) -> None:
    file = _write(tmp_path, "e.npz")
    paths = embedding_files.read(file).file_paths
    # The first of each heap are called something else: whoever scores them sees more classes.
    labels = [(path, "odd" if i < 2 else path.split("/")[0]) for i, path in enumerate(paths)]
    write_csv(tmp_path / "labels.csv", ("file_path", "label"), labels)
    write_csv(tmp_path / "taught.csv", ("file_path", "label"), labels[:2])
    more = ("--labels", str(tmp_path / "labels.csv"), "--leave_out", str(tmp_path / "taught.csv"))
    found = _run(tmp_path, file, more=more)
    assert found["photos"] == 43
    assert found["classes"] == ["drum", "pot", "tyre"]
    assert found["notes"] == ["2 photos are kept out of the score."]


def test_photos_to_leave_out_that_are_none_of_these_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_csv(tmp_path / "taught.csv", ("file_path",), [("elsewhere/1.jpg",)])
    arguments = ["--embeddings", str(_write(tmp_path, "e.npz")), "--output_dir", str(tmp_path), "--quiet"]
    assert main([*arguments, "--leave_out", str(tmp_path / "taught.csv")]) == 1
    assert "None of the photos to leave out is among those with embeddings" in capsys.readouterr().err


def test_a_class_for_every_photo_gives_no_score_and_says_why(tmp_path: Path) -> None:
    embeddings, _ = heaps((10, 10), spread=4.0)
    embedding_files.write(tmp_path / "e.npz", embeddings, [f"{i}/photo.jpg" for i in range(20)])
    found = _run(tmp_path, tmp_path / "e.npz")
    assert all(found["files"][0][name] is None for name in SCORES)
    assert found["notes"] == [
        "20 of 20 photos are the only ones of their class: without two photos of a class nothing can be scored."
    ]


def test_classes_that_mostly_hold_one_photo_are_not_compared_with_groups(tmp_path: Path) -> None:
    embeddings, _ = heaps((10, 10))
    names = [f"{min(i, 15)}/{i}.jpg" for i in range(20)]
    embedding_files.write(tmp_path / "e.npz", embeddings, names)
    found = _run(tmp_path, tmp_path / "e.npz")
    assert found["files"][0]["nmi"] is None
    assert found["files"][0]["ari"] is None
    assert found["files"][0]["knn"]["value"] < 0.5
    assert "15 of 20 photos are the only ones of their class" in found["notes"][0]
    assert "NMI and ARI are left out" in found["notes"][0]


def test_near_duplicates_of_a_few_photos_stay_together(tmp_path: Path) -> None:
    # Classes by lot, each photo there twice: whoever trains on the copy knows the answer.
    embeddings = np.repeat(np.random.default_rng(0).normal(size=(60, 256)), 2, axis=0)
    names = [f"{lot}/{i}.jpg" for i, lot in enumerate(np.repeat(np.random.default_rng(1).integers(0, 2, 60), 2))]
    embedding_files.write(tmp_path / "e.npz", embeddings, names)
    found = _run(tmp_path, tmp_path / "e.npz")
    assert found["notes"] == []
    assert found["files"][0]["linear_probe"]["value"] < 0.65


def test_features_that_are_all_alike_are_scored_without_near_duplicates(tmp_path: Path) -> None:
    embeddings, heap = heaps((20, 20))
    names = [f"{h}/{i}.jpg" for i, h in enumerate(heap)]
    embedding_files.write(tmp_path / "e.npz", embeddings / np.linalg.norm(embeddings, axis=1)[:, None] + 5, names)
    found = _run(tmp_path, tmp_path / "e.npz")
    assert "near duplicates cannot be told" in found["notes"][0]
    assert found["files"][0]["linear_probe"]["value"] > 0.9


@pytest.mark.parametrize(
    ("names", "words"),
    [(["a/1.jpg", "a/2.jpg"], "only the class 'a'"), ([], "there is none")],
)
def test_one_class_is_said_so(tmp_path: Path, names: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    embedding_files.write(tmp_path / "e.npz", np.eye(len(names), 4), names)
    assert main(["--embeddings", str(tmp_path / "e.npz"), "--output_dir", str(tmp_path), "--quiet"]) == 1
    assert words in capsys.readouterr().err


def test_three_files_are_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--embeddings", "a", "b", "c", "--output_dir", "o"]) == 2
    assert "one or two files, got 3" in capsys.readouterr().err


def test_a_project_compares_what_was_learned_with_the_starter(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    embeddings, heap = heaps((16, 16), spread=4.0)
    photos = fill_with_embeddings(project, tmp_path / "photos", embeddings)
    add_features(project, heaps((16, 16))[0], project.runs.new().name)
    for h, name in enumerate(("drum", "tyre")):
        project.labels.name_photos([photos[i].id for i in np.flatnonzero(heap == h)], name)
    assert main(["--project", str(project.folder), "--output_dir", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "32 photos, 2 classes" in said
    assert all(word in said for word in ("starter ", "run-1 ", "difference "))
    change = json.loads((tmp_path / "out" / "evaluation.json").read_text(encoding="utf-8"))["change"]
    assert change["sentence"].startswith("Learning made the map better for the names you gave: 100 of 100")
    assert change["shown_first"] == "learned"
    kept = project.runs.get("run-1")
    assert (kept.summary, kept.shown_first) == (f"{change['sentence']} {change['why']}", "learned")
    assert said.splitlines()[-1] == kept.summary


def test_without_names_a_project_still_says_what_was_learned(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    embeddings, _ = heaps((16, 16))
    fill_with_embeddings(project, tmp_path / "photos", embeddings)
    arguments = ["--project", str(project.folder), "--output_dir", str(tmp_path / "out")]
    assert main(arguments) == 1, "there is nothing to say of the starter alone"
    assert "Evaluating needs photos of two classes" in capsys.readouterr().err
    add_features(project, embeddings, project.runs.new().name)
    assert main(arguments) == 0
    needs, said = capsys.readouterr().out.splitlines()
    assert needs.startswith("Evaluating needs photos of two classes")
    assert said.startswith("Learning changed next to nothing:")
    found = json.loads((tmp_path / "out" / "evaluation.json").read_text(encoding="utf-8"))
    assert (found["files"], found["notes"], found["change"]["shown_first"]) == ([], [needs], "starter")


def test_what_was_learned_is_told_by_the_labels_of_a_file(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    embeddings, heap = heaps((16, 16), spread=4.0)
    photos = fill_with_embeddings(project, tmp_path / "photos", embeddings)
    add_features(project, heaps((16, 16))[0], project.runs.new().name)
    labels = [(photo.file_path, ("drum", "tyre")[h]) for photo, h in zip(photos, heap, strict=True)]
    write_csv(tmp_path / "labels.csv", ("file_path", "label"), labels)
    write_csv(tmp_path / "taught.csv", ("file_path",), [(path,) for path, label in labels if label == "tyre"][3:])
    arguments = ["--project", str(project.folder), "--labels", str(tmp_path / "labels.csv")]
    assert main(arguments) == 0
    assert "Learning made the map better for the names you gave" in capsys.readouterr().out
    assert main([*arguments, "--leave_out", str(tmp_path / "taught.csv")]) == 0
    assert "named photos" not in capsys.readouterr().out, "three tyres are too few"


def taught_by(project: Project, photos: Sequence[Photo], names: Sequence[str], features: np.ndarray) -> None:
    """A run that learned from the names of these photos, and its features."""
    run = project.runs.new()
    write_csv(run.folder / "labels.csv", ("file_path", "label"), zip([p.file_path for p in photos], names, strict=True))
    add_features(project, features, run.name)


def test_names_that_taught_a_run_of_a_project_are_kept_out_of_its_score(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    embeddings, heap = heaps((16, 16), spread=4.0)
    photos = fill_with_embeddings(project, tmp_path / "photos", embeddings)
    names = [("drum", "tyre")[h] for h in heap]
    for photo, name in zip(photos, names, strict=True):
        project.labels.name_photos([photo.id], name)
    taught_by(project, photos[::4], names[::4], heaps((16, 16))[0])
    assert main(["--project", str(project.folder)]) == 0
    said = capsys.readouterr().out
    assert "24 photos, 2 classes" in said
    assert "8 photos are kept out of the score." in said
    assert "Learning with the names of 8 photos made the map better for the 24 photos" in said
    taught_by(project, photos, names, heaps((16, 16))[0])
    assert main(["--project", str(project.folder)]) == 0
    said = capsys.readouterr().out
    assert "two classes beside those kept out of the score" in said
    assert "Learning with the names of 32 photos changed the map" in said


def test_the_real_starter_features_tell_the_real_photos_apart(shared: Path, tmp_path: Path) -> None:
    from prismh_engine.models import starter

    paths = [
        path for kind in ("cardboard", "glass", "metal") for path in sorted((shared / "photos" / kind).iterdir())[:20]
    ]
    names = [path.relative_to(shared / "photos").as_posix() for path in paths]
    embedding_files.write(tmp_path / "e.npz", starter.starter_features(paths), names)
    scores = _run(tmp_path, tmp_path / "e.npz")["files"][0]
    assert scores["knn"]["value"] > 0.7
    assert scores["nmi"]["value"] > 0.3
