"""What groups are called, by the names that photos got with a group. Arrays in, names out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

AND_OTHERS = " and others"


@dataclass(frozen=True)
class GroupName:
    """names: what the group is called, the most frequent first; of_most: whether more than half of its photos got one
    of them. As text: "Drums + Tyres", or "Drums and others"."""

    names: tuple[str, ...]
    of_most: bool

    def __str__(self) -> str:
        return " + ".join(self.names) + ("" if self.of_most else AND_OTHERS)


@dataclass(frozen=True)
class NamesByGroup:
    """The names that N photos got with a group, as P pairs.

    rows int32 [P]: which of the photos; codes int32 [P]: which of the names, that given first comes first.
    """

    rows: NDArray[np.int32]
    codes: NDArray[np.int32]
    names: Sequence[str]

    def of_clusters(self, clusters: NDArray[np.int32]) -> dict[int, GroupName]:
        """Cluster -> its name, of those that bear one. clusters: int32 [N], the cluster of each photo, -1 none.

        A group bears a name when more than half of its photos got it with a group, or when it holds more than half of
        the photos that got it; where at most half of its photos got it, " and others" follows. So a name given at one
        cut is there at every cut, and a new grouping takes over what still fits.
        """
        groups, wide = int(clusters.max(initial=-1)) + 1, len(self.names)
        if not groups or not wide:
            return {}
        here = clusters[self.rows]
        inside = here >= 0  # photos in none of the groups, set aside since, have no say
        here, codes, rows = here[inside].astype(np.int64), self.codes[inside], self.rows[inside]
        held = np.bincount(here * wide + codes, minlength=groups * wide).reshape(groups, wide)
        sizes = np.bincount(clusters[clusters >= 0], minlength=groups)
        bears = (2 * held > sizes[:, None]) | (2 * held > held.sum(axis=0))
        # A photo that got two of a group's names counts once.
        named = clusters[np.unique(rows[bears[here, codes]])]
        of_most = 2 * np.bincount(named, minlength=groups) > sizes
        found = {}
        for cluster in np.flatnonzero(bears.any(axis=1)).tolist():
            borne = sorted(np.flatnonzero(bears[cluster]).tolist(), key=lambda code: -held[cluster, code])
            found[cluster] = GroupName(tuple(self.names[code] for code in borne), bool(of_most[cluster]))
        return found
