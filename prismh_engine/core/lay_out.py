"""Groups and a map for a feature set of a project, or those that are there brought up to date. Imports no torch."""

from __future__ import annotations

import numpy as np

from ..jobs import Job, StopToken
from ..project import FeatureSet, Project
from .cluster_embeddings import cluster_project
from .groups import extend_groups
from .map_embeddings import map_project


def lay_out(project: Project, features: FeatureSet, stop: StopToken | None = None) -> Job[None]:
    """Group and map the used photos that have these features; what is there already is not done again.

    Where few photos are new they join the groups that are there and are placed on the map that is there, and nothing
    else moves; else both are made anew. A stop leaves as `Stopped` or keeps an unfinished map, as of `cluster_project`
    and `map_project`.
    """
    if not _grouped(project, features):
        extended = yield from extend_groups(project, features.name)
        if extended is None:
            yield from cluster_project(project, features.name, stop=stop)
    yield from map_project(project, features.name, keep_places=True, stop=stop)


def _grouped(project: Project, features: FeatureSet) -> bool:
    """Whether the groups that are shown, as a person may have made them, are of the photos that are used now."""
    shown = project.groupings.newest(features)
    if shown is None or shown.tree is None:  # kept by an older version
        return False
    return np.array_equal(np.sort(shown.photo_ids), features.of_used()[0])
