"""The step `classify`: from a few labels to a label for every photo."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from prismh_engine import cli, embedding_files
from prismh_engine.models.classify import main
from prismh_engine.project import Project
from prismh_engine.tables import write_csv

from ...invented import fill_with_embeddings, heaps

KINDS = ("drum", "tyre", "pot")


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def _embeddings(folder: Path, spread: float = 0.8) -> tuple[Path, NDArray[np.int64]]:
    embeddings, heap = heaps((40, 30, 20), spread=spread)
    embedding_files.write(folder / "e.npz", embeddings, [f"{i:03}.jpg" for i in range(len(heap))])
    return folder / "e.npz", heap


def _labels(folder: Path, rows: list[tuple[str, str]]) -> Path:
    write_csv(folder / "labels.csv", ("file_path", "label"), rows)
    return folder / "labels.csv"


def _five_each(heap: NDArray[np.int64]) -> list[tuple[str, str]]:
    return [(f"{i:03}.jpg", KINDS[kind]) for kind in range(3) for i in np.flatnonzero(heap == kind)[:5]]


def _run(folder: Path, *more: str) -> int:
    return main(["--embeddings", str(folder / "e.npz"), "--labels", str(folder / "labels.csv"),
                 "--output_dir", str(folder / "out"), *more])  # fmt: skip


def test_every_photo_gets_a_label_or_an_empty_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, heap = _embeddings(tmp_path)
    given = dict(_five_each(heap))
    _labels(tmp_path, list(given.items()))
    assert _run(tmp_path) == 0
    rows = _rows(tmp_path / "out" / "predictions.csv")
    assert list(rows[0]) == ["file_path", "label", "confidence"]
    assert [row["file_path"] for row in rows] == [f"{i:03}.jpg" for i in range(90)]
    told = {row["file_path"]: row for row in rows}
    assert all(told[path]["label"] == label and float(told[path]["confidence"]) == 1 for path, label in given.items())
    others = [(row, KINDS[heap[i]]) for i, row in enumerate(rows) if row["file_path"] not in given]
    sure = [(row, kind) for row, kind in others if row["label"]]
    assert len(sure) > 50
    assert sum(row["label"] == kind for row, kind in sure) > 0.95 * len(sure)
    assert all(0.6 <= float(row["confidence"]) <= 1 for row, _ in sure)
    report = json.loads((tmp_path / "out" / "classifier_report.json").read_text(encoding="utf-8"))
    assert report["classes"] == {"drum": 5, "pot": 5, "tyre": 5}
    assert (report["photos"], report["labelled"]) == (90, 15)
    assert (report["predicted"], report["unsure"]) == (len(sure), 75 - len(sure))
    assert report["held_out"]["photos"] == 15
    assert 0 <= report["held_out"]["calibration_error"] <= 1
    assert capsys.readouterr().out.startswith(f"3 labels learned from 15 photos: {len(sure)} of 75 other photos got")


def test_photos_of_a_kind_without_a_label_are_unsure_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, heap = _embeddings(tmp_path, spread=1.0)
    _labels(tmp_path, [one for one in _five_each(heap) if one[1] != "pot"])
    assert _run(tmp_path) == 0
    labels = np.array([row["label"] for row in _rows(tmp_path / "out" / "predictions.csv")])
    assert (labels[heap == 2] == "").mean() > 0.7
    assert (labels[heap < 2] == "").mean() < 0.4
    report = json.loads((tmp_path / "out" / "classifier_report.json").read_text(encoding="utf-8"))
    assert 12 <= report["strange"] <= report["unsure"]
    assert f"\n{report['strange']} of those seem to be of something that has no label yet." in capsys.readouterr().out


def test_the_same_labels_give_the_same_predictions(tmp_path: Path) -> None:
    _, heap = _embeddings(tmp_path, spread=2.0)
    _labels(tmp_path, _five_each(heap))
    assert _run(tmp_path, "--quiet") == 0
    first = (tmp_path / "out" / "predictions.csv").read_bytes()
    assert _run(tmp_path, "--quiet") == 0
    assert (tmp_path / "out" / "predictions.csv").read_bytes() == first


def test_a_photo_with_several_labels_keeps_them(tmp_path: Path) -> None:
    _, heap = _embeddings(tmp_path)
    _labels(tmp_path, [*_five_each(heap), ("000.jpg", "tyre")])
    assert _run(tmp_path, "--quiet") == 0
    assert _rows(tmp_path / "out" / "predictions.csv")[0]["label"] == "drum; tyre"


def test_labels_of_other_photos_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, heap = _embeddings(tmp_path)
    _labels(tmp_path, [*_five_each(heap), ("gone.jpg", "drum")])
    assert _run(tmp_path) == 0
    assert "1 labelled path not found: gone.jpg." in capsys.readouterr().out
    _labels(tmp_path, [("photos/000.jpg", "drum"), ("photos/001.jpg", "tyre")])
    assert _run(tmp_path) == 1
    said = capsys.readouterr().err
    assert "of none of the photos: it names 'photos/000.jpg', they are like '000.jpg'" in said


@pytest.mark.parametrize("rows", [[], [("000.jpg", "drum"), ("001.jpg", "drum")]])
def test_one_label_teaches_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: list[tuple[str, str]]
) -> None:
    _embeddings(tmp_path)
    _labels(tmp_path, rows)
    assert _run(tmp_path) == 1
    assert "two names at least" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_labels_and_a_place_for_the_files_are_needed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, _ = _embeddings(tmp_path)
    assert main(["--embeddings", str(path), "--output_dir", str(tmp_path / "out")]) == 2
    assert "--labels" in capsys.readouterr().err
    assert main([]) == 2


def test_of_a_project_names_teach_and_suggestions_are_kept(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    embeddings, heap = heaps((30, 30), spread=0.8)
    photos = fill_with_embeddings(project, tmp_path / "photos", embeddings)
    for kind in range(2):
        project.labels.name_photos([photos[i].id for i in np.flatnonzero(heap == kind)[:5]], KINDS[kind])
    out = tmp_path / "out"
    assert cli.main(["classify", "--project", str(project.folder), "--output_dir", str(out)]) == 0
    assert "of 50 other photos got one" in capsys.readouterr().out
    suggested = project.suggestions.all(project.features.get("starter"))
    rows = {row["file_path"]: row["label"] for row in _rows(out / "predictions.csv")}
    assert list(rows) == sorted(photo.file_path for photo in photos)
    assert all(rows[photo.file_path] == suggested[photo.id].name for photo in photos if photo.id in suggested)
    # A table of labels teaches in place of the names that were given.
    _labels(tmp_path, [(photos[i].file_path, f"kind {heap[i]}") for i in (0, 1, 2, 30, 31, 32)])
    assert main(["--project", str(project.folder), "--labels", str(tmp_path / "labels.csv"), "--quiet"]) == 0
    names = {one.name for one in project.suggestions.all(project.features.get("starter")).values()}
    assert names <= {"kind 0", "kind 1", ""}
    assert len(names) > 1


def test_it_runs_as_a_module_without_torch(tmp_path: Path) -> None:
    script = """
import runpy, sys
sys.argv[1:] = ["--help"]
try:
    runpy.run_module("prismh_engine.models.classify", run_name="__main__")
except SystemExit as end:
    print(end.code, "torch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("usage: prismh-engine classify")
    assert done.stdout.endswith("0 False\n")


def test_classes_of_real_photos_are_told_from_five_labels_each(shared: Path, tmp_path: Path) -> None:
    from prismh_engine.models.starter import starter_features

    kinds = ("cardboard", "glass", "paper")
    paths = [path for kind in kinds for path in sorted((shared / "photos" / kind).iterdir())[:12]]
    names = [f"{path.parent.name}/{path.name}" for path in paths]
    embedding_files.write(tmp_path / "e.npz", starter_features(paths), names)
    _labels(tmp_path, [(name, name.split("/")[0]) for i, name in enumerate(names) if i % 12 < 5])
    assert _run(tmp_path, "--quiet") == 0
    sure = [row for row in _rows(tmp_path / "out" / "predictions.csv") if row["label"] and row["confidence"] != "1.0"]
    assert len(sure) > 5
    assert sum(row["file_path"].startswith(row["label"]) for row in sure) > 0.7 * len(sure)
