"""What the map of the Explore page shows, for those who select in it. Without widgets."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from ..widgets.group_list import GroupRow
from ..widgets.selection_panel import ShownGroup
from .explore_groups import group_rows, shown_group, whole_groups
from .explore_selection import Selected
from .map_contents import Group, MapContents


@dataclass(frozen=True)
class OnMap:
    """photo_ids int64 [N]: the photos of the map in its order. titles, colours: what each group is called, its colour.
    mask bool [N]: which of the photos are seen, None for all.
    """

    contents: MapContents = field(default_factory=MapContents)
    photo_ids: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    titles: Sequence[str] = ()
    colours: Sequence[QColor] = ()
    mask: NDArray[np.bool_] | None = None

    def masked(self, mask: NDArray[np.bool_] | None) -> OnMap:
        """The same, with others of them seen."""
        return dataclasses.replace(self, mask=mask)

    def rows(self, photo_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where these photos are on the map, in rising order."""
        return np.flatnonzero(np.isin(self.photo_ids, photo_ids))

    def visible(self, photo_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those of the photos that no filter hides."""
        return photo_ids if self.mask is None else photo_ids[~np.isin(photo_ids, self.photo_ids[~self.mask])]

    def groups(self, selected: Selected) -> Sequence[Group]:
        """The groups that are exactly what is seen of the selection."""
        return whole_groups(self.contents, self.visible(selected.photo_ids), self.photo_ids, self.mask)

    def group(self, selected: Selected) -> Group | None:
        """The one group that is selected."""
        groups = self.groups(selected)
        return groups[0] if len(groups) == 1 and not selected.title else None

    def typical_first(self, selected: Selected) -> Selected:
        """The same in the order of the one group they are, if they are one."""
        groups = () if selected.title else whole_groups(self.contents, selected.photo_ids, self.photo_ids, self.mask)
        if len(groups) != 1:
            return selected
        mine = groups[0].photo_ids
        return selected.of(mine[np.isin(mine, selected.photo_ids)])

    def group_rows(self) -> list[GroupRow]:
        """The rows of the list of groups."""
        return group_rows(self.contents, self.titles, self.colours, self.photo_ids, self.mask)

    def shown_group(self, group: Group) -> ShownGroup:
        """What the panel shows of one group."""
        return shown_group(self.contents, group, self.titles, self.colours)
