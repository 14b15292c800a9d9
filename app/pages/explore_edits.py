"""What a person does to names and groups on the Explore page; each is one step that can be undone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from prismh_engine.jobs import Job
from prismh_engine.project import Project

from .. import words
from ..decisions import Decisions
from ..session import Session

_NAMES_TOLD = 3


class Edits(QObject):
    """Tells the session what changed when it is written."""

    def __init__(self, session: Session, decisions: Decisions) -> None:
        super().__init__(session)
        self._session, self._decisions = session, decisions

    def name_group(self, photo_ids: NDArray[np.int64], name: str) -> None:
        """Name the group of these photos; the name it had is replaced."""
        self._take(self._named_so(len(photo_ids), name), _name_group, photo_ids, name)

    def name_photos(self, photo_ids: NDArray[np.int64], name: str) -> None:
        """Give these photos a further name."""
        self._take(self._named_so(len(photo_ids), name), _name_photos, photo_ids, name)

    def unname_group(self, photo_ids: NDArray[np.int64], name: str) -> None:
        """Take off what these photos are called as a group, `name`."""
        self._take(partial(self._taken_off, photo_ids, name), _unname_group, photo_ids)

    def remove_name(self, photo_ids: NDArray[np.int64], name: str) -> None:
        """Take a name off these photos."""
        self._take(partial(self._taken_off, photo_ids, name), _remove_name, photo_ids, name)

    def accept(self, features: str, photo_ids: NDArray[np.int64]) -> None:
        """Give these photos the names that are suggested for them."""
        text = self.tr("{0} named as suggested").format(words.photos(len(photo_ids)))
        if len(photo_ids):
            self._decisions.take(text, partial(_accept, photo_ids, features), self._accepted)

    def show_cut(self, features: str, groups: int) -> None:
        """Show so many groups."""
        self._regroup(_show_cut, features, groups)

    def split_group(self, features: str, number: int) -> None:
        """Make two groups of one, and tell how large they are."""
        self._regroup(_split, features, number, then=self._was_split)

    def join_groups(self, features: str, numbers: Sequence[int], titles: Sequence[str], photos: int) -> None:
        """Make one group of several, and tell so. titles: what they are called; photos: how many they have together."""
        told = self.tr("{0} and {1} are one group now: {2}").format(
            ", ".join(titles[:-1]), titles[-1], words.photos(photos)
        )
        self._regroup(_join, features, numbers, then=lambda _: self._decisions.told.emit(told))

    def _take(
        self,
        text: str | Callable[[Project], str],
        change: Callable[..., object],
        photo_ids: NDArray[np.int64],
        *arguments: str,
    ) -> None:
        if len(photo_ids):
            self._decisions.take(text, partial(change, photo_ids, *arguments), self._names_changed)

    def _regroup(
        self, step: Callable[..., Job[Any]], *arguments: Any, then: Callable[[Any], None] | None = None
    ) -> None:
        def done(result: Any) -> None:
            self._groups_changed()
            if then is not None:
                then(result)

        if self._session.project is not None:
            self._decisions.run(step(self._session.project, *arguments), done)

    def _was_split(self, sizes: tuple[int, int]) -> None:
        larger, smaller = sizes
        self._decisions.told.emit(
            self.tr("Split in two: {0} and {1}").format(words.number(larger), words.photos(smaller))
        )

    def _named_so(self, count: int, name: str) -> str:
        return self.tr("{0} named {1}").format(words.photos(count), name)

    def _taken_off(self, photo_ids: NDArray[np.int64], name: str, project: Project) -> str:
        """Of all that were chosen only some may bear the name."""
        names = project.labels.given()
        bearing = sum(name in names.get(photo_id, ()) for photo_id in photo_ids.tolist())
        return self.tr("{1} taken off {0}").format(words.photos(bearing), name)

    def _names_changed(self, result: object) -> None:
        self._session.names_changed.emit()

    def _accepted(self, named: Counter[str]) -> None:
        self._session.names_changed.emit()
        most_first = sorted(named.items(), key=lambda item: (-item[1], item[0]))
        told = [self._named_so(count, name) for name, count in most_first[:_NAMES_TOLD]]
        others = sum(count for _, count in most_first[_NAMES_TOLD:])
        if others:
            told.append(self.tr("{0} named otherwise").format(words.photos(others)))
        self._decisions.told.emit(", ".join(told) or self.tr("No name is suggested for these photos any more"))

    def _groups_changed(self) -> None:
        self._session.map_changed.emit()
        self._session.summarise()


def _name_group(photo_ids: NDArray[np.int64], name: str, project: Project) -> None:
    project.labels.name_group(photo_ids.tolist(), name)


def _name_photos(photo_ids: NDArray[np.int64], name: str, project: Project) -> None:
    project.labels.name_photos(photo_ids.tolist(), name)


def _unname_group(photo_ids: NDArray[np.int64], project: Project) -> None:
    project.labels.unname_group(photo_ids.tolist())


def _remove_name(photo_ids: NDArray[np.int64], name: str, project: Project) -> None:
    project.labels.remove(photo_ids.tolist(), name)


def _accept(photo_ids: NDArray[np.int64], features: str, project: Project) -> Counter[str]:
    """How many photos got which name."""
    known, ids = project.features.get(features), photo_ids.tolist()
    suggested = project.suggestions.all(known)
    project.suggestions.accept(ids, known)
    return Counter(suggested[i].name for i in ids if i in suggested and suggested[i].name)


# scikit-learn takes its time: it is imported where it runs.


def _show_cut(project: Project, features: str, groups: int) -> Job[Any]:
    from prismh_engine.core.groups import show_cut

    return (yield from show_cut(project, features, groups))


def _split(project: Project, features: str, number: int) -> Job[tuple[int, int]]:
    """How many photos the larger and the smaller part have, those that were set aside since left out as on the page."""
    from prismh_engine.core.groups import split_group

    shown = project.groupings.newest(project.features.get(features))
    made = yield from split_group(project, features, number)
    assert shown is not None
    is_used = np.isin(made.photo_ids, project.photos.used_ids())
    parts = np.unique(made.clusters[shown.clusters == number])
    smaller, larger = sorted(int(np.count_nonzero(is_used & (made.clusters == part))) for part in parts)
    return larger, smaller


def _join(project: Project, features: str, numbers: Sequence[int]) -> Job[Any]:
    from prismh_engine.core.groups import join_groups

    return (yield from join_groups(project, features, numbers))
