"""From a project's folders to its instant map: what the window does when photos were added. Imports no torch."""

from __future__ import annotations

from ..jobs import Job, Progress, StopToken
from ..project import Project
from ..project.feature_sets import STARTER
from ..project.neighbour_graphs import neighbour_graph
from .extract_embeddings import extract_project
from .judge_photos import JUDGING, judge_project
from .lay_out import lay_out
from .look_at_photos import look_at_project


def instant_map(project: Project, stop: StopToken | None = None) -> Job[None]:
    """Look at new and changed photos, see what they show with the starter, judge, group and map them.

    Each part's `Progress` passes through with its metrics. Parts that were done before are not done again; a stop
    leaves as `Stopped` and what is finished is kept. A project in which no photo can be used gets no map.
    """
    yield from look_at_project(project, stop)
    seen = _photos_seen(project)
    features = yield from extract_project(project, stop=stop)
    yield from neighbour_graph(features)
    if _photos_seen(project) != seen:  # else the first look has judged by all there is to know
        yield Progress(JUDGING, 0, None)
        judge_project(project, stop=stop)
    if project.photos.used():
        yield from lay_out(project, features, stop)


def _photos_seen(project: Project) -> tuple[int, int] | None:
    """Which starter has seen how many photos."""
    features = project.features.find(STARTER)
    return None if features is None else (features.id, len(features.rows()))
