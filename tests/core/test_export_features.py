from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from prismh_engine import embedding_files, jobs
from prismh_engine.core.cluster_embeddings import cluster_project
from prismh_engine.core.export_features import COLUMNS, MEASURES, export_project, main, preview_project
from prismh_engine.core.groups import split_group
from prismh_engine.core.map_embeddings import map_project
from prismh_engine.errors import BadValueError
from prismh_engine.project import Project
from prismh_engine.tables import write_csv

from ..invented import add_features, fill, fill_with_embeddings, heaps, look

NAMES = ["sub/a.jpg", "b, c.jpg", "./=sum.jpg"]


@pytest.fixture
def embeddings_file(tmp_path: Path) -> Path:
    embeddings = np.array([[0.1, -2.5e-8], [3.4e38, 1 / 3], [0, -7]], dtype=np.float32)
    embedding_files.write(tmp_path / "e.npz", embeddings, NAMES)
    return tmp_path / "e.npz"


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def _run(file: Path, output: Path, *more: str) -> list[dict[str, str]]:
    assert main(["--embeddings", str(file), "--output", str(output), "--quiet", *more]) == 0
    return _rows(output)


def test_every_column_is_there_and_empty_where_nothing_is_known(embeddings_file: Path, tmp_path: Path) -> None:
    rows = _run(embeddings_file, tmp_path / "f.csv")
    assert list(rows[0]) == [*COLUMNS, "feature_0000", "feature_0001"]
    assert [row["file_path"] for row in rows] == NAMES
    assert all(row[column] == "" for row in rows for column in COLUMNS[1:])
    assert (tmp_path / "f.csv").read_bytes().startswith(b"\xef\xbb\xbffile_path,")


def test_features_read_back_to_the_same_bits(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(250, 7)).astype(np.float32) * np.float32(1e-3)
    embedding_files.write(tmp_path / "e.npz", values, [f"{i}.jpg" for i in range(250)])
    rows = _run(tmp_path / "e.npz", tmp_path / "f.csv")
    read = np.array([[np.float32(row[f"feature_{i:04}"]) for i in range(7)] for row in rows])
    assert np.array_equal(read, values)


def test_what_other_steps_and_people_wrote_is_joined_by_file_path(embeddings_file: Path, tmp_path: Path) -> None:
    write_csv(tmp_path / "map.csv", ("file_path", "x", "y"), [(NAMES[2], 1.5, -0.25), (NAMES[0], 2, 3)])
    write_csv(tmp_path / "clusters.csv", ("file_path", "cluster"), [(NAMES[1], 1), (NAMES[0], 0), (NAMES[2], -1)])
    write_csv(tmp_path / "names.csv", ("cluster", "name"), [(0, "Drums, blue"), (1, "=Tyres")])
    write_csv(
        tmp_path / "labels.csv", ("file_path", "label"), [(NAMES[0], "dry"), (NAMES[0], "shade"), (NAMES[0], "dry")]
    )
    quality = [(NAMES[0], "clean", "2024-05-01T10:00:00+02:00", -1.28333, 36.81667), (NAMES[1], "clean", "", "", "")]
    write_csv(tmp_path / "quality.csv", ("file_path", "verdict", "taken_at", "latitude", "longitude"), quality)
    flags = [
        part for name in ("map", "clusters", "names", "labels") for part in (f"--{name}", str(tmp_path / f"{name}.csv"))
    ]
    rows = _run(
        embeddings_file, tmp_path / "f.csv", *flags, "--metadata", str(tmp_path / "quality.csv"), "--no_features"
    )
    assert list(rows[0]) == list(COLUMNS)
    assert list(rows[0].values()) == [
        NAMES[0], "2024-05-01T10:00:00+02:00", "-1.28333", "36.81667", "0", "Drums, blue", "dry; shade", "2.0", "3.0",
    ]  # fmt: skip
    assert rows[1]["cluster_name"] == "'=Tyres"
    assert rows[1]["x"] == ""
    assert (rows[2]["cluster"], rows[2]["cluster_name"]) == ("-1", "")
    assert (rows[2]["x"], rows[2]["y"]) == ("1.5", "-0.25")


def test_a_table_that_lacks_photos_is_told_at_the_end(
    embeddings_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_csv(tmp_path / "map.csv", ("file_path", "x", "y"), [(NAMES[0], 1, 2)])
    arguments = ["--embeddings", str(embeddings_file), "--output", str(tmp_path / "f.csv")]
    assert main([*arguments, "--map", str(tmp_path / "map.csv")]) == 0
    assert "map.csv has no row for 2 of them" in capsys.readouterr().out


def test_a_label_of_a_photo_that_is_not_there_is_told_at_the_end(
    embeddings_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_csv(tmp_path / "l.csv", ("file_path", "label"), [(NAMES[0], "drum"), ("gone.jpg", "tyre")])
    arguments = ["--embeddings", str(embeddings_file), "--output", str(tmp_path / "f.csv")]
    assert main([*arguments, "--labels", str(tmp_path / "l.csv")]) == 0
    assert "l.csv names 1 photo that is not among them, such as gone.jpg." in capsys.readouterr().out


@pytest.mark.parametrize("as_list", [True, False])
def test_metadata_may_be_json(embeddings_file: Path, tmp_path: Path, as_list: bool) -> None:
    facts = {"latitude": 1.23456, "longitude": -2.5, "taken_at": "2024-05-01"}
    content = [{"file_path": NAMES[0], **facts}] if as_list else {NAMES[0]: facts}
    (tmp_path / "m.json").write_text(json.dumps(content), encoding="utf-8")
    metadata = ("--metadata", str(tmp_path / "m.json"))
    row = _run(embeddings_file, tmp_path / "f.csv", *metadata)[0]
    assert (row["taken_at"], row["latitude"], row["longitude"]) == ("2024-05-01", "1.23456", "-2.5")
    row = _run(embeddings_file, tmp_path / "f.csv", *metadata, "--round_location", "2")[0]
    assert (row["latitude"], row["longitude"]) == ("1.23", "-2.5")
    row = _run(embeddings_file, tmp_path / "f.csv", *metadata, "--no_location")[0]
    assert (row["taken_at"], row["latitude"], row["longitude"]) == ("2024-05-01", "", "")


def test_metadata_may_have_decimal_commas(embeddings_file: Path, tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(f"file_path;latitude;longitude\n{NAMES[0]};1,25;-2,5\n", encoding="utf-8")
    row = _run(embeddings_file, tmp_path / "f.csv", "--metadata", str(tmp_path / "m.csv"))[0]
    assert (row["latitude"], row["longitude"]) == ("1.25", "-2.5")


@pytest.mark.parametrize(
    ("flag", "content", "words"),
    [
        ("map", "file_path,x\na,1\n", "no column 'y'"),
        ("map", "file_path,x,y\na.jpg,1,east\n", "y of a.jpg is 'east', not a number"),
        ("clusters", "file_path,cluster\na.jpg,first\n", "cluster must be a whole number, got 'first'"),
        ("metadata", "file_path,latitude,longitude\na.jpg,91,0\n", "latitude of a.jpg is 91, not between"),
        ("names", "\x00\xff", "has no column 'cluster'"),
    ],
)
def test_a_wrong_table_is_told_by_its_fault_and_nothing_is_written(
    embeddings_file: Path, tmp_path: Path, flag: str, content: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "t.csv").write_text(content, encoding="utf-8")
    arguments = ["--embeddings", str(embeddings_file), "--output", str(tmp_path / "f.csv"), "--quiet"]
    assert main([*arguments, f"--{flag}", str(tmp_path / "t.csv")]) == 1
    assert words in capsys.readouterr().err
    assert not (tmp_path / "f.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--embeddings", "e.npz"], "--output is needed: see prismh-engine export --help"),
        (["--output", "f.csv"], "--embeddings (or --project) is needed"),
        (
            ["--embeddings", "e.npz", "--output", "f.xlsx"],
            "output must end in .csv, .parquet, .npz, .geojson or .gpkg, got f.xlsx",
        ),
        (["--project", "p", "--output", "f.csv", "--map", "m.csv"], "--map and --project exclude each other"),
        (["--embeddings", "e", "--output", "f.csv", "--no_location", "--round_location", "1"], "exclude each other"),
        (["--embeddings", "e", "--output", "f.csv", "--round_location", "-1"], "round_location must be >= 0"),
    ],
)
def test_wrong_use_ends_with_one_sentence(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert words in capsys.readouterr().err


def test_the_column_cluster_holds_the_number_by_which_the_window_knows_a_group(
    project: Project, tmp_path: Path
) -> None:
    embeddings, heap = heaps((12, 8, 6), dimension=5)
    fill(project, tmp_path / "photos", {f"{i:03}.jpg": look(i) for i in range(26)})
    add_features(project, embeddings, "starter")
    jobs.run(cluster_project(project, clusters=3))

    def clusters() -> NDArray[np.str_]:
        assert main(["--project", str(project.folder), "--output", str(tmp_path / "f.csv"), "--quiet"]) == 0
        return np.array([row["cluster"] for row in _rows(tmp_path / "f.csv")])

    before = clusters()
    jobs.run(split_group(project, "starter", 0))
    after = clusters()
    assert (after[heap > 0] == before[heap > 0]).all(), "groups that were not split"
    assert set(after[heap == 0]) == {"0", "3"}


def test_a_project_exports_what_it_knows(project: Project, tmp_path: Path) -> None:
    embeddings, heap = heaps((12, 8), dimension=5)
    photos = fill(
        project,
        tmp_path / "photos",
        {f"{i:03}.jpg": look(i, taken_at=f"2024-05-{i + 1:02}", latitude=1.25, longitude=36.5) for i in range(20)},
    )
    add_features(project, embeddings, "starter")
    jobs.run(map_project(project, method="pca"))
    jobs.run(cluster_project(project, clusters=2))
    project.labels.name_group([photo.id for photo, h in zip(photos, heap, strict=True) if h == 0], "Drums")
    project.labels.name_photos([photos[3].id], "dry")
    project.labels.name_photos([photos[3].id], "shade")
    assert main(["--project", str(project.folder), "--output", str(tmp_path / "f.csv"), "--quiet"]) == 0
    rows = _rows(tmp_path / "f.csv")
    assert len(rows) == 20
    assert rows[3]["file_path"] == "photos/003.jpg"
    assert rows[3]["taken_at"] == "2024-05-04"
    assert (rows[3]["latitude"], rows[3]["longitude"]) == ("1.25", "36.5")
    assert (rows[3]["cluster"], rows[3]["cluster_name"], rows[3]["label"]) == ("0", "Drums", "dry; shade; Drums")
    assert rows[4]["label"] == "Drums", "a name that came with the group is a name of the photo"
    assert (rows[19]["cluster"], rows[19]["cluster_name"], rows[19]["label"]) == ("1", "", "")
    assert all(np.isfinite(float(row["x"])) for row in rows)
    assert np.float32(rows[7]["feature_0004"]) == embeddings[7, 4]


def test_the_newest_run_is_exported_unless_another_is_asked_for(project: Project, tmp_path: Path) -> None:
    fill_with_embeddings(project, tmp_path / "photos", np.eye(4, 3))
    add_features(project, np.eye(4, 6), "run-1")
    assert jobs.run(export_project(project, tmp_path / "f.csv")).columns == len(COLUMNS) + 6
    assert jobs.run(export_project(project, tmp_path / "f.csv", features="starter")).columns == len(COLUMNS) + 3
    assert jobs.run(export_project(project, tmp_path / "f.csv", with_features=False)).columns == len(COLUMNS)


def test_a_photo_without_features_has_its_row_with_empty_cells(project: Project, tmp_path: Path) -> None:
    fill_with_embeddings(project, tmp_path / "photos", np.eye(3, 4))
    fill(project, tmp_path / "photos", {"new.jpg": look(99)})
    jobs.run(export_project(project, tmp_path / "f.csv"))
    rows = _rows(tmp_path / "f.csv")
    assert [row["file_path"] for row in rows][-1] == "photos/new.jpg"
    assert {rows[-1][f"feature_{i:04}"] for i in range(4)} == {""}


def test_a_project_that_was_only_looked_at_can_be_exported(project: Project, tmp_path: Path) -> None:
    fill(project, tmp_path / "photos", {"a.jpg": look(1)})
    jobs.run(export_project(project, tmp_path / "f.csv"))
    assert list(_rows(tmp_path / "f.csv")[0]) == list(COLUMNS)
    assert preview_project(project).rows == [["photos/a.jpg", *[""] * (len(COLUMNS) + len(MEASURES) - 1)]]


def test_the_preview_is_the_beginning_of_the_file(project: Project, tmp_path: Path) -> None:
    fill_with_embeddings(project, tmp_path / "photos", heaps((15, 15))[0])
    jobs.run(map_project(project, method="pca"))
    preview = preview_project(project, rows=5)
    columns = (*COLUMNS, *MEASURES)
    jobs.run(export_project(project, tmp_path / "f.csv", columns=columns))
    with (tmp_path / "f.csv").open(encoding="utf-8-sig", newline="") as stream:
        written = [row[: len(columns) + 3] for row in csv.reader(stream)]
    assert [preview.header, *preview.rows] == written[:6]
    assert (preview.photos, preview.dimension) == (30, 16)
    written_size = (tmp_path / "f.csv").stat().st_size
    assert 0.5 < 30 * 16 * (preview.digits + 1) / written_size < 1


def test_a_person_chooses_the_columns_of_a_projects_table(project: Project, tmp_path: Path) -> None:
    fill(project, tmp_path / "photos", {"a.jpg": look(1, camera="Pixel 8", sharpness=120.5, taken_at="2024-05-01")})
    jobs.run(export_project(project, tmp_path / "f.csv", columns=("file_path", "camera", "sharpness")))
    assert _rows(tmp_path / "f.csv") == [{"file_path": "photos/a.jpg", "camera": "Pixel 8", "sharpness": "120.5"}]
    with pytest.raises(BadValueError, match=r"columns must be of file_path, .*, got 'colour'"):
        jobs.run(export_project(project, tmp_path / "f.csv", columns=("file_path", "colour")))


def test_the_command_says_whose_groups_it_wrote_where_the_window_shows_others(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--project", str(project.folder), "--output", str(tmp_path / "t.csv")]
    assert main(arguments) == 0
    assert "those of" not in capsys.readouterr().out, "there are none yet"
    fill_with_embeddings(project, tmp_path / "photos", np.eye(3))
    assert main(arguments) == 0
    assert capsys.readouterr().out.endswith("t.csv. Features and groups are those of the starter.\n")
    add_features(project, np.eye(3), "run-1")
    project.show_features("starter")
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert "are those of run-1. The window shows those of the starter." in said
