"""The groups of the map as the side card tells of them. Without widgets."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QColor

from ..widgets.group_list import GroupRow
from ..widgets.selection_panel import ShownGroup
from .map_contents import Group, MapContents

if TYPE_CHECKING:
    from prismh_engine.project.group_names import NamesByGroup

_TYPICAL = 5


def group_rows(
    contents: MapContents,
    titles: Sequence[str],
    colours: Sequence[QColor],
    photo_ids: NDArray[np.int64],
    mask: NDArray[np.bool_] | None,
) -> list[GroupRow]:
    """A row for each group, in the order of the numbers they are known by, so that none moves when others are split:
    how many of its photos are seen, and the most typical ones of them. A group that filters hide, or whose photos are
    not where they were, has none, as it has no name on the map.

    photo_ids int64 [N]: those on the map; mask bool [N]: those of them that are seen, None for all.
    """
    rows = []
    hidden = None if mask is None else photo_ids[~mask]
    for group in sorted(contents.groups, key=_known_as):
        seen = group.photo_ids if hidden is None else group.photo_ids[~np.isin(group.photo_ids, hidden)]
        if not len(seen):
            continue
        rows.append(
            GroupRow(
                group.number,
                group.known_as,
                titles[group.number],
                colours[group.number],
                group.named,
                len(seen),
                len(group.photo_ids),
                group.separation,
                [contents.photos[i] for i in seen[:_TYPICAL].tolist() if i in contents.photos],
            )
        )
    return rows


def shown_group(contents: MapContents, group: Group, titles: Sequence[str], colours: Sequence[QColor]) -> ShownGroup:
    """What the panel shows of one group, with those it can be joined with."""
    others = sorted((other for other in contents.groups if other.number != group.number), key=_known_as)
    titled = [(other.number, titles[other.number]) for other in others]
    name = group.name if group.named else ""
    return ShownGroup(group.number, colours[group.number], name, group.names, group.separation, titled)


def _known_as(group: Group) -> int:
    return group.known_as


def whole_groups(
    contents: MapContents, chosen: NDArray[np.int64], photo_ids: NDArray[np.int64], mask: NDArray[np.bool_] | None
) -> Sequence[Group]:
    """The groups of which the chosen photos are exactly what is seen on the map, in the order of their numbers.

    photo_ids int64 [N]: those on the map; mask bool [N]: those of them that are seen, None for all. Empty where some of
    the chosen ones belong to no group, or only a part of a group is among them.
    """
    clusters, among = contents.clusters_of(photo_ids), np.isin(photo_ids, chosen)
    numbers = clusters[among]
    if not len(numbers) or len(numbers) < len(chosen) or numbers.min() < 0:
        return ()
    seen = clusters if mask is None else clusters[mask]
    sizes = np.bincount(seen[seen >= 0], minlength=len(contents.groups))
    counts = np.bincount(numbers, minlength=len(sizes))
    held = np.flatnonzero(counts)
    if (counts[held] != sizes[held]).any():
        return ()
    return [group for number in held.tolist() if (group := contents.group(number)) is not None]


def group_titles(by_group: NamesByGroup | None, clusters: NDArray[np.int32], numbers: Sequence[int]) -> list[str]:
    """What the groups of a cut are called: by their names, else by their numbers. Groups of one name are told apart by
    numbers, from the largest on.

    clusters int32 [N]: the group of each photo of the grouping; numbers: by which a person knows each group.
    """
    names = {} if by_group is None else by_group.of_clusters(clusters)
    unnamed = QCoreApplication.translate("explore_groups", "Group {number}")
    titles = [str(names.get(place) or unnamed.format(number=number + 1)) for place, number in enumerate(numbers)]
    sizes, taken = np.bincount(clusters[clusters >= 0], minlength=len(titles)), set(titles)
    for title, many in Counter(titles).items():
        if many > 1:
            alike = [place for place, other in enumerate(titles) if other == title]
            free = (text for n in itertools.count(1) if (text := f"{title} {n}") not in taken)
            for place in sorted(alike, key=lambda place: -sizes[place]):
                titles[place] = next(free)
    return titles
