"""Opens projects, and makes the one of a photo folder where there is none yet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from prismh_engine.errors import PrismhError

from . import settings

if TYPE_CHECKING:
    from prismh_engine.project import Project


def existing(folder: Path) -> Project:
    """The project in a folder. Raises `PrismhError`."""
    from prismh_engine.project import Project

    return Project.open(folder)


def of_photo_folder(photo_folder: Path, known: Path | None) -> Project:
    """The project of an absolute photo folder, `known` or made now.

    Raises `PrismhError` where the folder is none, or the project cannot be opened or written.
    """
    from prismh_engine.project import Project

    if not photo_folder.is_dir():
        raise PrismhError(f"{photo_folder} is not a folder: choose the folder that holds the photos.")
    if known is not None:
        return Project.open(known)
    project = Project.create(settings.new_project_folder(photo_folder), photo_folder.name or None)
    project.add_folder(photo_folder)
    return project


def sample_photos() -> Path:
    """The folder of the sample photos, which may not be there yet."""
    return settings.samples_folder() / "photos"


def samples(name: str) -> Project:
    """The project of the sample photos, whose folder may still be empty. Raises `PrismhError`."""
    from prismh_engine.project import Project

    photos = sample_photos()
    try:
        photos.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PrismhError(f"Cannot make the folder of the sample photos {photos}: {error.strerror}.") from error
    project = Project.open_or_create(settings.samples_folder() / "project", name)
    project.add_folder(photos)
    return project
