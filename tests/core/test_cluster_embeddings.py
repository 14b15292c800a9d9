from __future__ import annotations

import base64
import io
import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from prismh_engine import embedding_files, jobs
from prismh_engine.core.cluster_embeddings import cluster_project, main
from prismh_engine.project import Project
from prismh_engine.tables import read_csv

from ..invented import fill_with_embeddings, heaps

COLUMNS = ("file_path", "cluster", "distance_to_centre", "silhouette")


def _run(tmp_path: Path, *more: str, file: str = "e.npz") -> Path:
    out = tmp_path / "out"
    assert main(["--embeddings", str(tmp_path / file), "--output_dir", str(out), "--quiet", *more]) == 0
    return out


def test_groups_are_written_as_a_table_and_a_report(tmp_path: Path) -> None:
    embeddings, heap = heaps((12, 30, 20))
    embedding_files.write(tmp_path / "e.npz", embeddings, [f"{i}.jpg" for i in range(62)])
    out = _run(tmp_path)
    rows = read_csv(out / "clusters.csv", COLUMNS)
    assert [row["file_path"] for row in rows] == [f"{i}.jpg" for i in range(62)]
    assert [int(row["cluster"]) for row in rows] == np.array([2, 0, 1])[heap].tolist()
    assert all(0 <= float(row["distance_to_centre"]) <= 2 for row in rows)
    assert all(-1 <= float(row["silhouette"]) <= 1 for row in rows)
    report = json.loads((out / "cluster_report.json").read_text())
    assert report["k"] == 3
    assert report["sizes"] == [30, 20, 12]
    assert set(report["scores"]) == {str(k) for k in range(2, 16)}
    assert report["silhouette"] == pytest.approx(max(report["scores"].values()))
    assert report["separation"] == [1, 1, 1]


def test_a_number_of_groups_is_obeyed_and_the_only_one_scored(tmp_path: Path) -> None:
    embedding_files.write(tmp_path / "e.npz", heaps((30, 30))[0], [f"{i}.jpg" for i in range(60)])
    out = _run(tmp_path, "--clusters", "4")
    report = json.loads((out / "cluster_report.json").read_text())
    assert report["k"] == 4
    assert list(report["scores"]) == ["4"]


@pytest.mark.parametrize("photos", [1, 2, 4])
def test_a_few_photos_are_grouped(tmp_path: Path, photos: int) -> None:
    embedding_files.write(tmp_path / "e.npz", np.eye(photos, 8), [f"{i}.jpg" for i in range(photos)])
    out = _run(tmp_path)
    assert len(read_csv(out / "clusters.csv", COLUMNS)) == photos


def test_more_groups_than_photos_are_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    embedding_files.write(tmp_path / "e.npz", np.eye(3), list("abc"))
    arguments = ["--embeddings", str(tmp_path / "e.npz"), "--output_dir", str(tmp_path / "out"), "--quiet"]
    assert main([*arguments, "--clusters", "4"]) == 2
    assert "between 1 and the number of photos, 3, got 4" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_no_photos_are_said_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    embedding_files.write(tmp_path / "e.npz", np.empty((0, 3)), [])
    assert main(["--embeddings", str(tmp_path / "e.npz"), "--output_dir", str(tmp_path / "out"), "--quiet"]) == 1
    assert "no photos to group" in capsys.readouterr().err


def _gallery(out: Path) -> str:
    return (out / "cluster_gallery.html").read_text(encoding="utf-8")


def test_the_gallery_shows_typical_photos_and_needs_no_other_file(tmp_path: Path, photo_folder: Path) -> None:
    names = sorted(path.name for path in photo_folder.iterdir())
    embedding_files.write(tmp_path / "e.npz", heaps((8, 8, 8))[0], names, root=photo_folder)
    page = _gallery(_run(tmp_path))
    pictures = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', page)
    assert len(pictures) == 24
    with Image.open(io.BytesIO(base64.b64decode(pictures[0]))) as picture:
        assert picture.size == (160, 160)
    assert page.count("<h2>Group ") == 3
    assert "no picture" not in page
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert "<script" not in page


def test_a_large_group_shows_twenty_four_photos(tmp_path: Path) -> None:
    embedding_files.write(tmp_path / "e.npz", heaps((40, 30))[0], [f"{i}.jpg" for i in range(70)])
    page, odd_ones = _gallery(_run(tmp_path)).split("<h2>Odd ones</h2>")
    assert page.count("<figure") == 48
    assert odd_ones.count("<figure") == 7  # a tenth of the photos


def test_the_gallery_ends_with_the_photos_that_look_least_like_any_other(tmp_path: Path) -> None:
    odd = np.zeros((2, 16))
    odd[0, 14] = odd[1, 15] = 5
    embeddings = np.vstack([heaps((30, 30))[0], odd])
    embedding_files.write(tmp_path / "e.npz", embeddings, [f"{i}.jpg" for i in range(62)])
    _, odd_ones = _gallery(_run(tmp_path)).split("<h2>Odd ones</h2>")
    shown = re.findall(r'<figure title="(\d+).jpg"', odd_ones)
    assert set(shown[:2]) == {"60", "61"}


def test_leiden_finds_the_heaps_without_being_told_how_many(tmp_path: Path) -> None:
    embeddings, heap = heaps((30, 60, 45))
    embedding_files.write(tmp_path / "e.npz", embeddings, [f"{i}.jpg" for i in range(135)])
    out = _run(tmp_path, "--method", "leiden", "--resolution", "0.5")
    found = [int(row["cluster"]) for row in read_csv(out / "clusters.csv", COLUMNS)]
    assert found == np.array([2, 0, 1])[heap].tolist()
    report = json.loads((out / "cluster_report.json").read_text())
    assert (report["method"], report["k"], report["sizes"]) == ("leiden", 3, [60, 45, 30])
    assert report["scores"] == {"3": report["silhouette"]}


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--method", "leiden", "--clusters", "3"], "--clusters belongs to --method kmeans, and the method is leiden"),
        (["--resolution", "2"], "--resolution belongs to --method leiden, and the method is kmeans"),
        (["--method", "leiden", "--resolution", "0"], "resolution"),
    ],
)
def test_a_flag_of_the_other_method_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: list[str], said: str
) -> None:
    embedding_files.write(tmp_path / "e.npz", np.eye(3), list("abc"))
    arguments = ["--embeddings", str(tmp_path / "e.npz"), "--output_dir", str(tmp_path / "out"), "--quiet"]
    assert main([*arguments, *flags]) == 2
    assert said in capsys.readouterr().err


def test_photos_that_cannot_be_found_have_a_placeholder(tmp_path: Path, photo_folder: Path) -> None:
    names = sorted(path.name for path in photo_folder.iterdir())
    embedding_files.write(tmp_path / "e.npz", heaps((8, 8, 8))[0], names)
    assert _gallery(_run(tmp_path)).count("no picture") == 24
    assert "no picture" not in _gallery(_run(tmp_path, "--image_dir", str(photo_folder)))
    (tmp_path / "broken").mkdir()
    for name in names:
        (tmp_path / "broken" / name).write_bytes(b"no photo")
    assert _gallery(_run(tmp_path, "--image_dir", str(tmp_path / "broken"))).count("no picture") == 24


def test_names_of_files_cannot_become_part_of_the_page(tmp_path: Path) -> None:
    evil = '"><script>alert(1)</script>&.jpg'
    embedding_files.write(tmp_path / "e.npz", np.eye(3), [evil, "b.jpg", "c.jpg"])
    page = _gallery(_run(tmp_path))
    assert "<script" not in page
    assert "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;.jpg" in page
    assert "default-src 'none'" in page


def test_a_project_keeps_its_groups_and_the_names_on_its_photos(project: Project, tmp_path: Path) -> None:
    embeddings, heap = heaps((20, 14))
    photos = fill_with_embeddings(project, tmp_path / "photos", embeddings)
    project.labels.name_group([photo.id for photo, h in zip(photos, heap, strict=True) if h == 1], "<Tyres>")
    made = jobs.run(cluster_project(project))
    kept = project.groupings.newest(project.features.get("starter"))
    assert kept is not None
    assert np.array_equal(kept.clusters, made.clusters)
    assert Counter(kept.clusters.tolist()) == {0: 20, 1: 14}
    assert kept.separation.tolist() == [1, 1]
    assert kept.report["k"] == 2
    assert project.labels.of_groups(kept.members()) == {1: "<Tyres>"}
    assert main(["--project", str(project.folder), "--output_dir", str(tmp_path / "out"), "--quiet"]) == 0
    assert "<h2>&lt;Tyres&gt;</h2>" in _gallery(tmp_path / "out")
    assert read_csv(tmp_path / "out" / "clusters.csv", COLUMNS)[0]["file_path"] == "photos/000.jpg"


def test_a_stop_leaves_the_groups_that_are_there(project: Project, tmp_path: Path) -> None:
    fill_with_embeddings(project, tmp_path / "photos", heaps((20, 14))[0])
    jobs.run(cluster_project(project, clusters=2))
    stop = jobs.StopToken()
    with pytest.raises(jobs.Stopped):
        jobs.run(cluster_project(project, clusters=3, stop=stop), lambda progress: stop.stop(), stop)
    kept = project.groupings.newest(project.features.get("starter"))
    assert kept is not None
    assert kept.report["k"] == 2


def test_a_project_needs_no_image_dir(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--project", str(project.folder), "--image_dir", "x", "--quiet"]) == 2
    assert "--image_dir belongs to --embeddings" in capsys.readouterr().err
