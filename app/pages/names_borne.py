"""Which photos bear which names, so that those of any selection are counted in a moment. Without Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from prismh_engine.project.group_names import NamesByGroup


@dataclass(frozen=True)
class NamesBorne:
    """photo_ids int64 [P], codes int32 [P]: pairs of a photo and one of the names, each pair once."""

    photo_ids: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    codes: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    names: Sequence[str] = ()

    @classmethod
    def of(
        cls, own: Mapping[int, Sequence[str]], by_group: NamesByGroup | None, grouped: NDArray[np.int64]
    ) -> NamesBorne:
        """own: photo id -> the names given to the photo itself. by_group: those that the photos `grouped`, int64 [N],
        got with a group.
        """
        code: dict[str, int] = {}
        photo_ids, codes = [], []
        for photo_id, given in own.items():
            for name in given:
                photo_ids.append(photo_id)
                codes.append(code.setdefault(name, len(code)))
        pairs = np.array([photo_ids, codes], np.int64)
        if by_group is not None:
            of_groups = np.array([code.setdefault(name, len(code)) for name in by_group.names], np.int64)
            pairs = np.concatenate([pairs, [grouped[by_group.rows], of_groups[by_group.codes]]], axis=1)
        wide = max(1, len(code))
        once = np.unique(pairs[0] * wide + pairs[1])
        return cls(once // wide, (once % wide).astype(np.int32), tuple(code))

    def counts(self, photo_ids: NDArray[np.int64]) -> list[tuple[str, int]]:
        """The names that these photos bear, the most frequent first, and how many of them bear each; of equally many
        those first that were given to photos themselves.
        """
        counts = np.bincount(self.codes[np.isin(self.photo_ids, photo_ids)], minlength=len(self.names))
        by_count = np.argsort(-counts, kind="stable").tolist()
        return [(self.names[code], int(counts[code])) for code in by_count if counts[code]]
