"""What is selected on the Explore page. Without widgets."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .map_contents import MapContents


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
        """Those of them that are known and used; near duplicates whether used or not, all while photos are read."""
        if not contents.photos:
            return self
        known = np.isin(self.photo_ids, contents.known_ids if self.title else contents.seen_ids)
        return self if known.all() else self.of(self.photo_ids[known])
