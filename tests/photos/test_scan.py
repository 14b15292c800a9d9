from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from prismh_engine.errors import PrismhError
from prismh_engine.photos.cache import PhotoCache
from prismh_engine.photos.record import file_facts
from prismh_engine.photos.scan import Scan

from .pictures import encoded, picture, write

JPEG = encoded(picture(1))
ROOT = Path(__file__).parents[2]


def names(scan: Scan) -> list[str]:
    return [found.relative for found in scan]


def test_photos_of_all_subfolders_come_in_the_sorted_order_of_their_paths(tmp_path: Path) -> None:
    for name in ("b.jpg", "a/z.jpg", "a-b/c.jpg", "a.jpg", "a/deep/er/x.JPG"):
        write(tmp_path / name, JPEG)
    found = names(Scan(tmp_path))
    assert found == sorted(found)
    assert set(found) == {"b.jpg", "a/z.jpg", "a-b/c.jpg", "a.jpg", "a/deep/er/x.JPG"}


def test_the_size_and_place_of_a_photo_are_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jpg", JPEG)
    (found,) = Scan(tmp_path)
    assert (found.path, found.size, found.mtime_ns) == (path, len(JPEG), path.stat().st_mtime_ns)


def test_a_photo_is_known_by_its_content_whatever_its_name(tmp_path: Path) -> None:
    write(tmp_path / "photo", JPEG)
    write(tmp_path / "photo.txt", encoded(picture(1), "PNG"))
    write(tmp_path / "photo.dat", encoded(picture(1), "BMP"))
    write(tmp_path / "photo.x", encoded(picture(1), "WEBP"))
    write(tmp_path / "BMI of patients.txt", b"BMI of patients: 22, 24, 21, 30, 27")
    write(tmp_path / "notes.txt", b"nothing")
    scan = Scan(tmp_path)
    assert names(scan) == ["photo", "photo.dat", "photo.txt", "photo.x"]
    assert scan.other_files == 2


def test_a_file_with_the_suffix_of_a_picture_is_listed_though_it_is_none(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.HEIC", "c.avif", "d.tif", "e.webp"):
        write(tmp_path / name, b"no picture")
    scan = Scan(tmp_path)
    assert names(scan) == ["a.jpg", "b.HEIC", "c.avif", "d.tif", "e.webp"]
    assert scan.other_files == 0


def test_films_and_data_of_instruments_are_no_pictures_though_pillow_knows_their_suffixes(tmp_path: Path) -> None:
    for name in ("film.mpg", "logger.h5", "logger.hdf", "weather.grib", "weather.bufr"):
        write(tmp_path / name, b"no picture")
    scan = Scan(tmp_path)
    assert names(scan) == []
    assert scan.other_files == 5


def test_hidden_files_and_folders_are_counted_and_left_out(tmp_path: Path) -> None:
    write(tmp_path / "._a.jpg", JPEG)
    write(tmp_path / ".trash" / "b.jpg", JPEG)
    write(tmp_path / "c.jpg", JPEG)
    scan = Scan(tmp_path)
    assert names(scan) == ["c.jpg"]
    assert scan.skipped["hidden"] == 2


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right on Windows")
def test_links_are_not_followed_so_that_there_is_no_way_out_and_no_loop(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside" / "secret.jpg", JPEG)
    inside = tmp_path / "photos"
    write(inside / "a.jpg", JPEG)
    (inside / "loop").symlink_to(inside)
    (inside / "out").symlink_to(outside.parent)
    (inside / "file.jpg").symlink_to(outside)
    scan = Scan(inside)
    assert names(scan) == ["a.jpg"]
    assert scan.skipped["links"] == 3


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_a_pipe_that_looks_like_a_photo_blocks_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    scan = Scan(tmp_path)
    assert names(scan) == []
    assert scan.other_files == 1


def test_projects_and_given_folders_inside_are_left_out(tmp_path: Path) -> None:
    write(tmp_path / "a.jpg", JPEG)
    write(tmp_path / "project" / "cache" / "copy.jpg", JPEG)
    write(tmp_path / "project" / "project.db", b"")
    write(tmp_path / "processed" / "clean" / "a.jpg", JPEG)
    assert names(Scan(tmp_path, without=[tmp_path / "processed"])) == ["a.jpg"]


@pytest.mark.parametrize(
    "name",
    [
        "a b'\"c.jpg",
        "नमस्ते 📷.jpg",
        "=1+1.jpg",
        "שלום.jpg",
        f"{'x' * 251}.jpg",
        "100%.jpg",
        "two\nlines\t.jpg",
        "é" * 125 + ".jpeg",
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="Windows forbids some of these names")
def test_any_legal_name_is_found(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, JPEG)
    (found,) = Scan(tmp_path)
    assert found.path == path


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names that are not UTF-8")
def test_a_name_that_is_not_utf8_is_written_as_text(tmp_path: Path) -> None:
    with open(os.path.join(os.fsencode(tmp_path), b"caf\xe9.jpg"), "wb") as stream:
        stream.write(JPEG)
    (found,) = Scan(tmp_path)
    assert found.relative == "caf%E9.jpg"
    assert found.path.read_bytes() == JPEG


def test_a_folder_that_is_not_there_is_an_error_a_person_understands(tmp_path: Path) -> None:
    with pytest.raises(PrismhError, match="is not a folder"):
        list(Scan(tmp_path / "none"))


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="folders are not closed so on this system")
def test_a_closed_subfolder_is_a_problem_that_is_told_and_the_rest_is_found() -> None:
    code = (
        "import os, sys\n"
        "from prismh_engine.photos.pixels import prepare_pillow\n"
        "from prismh_engine.photos.scan import Scan\n"
        "prepare_pillow()  # before the folder of the libraries is closed too\n"
        "if os.geteuid() == 0:\n"
        "    os.seteuid(65534)  # nothing is closed to the superuser\n"
        "scan = Scan(sys.argv[1])\n"
        "print([found.relative for found in scan], scan.problems)\n"
    )
    with tempfile.TemporaryDirectory() as name:  # not below pytest's, which is closed to all others
        folder = Path(name)
        folder.chmod(0o755)
        write(folder / "a.jpg", JPEG)
        closed = write(folder / "closed" / "b.jpg", JPEG).parent
        listed = write(folder / "listed" / "c.jpg", JPEG).parent
        closed.chmod(0)
        listed.chmod(0o444)  # names can be read, files cannot
        done = subprocess.run([sys.executable, "-c", code, name], cwd=ROOT, capture_output=True, text=True)
        closed.chmod(0o755)
        listed.chmod(0o755)
    assert done.stderr == ""
    assert done.stdout.startswith("['a.jpg'] ")
    assert f"Cannot look into {closed}: reading it is not allowed." in done.stdout
    assert f"Cannot look at {listed / 'c.jpg'}: reading it is not allowed." in done.stdout


def test_what_is_moved_away_in_mid_scan_is_left_out_and_what_changes_is_told_as_it_is(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg", "c.jpg", "d/e.jpg", "f/g.jpg", "h.jpg"):
        write(tmp_path / name, JPEG)
    scan = Scan(tmp_path)
    found = iter(scan)
    assert next(found).relative == "a.jpg"  # before anything else was looked into
    (tmp_path / "b.jpg").unlink()
    write(tmp_path / "c.jpg", JPEG + bytes(1000))
    shutil.rmtree(tmp_path / "d")
    write(tmp_path / "f" / "new.jpg", JPEG)
    assert [(photo.relative, photo.size) for photo in found] == [
        ("c.jpg", len(JPEG) + 1000),
        ("f/g.jpg", len(JPEG)),
        ("f/new.jpg", len(JPEG)),
        ("h.jpg", len(JPEG)),
    ]
    assert scan.problems == []


def test_a_drive_that_is_pulled_out_in_mid_scan_is_one_problem(tmp_path: Path) -> None:
    for name in ("a.jpg", "b/c.jpg", "d/e.jpg"):
        write(tmp_path / "drive" / name, JPEG)
    scan = Scan(tmp_path / "drive")
    found = iter(scan)
    next(found)
    shutil.rmtree(tmp_path / "drive")
    assert list(found) == []
    (problem,) = scan.problems
    assert "could not be reached any more" in problem


@pytest.mark.skipif(sys.platform == "win32", reason="paths are shorter there")
def test_folders_may_lie_deeper_than_python_can_call(tmp_path: Path) -> None:
    depth = sys.getrecursionlimit() + 20
    folders = [f"{tmp_path}{'/d' * level}" for level in range(1, depth + 1)]
    for folder in folders:
        os.mkdir(folder)
    photo = write(Path(folders[-1], "a.jpg"), JPEG)
    assert names(Scan(tmp_path)) == ["d/" * depth + "a.jpg"]
    photo.unlink()
    for folder in reversed(folders):  # what cleans up after tests calls itself for each
        os.rmdir(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="the system gives no such numbers to write")
def test_a_file_of_a_far_time_or_with_a_long_number_can_be_kept_in_a_database(tmp_path: Path) -> None:
    status = SimpleNamespace(st_size=1, st_mtime_ns=2, st_ino=(1 << 64) - 5)  # as drives of several disks make them
    assert file_facts(status)[2] < 1 << 63  # type: ignore[arg-type]
    path = write(tmp_path / "a.jpg", JPEG)
    os.utime(path, (14_000_000_000, 14_000_000_000))  # in the year 2413
    with PhotoCache(tmp_path / "cache") as cache:
        (found,) = Scan(tmp_path, without=[cache.folder])
        assert found.mtime_ns < 1 << 63
        assert cache.look(found).usable
