"""What the Export page reads and writes. The engine is imported in the thread that runs the job."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from prismh_engine.jobs import Job, Progress, StopToken
from prismh_engine.project import Project
from prismh_engine.project.feature_sets import STARTER

from ..export_choices import FEATURES, KILOMETRE_DECIMALS, ExportChoices
from ..learnings import learnings_of

if TYPE_CHECKING:
    from prismh_engine.core.copy_photos import CopyReport, NamedPhotos
    from prismh_engine.core.export_features import ExportPreview

PREVIEW_ROWS = 20


@dataclass(frozen=True)
class Readings:
    """What the page shows. is_learned: whether features, map and groups are those of a run, None while there are none.
    learning: which one, where there are several, else "". placed: whether a used photo says where it was taken. names:
    None where they were not asked for. missing: photos that are not where they were.
    """

    choices: ExportChoices
    table: ExportPreview
    is_learned: bool | None
    learning: str
    placed: bool
    names: list[NamedPhotos] | None
    missing: int


def read(project: Project, with_names: bool) -> Job[Readings]:
    """The first rows, and by which names photos can be copied; of the map and groups that Explore shows."""
    from prismh_engine.core.copy_photos import named_photos
    from prismh_engine.core.export_features import preview_project

    yield Progress("Reading the first rows", 0, None)
    features = project.shown_features
    table = preview_project(project, PREVIEW_ROWS, features)
    shots = project.columns.shots()
    used = np.isin(np.array(shots.photo_ids, np.int64), project.photos.used_ids())
    placed = bool(np.isfinite(np.array(shots.latitudes, np.float64)[used]).any())
    names = None
    if with_names:
        yield Progress("Reading the names", 0, None)
        names = named_photos(project)
    if features is None and project.features.all():  # as in the table, where no photo has a group yet
        features = project.features.newest().name
    is_learned = None if features is None else features != STARTER
    titles = {known.run: known.title for known in learnings_of(project)}
    learning = titles.get(str(features), "") if len(titles) > 1 else ""
    missing = project.photos.counts()["missing"]
    return Readings(ExportChoices.kept(project.export_choices), table, is_learned, learning, placed, names, missing)


def save_table(
    project: Project, file: Path, choices: ExportChoices, columns: Sequence[str], stop: StopToken
) -> Job[Path]:
    """Write the table with these columns, and keep what was chosen."""
    from prismh_engine.core.export_features import export_project

    yield from export_project(
        project,
        file,
        features=project.shown_features,
        columns=columns,
        with_features=FEATURES in choices.wanted(),
        location_decimals=KILOMETRE_DECIMALS if choices.rounded else None,
        stop=stop,
    )
    project.keep_export_choices(dataclasses.replace(choices, file=str(file)).as_values())
    return file


def copy_into_folders(
    project: Project, folder: Path, names: list[str], choices: ExportChoices, stop: StopToken
) -> Job[CopyReport]:
    """Copy the photos of these names, and keep what was chosen."""
    from prismh_engine.core.copy_photos import copy_photos

    report = yield from copy_photos(
        project,
        folder,
        names=names,
        features=project.shown_features,
        with_location=choices.place_in_copies,
        stop=stop,
    )
    project.keep_export_choices(dataclasses.replace(choices, folder=str(folder)).as_values())
    return report
