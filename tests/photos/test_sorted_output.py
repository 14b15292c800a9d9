from __future__ import annotations

import dataclasses
import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from prismh_engine import jobs
from prismh_engine.errors import PrismhError
from prismh_engine.photos.look import content_hash
from prismh_engine.photos.record import Look
from prismh_engine.photos.sorted_output import COPY, LINK, LIST, JudgedPhoto, check_output, write_sorted
from prismh_engine.tables import read_csv

from .pictures import overwrite_secretly, write


def judged(root: Path, name: str, verdict: str = "clean") -> JudgedPhoto:
    path = root / name
    if not path.exists():
        write(path, name.encode() * 100)
    return JudgedPhoto(name, path, path.stat().st_size, Look(content_hash(path.read_bytes())), verdict, "")


def judged_elsewhere(folder: Path, file_path: str) -> JudgedPhoto:
    """A photo whose own disk tells its name from the others'."""
    write(folder / "photo.jpg", file_path.encode() * 100)
    return dataclasses.replace(judged(folder, "photo.jpg"), file_path=file_path)


def files(output: Path) -> set[str]:
    """What a person sees there."""
    return {
        path.relative_to(output).as_posix()
        for path in output.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "photos"


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "out"


def test_photos_lie_in_the_folder_of_their_verdict_with_their_subfolders(root: Path, output: Path) -> None:
    photos = [judged(root, "a/1.jpg"), judged(root, "a/2.jpg", "blurry"), judged(root, "3.jpg", "duplicate")]
    assert jobs.run(write_sorted(root, output, photos, COPY)) == []
    assert files(output) == {
        "clean/a/1.jpg",
        "problematic/blurry/a/2.jpg",
        "problematic/duplicates/3.jpg",
        "quality.csv",
    }
    assert (output / "clean/a/1.jpg").read_bytes() == photos[0].path.read_bytes()
    for folder in ("invalid", "dark", "outliers"):
        assert (output / "problematic" / folder).is_dir()


def test_list_leaves_the_folders_empty(root: Path, output: Path) -> None:
    jobs.run(write_sorted(root, output, [judged(root, "1.jpg")], LIST))
    assert files(output) == {"quality.csv"}
    assert (output / "clean").is_dir()


def test_link_makes_no_second_copy_and_copy_replaces_the_link(root: Path, output: Path) -> None:
    photo = judged(root, "1.jpg")
    jobs.run(write_sorted(root, output, [photo], LINK))
    assert (output / "clean/1.jpg").samefile(photo.path)
    jobs.run(write_sorted(root, output, [photo], COPY))
    assert not (output / "clean/1.jpg").samefile(photo.path)
    assert (output / "clean/1.jpg").read_bytes() == photo.path.read_bytes()


def test_where_links_are_impossible_it_copies(root: Path, output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    photo = judged(root, "1.jpg")
    jobs.run(write_sorted(root, output, [photo], LINK))
    assert (output / "clean/1.jpg").read_bytes() == photo.path.read_bytes()
    overwrite_secretly(photo.path, b"!" * photo.bytes)
    jobs.run(write_sorted(root, output, [photo], LINK))
    assert (output / "clean/1.jpg").read_bytes() != photo.path.read_bytes()


def test_a_second_run_moves_what_is_judged_otherwise_and_takes_away_what_is_gone(root: Path, output: Path) -> None:
    jobs.run(write_sorted(root, output, [judged(root, "a/1.jpg"), judged(root, "a/2.jpg")], COPY))
    jobs.run(write_sorted(root, output, [judged(root, "a/1.jpg", "dark")], COPY))
    assert files(output) == {"problematic/dark/a/1.jpg", "quality.csv"}
    assert not (output / "clean" / "a").exists()


@pytest.mark.parametrize("mode", [COPY, LINK, LIST])
def test_the_last_copy_of_a_photo_that_is_gone_stays_and_is_told(root: Path, output: Path, mode: str) -> None:
    photos = [judged(root, "a/1.jpg"), judged(root, "a/2.jpg"), judged(root, "3.jpg")]
    jobs.run(write_sorted(root, output, photos, LINK if mode == LINK else COPY))
    shutil.rmtree(root / "a")
    for _ in range(2):
        (problem,) = jobs.run(write_sorted(root, output, photos[2:], mode))
        assert "1.jpg and 1 more file stay, since the photos they were made from are gone" in problem
        assert (output / "clean/a/1.jpg").read_bytes() == b"a/1.jpg" * 100
    # A drive that is pulled out while it is looked at makes its photos unreadable.
    photos[2].path.unlink()
    unreadable = JudgedPhoto("3.jpg", root / "3.jpg", photos[2].bytes, Look("hash"), "invalid", "It cannot be read.")
    jobs.run(write_sorted(root, output, [unreadable], mode))
    assert files(output) == {"clean/a/1.jpg", "clean/a/2.jpg", "quality.csv"} | (
        {"clean/3.jpg"} if mode != LIST else set()
    )


def test_the_copy_of_a_photo_that_was_moved_moves_too(root: Path, output: Path) -> None:
    photo = judged(root, "a/1.jpg")
    jobs.run(write_sorted(root, output, [photo], COPY))
    os.rename(photo.path, root / "1.jpg")
    assert jobs.run(write_sorted(root, output, [judged(root, "1.jpg")], COPY)) == []
    assert files(output) == {"clean/1.jpg", "quality.csv"}


def test_a_second_run_brings_the_new_bytes_of_a_changed_photo(root: Path, output: Path) -> None:
    photo = judged(root, "1.jpg")
    jobs.run(write_sorted(root, output, [photo], COPY))
    write(photo.path, b"new bytes")
    jobs.run(write_sorted(root, output, [judged(root, "1.jpg")], COPY))
    assert (output / "clean/1.jpg").read_bytes() == b"new bytes"


def test_what_is_judged_otherwise_is_moved_and_no_photo_read_again(root: Path, output: Path) -> None:
    photo = judged(root, "a/1.jpg")
    jobs.run(write_sorted(root, output, [photo], COPY))
    before = (output / "clean/a/1.jpg").read_bytes()
    overwrite_secretly(photo.path, b"!" * photo.bytes)
    jobs.run(write_sorted(root, output, [judged(root, "a/1.jpg", "blurry")], COPY))
    assert files(output) == {"problematic/blurry/a/1.jpg", "quality.csv"}
    assert (output / "problematic/blurry/a/1.jpg").read_bytes() == before


def test_a_run_that_was_stopped_goes_on_and_copies_nothing_twice(root: Path, output: Path) -> None:
    photos = [judged(root, f"{number}.jpg") for number in range(4)]
    half = write_sorted(root, output, photos, COPY)
    while next(half).done < 2:
        pass
    half.close()
    assert files(output) == {"clean/0.jpg", "clean/1.jpg", "quality.csv"}
    overwrite_secretly(photos[0].path, b"!" * photos[0].bytes)
    assert jobs.run(write_sorted(root, output, photos, COPY)) == []
    assert files(output) == {"clean/0.jpg", "clean/1.jpg", "clean/2.jpg", "clean/3.jpg", "quality.csv"}
    assert (output / "clean/0.jpg").read_bytes() != photos[0].path.read_bytes()


def test_a_program_that_was_killed_between_two_photos_knows_its_own_files(root: Path, output: Path) -> None:
    photos = [judged(root, f"{number}.jpg") for number in range(4)]
    script = (
        "import os, sys; from pathlib import Path\n"
        "from prismh_engine.photos.record import Look\n"
        "from prismh_engine.photos.sorted_output import JudgedPhoto, write_sorted\n"
        "root, output = Path(sys.argv[1]), Path(sys.argv[2])\n"
        "paths = sorted(root.iterdir())\n"
        "photos = [JudgedPhoto(p.name, p, p.stat().st_size, Look('hash'), 'clean', '') for p in paths]\n"
        "for progress in write_sorted(root, output, photos, 'copy'):\n"
        "    if progress.done == 2: os._exit(9)\n"
    )
    command = [sys.executable, "-c", script, str(root), str(output)]
    assert subprocess.run(command, timeout=60).returncode == 9
    assert files(output) == {"clean/0.jpg", "clean/1.jpg", "quality.csv"}
    assert jobs.run(write_sorted(root, output, [judged(root, photo.file_path, "dark") for photo in photos], COPY)) == []
    assert files(output) == {*(f"problematic/dark/{number}.jpg" for number in range(4)), "quality.csv"}


def test_a_disk_whose_clock_counts_two_seconds_is_not_written_again(root: Path, output: Path) -> None:
    photo = judged(root, "1.jpg")
    jobs.run(write_sorted(root, output, [photo], COPY))
    copied = output / "clean/1.jpg"
    os.utime(photo.path, ns=(0, 1_700_000_001_987_654_321))
    os.utime(copied, ns=(0, 1_700_000_000_000_000_000))  # as such a disk (FAT, exFAT) keeps it
    (output / ".placed.jsonl").write_text(json.dumps(["clean/1.jpg", photo.bytes, 1_700_000_001_987_654_321]) + "\n")
    before = copied.read_bytes()
    overwrite_secretly(photo.path, b"!" * photo.bytes)
    assert jobs.run(write_sorted(root, output, [photo], COPY)) == []
    assert copied.read_bytes() == before


def test_a_full_disk_is_one_sentence_and_the_next_run_goes_on(
    root: Path, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = [judged(root, f"{number}.jpg") for number in range(3)]

    keep_time = shutil.copystat

    def too_small(source: Path, target: Path) -> None:
        if source.name == "1.jpg":
            raise OSError(errno.ENOSPC, "No space left on device")
        keep_time(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copystat", too_small)
        with pytest.raises(PrismhError, match=r"1\.jpg: the disk is full"):
            jobs.run(write_sorted(root, output, photos, COPY))
    assert [path.name for path in (output / "clean").iterdir()] == ["0.jpg"]
    assert jobs.run(write_sorted(root, output, photos, COPY)) == []
    assert files(output) == {"clean/0.jpg", "clean/1.jpg", "clean/2.jpg", "quality.csv"}


def test_a_folder_that_somebody_else_filled_is_refused(root: Path, output: Path) -> None:
    stranger = write(output / "clean" / "mine.jpg", b"mine")
    with pytest.raises(PrismhError, match=r"mine\.jpg"):
        jobs.run(write_sorted(root, output, [judged(root, "1.jpg")], COPY))
    assert files(output) == {"clean/mine.jpg"}
    assert stranger.read_bytes() == b"mine"


@pytest.mark.parametrize("mode", [COPY, LINK])
def test_no_photo_takes_the_place_of_another_on_a_disk_that_knows_no_capitals(
    root: Path, output: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not os.path.exists(str(write(root / "probe", b"")).upper()):  # the photos of a camera on such a disk
        monkeypatch.setattr("prismh_engine.photos.sorted_output.takes_names_for_one", lambda folder: True)
    names = ["B/1.jpg", "b/1.JPG", "b/2.jpg", "a-2.jpg", "A.jpg", "a.jpg"]
    photos = [judged_elsewhere(root / f"{number}", name) for number, name in enumerate(names)]
    brought: list[list[int]] = []
    for _ in range(2):
        (problem,) = jobs.run(write_sorted(root, output, photos, mode))
        assert "1-2.JPG and 1 more file have a number in their name" in problem
        where = ("B/1.jpg", "B/1-2.JPG", "B/2.jpg", "a-2.jpg", "A.jpg", "a-3.jpg")
        assert files(output) == {"quality.csv", *(f"clean/{place}" for place in where)}
        for place, photo in zip(where, photos, strict=True):
            assert (output / "clean" / place).read_bytes() == photo.path.read_bytes()
        brought.append([(output / "clean" / place).stat().st_ino for place in where])
    assert brought[0] == brought[1]
    dark = [dataclasses.replace(photo, verdict="dark") for photo in photos[-1:]]
    (problem,) = jobs.run(write_sorted(root, output, photos[:-1] + dark, mode))
    assert problem.startswith(f"{output / 'clean/B/1-2.JPG'} has a number")
    assert (output / "problematic/dark/a.jpg").is_file()
    assert not (output / "clean/a-3.jpg").exists()


@pytest.mark.parametrize("mode", [COPY, LINK, LIST])
def test_what_a_person_put_or_changed_there_stays_and_is_told(root: Path, output: Path, mode: str) -> None:
    photos = [judged(root, "1.jpg"), judged(root, "2.jpg")]
    jobs.run(write_sorted(root, output, photos, COPY))
    write(output / "clean" / "1.jpg", b"retouched")
    write(output / "problematic" / "dark" / "notes.txt", b"notes")
    write(output / "problematic" / "dark" / "Thumbs.db", b"made by Windows")
    new = [judged(root, "1.jpg"), judged(root, "2.jpg", "dark"), judged(root, "notes.txt", "dark")]
    problems = jobs.run(write_sorted(root, output, new, mode))
    assert (output / "clean" / "1.jpg").read_bytes() == b"retouched"
    assert (output / "problematic" / "dark" / "notes.txt").read_bytes() == b"notes"
    assert len(problems) == 1
    assert "1.jpg and 1 more file " in problems[0]
    assert (output / "problematic" / "dark" / "2.jpg").is_file() == (mode != LIST)


def test_a_table_of_somebody_else_is_not_replaced(root: Path, output: Path) -> None:
    write(output / "quality.csv", b"sample,grade\r\n1,good\r\n")
    with pytest.raises(PrismhError, match="was not written by this step"):
        check_output(root, output)


def test_a_forged_record_removes_nothing_outside(root: Path, output: Path, tmp_path: Path) -> None:
    precious = write(tmp_path / "precious.jpg", b"precious")
    facts = precious.stat()
    lines = [json.dumps([place, facts.st_size, facts.st_mtime_ns]) for place in ("../precious.jpg", str(precious))]
    write(output / ".placed.jsonl", "\n".join([*lines, "[1, 2", "{}"]).encode())
    jobs.run(write_sorted(root, output, [judged(root, "1.jpg")], COPY))
    jobs.run(write_sorted(root, output, [judged(root, "1.jpg", "dark")], COPY))
    assert precious.read_bytes() == b"precious"
    assert files(output) == {"problematic/dark/1.jpg", "quality.csv"}


def test_a_photo_that_changed_since_it_was_looked_at_is_not_taken_for_what_it_was(root: Path, output: Path) -> None:
    photo = judged(root, "1.jpg")
    write(photo.path, b"another picture")
    problems = jobs.run(write_sorted(root, output, [photo], COPY))
    assert "run the step again" in problems[0]
    assert files(output) == {"quality.csv"}


def test_a_photo_that_vanished_is_told_and_the_others_are_sorted(root: Path, output: Path) -> None:
    gone = judged(root, "1.jpg")
    gone.path.unlink()
    problems = jobs.run(write_sorted(root, output, [gone, judged(root, "2.jpg")], COPY))
    assert "1.jpg" in problems[0]
    assert files(output) == {"clean/2.jpg", "quality.csv"}


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="this system has no file that fails when it is read")
def test_a_photo_whose_reading_fails_is_told_and_the_others_are_sorted(root: Path, output: Path) -> None:
    broken = JudgedPhoto("0.jpg", Path("/proc/self/mem"), 0, Look("hash"), "clean", "")
    (problem,) = jobs.run(write_sorted(root, output, [broken, judged(root, "1.jpg")], COPY))
    assert problem == f"Cannot read /proc/self/mem: the disk does not answer. It is not in {output / 'clean'}."
    assert files(output) == {"clean/1.jpg", "quality.csv"}


def test_a_photo_that_became_a_folder_is_told_and_the_others_are_sorted(root: Path, output: Path) -> None:
    folder = root / "0.jpg"
    folder.mkdir(parents=True)
    broken = JudgedPhoto("0.jpg", folder, folder.stat().st_size, Look("hash"), "clean", "")
    (problem,) = jobs.run(write_sorted(root, output, [broken, judged(root, "1.jpg")], COPY))
    assert problem.startswith(f"Cannot read {folder}: ")
    assert files(output) == {"clean/1.jpg", "quality.csv"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows forbids these names")
def test_names_that_a_spreadsheet_would_run_are_tamed_and_the_files_keep_theirs(root: Path, output: Path) -> None:
    write(root / "=1+1.jpg", b"x")
    photo = JudgedPhoto("./=1+1.jpg", root / "=1+1.jpg", 1, Look("hash"), "clean", "=reason")
    jobs.run(write_sorted(root, output, [photo], COPY))
    assert files(output) == {"clean/=1+1.jpg", "quality.csv"}
    text = (output / "quality.csv").read_text(encoding="utf-8-sig").splitlines()[1]
    assert text.startswith("./=1+1.jpg,clean,'=reason,")
    assert read_csv(output / "quality.csv", ["reason"])[0]["reason"] == "=reason"


def test_an_output_that_would_mix_with_the_photos_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    for data in (out / "clean", out / "problematic" / "dark"):
        data.mkdir(parents=True, exist_ok=True)
        with pytest.raises(PrismhError, match="would mix"):
            check_output(data, out)
    for data in (out, tmp_path):
        with pytest.raises(PrismhError, match="lies among the photos"):
            check_output(data, out)
    check_output(tmp_path / "photos", out)
    check_output(out / "photos", out)
