"""The learnings of a project whose map can be seen, and how a person tells them apart. Without widgets and torch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QDateTime

from . import words

if TYPE_CHECKING:
    from prismh_engine.project import Project, Run


@dataclass(frozen=True)
class Learning:
    """run: its name, which is that of its features too. title: when it began, to the second where that tells it from
    another one, and by which recipe: "28 Nov 14:05, Quick". summary, shown_first: as of a `Run`. has_map: whether its
    map is there; else it can be made.
    """

    run: str
    title: str
    summary: str
    shown_first: str
    has_map: bool


def learnings_of(project: Project) -> tuple[Learning, ...]:
    """Those that have a map, or a model to make it from, the newest first."""
    from prismh_engine.models.simclr.lock import is_held
    from prismh_engine.project.runs import FAILED

    mapped = {found.name for found in project.features.all() if project.maps.newest(found) is not None}

    def can_be_mapped(run: Run) -> bool:
        # What fails with something to go on from counts as stopped; the rest learned nothing that is of use.
        return run.state != FAILED and has_model(run.folder) and not is_held(run.folder)

    seen = [run for run in reversed(project.runs.all()) if run.name in mapped or can_be_mapped(run)]
    titles = [_title(run, "HH:mm") for run in seen]
    if len(set(titles)) < len(titles):  # of a few photos something is learned in less than a minute
        titles = [_title(run, "HH:mm:ss") for run in seen]
    return tuple(
        Learning(run.name, title, run.summary, run.shown_first, run.name in mapped)
        for run, title in zip(seen, titles, strict=True)
    )


def has_model(run_folder: Path) -> bool:
    """Whether a run learned something that photos can be looked at by."""
    from prismh_engine.models.simclr.run_files import RunFiles

    return RunFiles(run_folder).best.is_file()


def _title(run: Run, clock: str) -> str:
    began = datetime.fromisoformat(run.created_at).astimezone()
    shown = "d MMM" if began.year == date.today().year else "d MMM yyyy"
    moment = words.locale().toString(QDateTime.fromSecsSinceEpoch(int(began.timestamp())), f"{shown} {clock}")
    recipe = _recipe(run.folder)
    return f"{moment}, {recipe}" if recipe else moment


def _recipe(run_folder: Path) -> str:
    """The words of the preset, "" without one, or where the folder of the run is gone."""
    from prismh_engine.models.simclr.run_settings import settings_of

    settings = settings_of(run_folder)
    recipes = {
        "quick": tr("Quick"), "standard": tr("Standard"), "thorough": tr("Thorough"), "names": tr("With my names"),
        "scratch": tr("From nothing"),
    }  # fmt: skip
    return recipes.get(settings.preset or "", "") if settings is not None else ""


def tr(text: str) -> str:
    return QCoreApplication.translate("learnings", text)
