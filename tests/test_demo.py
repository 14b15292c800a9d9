"""`prismh-engine demo`: one command that leaves every step's files, a project and a page."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from prismh_engine import demo
from prismh_engine.project import Project

PHOTOS = 60


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "demo"
    assert demo.main(["--output_dir", str(folder), "--photos", str(PHOTOS), "--epochs", "1", "--quiet"]) == 0
    return folder


def test_the_demo_leaves_the_files_of_every_step(made: Path) -> None:
    for file in (
        "photos/IMG_0001.jpg", "project/project.db", "preprocess/quality.csv", "train/metrics.csv",
        "train/checkpoints/best_model.pt", "train/encoder.safetensors", "extract_starter/all_embeddings.npz",
        "extract/all_embeddings.npz", "extract/extraction_metadata.json", "map/map.csv", "cluster/clusters.csv",
        "cluster/cluster_report.json", "cluster/cluster_gallery.html", "evaluate/evaluation.json",
        "export/features.csv", "labels.csv", "index.html",
    ):  # fmt: skip
        assert (made / file).stat().st_size > 0, file


def test_every_step_of_the_demo_speaks_of_the_same_photos(made: Path) -> None:
    quality = _rows(made / "preprocess" / "quality.csv")
    assert len(quality) == PHOTOS
    clean = {f"photos/{row['file_path']}" for row in quality if row["verdict"] == "clean"}
    with np.load(made / "extract" / "all_embeddings.npz", allow_pickle=False) as content:
        assert np.isfinite(content["embeddings"]).all()
        assert set(content["file_paths"].tolist()) == clean
    for file in ("map/map.csv", "cluster/clusters.csv", "export/features.csv"):
        assert {row["file_path"] for row in _rows(made / file)} == clean, file
    assert json.loads((made / "evaluate" / "evaluation.json").read_text(encoding="utf-8"))["photos"] == len(clean)


def test_the_project_of_the_demo_has_both_maps_and_named_groups(made: Path) -> None:
    with Project.open(made / "project") as project:
        run = project.runs.newest()
        assert run is not None
        assert run.state == "finished"
        assert run.summary
        for name in ("starter", run.name):
            features = project.features.get(name)
            grouping = project.groupings.newest(features)
            assert project.maps.newest(features) is not None
            assert grouping is not None
            assert project.labels.of_groups(grouping.members())


def test_the_page_of_the_demo_loads_nothing_from_elsewhere(made: Path) -> None:
    page = (made / "index.html").read_text(encoding="utf-8")
    assert page.count("data:image/jpeg;base64,") > 20
    assert "http://" not in page
    assert "https://" not in page
    assert "<script" not in page
    assert "Plant pots" in page


def test_the_demo_leaves_a_folder_with_other_files_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("three years of work")
    assert demo.main(["--output_dir", str(tmp_path)]) == 1
    assert "is not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))
