from __future__ import annotations

import csv
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from prismh_engine import jobs
from prismh_engine.core.cluster_embeddings import cluster_project
from prismh_engine.core.copy_photos import UNNAMED, CopyReport, copy_photos, named_photos
from prismh_engine.core.look_at_photos import look_at_project
from prismh_engine.errors import PrismhError
from prismh_engine.project import Project

from ..invented import add_features, heaps


def _photo(path: Path, colour: tuple[int, int, int]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    exif[Base.Model] = "Pixel 8"
    exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = "2024:05:01 10:11:12"
    exif.get_ifd(IFD.GPSInfo).update(
        {GPS.GPSLatitudeRef: "S", GPS.GPSLatitude: (1, 17, 0), GPS.GPSLongitudeRef: "E", GPS.GPSLongitude: (36, 49, 0)}
    )
    picture = np.full((48, 64, 3), colour, dtype=np.uint8)
    picture[::3, ::5] ^= 0x55
    Image.fromarray(picture).save(path, exif=exif)


@pytest.fixture
def folder(project: Project, tmp_path: Path) -> Path:
    """Six photos, two of one name, that the project knows; all used."""
    for number, name in enumerate(["a.jpg", "sub/a.jpg", "b.jpg", "c.png", "d.jpg", "=e.jpg"]):
        _photo(tmp_path / "photos" / name, (40 * number, 90, 200 - 30 * number))
    project.add_folder(tmp_path / "photos")
    jobs.run(look_at_project(project))
    project.photos.overrule([photo.id for photo in project.photos.all()], "used")
    return tmp_path / "photos"


def _ids(project: Project, *names: str) -> list[int]:
    found = {photo.file_path.removeprefix("photos/"): photo.id for photo in project.photos.all()}
    return [found[name] for name in names]


def _copy(project: Project, output: Path, **how: object) -> CopyReport:
    return jobs.run(copy_photos(project, output, **how))  # type: ignore[arg-type]


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _manifest(report: CopyReport) -> list[dict[str, str]]:
    with report.manifest.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_photos_are_copied_into_a_folder_for_each_of_their_names(
    project: Project, folder: Path, tmp_path: Path
) -> None:
    project.labels.name_photos(_ids(project, "a.jpg", "sub/a.jpg"), "tyre")
    project.labels.name_photos(_ids(project, "a.jpg"), "wet")
    report = _copy(project, tmp_path / "out")
    assert _files(tmp_path / "out") == [
        "manifest.csv", "no name/=e.jpg", "no name/b.jpg", "no name/c.png", "no name/d.jpg", "tyre/a-2.jpg",
        "tyre/a.jpg", "wet/a.jpg",
    ]  # fmt: skip
    assert (report.photos, report.copies, report.problems, report.stopped) == (6, 7, (), False)
    rows = {row["file"]: row for row in _manifest(report)}
    assert rows["tyre/a-2.jpg"]["file_path"] == "photos/sub/a.jpg"
    assert rows["tyre/a.jpg"]["name"] == "tyre"
    assert rows["tyre/a.jpg"]["label"] == "tyre; wet"
    assert rows["tyre/a.jpg"]["taken_at"] == "2024-05-01T10:11:12"
    assert float(rows["tyre/a.jpg"]["latitude"]) == pytest.approx(-1.28333, abs=1e-4)
    for name, row in rows.items():
        original = folder / row["file_path"].removeprefix("photos/")
        assert (tmp_path / "out" / name).read_bytes() == original.read_bytes()
        assert (tmp_path / "out" / name).stat().st_mtime == original.stat().st_mtime


def test_only_chosen_names_and_photos_are_copied(project: Project, folder: Path, tmp_path: Path) -> None:
    project.labels.name_photos(_ids(project, "a.jpg", "b.jpg"), "tyre")
    project.labels.name_photos(_ids(project, "a.jpg", "c.png"), "wet")
    _copy(project, tmp_path / "wet", names=["wet"])
    assert _files(tmp_path / "wet") == ["manifest.csv", "wet/a.jpg", "wet/c.png"]
    _copy(project, tmp_path / "two", names=["wet", UNNAMED], photo_ids=_ids(project, "a.jpg", "d.jpg"))
    assert _files(tmp_path / "two") == ["manifest.csv", "no name/d.jpg", "wet/a.jpg"]


def test_the_name_of_a_group_is_a_name_of_its_photos(project: Project, folder: Path, tmp_path: Path) -> None:
    embeddings, _ = heaps((4, 2), dimension=5)
    photos = project.photos.used()
    add_features(project, np.empty((0, 5)), "starter")
    project.features.get("starter").append([photo.look.content_hash for photo in photos], embeddings)
    grouping = jobs.run(cluster_project(project, clusters=2))
    project.labels.name_group(grouping.members()[1].tolist(), "Drums")
    found = named_photos(project)
    assert [(named.name, named.photos) for named in found] == [("Drums", 2), (UNNAMED, 4)]
    assert sum(named.bytes for named in found) == sum(photo.size for photo in photos)
    report = _copy(project, tmp_path / "out", names=["Drums"])
    assert {row["cluster_name"] for row in _manifest(report)} == {"Drums"}
    assert len(_manifest(report)) == 2


def test_a_photo_of_a_named_group_that_did_not_get_its_name_has_none(
    project: Project, folder: Path, tmp_path: Path
) -> None:
    embeddings, _ = heaps((4, 2), dimension=5)
    photos = project.photos.used()
    add_features(project, np.empty((0, 5)), "starter")
    project.features.get("starter").append([photo.look.content_hash for photo in photos], embeddings)
    large = jobs.run(cluster_project(project, clusters=2)).members()[0].tolist()
    project.labels.name_group(large, "Drums")
    project.labels.remove(large[:1], "Drums")
    assert [(named.name, named.photos) for named in named_photos(project)] == [("Drums", 3), (UNNAMED, 3)]
    rows = {row["file_path"]: row for row in _manifest(_copy(project, tmp_path / "out"))}
    (taken_off,) = (rows[photo.file_path] for photo in photos if photo.id == large[0])
    assert (taken_off["name"], taken_off["label"], taken_off["cluster_name"]) == ("", "", "Drums")


def test_nothing_that_lies_in_the_folder_is_changed(project: Project, folder: Path, tmp_path: Path) -> None:
    project.labels.name_photos(_ids(project, "a.jpg"), "tyre")
    mine = tmp_path / "out" / "tyre" / "a.jpg"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    (tmp_path / "out" / "manifest.csv").write_text("mine")
    report = _copy(project, tmp_path / "out", names=["tyre"])
    assert mine.read_bytes() == b"mine"
    assert (tmp_path / "out" / "manifest.csv").read_text() == "mine"
    assert report.manifest.name == "manifest-2.csv"
    assert [row["file"] for row in _manifest(report)] == ["tyre/a-2.jpg"]
    again = _copy(project, tmp_path / "out", names=["tyre"])
    assert (again.copies, again.already_there) == (0, 1)
    assert [row["file"] for row in _manifest(again)] == ["tyre/a-2.jpg"]


def test_photos_of_equal_bytes_and_name_keep_a_copy_each(project: Project, folder: Path, tmp_path: Path) -> None:
    (folder / "sub" / "b.jpg").write_bytes((folder / "b.jpg").read_bytes())
    jobs.run(look_at_project(project))
    for _ in range(2):
        report = _copy(project, tmp_path / "out", photo_ids=_ids(project, "b.jpg", "sub/b.jpg"))
        assert [row["file"] for row in _manifest(report)] == ["no name/b.jpg", "no name/b-2.jpg"]


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("../../up", "_.._.._up"),
        ("=cmd|' /C calc'!A0", "_=cmd_' _C calc'!A0"),
        ("CON", "_CON"),
        ("wet. ", "wet"),
        ("<b>水</b>", "_b_水_b_"),
        ("水" * 90, "水" * 40),
    ],
)
def test_any_name_makes_a_folder_inside_the_chosen_one(
    project: Project, folder: Path, tmp_path: Path, name: str, place: str
) -> None:
    project.labels.name_photos(_ids(project, "a.jpg"), name)
    report = _copy(project, tmp_path / "out" / "here", names=[" ".join(name.split())])
    assert _files(tmp_path / "out") == sorted([f"here/{place}/a.jpg", "here/manifest.csv"])
    assert not _manifest(report)[0]["name"].startswith("=")


def test_names_that_a_disk_may_take_for_one_have_two_folders(project: Project, folder: Path, tmp_path: Path) -> None:
    project.labels.name_photos(_ids(project, "a.jpg"), "Tyre")
    project.labels.name_photos(_ids(project, "b.jpg"), "tyre")
    _copy(project, tmp_path / "out", names=["Tyre", "tyre"])
    assert _files(tmp_path / "out") == ["Tyre/a.jpg", "manifest.csv", "tyre-2/b.jpg"]


@pytest.mark.parametrize("how", [{"with_location": False}, {"location_decimals": 1}])
def test_copies_tell_no_place_where_the_table_does_not_tell_it_exactly(
    project: Project, folder: Path, tmp_path: Path, how: dict[str, object]
) -> None:
    report = _copy(project, tmp_path / "out", photo_ids=_ids(project, "a.jpg", "c.png"), **how)
    assert _files(tmp_path / "out") == ["manifest.csv", "no name/a.jpg", "no name/c.jpg"]
    assert report.made_jpeg == 1
    assert {row["latitude"] for row in _manifest(report)} == {"" if "with_location" in how else "-1.3"}
    for name in ("a.jpg", "c.jpg"):
        with Image.open(tmp_path / "out" / "no name" / name) as copy:
            exif = copy.getexif()
            assert IFD.GPSInfo not in exif
            assert exif[Base.Model] == "Pixel 8"
            assert exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] == "2024:05:01 10:11:12"
    with Image.open(tmp_path / "out" / "no name" / "a.jpg") as copy, Image.open(folder / "a.jpg") as original:
        assert copy.tobytes() == original.tobytes()


def test_a_photo_that_cannot_be_read_is_told_and_the_others_are_copied(
    project: Project, folder: Path, tmp_path: Path
) -> None:
    (folder / "a.jpg").unlink()
    report = _copy(project, tmp_path / "out", photo_ids=_ids(project, "a.jpg", "b.jpg"))
    assert report.problems == (f"Cannot read {folder / 'a.jpg'}: it is not there any more. It was not copied.",)
    assert _files(tmp_path / "out") == ["manifest.csv", "no name/b.jpg"]


def test_copies_do_not_go_among_the_photos_or_into_the_project(project: Project, folder: Path) -> None:
    with pytest.raises(PrismhError, match="lies among the photos"):
        _copy(project, folder / "out")
    with pytest.raises(PrismhError, match="lies in the project's own folder"):
        _copy(project, project.folder / "out")
    assert not (folder / "out").exists()


def test_a_stop_keeps_whole_copies_and_a_table_of_them(project: Project, folder: Path, tmp_path: Path) -> None:
    stop = jobs.StopToken()

    def watch(progress: jobs.Progress) -> None:
        if progress.done == 2:
            stop.stop()

    report = jobs.run(copy_photos(project, tmp_path / "out", stop=stop), watch, stop)
    assert report.stopped
    assert (report.photos, report.copies, len(_manifest(report))) == (6, 2, 2)
    assert len(_files(tmp_path / "out")) == 3
    assert not list((tmp_path / "out").rglob("*.part"))
    assert not (tmp_path / "out" / "manifest.csv").exists(), "it would be taken for a whole one"
    again = _copy(project, tmp_path / "out")
    assert again.manifest == tmp_path / "out" / "manifest.csv"
    assert len(_manifest(again)) == again.copies + again.already_there


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_may_not_be_written_is_told_in_a_sentence(project: Project, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir(mode=0o555)
    with pytest.raises(PrismhError, match=r"Cannot write .*out.*: writing there is not allowed"):
        _copy(project, tmp_path / "out")
