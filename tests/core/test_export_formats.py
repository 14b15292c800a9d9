"""Every format of the export holds the same rows and values, is written whole or not at all, and opens elsewhere."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from prismh_engine import embedding_files, jobs
from prismh_engine.core.cluster_embeddings import cluster_project
from prismh_engine.core.export_features import COLUMNS, FORMATS, MEASURES, export_project, main
from prismh_engine.core.export_geopackage import FEATURES_A_TABLE
from prismh_engine.core.map_embeddings import map_project
from prismh_engine.project import Project
from prismh_engine.project.imported_metadata import ShotFacts

from ..invented import add_features, fill, heaps, look

ALL = (*COLUMNS, *MEASURES)
OWN = ('team "A"', "larvae")
TEXTS = {"file_path", "taken_at", "cluster_name", "label", "camera", OWN[0]}
Row = dict[str, Any]


@pytest.fixture(scope="module")
def known_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Photos with names like formulas, some without a place, one without features. No test changes it."""
    folder = tmp_path_factory.mktemp("known")
    with Project.create(folder / "project") as project:
        _fill(project, folder / "photos")
        yield project


def _fill(project: Project, folder: Path) -> None:
    embeddings, _ = heaps((700, 500), dimension=7)
    looks = {
        f"{'=' if i % 5 == 0 else ''}{i:04}, <é>\n.jpg": look(
            i,
            taken_at=f"2024-05-01T10:{i % 60:02}:00",
            latitude=-1.28333 + i / 7000 if i % 3 else None,
            longitude=36.81667 - i / 9000 if i % 3 else None,
            brightness=i / 13,
            camera="=Pixel; 8",
        )
        for i in range(1200)
    }
    photos = fill(project, folder, looks)
    add_features(project, embeddings[:-1], "starter")
    jobs.run(map_project(project, method="pca"))
    jobs.run(cluster_project(project, clusters=2))
    project.labels.name_photos([photos[3].id], '=HYPERLINK("http://x")')
    project.labels.name_photos([photos[3].id], "wet")
    said = {photo.id: {OWN[0]: f"=ward {i}", OWN[1]: str(i / 2 - 9)} for i, photo in enumerate(photos) if i % 4}
    project.imported.add({photo_id: ShotFacts(own=own) for photo_id, own in said.items()})
    project.labels.name_group([photo.id for photo in photos[:700]], '+Tyres, "old"')


# Each reads a file of its format by another program's means: rows of values, None where unknown.


def _from_csv(file: Path) -> Iterator[Row]:
    def value(name: str, text: str) -> Any:
        if not text:
            return None
        if name in TEXTS:
            return text[1:] if text[0] == "'" else text
        return np.float32(text) if name.startswith("feature_") else float(text)

    with file.open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream):
            yield {name: value(name, text) for name, text in row.items()}


def _from_parquet(file: Path) -> Iterator[Row]:
    yield from pq.read_table(file).to_pylist()


def _from_geojson(file: Path) -> Iterator[Row]:
    content = json.loads(file.read_bytes().decode("utf-8"))
    assert content["type"] == "FeatureCollection"
    for feature in content["features"]:
        row, place = feature["properties"], feature["geometry"]
        assert feature["type"] == "Feature"
        assert place == (
            None
            if row.get("latitude") is None
            else {"type": "Point", "coordinates": [row["longitude"], row["latitude"]]}
        )
        yield row


def _from_geopackage(file: Path) -> Iterator[Row]:
    with sqlite3.connect(file) as db:
        db.row_factory = sqlite3.Row
        further = [name for (name,) in db.execute("SELECT table_name FROM gpkg_contents") if name != "photos"]
        tables = " ".join(f"JOIN {name} USING (fid)" for name in further)
        for row in db.execute(f"SELECT * FROM photos {tables} ORDER BY fid"):
            values = dict(row)
            assert values.pop("fid")
            blob = values.pop("geom")
            place = None if blob is None else struct.unpack("<2sBBiBIdd", blob)
            expected = None if place is None else (b"GP", 0, 1, 4326, 1, 1, values["longitude"], values["latitude"])
            assert place == expected
            assert (blob is None) == (values.get("latitude") is None)
            yield values
    db.close()


def _from_npz(file: Path) -> Iterator[Row]:
    with np.load(file, allow_pickle=False) as arrays:
        columns = {
            ("file_path" if name == "file_paths" else name): arrays[name]
            for name in arrays
            if name not in ("embeddings", "roots", "root")
        }
        embeddings = arrays["embeddings"] if "embeddings" in arrays else np.empty((len(columns["file_path"]), 0))
    for i, vector in enumerate(embeddings):
        yield {name: values[i].item() for name, values in columns.items()} | {
            f"feature_{j:04}": value for j, value in enumerate(vector)
        }


READERS: dict[str, Callable[[Path], Iterator[Row]]] = {
    ".csv": _from_csv,
    ".parquet": _from_parquet,
    ".npz": _from_npz,
    ".geojson": _from_geojson,
    ".gpkg": _from_geopackage,
}


def _checksum(rows: list[Row]) -> str:
    """Of all names and values in their order; what is unknown counts as the npz writes it."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(repr(list(row)).encode())
        for name, value in row.items():
            if name in TEXTS:
                digest.update(f"{value or ''}\0".encode())
            elif name == "cluster":
                digest.update(struct.pack("<i", -1 if value is None else int(value)))
            else:
                kind = "<f" if name.startswith("feature_") else "<d"
                digest.update(struct.pack(kind, np.nan if value is None else value))
    return digest.hexdigest()


def _export(project: Project, file: Path, **how: Any) -> list[Row]:
    report = jobs.run(export_project(project, file, **how))
    rows = list(READERS[file.suffix](file))
    assert report.photos == len(rows)
    assert report.columns == len(rows[0])
    return rows


def test_every_format_holds_the_same_rows_and_values(known_project: Project, tmp_path: Path) -> None:
    expected = _export(known_project, tmp_path / "t.npz", columns=(*ALL, *OWN))
    assert len(expected) == 1200
    assert list(expected[0]) == [*ALL, *OWN, *(f"feature_{i:04}" for i in range(7))]
    for suffix in READERS:
        rows = _export(known_project, tmp_path / f"t{suffix}", columns=(*ALL, *OWN))
        assert (suffix, len(rows), _checksum(rows)) == (suffix, 1200, _checksum(expected))


def test_what_is_unknown_is_empty_in_every_format(known_project: Project, tmp_path: Path) -> None:
    for suffix in (".parquet", ".geojson", ".gpkg"):
        rows = {row["file_path"]: row for row in _export(known_project, tmp_path / f"t{suffix}")}
        last, third = rows["photos/1199, <é>\n.jpg"], rows["photos/0003, <é>\n.jpg"]
        assert last["feature_0006"] is None, suffix
        assert last["cluster"] is None, suffix
        assert third["latitude"] is None, suffix
        assert third["label"] == '=HYPERLINK("http://x"); wet; +Tyres, "old"', suffix
        assert third["cluster_name"] == '+Tyres, "old"', suffix


def test_no_cell_of_the_spreadsheet_begins_like_a_formula(known_project: Project, tmp_path: Path) -> None:
    jobs.run(export_project(known_project, tmp_path / "t.csv", columns=(*ALL, *OWN)))
    with (tmp_path / "t.csv").open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream):
            assert not any(row[name].startswith(("=", "+", "-", "@", "\t", "\r")) for name in TEXTS)
            assert float(row["feature_0001"] or 0) is not None
            assert row["larvae"] == "" or float(row["larvae"]) > -9


@pytest.mark.parametrize("suffix", FORMATS)
def test_positions_are_rounded_or_left_out_in_every_format(known_project: Project, tmp_path: Path, suffix: str) -> None:
    rows = _export(known_project, tmp_path / f"t{suffix}", location_decimals=1)
    latitudes = {row["latitude"] for row in rows if row["latitude"] is not None and not np.isnan(row["latitude"])}
    assert latitudes == {-1.3, -1.2, -1.1}
    rows = _export(known_project, tmp_path / f"t{suffix}", with_location=False)
    assert all(row["latitude"] is None or np.isnan(row["latitude"]) for row in rows)
    rows = _export(known_project, tmp_path / f"t{suffix}", columns=("file_path", "label"), with_features=False)
    assert list(rows[0]) == ["file_path", "label"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_tables_of_files_are_joined_in_every_format(tmp_path: Path, suffix: str) -> None:
    embedding_files.write(tmp_path / "e.npz", np.eye(2, 3), ["a.jpg", "sub/b.jpg"], root=tmp_path)
    tables = {
        "map": "file_path,x,y\na.jpg,1.5,-2\n",
        "clusters": "file_path,cluster\na.jpg,0\nsub/b.jpg,-1\n",
        "names": "cluster,name\n0,Drums\n",
        "labels": "file_path,label\na.jpg,dry\na.jpg,shade\n",
        "metadata": "file_path,taken_at,latitude,longitude\na.jpg,2024-05-01,1.26,36.5\n",
    }
    flags = ["--embeddings", str(tmp_path / "e.npz"), "--round_location", "1", "--quiet"]
    for name, content in tables.items():
        (tmp_path / f"{name}.csv").write_text(content, encoding="utf-8")
        flags += [f"--{name}", str(tmp_path / f"{name}.csv")]
    file = tmp_path / f"t{suffix}"
    assert main([*flags, "--output", str(file)]) == 0
    first, second = READERS[suffix](file)
    assert list(first.values()) == [
        "a.jpg", "2024-05-01", 1.3, 36.5, 0, "Drums", "dry; shade", 1.5, -2, 1, 0, 0,
    ]  # fmt: skip
    assert second["cluster"] == -1
    assert main([*flags[:2], "--no_features", "--output", str(file), "--quiet"]) == 0
    assert list(next(READERS[suffix](file))) == list(COLUMNS)


def test_an_exported_npz_serves_the_steps_as_a_file_of_embeddings(project: Project, tmp_path: Path) -> None:
    photos = fill(project, tmp_path / "photos", {f"{i}.jpg": look(i) for i in range(5)})
    add_features(project, np.eye(5, 4, dtype=np.float32), "starter")
    jobs.run(export_project(project, tmp_path / "t.npz"))
    read = embedding_files.read(tmp_path / "t.npz")
    assert np.array_equal(read.embeddings, np.eye(5, 4))
    assert [read.photo(path) for path in read.file_paths] == [photo.path for photo in photos]


def test_more_features_than_a_table_of_a_geopackage_takes_go_on_in_a_second_one(
    project: Project, tmp_path: Path
) -> None:
    embeddings = np.random.default_rng(0).normal(size=(3, FEATURES_A_TABLE + 30)).astype(np.float32)
    fill(project, tmp_path / "photos", {f"{i}.jpg": look(i) for i in range(3)})
    add_features(project, embeddings, "starter")
    rows = _export(project, tmp_path / "t.gpkg")
    assert np.array_equal([list(row.values())[len(COLUMNS) :] for row in rows], embeddings)


@pytest.mark.skipif(shutil.which("ogrinfo") is None, reason="ogrinfo of GDAL (gdal-bin) is not installed")
@pytest.mark.parametrize("suffix", [".gpkg", ".geojson"])
def test_gdal_opens_the_formats_of_maps(known_project: Project, tmp_path: Path, suffix: str) -> None:
    jobs.run(export_project(known_project, tmp_path / f"t{suffix}"))
    layer = ["photos"] if suffix == ".gpkg" else ["t"]
    told = subprocess.run(
        ["ogrinfo", "-so", tmp_path / f"t{suffix}", *layer], capture_output=True, text=True, check=True
    )
    assert "Feature Count: 1200" in told.stdout
    assert "Geometry: Point" in told.stdout
    assert "WGS 84" in told.stdout
    assert "Extent: (36.683" in told.stdout
    assert not told.stderr


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_stop_leaves_the_file_that_was_there(known_project: Project, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / "out" / f"f{suffix}"
    file.parent.mkdir()
    file.write_text("before")
    stop = jobs.StopToken()
    said: list[int] = []

    def watch(progress: jobs.Progress) -> None:
        said.append(progress.done)
        if progress.done:
            stop.stop()

    with pytest.raises(jobs.Stopped):
        jobs.run(export_project(known_project, file, stop=stop), watch, stop)
    assert said == [0, 1024]
    assert file.read_text() == "before"
    assert [path.name for path in file.parent.iterdir()] == [file.name]


@pytest.mark.skipif(sys.platform == "win32", reason="only there a program can be given a limit of file size")
def test_a_disk_that_refuses_in_the_middle_is_told_in_a_sentence_and_nothing_is_left(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(2000, 40))
    embedding_files.write(tmp_path / "e.npz", rows, [f"{i}.jpg" for i in range(2000)])
    (tmp_path / "out").mkdir()
    program = (
        "import resource, signal, sys\n"
        "from prismh_engine.core.export_features import FORMATS, main\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "for suffix in FORMATS:\n"
        "    print(suffix, main(['--embeddings', 'e.npz', '--output', 'out/t' + suffix, '--quiet']))\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines() == [f"{suffix} 1" for suffix in FORMATS]
    sentences = ended.stderr.splitlines()
    for suffix, sentence in zip(FORMATS, sentences, strict=True):
        assert f"Cannot write out/t{suffix}" in sentence
        assert sentence.endswith("What was there before is unchanged.")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("moments", "kind", "written"),
    [
        (
            ["2024-05-01T10:11:12+02:00", None, "2024-05-01T23:30:00-03:00"],
            "DATETIME",
            ["2024-05-01T08:11:12.000Z", None, "2024-05-02T02:30:00.000Z"],
        ),
        (["2024-05-01T10:11:12+02:00", "2024-05-01T10:11:12"], "TEXT", None),
        (["2024-05-01"], "TEXT", None),
        ([None], "TEXT", None),
    ],
)
def test_a_geopackage_has_moments_in_utc_where_all_offsets_are_known(
    project: Project, tmp_path: Path, moments: list[str | None], kind: str, written: list[str | None] | None
) -> None:
    looks = {f"{i}.jpg": look(i, taken_at=moment) for i, moment in enumerate(moments)}
    fill(project, tmp_path / "photos", looks)
    rows = _export(project, tmp_path / "t.gpkg")
    with closing(sqlite3.connect(tmp_path / "t.gpkg")) as db:
        kinds = {name: declared for _, name, declared, *_ in db.execute("PRAGMA table_info(photos)")}
    assert kinds["taken_at"] == kind
    assert [row["taken_at"] for row in rows] == (moments if written is None else written)
