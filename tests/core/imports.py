"""Tables that tell of photos, and what became of them in a project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from prismh_engine import jobs
from prismh_engine.core.import_metadata import ImportReport, import_into_project
from prismh_engine.project import Photo, Project

from ..photos.pictures import encoded, picture, write


def with_exif() -> bytes:
    """A photo that says itself when, where and by what it was taken."""
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Model] = "Nokia", "G22"
    exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = "2023:01:02 03:04:05"
    exif.get_ifd(IFD.GPSInfo).update(
        {
            GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: (10.0, 30.0, 0.0),
            GPS.GPSLongitudeRef: "E", GPS.GPSLongitude: (20.0, 0.0, 0.0),
        }
    )  # fmt: skip
    return encoded(picture(1), exif=exif)


def table(path: Path, *lines: str) -> Path:
    return write(path, "\n".join(lines).encode())


def taken_in(project: Project, path: Path, **arguments: Any) -> ImportReport:
    return jobs.run(import_into_project(project, path, **arguments))


def photo(project: Project, name: str) -> Photo:
    (found,) = [one for one in project.photos.all() if one.file_path.endswith(name)]
    return found


def own(project: Project) -> dict[str, dict[str, str]]:
    """A team's own columns: what they say of which photo, called by the end of its path."""
    name_of = {photo.id: photo.file_path.removeprefix("field photos/") for photo in project.photos.all()}
    return {
        name: {name_of[photo_id]: text for photo_id, text in zip(column.photo_ids, column.texts, strict=True)}
        for name, column in project.columns.own().items()
    }
