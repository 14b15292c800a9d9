"""Groups and a map for a feature set of a project, or those that are there brought up to date. Imports no torch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..jobs import Job, StopToken
from ..project import FeatureSet, Project
from .cluster_embeddings import cluster_project
from .groups import extend_groups
from .map_embeddings import map_project


def lay_out(project: Project, features: FeatureSet, stop: StopToken | None = None) -> Job[None]:
    """Group and map the used photos that have these features; what is there already is not done again.

    Where few photos are new they join the groups that are there and are placed on the map that is there, and nothing
    else moves; else both are made anew. Where photos have gone and none is new both stay, for those that come back with
    their disk: groups may be as a person made them. A stop leaves as `Stopped` or keeps an unfinished map, as of
    `cluster_project` and `map_project`.
    """
    used, away = features.of_used()[0], project.photos.missing_ids()
    groups = project.groupings.newest(features)
    # An older version kept no tree.
    if groups is None or groups.tree is None or not is_of_used(groups.photo_ids, used, away):
        extended = yield from extend_groups(project, features.name)
        if extended is None:
            yield from cluster_project(project, features.name, stop=stop)
    made = project.maps.newest(features)
    if made is None or not made.finished or not is_of_used(made.photo_ids, used, away):
        yield from map_project(project, features.name, keep_places=True, stop=stop)


def is_of_used(shown: NDArray[np.int64], used: NDArray[np.int64], away: NDArray[np.int64]) -> bool:
    """Whether groups or a map are of the photos that are used, and else only of such as are not where they were.

    shown, used, away: ids of photos, each int64 [N].
    """
    return bool(np.isin(used, shown).all() and np.isin(shown, np.concatenate([used, away])).all())
