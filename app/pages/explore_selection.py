"""What is selected on the Explore page. Without widgets."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .map_contents import Group, MapContents


@dataclass(frozen=True)
class Selected:
    """photo_ids int64 [N], in the order in which they are shown. title: what a list was asked for, "" for what was
    selected on the map or is a group. captions: photo id -> a word on its tile. accepts: whether these photos are
    suggested names, which can be accepted.
    """

    photo_ids: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    title: str = ""
    captions: Mapping[int, str] = field(default_factory=dict)
    accepts: bool = False

    def of(self, photo_ids: NDArray[np.int64]) -> Selected:
        """The same list with other photos."""
        return dataclasses.replace(self, photo_ids=photo_ids)

    def among(self, contents: MapContents) -> Selected:
        """Those of them that are still known and used, near duplicates whether used or not."""
        photos = contents.photos
        known = np.array([i in photos and (photos[i].used or bool(self.title)) for i in self.photo_ids.tolist()], bool)
        return self if known.all() else self.of(self.photo_ids[known])


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
