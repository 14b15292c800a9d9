"""When, where and with what photos were taken, and how they are called, read in columns."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from prismh_engine.photos.record import FoundPhoto, Look
from prismh_engine.project import Project
from prismh_engine.project.imported_metadata import ShotFacts

IN_EXIF = Look(
    "ab" * 32, taken_at="2026-03-02T07:30:00+03:00", taken_at_source="exif", latitude=-0.0917, longitude=34.768,
    camera="TECNO KI5q",
)  # fmt: skip


def recorded(project: Project, photos: Path, looks: dict[str, Look]) -> list[int]:
    photos.mkdir()
    found = [(FoundPhoto(photos / name, name, 1, 2, 3), look) for name, look in looks.items()]
    return project.photos.record(project.add_folder(photos).id, found)


def shots(project: Project) -> list[tuple[object, ...]]:
    return list(zip(*project.columns.shots(), strict=True))


def test_a_row_says_what_the_catalogue_says_of_the_photo(project: Project, tmp_path: Path) -> None:
    looks = {"./=sum.jpg": IN_EXIF, "ward 3/b.jpg": Look("cd" * 32), "c.jpg": Look("", "The file is empty.")}
    recorded(project, tmp_path / "photos", looks)
    photos = sorted(project.photos.all(), key=lambda photo: photo.id)
    assert shots(project) == [
        (p.id, p.file_path, p.look.taken_at, p.look.latitude, p.look.longitude, p.look.camera, p.verdict)
        for p in photos
    ]


def test_what_a_person_imported_stands_over_what_the_photo_says(project: Project, tmp_path: Path) -> None:
    (identity,) = recorded(project, tmp_path / "photos", {"a.jpg": IN_EXIF})
    project.imported.add({identity: ShotFacts("2026-05-31", (13.08, 80.27), None)}, replace=True)
    assert shots(project) == [(identity, "photos/a.jpg", "2026-05-31", 13.08, 80.27, "TECNO KI5q", "clean")]


def test_a_position_that_is_no_more_than_a_guess_is_none_until_somebody_tells_it(
    project: Project, tmp_path: Path
) -> None:
    guess = dataclasses.replace(IN_EXIF, latitude=0.0, longitude=0.0, position_note="0, 0 is what many phones write.")
    (identity,) = recorded(project, tmp_path / "photos", {"a.jpg": guess})
    assert shots(project)[0][3:5] == (None, None)
    project.imported.add({identity: ShotFacts(position=(13.08, 80.27))})
    assert shots(project)[0][3:5] == (13.08, 80.27)


def test_the_names_of_photos_stand_before_those_of_groups(project: Project, tmp_path: Path) -> None:
    one, two = recorded(project, tmp_path / "photos", {"a.jpg": IN_EXIF, "b.jpg": Look("cd" * 32)})
    assert project.columns.names() == ((), ())
    project.labels.name_group([one, two], "Drums")
    project.labels.name_photos([two], "Tyres")
    names = project.columns.names()
    assert next(zip(*names, strict=True)) == (two, "Tyres")
    assert sorted(zip(*names, strict=True)) == [(one, "Drums"), (two, "Drums"), (two, "Tyres")]


def test_an_empty_project_has_empty_columns(project: Project) -> None:
    assert project.columns.shots() == ((),) * 7
