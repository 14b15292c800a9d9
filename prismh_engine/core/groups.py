"""What becomes of the groups that are shown: finer and coarser, one split, several joined, photos added to them.

What a person changes is one step of the project's history; grouping anew is `cluster_project(..., undoable=True)`.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..analysis import clustering
from ..analysis.clustering import SEPARATION_NEIGHBOURS, Clustering
from ..analysis.group_tree import GroupTree, few_components, grow, split
from ..counted import counted
from ..errors import BadValueError, PrismhError
from ..jobs import Job, Progress
from ..project import FeatureSet, Grouping, Project
from ..project.neighbour_graphs import neighbour_graph, unit_rows_at
from ..project.unit_rows import UnitRows

MOST_NEW = 1 / 3
"""The share of photos up to which groups, and a map, are extended: of more than that they are made anew."""


def show_cut(project: Project, features: str, k: int) -> Job[Grouping]:
    """Show the groups at the cut of their tree into k, 1 to `tree.most`; names follow by their own rule.

    A cut that was shown before is there at once. Raises `BadValueError` for another k, `PrismhError` where there are
    no groups or they have no tree.
    """
    feature_set, shown = _shown(project, features)
    if shown.tree is None:
        raise PrismhError("These groups were found without finer and coarser ones: group the photos anew.")
    clusters = shown.tree.cut(k)
    if k == shown.groups:
        return shown
    with project.history.step(_shows(k)):
        if project.groupings.show_cut(feature_set, shown, k):
            return _shown(project, features)[1]
    found, separation = yield from _described(feature_set, shown.photo_ids, clusters)
    cut = _with_groups(shown, found, separation)
    with project.history.step(_shows(k)):
        project.groupings.save_cut(feature_set, cut)
    return cut


def split_group(project: Project, features: str, cluster: int) -> Job[Grouping]:
    """Split one of the groups that are shown in two, and grow the tree anew round what is shown then.

    The larger part keeps the number by which the group is known; no other group gets another one. Raises
    `BadValueError` where there is no such group, `PrismhError` where its photos are too much alike.
    """
    feature_set, shown = _shown(project, features)
    members = np.flatnonzero(shown.clusters == cluster)
    if cluster < 0 or not len(members):
        raise BadValueError(f"cluster must be between 0 and {shown.groups - 1}, got {cluster}")
    rows = UnitRows(feature_set, feature_set.places(shown.photo_ids[members]))
    second = split((yield from few_components(rows, 0)), smallest=1)
    if second is None:
        raise PrismhError("The photos of this group are too much alike to be split.")
    smaller = second if 2 * second.sum() <= len(second) else ~second
    clusters = shown.clusters.copy()
    clusters[members[smaller]] = shown.groups
    free = next(number for number in itertools.count() if number not in shown.numbers)
    numbers = (*shown.numbers, free)
    return (yield from _save_edited(project, feature_set, shown, clusters, numbers, "Group split in two"))


def join_groups(project: Project, features: str, clusters: Sequence[int]) -> Job[Grouping]:
    """Join two or more of the groups that are shown, and grow the tree anew round what is shown then.

    They keep the number by which the largest of them is known. Raises `BadValueError` where one of them is not there,
    or there are fewer than two.
    """
    feature_set, shown = _shown(project, features)
    joined = sorted(set(clusters))
    if len(joined) < 2 or joined[0] < 0 or joined[-1] >= shown.groups:
        raise BadValueError(f"clusters must be two or more of 0 to {shown.groups - 1}, got {list(clusters)}")
    made = np.where(np.isin(shown.clusters, joined), joined[0], shown.clusters).astype(np.int32)
    text = f"{counted(len(joined), 'group')} joined"
    return (yield from _save_edited(project, feature_set, shown, made, shown.numbers, text))


def extend_groups(project: Project, features: str) -> Job[Grouping | None]:
    """Bring the groups that are shown up to date with the used photos, where at most a third of those are new.

    A new photo joins the finest group whose centre is nearest to it, and with that the group it belongs to at every
    cut; no other photo changes its group. No step of the history. None, and nothing is changed, where more are new, or
    there are no groups or they have no tree: then they are to be found anew.
    """
    feature_set = project.features.get(features)
    shown = project.groupings.newest(feature_set)
    photo_ids, places = feature_set.of_used()
    if shown is None or shown.tree is None:
        return None
    _, here, there = np.intersect1d(photo_ids, shown.photo_ids, return_indices=True)
    if len(photo_ids) - len(here) > MOST_NEW * len(photo_ids) or not len(here):
        return None
    leaves = np.full(len(photo_ids), -1, dtype=np.int32)
    leaves[here] = shown.tree.leaves[there]
    known, new = np.flatnonzero(leaves >= 0), np.flatnonzero(leaves < 0)
    if len(np.unique(leaves[known])) < shown.tree.most:  # a group whose photos were all set aside
        return None
    centres = yield from clustering.centres_of(UnitRows(feature_set, places[known]), leaves[known])
    leaves[new] = clustering.distances_to(UnitRows(feature_set, places[new]), centres).argmin(axis=1)
    tree = shown.tree.with_leaves(leaves)
    trunk = yield from _cut_of(feature_set, shown, photo_ids, tree, tree.trunk)
    cut = None
    if shown.groups != tree.trunk:
        cut = yield from _cut_of(feature_set, trunk, photo_ids, tree, shown.groups)
    project.groupings.replace(feature_set, shown, trunk, cut)
    return project.groupings.newest(feature_set)


def undo(project: Project) -> Job[str]:
    """Undo the newest step of the history and return its text, "" where there is none; see `History.undo`.

    Groups that are shown again take up the photos added since, as `extend_groups` does it.
    """
    return (yield from _step_through(project, project.history.undo))


def redo(project: Project) -> Job[str]:
    """The same for `History.redo`."""
    return (yield from _step_through(project, project.history.redo))


def _step_through(project: Project, go: Callable[[], str]) -> Job[str]:
    yield Progress("Going through what was done", 0, None)
    before = {features.name: _which(project, features) for features in project.features.all()}
    text = go()
    for features in project.features.all():
        shown = project.groupings.newest(features)
        if shown is None or before.get(features.name) == (shown.id, shown.groups):
            continue
        if not np.array_equal(np.sort(shown.photo_ids), features.of_used()[0]):
            yield from extend_groups(project, features.name)
    return text


def _which(project: Project, features: FeatureSet) -> tuple[int, int] | None:
    shown = project.groupings.newest(features)
    return None if shown is None else (shown.id, shown.groups)


def _cut_of(
    feature_set: FeatureSet, grouping: Grouping, photo_ids: NDArray[np.int64], tree: GroupTree, groups: int
) -> Job[Grouping]:
    found, separation = yield from _described(feature_set, photo_ids, tree.cut(groups))
    return dataclasses.replace(_with_groups(grouping, found, separation), photo_ids=photo_ids, tree=tree)


def _shown(project: Project, features: str) -> tuple[FeatureSet, Grouping]:
    feature_set = project.features.get(features)
    shown = project.groupings.newest(feature_set)
    if shown is None:
        raise PrismhError("There are no groups yet: group the photos first.")
    return feature_set, shown


def _shows(groups: int) -> str:
    return f"{counted(groups, 'group')} shown"


def _save_edited(
    project: Project,
    feature_set: FeatureSet,
    shown: Grouping,
    clusters: NDArray[np.int32],
    numbers: Sequence[int],
    text: str,
) -> Job[Grouping]:
    """Keep groups that a person made out of those shown; `clusters` may leave some out. numbers: by which they are
    known."""
    found, separation = yield from _described(feature_set, shown.photo_ids, clusters)
    rows = UnitRows(feature_set, feature_set.places(shown.photo_ids))
    tree = yield from grow(rows, found.clusters, shown.parameters.get("seed", 0))
    _, first = np.unique(found.clusters, return_index=True)
    tree = dataclasses.replace(tree, known_as=tuple(numbers[cluster] for cluster in clusters[first].tolist()))
    edited = dataclasses.replace(_with_groups(shown, found, separation), tree=tree)
    with project.history.step(text):
        return project.groupings.save(feature_set, edited)


def _described(
    feature_set: FeatureSet, photo_ids: NDArray[np.int64], clusters: NDArray[np.int32]
) -> Job[tuple[Clustering, NDArray[np.float32]]]:
    """Distances, silhouettes and separation of any groups of these photos."""
    places = feature_set.places(photo_ids)
    found = yield from clustering.describe(UnitRows(feature_set, places), clusters)
    # Photos of equal bytes share a row, and their neighbours; one without a row, edited since, has none.
    there = np.flatnonzero(places >= 0)
    different, first, shared = np.unique(places[there], return_index=True, return_inverse=True)
    graph = yield from neighbour_graph(feature_set)
    among = graph.among(different, SEPARATION_NEIGHBOURS, lambda: unit_rows_at(feature_set, different))
    neighbours = yield from among
    separation = np.zeros(len(places), dtype=np.float32)
    separation[there] = clustering.separation(found.clusters[there][first], neighbours)[shared]
    return found, clustering.mean_by_cluster(found.clusters, separation)


def _with_groups(grouping: Grouping, found: Clustering, separation: NDArray[np.float32]) -> Grouping:
    """A grouping of the same photos with other groups; numbers of groups were not compared for them."""
    report = {
        **grouping.report,
        "k": len(found.sizes),
        "silhouette": None,
        "sizes": found.sizes,
        "scores": {},
        "separation": [round(float(value), 4) for value in separation],
    }
    return dataclasses.replace(
        grouping,
        report=report,
        clusters=found.clusters,
        distances=found.distances,
        silhouettes=found.silhouettes,
        separation=separation,
    )
