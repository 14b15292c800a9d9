"""Opens projects, and makes the one of a photo folder where there is none yet; what was left undone in one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from prismh_engine.errors import PrismhError

from . import newest_run, settings

if TYPE_CHECKING:
    from prismh_engine.project import Project, Run


@dataclass(frozen=True)
class LeftUndone:
    """has_map: whether there is a map at all. learned: the newest run where it has finished and has no map yet."""

    has_map: bool
    learned: Run | None


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


def left_undone(project: Project) -> LeftUndone:
    """What was not done to the end when the project was closed."""
    from prismh_engine.project.runs import FINISHED

    mapped = {found.name for found in project.features.all() if project.maps.newest(found) is not None}
    run = newest_run.newest(project)
    is_new = run is not None and run.state == FINISHED and run.name not in mapped
    return LeftUndone(bool(mapped), run if is_new else None)
