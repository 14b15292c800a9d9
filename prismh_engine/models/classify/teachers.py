"""Which photos of a project teach names, and which photos are still without one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...analysis.neighbours import near_duplicates
from ...analysis.scores import swallow_a_class
from ...jobs import Job
from ...project import FeatureSet, Project
from ...project.neighbour_graphs import unit_rows_at

_MOST_OF_A_NAME = 200  # a group that was named may hold thousands


@dataclass(frozen=True)
class Teachers:
    """The names of a project's used photos that have features.

    photo_ids, places int64 [N]: of all of them, by rising id, and the feature row of each. names [N]: the names given
    to the photo itself, else those that came with its group. by_hand bool [N]: whether a name was given to the photo
    itself. classes: all names, sorted.
    """

    photo_ids: NDArray[np.int64]
    places: NDArray[np.int64]
    names: Sequence[Sequence[str]]
    by_hand: NDArray[np.bool_]
    classes: Sequence[str]

    @property
    def named(self) -> NDArray[np.bool_]:
        return np.array([bool(own) for own in self.names], dtype=np.bool_)

    def chosen(self) -> NDArray[np.int64]:
        """Which of the N teach: at most 200 for each name, photos named by hand first, others drawn by chance."""
        drawn = np.random.default_rng(0).permutation(len(self.names))
        counts = dict.fromkeys(self.classes, 0)
        chosen = []
        for place in drawn[np.argsort(~self.by_hand[drawn], kind="stable")].tolist():
            if any(counts[name] < _MOST_OF_A_NAME for name in self.names[place]):
                chosen.append(place)
                for name in self.names[place]:
                    counts[name] += 1
        return np.array(sorted(chosen), dtype=np.int64)

    def codes(self, places: NDArray[np.int64]) -> list[list[int]]:
        """The names of some of the N as numbers in `classes`."""
        code = {name: number for number, name in enumerate(self.classes)}
        return [[code[name] for name in self.names[place]] for place in places.tolist()]


def teachers_of(project: Project, features: FeatureSet, names: Mapping[int, Sequence[str]] | None = None) -> Teachers:
    """Who teaches names by these features. names: photo id -> its names, in place of those the project knows."""
    ids, places = features.of_used()
    by_hand: Mapping[int, Sequence[str]] = project.labels.of_photos() if names is None else names
    given = project.labels.of_photos_or_groups() if names is None else names
    names_of = [given.get(i, []) for i in ids.tolist()]
    classes = sorted({name for own in names_of for name in own})
    return Teachers(ids, places, names_of, np.isin(ids, list(by_hand)), classes)


def rows_of_teachers(
    features: FeatureSet, teachers: Teachers, chosen: NDArray[np.int64]
) -> Job[tuple[NDArray[np.float32], list[list[int]], NDArray[np.int64]]]:
    """The unit rows [M, D] of the chosen ones, their classes, and a number for each, equal for near duplicates."""
    rows = unit_rows_at(features, teachers.places[chosen])
    codes = teachers.codes(chosen)
    together = yield from together_in_folds(rows, np.array([own[0] for own in codes], dtype=np.int64))
    return rows, codes, together


def together_in_folds(rows: NDArray[np.float32], classes: NDArray[np.int64]) -> Job[NDArray[np.int64]]:
    """A number for each unit row [N, D], equal for near duplicates.

    All are different where cosines cannot tell near duplicates; and so are photos that seem such but were named
    differently, [N] classes: then they are just alike.
    """
    groups = yield from near_duplicates(rows)
    if swallow_a_class(groups, classes):
        return np.arange(len(rows))
    pairs = np.unique(np.stack([groups, classes]), axis=1)
    mixed = np.bincount(pairs[0], minlength=len(rows))[groups] > 1
    return np.where(mixed, len(rows) + np.arange(len(rows)), groups)
