"""The groups of the map as the side card tells of them. Without widgets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from ..widgets.group_list import GroupRow
from ..widgets.selection_panel import ShownGroup
from .map_contents import Group, MapContents

_TYPICAL = 5


def group_rows(
    contents: MapContents,
    titles: Sequence[str],
    colours: Sequence[QColor],
    photo_ids: NDArray[np.int64],
    mask: NDArray[np.bool_] | None,
) -> list[GroupRow]:
    """A row for each group: how many of its photos are seen, and the most typical ones of them. A group that filters
    hide has none, as it has no name on the map.

    photo_ids int64 [N]: those on the map; mask bool [N]: those of them that are seen, None for all.
    """
    rows = []
    hidden = None if mask is None else photo_ids[~mask]
    for group in contents.groups:
        seen = group.photo_ids if hidden is None else group.photo_ids[~np.isin(group.photo_ids, hidden)]
        if hidden is not None and not len(seen):
            continue
        rows.append(
            GroupRow(
                group.number,
                titles[group.number],
                colours[group.number],
                bool(group.name),
                len(seen),
                len(group.photo_ids),
                group.separation,
                contents.photos_of(seen[:_TYPICAL]),
            )
        )
    return rows


def shown_group(contents: MapContents, group: Group, titles: Sequence[str], colours: Sequence[QColor]) -> ShownGroup:
    """What the panel shows of one group, with those it can be joined with."""
    others = [(other.number, titles[other.number]) for other in contents.groups if other.number != group.number]
    return ShownGroup(group.number, colours[group.number], bool(group.name), group.separation, others)


def whole_groups(
    contents: MapContents, chosen: NDArray[np.int64], photo_ids: NDArray[np.int64], mask: NDArray[np.bool_] | None
) -> Sequence[Group]:
    """The groups of which the chosen photos are exactly what is seen on the map, in the order of their numbers.

    photo_ids int64 [N]: those on the map; mask bool [N]: those of them that are seen, None for all. Empty where some of
    the chosen ones belong to no group, or only a part of a group is among them.
    """
    numbers = contents.clusters_of(chosen)
    if not len(numbers) or numbers.min() < 0:
        return ()
    seen = contents.clusters_of(photo_ids if mask is None else photo_ids[mask])
    sizes = np.bincount(seen[seen >= 0], minlength=len(contents.groups))
    counts = np.bincount(numbers, minlength=len(sizes))
    held = np.flatnonzero(counts)
    if (counts[held] != sizes[held]).any():
        return ()
    return [group for number in held.tolist() if (group := contents.group(number)) is not None]


def titles_of_cut(
    contents: MapContents, cut: NDArray[np.int32], photo_ids: NDArray[np.int64], unnamed: str
) -> list[str]:
    """What the groups of another cut will be called, by the rule by which the project names groups.

    cut int32 [N]: the group of each of the photos int64 [N], -1 none. unnamed: what one without a name is called, with
    its number from 1 on in place of "{number}".
    """
    groups = int(cut.max(initial=-1)) + 1
    names = list(dict.fromkeys(group.name for group in contents.groups if group.name))
    # The last place is for photos in no group.
    code_of = np.full(len(contents.groups) + 1, -1)
    for group in contents.groups:
        if group.name:
            code_of[group.number] = names.index(group.name)
    codes = code_of[contents.clusters_of(photo_ids)]
    both = (cut >= 0) & (codes >= 0)
    held = np.bincount(cut[both] * len(names) + codes[both], minlength=groups * len(names)).reshape(groups, len(names))
    sizes = np.bincount(cut[cut >= 0], minlength=groups)
    bears = (2 * held > sizes[:, None]) | (2 * held > held.sum(axis=0))
    titles = []
    for number in range(groups):
        borne = sorted(np.flatnonzero(bears[number]).tolist(), key=lambda code: -held[number, code])
        titles.append(" + ".join(names[code] for code in borne) or unnamed.format(number=number + 1))
    return titles
