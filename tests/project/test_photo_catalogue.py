"""The catalogue of photos: what goes in comes out, and its counts are those of its photos."""

from __future__ import annotations

import itertools
import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from prismh_engine.paths import to_text
from prismh_engine.photos.record import FoundPhoto, Look
from prismh_engine.project import Project
from prismh_engine.project.photo_catalogue import Judgement, Photo

FULL = Look(
    "ab" * 32, truncated=True, width=4000, height=3000, brightness=101.5, contrast=20.25, sharpness=300.125,
    difference_hash=(1 << 64) - 3, taken_at="2026-03-02T07:30:00+03:00", taken_at_source="exif", latitude=-0.0917,
    longitude=34.768, position_note=None, camera="TECNO KI5q",
)  # fmt: skip


def recorded(project: Project, photos: Path, looks: dict[str, Look]) -> list[int]:
    photos.mkdir(exist_ok=True)
    found = [
        (FoundPhoto(photos / name, to_text(Path(name)), 10 + number, 20 + number, 30 + number), look)
        for number, (name, look) in enumerate(looks.items())
    ]
    return project.photos.record(project.add_folder(photos).id, found)


def test_all_that_was_seen_of_a_photo_comes_back_as_it_was(project: Project, tmp_path: Path) -> None:
    unreadable = Look("", invalid_reason="The file is empty.")
    ids = recorded(project, tmp_path / "photos", {"a.jpg": FULL, "b.jpg": unreadable})
    photos = project.photos.all()
    assert [photo.id for photo in photos] == ids
    assert [photo.look for photo in photos] == [FULL, unreadable]
    assert [(photo.file_path, photo.size, photo.missing) for photo in photos] == [
        ("photos/a.jpg", 10, False), ("photos/b.jpg", 11, False),
    ]  # fmt: skip
    assert project.photos.some(ids) == photos


@pytest.mark.parametrize("name", ["ward 3/=sum.jpg", "=sum.jpg", "-1.jpg", "100%25.jpg", "50%.jpg", "فاتورة.jpg"])
def test_the_path_of_a_photo_is_that_of_its_file_whatever_it_is_called(
    project: Project, tmp_path: Path, name: str
) -> None:
    recorded(project, tmp_path / "photos", {name: FULL})
    (photo,) = project.photos.all()
    assert photo.path == tmp_path / "photos" / name


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="file names are UTF-8 there")
def test_the_path_of_a_photo_keeps_bytes_that_are_no_utf_8(project: Project, tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9 100%.jpg")
    recorded(project, tmp_path / "photos", {name: FULL})
    (photo,) = project.photos.all()
    assert photo.path == tmp_path / "photos" / name


def test_the_counts_are_those_of_the_photos_under_every_verdict_and_decision(project: Project, tmp_path: Path) -> None:
    kinds = list(
        itertools.product(
            ["clean", "invalid", "duplicate", "dark", "blurry", "outlier"],
            [None, "used", "set aside"],
            ["", "The file is empty."],
            [False, True],
        )
    )
    names = [f"{number:03}.jpg" for number in range(len(kinds))]
    looks = {name: Look(f"{number:064}", invalid_reason=kinds[number][2]) for number, name in enumerate(names)}
    ids = recorded(project, tmp_path / "photos", looks)
    project.photos.judge(Judgement(i, verdict) for i, (verdict, *_) in zip(ids, kinds, strict=True))
    for decision in ("used", "set aside"):
        project.photos.overrule([i for i, kind in zip(ids, kinds, strict=True) if kind[1] == decision], decision)
    gone = [name for name, kind in zip(names, kinds, strict=True) if kind[3]]
    project.photos.mark_missing(project.folders()[0].id, gone)

    def group(photo: Photo) -> list[str]:
        if photo.missing:
            return ["all", "missing"]
        return ["all", "used"] if photo.used else ["all", "set aside", photo.verdict]

    expected = Counter(itertools.chain.from_iterable(map(group, project.photos.all())))
    assert dict(project.photos.counts()) == dict(expected)
    assert expected["used"] == len(project.photos.used()) == 7


def test_examples_are_used_photos_from_all_over(project: Project, tmp_path: Path) -> None:
    assert project.photos.examples(3, used=0) == []
    ids = recorded(project, tmp_path / "photos", {f"{n:02}.jpg": Look(f"{n:064}") for n in range(12)})
    project.photos.overrule(ids[:6], "set aside")
    assert [photo.id for photo in project.photos.examples(3, used=6)] == [ids[6], ids[8], ids[10]]
    assert [photo.id for photo in project.photos.examples(20, used=6)] == ids[6:]


def test_a_folder_is_known_to_hold_photos_as_long_as_one_is_in_its_place(project: Project, tmp_path: Path) -> None:
    recorded(project, tmp_path / "photos", {f"{n}.jpg": Look(f"{n:064}") for n in range(2)})
    folder = project.folders()[0].id
    assert project.photos.any_in_place(folder)
    assert not project.photos.any_in_place(folder + 1)
    project.photos.mark_missing(folder, ["0.jpg"])
    assert project.photos.any_in_place(folder)
    project.photos.mark_missing(folder, ["1.jpg"])
    assert not project.photos.any_in_place(folder)


def test_ids_of_used_photos_and_decisions_follow_what_a_person_says(project: Project, tmp_path: Path) -> None:
    assert project.photos.used_ids().tolist() == []
    ids = recorded(project, tmp_path / "photos", {f"{n}.jpg": Look(f"{n:064}") for n in range(5)})
    project.photos.overrule([ids[1], ids[3]], "set aside")
    project.photos.mark_missing(project.folders()[0].id, ["4.jpg"])
    assert project.photos.used_ids().tolist() == [ids[0], ids[2]] == sorted(photo.id for photo in project.photos.used())
    assert project.photos.overruled() == {ids[1]: "set aside", ids[3]: "set aside"}
