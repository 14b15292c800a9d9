"""What the Explore page shows of a project, read away from the GUI thread. Without Qt."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from prismh_engine.jobs import Job, Progress
from prismh_engine.project import Photo, Project
from prismh_engine.project.feature_sets import STARTER

FEWEST_PHOTOS = 3


@dataclass(frozen=True)
class Group:
    """A group of photos. photo_ids int64 [N], the most typical first. name: "" until a person gave one. separation: 0
    to 1, None unknown.
    """

    number: int
    photo_ids: NDArray[np.int64]
    name: str
    separation: float | None


@dataclass(frozen=True)
class MapContents:
    """A map, its groups and its photos.

    features: whose embeddings: "starter" or a run's name. photo_ids int64 [N], positions float32 [N, 2], clusters int32
    [N] (-1 none), all empty while there is no map. used: how many photos a map would show; missing: how many are not
    where they were. learned: the newest run that has a map, "" where there is none; summary: what that run changed.
    newest: the newest feature set, "" where none. names: photo id -> the names given to the photo itself.
    """

    features: str = STARTER
    photo_ids: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    positions: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 2), np.float32))
    clusters: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    groups: tuple[Group, ...] = ()
    photos: Mapping[int, Photo] = field(default_factory=dict)
    names: Mapping[int, list[str]] = field(default_factory=dict)
    all_photos: int = 0
    used: int = 0
    missing: int = 0
    learned: str = ""
    summary: str = ""
    newest: str = ""

    def clusters_of(self, photo_ids: NDArray[np.int64]) -> NDArray[np.int32]:
        """The group of each photo, -1 where it has none, int32 [N]."""
        found = np.full(len(photo_ids), -1, np.int32)
        if not self.groups or not len(photo_ids):
            return found
        known = np.concatenate([group.photo_ids for group in self.groups])
        numbers = np.repeat(
            np.array([group.number for group in self.groups], np.int32), [len(group.photo_ids) for group in self.groups]
        )
        order = np.argsort(known)
        at = np.searchsorted(known[order], photo_ids).clip(0, len(known) - 1)
        here = known[order][at] == photo_ids
        found[here] = numbers[order][at][here]
        return found

    def whole_group(self, photo_ids: NDArray[np.int64]) -> Group | None:
        """The group that consists of exactly these photos."""
        if not len(photo_ids):
            return None
        for group in self.groups:
            if len(group.photo_ids) == len(photo_ids) and np.isin(photo_ids, group.photo_ids).all():
                return group
        return None

    def with_group_name(self, number: int, name: str) -> MapContents:
        groups = tuple(dataclasses.replace(g, name=name) if g.number == number else g for g in self.groups)
        return dataclasses.replace(self, groups=groups)


def read_map(project: Project, features: str) -> Job[MapContents]:
    """Read the map of a feature set with its groups, names and photos."""
    yield Progress("Reading the map", 0, None)
    photos = {photo.id: photo for photo in project.photos.all()}
    yield Progress("Reading the map", 1, None)
    sets = {found.name: found for found in project.features.all()}
    mapped = [name for name, found in sets.items() if name != STARTER and project.maps.newest(found) is not None]
    learned = mapped[-1] if mapped else ""
    if features not in sets:
        features = STARTER
    contents = MapContents(
        features=features,
        photos=photos,
        names=project.labels.of_photos(),
        all_photos=len(photos),
        used=sum(photo.used and not photo.missing for photo in photos.values()),
        missing=sum(photo.missing for photo in photos.values()),
        learned=learned,
        summary=project.runs.get(learned).summary if learned else "",
        newest=list(sets)[-1] if sets else "",
    )
    yield Progress("Reading the map", 2, None)
    if features in sets:
        contents = _with_map(project, contents)
    return contents


def _with_map(project: Project, contents: MapContents) -> MapContents:
    features = project.features.get(contents.features)
    grouping = project.groupings.newest(features)
    groups: tuple[Group, ...] = ()
    if grouping is not None:
        by_distance = np.argsort(grouping.distances, kind="stable")
        members = {
            number: grouping.photo_ids[by_distance[grouping.clusters[by_distance] == number]]
            for number in range(int(grouping.clusters.max(initial=-1)) + 1)
        }
        names = project.labels.of_groups({number: ids.tolist() for number, ids in members.items()})
        groups = tuple(
            Group(
                number,
                ids,
                names.get(number, ""),
                float(grouping.separation[number]) if number < len(grouping.separation) else None,
            )
            for number, ids in members.items()
        )
    contents = dataclasses.replace(contents, groups=groups)
    found = project.maps.newest(features)
    if found is None:
        return contents
    # A photo that was set aside or went away since the map was made is no longer shown.
    shown = np.array(
        [(p := contents.photos.get(int(i))) is not None and p.used and not p.missing for i in found.photo_ids], bool
    )
    if shown.sum() < FEWEST_PHOTOS:
        return contents
    ids = found.photo_ids[shown]
    return dataclasses.replace(
        contents, photo_ids=ids, positions=found.positions[shown], clusters=contents.clusters_of(ids)
    )
