"""What the Explore page shows of a project, read away from the GUI thread. Without Qt."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from prismh_engine.analysis.hot_spots import HotSpot, hot_spots
from prismh_engine.jobs import Job, Progress
from prismh_engine.project import Photo, Project
from prismh_engine.project.feature_sets import STARTER, FeatureSet
from prismh_engine.project.photo_catalogue import USED

from ..explore_filters import PhotoFacts, read_facts, with_names
from ..learnings import Learning, learnings_of
from ..photos_by_id import PhotosById
from ..widgets.point_raster import PointRaster
from .names_borne import NamesBorne

if TYPE_CHECKING:
    from prismh_engine.project.group_names import NamesByGroup
    from prismh_engine.project.groupings import Grouping

FEWEST_PHOTOS = 3


@dataclass(frozen=True)
class Group:
    """A group of photos. number: its cluster; known_as: the number from 0 on that it keeps while others are split or
    joined. photo_ids int64 [N], the most typical first. name: "" until a person gave one, "Drums and others" where at
    most half of its photos got it (then it is not `named`); names: those that are in it. separation: 0 to 1, None
    unknown.
    """

    number: int
    known_as: int
    photo_ids: NDArray[np.int64]
    name: str
    names: tuple[str, ...]
    named: bool
    separation: float | None


@dataclass(frozen=True)
class MapContents:
    """A map, its groups and its photos.

    features: whose embeddings: "starter" or a run's name. photo_ids int64 [N], points (their positions), clusters int32
    [N] (-1 none) and facts of N photos, all empty while there is no map. grouping: what is shown of the groups, with
    the tree its finer and coarser cuts come from. spots: where more of the N photos were taken than elsewhere. used:
    how many photos a map would show; missing: how many are not where they were. learnings: the newest first. photos: by
    their ids; known_ids int64: these ids; on_map: those of the N, empty until they are read; seen_ids int64, rising:
    those that are used and in their place. names: photo id -> the names given to the photo itself; by_group: those that
    the photos of the grouping got with a group; borne: both; counts: every name in the project and how many photos
    carry it.
    """

    features: str = STARTER
    photo_ids: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    points: PointRaster = field(default_factory=lambda: PointRaster(np.empty((0, 2), np.float32)))
    clusters: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    facts: PhotoFacts | None = None
    spots: Sequence[HotSpot] = ()
    grouping: Grouping | None = None
    groups: tuple[Group, ...] = ()
    photos: Mapping[int, Photo] = field(default_factory=dict)
    known_ids: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    on_map: Sequence[Photo | None] = ()
    seen_ids: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    names: Mapping[int, Sequence[str]] = field(default_factory=dict)
    by_group: NamesByGroup | None = None
    borne: NamesBorne = field(default_factory=NamesBorne)
    counts: Mapping[str, int] = field(default_factory=dict)
    all_photos: int = 0
    used: int = 0
    missing: int = 0
    learnings: Sequence[Learning] = ()

    def learning(self, run: str) -> Learning | None:
        """That of a run, else the newest one that has a map, else the newest."""
        of_run = [learning for learning in self.learnings if learning.run == run]
        mapped = [learning for learning in self.learnings if learning.has_map]
        return next(iter([*of_run, *mapped, *self.learnings]), None)

    def clusters_of(self, photo_ids: NDArray[np.int64]) -> NDArray[np.int32]:
        """The group of each photo, -1 where it has none, int32 [N]."""
        if self.grouping is None:
            return np.full(len(photo_ids), -1, np.int32)
        if len(self.clusters) and np.array_equal(photo_ids, self.photo_ids):  # nearly always: to compare is nothing
            return self.clusters
        return _looked_up(self.grouping.photo_ids, self.grouping.clusters, photo_ids)

    def cut(self, groups: int, photo_ids: NDArray[np.int64]) -> NDArray[np.int32]:
        """The group of each photo where the tree is cut into so many, -1 where it has none, int32 [N]."""
        if self.grouping is None or self.grouping.tree is None:
            return np.full(len(photo_ids), -1, np.int32)
        return _looked_up(self.grouping.photo_ids, self.grouping.tree.cut(groups), photo_ids)

    def names_of(self, photo_id: int) -> list[str]:
        """All names of a photo, its own before those that came with its group."""
        names = list(self.names.get(photo_id, ()))
        if self.by_group is not None and self.grouping is not None:
            here = self.grouping.photo_ids[self.by_group.rows] == photo_id
            of_group = [self.by_group.names[code] for code in self.by_group.codes[here].tolist()]
            names += [name for name in of_group if name not in names]
        return names

    def group(self, number: int) -> Group | None:
        return next((group for group in self.groups if group.number == number), None)

    def photos_of(self, photo_ids: NDArray[np.int64]) -> PhotosById:
        """Those that are known, in this order."""
        return PhotosById(photo_ids[np.isin(photo_ids, self.known_ids)], self.photos)


def read_map(
    project: Project, features: str, known: MapContents | None = None, changed: Collection[int] = ()
) -> Job[MapContents]:
    """Read the map of a feature set with its groups, names and photos.

    known: contents whose photos are still as they are in the project but for those with the ids `changed`, of which a
    person decided whether they are used; other photos are not read again then. Without it the photos come last: the
    contents without them are in the metrics of the progress before, as "contents".
    """
    yield Progress("Reading the map", 0, None)
    sets = {found.name: found for found in project.features.all()}
    learnings = learnings_of(project)
    if features not in sets and features not in [learning.run for learning in learnings]:
        features = STARTER
    counts = project.photos.counts()
    contents = MapContents(
        features=features,
        photos={} if known is None else known.photos,
        known_ids=np.empty(0, np.int64) if known is None else known.known_ids,
        seen_ids=project.photos.used_ids(),
        names=project.labels.of_photos(),
        counts=project.labels.counts(),
        all_photos=counts["all"],
        used=counts[USED],
        missing=counts["missing"],
        learnings=learnings,
    )
    if changed:
        photos = {**contents.photos, **{photo.id: photo for photo in project.photos.some(list(changed))}}
        contents = dataclasses.replace(contents, photos=photos, known_ids=_ids(photos))
    if features in sets:
        yield Progress("Reading the map", 1, None)
        contents = _with_groups(project, contents, sets[features])
        yield Progress("Reading the map", 2, None)
        contents = _with_map(project, contents, sets[features], known)
    grouped = np.empty(0, np.int64) if contents.grouping is None else contents.grouping.photo_ids
    contents = dataclasses.replace(contents, borne=NamesBorne.of(contents.names, contents.by_group, grouped))
    if len(contents.photo_ids):
        contents = yield from _with_facts(project, contents, known)
    if known is None:
        if len(contents.photo_ids):
            yield Progress("Reading the map", 3, None, {"contents": contents})
        photos = {}
        for part in project.photos.in_parts():
            photos.update((photo.id, photo) for photo in part)
            yield Progress("Reading the map", 3, None)
        contents = dataclasses.replace(contents, photos=photos, known_ids=_ids(photos))
    on_map = [contents.photos.get(photo_id) for photo_id in contents.photo_ids.tolist()]
    return dataclasses.replace(contents, on_map=on_map)


def _with_facts(project: Project, contents: MapContents, known: MapContents | None) -> Job[MapContents]:
    if known is not None and known.facts is not None and np.array_equal(known.photo_ids, contents.photo_ids):
        return dataclasses.replace(contents, facts=with_names(known.facts, project), spots=known.spots)
    facts = yield from read_facts(project, contents.photo_ids)
    return dataclasses.replace(contents, facts=facts, spots=hot_spots(facts.latitudes, facts.longitudes))


def _with_groups(project: Project, contents: MapContents, features: FeatureSet) -> MapContents:
    grouping = project.groupings.newest(features)
    if grouping is None:
        return contents
    by_group = project.labels.by_group(grouping.photo_ids)
    names, numbers = by_group.of_clusters(grouping.clusters), grouping.numbers
    by_distance = np.argsort(grouping.distances, kind="stable")
    ids, clusters = grouping.photo_ids[by_distance], grouping.clusters[by_distance]
    seen = np.isin(ids, contents.seen_ids)  # a photo may have been set aside or gone away since
    groups = []
    for number in range(int(clusters.max(initial=-1)) + 1):
        separation = float(grouping.separation[number]) if number < len(grouping.separation) else None
        name, members = names.get(number), ids[seen & (clusters == number)]
        named = name is not None and name.of_most
        parts = () if name is None else name.names
        groups.append(Group(number, numbers[number], members, str(name or ""), parts, named, separation))
    return dataclasses.replace(contents, grouping=grouping, groups=tuple(groups), by_group=by_group)


def _with_map(project: Project, contents: MapContents, features: FeatureSet, known: MapContents | None) -> MapContents:
    found = project.maps.newest(features)
    if found is None:
        return contents
    shown = np.isin(found.photo_ids, contents.seen_ids)
    if shown.sum() < FEWEST_PHOTOS:
        return contents
    ids, positions = found.photo_ids[shown], found.positions[shown]
    is_known = known is not None and np.array_equal(known.points.positions, positions)
    points = known.points if known is not None and is_known else PointRaster(positions)
    return dataclasses.replace(contents, photo_ids=ids, points=points, clusters=contents.clusters_of(ids))


def _ids(photos: Mapping[int, Photo]) -> NDArray[np.int64]:
    return np.fromiter(photos, np.int64, len(photos))


def _looked_up(known: NDArray[np.int64], numbers: NDArray[np.int32], photo_ids: NDArray[np.int64]) -> NDArray[np.int32]:
    found = np.full(len(photo_ids), -1, np.int32)
    if len(known) and len(photo_ids):
        order = np.argsort(known, kind="stable")
        at = order[np.searchsorted(known, photo_ids, sorter=order).clip(0, len(known) - 1)]
        here = known[at] == photo_ids
        found[here] = numbers[at[here]]
    return found
