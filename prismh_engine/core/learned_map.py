"""From what a run learned to its map, and what becomes of such maps when other photos are used than before."""

from __future__ import annotations

import dataclasses
from contextlib import closing

import numpy as np
from numpy.typing import NDArray

from ..jobs import Job, StopToken
from ..models.simclr.lock import is_held
from ..models.simclr.run_files import RunFiles
from ..project import Project, Run
from .extract_embeddings import extract_project
from .lay_out import is_of_used, lay_out
from .what_changed import what_changed


def learned_map(project: Project, run: str, stop: StopToken | None = None) -> Job[None]:
    """See the used photos with what a run learned, group and map them, and keep what is said of what it changed.

    Raises `PrismhError` where the run has no checkpoint.
    """
    features = yield from extract_project(project, run, stop)
    yield from lay_out(project, features, stop)
    change = yield from what_changed(project, run)
    project.runs.set_summary(project.runs.get(run), str(change), change.shown_first)


def learned_maps_follow(project: Project, stop: StopToken | None = None) -> Job[None]:
    """Bring the groups and maps of all runs up to date with the photos that are used now, the one that is shown first.

    What is said of what a run changed stays. A run whose model is gone or damaged keeps the map it has, and so does one
    that is being learned into at this moment. A stop leaves as `Stopped`, with the map that was there. No `Progress`
    holds positions: they would be taken for those of the instant map.
    """
    used, away = project.photos.used_ids(), project.photos.missing_ids()
    runs = [run for run in project.runs.all() if _lags_behind(project, run, used, away)]
    for run in sorted(runs, key=lambda run: (run.name != project.shown_features, -run.id)):
        with closing(_follow(project, run, used, stop)) as following:  # which a stop does not reach
            for progress in following:
                yield dataclasses.replace(progress, metrics={})


def _lags_behind(project: Project, run: Run, used: NDArray[np.int64], away: NDArray[np.int64]) -> bool:
    """Whether a run has a map, unfinished or of other photos than those that are used, and a model to see new ones."""
    features = project.features.find(run.name)
    shown = None if features is None else project.maps.newest(features)
    if shown is None or (shown.finished and is_of_used(shown.photo_ids, used, away)):
        return False
    return RunFiles(run.folder).best.is_file() and not is_held(run.folder)


def _follow(project: Project, run: Run, used: NDArray[np.int64], stop: StopToken | None) -> Job[None]:
    features = project.features.get(run.name)
    if len(features.of_used()[0]) < len(used):
        from ..models.simclr.run_folder import RunFolder

        if RunFolder(run.folder).best_epoch() is None:  # what a damaged one sees would take the place of what is known
            return
        features = yield from extract_project(project, run.name, stop)
    if len(features.of_used()[0]):
        yield from lay_out(project, features, stop)
