"""Which project belongs to a photo folder, and where it is made where there is none yet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from prismh_engine.errors import PrismhError

from . import settings
from .settings import AppSettings

if TYPE_CHECKING:
    from prismh_engine.project import Project


def project_of(photo_folder: Path, app_settings: AppSettings) -> Project:
    """The project of an absolute photo folder, made where there is none.

    Raises `PrismhError` where the folder is none, or the project cannot be opened or written.
    """
    from prismh_engine.project import Project

    if not photo_folder.is_dir():
        raise PrismhError(f"{photo_folder} is not a folder: choose the folder that holds the photos.")
    known = app_settings.project_of(photo_folder)
    if known is not None:
        return Project.open(known)
    project = Project.create(settings.new_project_folder(photo_folder), photo_folder.name or None)
    project.add_folder(photo_folder)
    return project


def samples(name: str) -> tuple[Project, Path]:
    """The project of the sample photos and their folder, which may still be empty. Raises `PrismhError`."""
    from prismh_engine.project import Project

    photos = settings.samples_folder() / "photos"
    try:
        photos.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PrismhError(f"Cannot make the folder of the sample photos {photos}: {error.strerror}.") from error
    project = Project.open_or_create(settings.samples_folder() / "project", name)
    project.add_folder(photos)
    return project, photos
