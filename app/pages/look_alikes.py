"""Asks the engine for photos that are alike, unusual, nearly the same, or worth naming next; one question at a time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from prismh_engine.jobs import Job, StopToken

from ..jobs import RunningJob
from ..session import Session

SIMILAR, UNUSUAL, DUPLICATES, NEXT = "similar", "unusual", "near_duplicates", "name_next"

_MOST = 200
_AT_ONCE = 20


@dataclass(frozen=True)
class Found:
    """question: SIMILAR, UNUSUAL, DUPLICATES or NEXT. title: what was asked, in words. photo_ids int64 [N], best first.

    sets: of near duplicates the number of the set each photo belongs to, from 1 on.
    """

    question: str
    title: str
    photo_ids: NDArray[np.int64]
    sets: dict[int, int] = field(default_factory=dict)


class LookAlikes(QObject):
    """A new question ends the one before it. The engine's parts are imported where they run."""

    found = Signal(object)
    """A `Found`."""
    busy_changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._job: RunningJob | None = None
        session.project_closing.connect(self._forget)

    @property
    def busy(self) -> bool:
        return self._job is not None

    def similar(self, features: str, photo_ids: Sequence[int], title: str) -> None:
        """The photos most like these, without them."""
        self._ask(_similar(self._session.project, features, photo_ids, title))

    def unusual(self, features: str, among: Collection[int] | None, title: str) -> None:
        """Those least like any other: among these, or among all."""
        self._ask(_unusual(self._session.project, features, among, title))

    def near_duplicates(self, features: str, among: Collection[int] | None, title: str) -> None:
        """Those that show the same as another: sets that hold one of these, or all sets."""
        self._ask(_near_duplicates(self._session.project, features, among, title))

    def name_next(self, features: str, title: str) -> None:
        """Those whose names would tell the program most."""
        self._ask(_name_next(self._session.project, features, title))

    def _ask(self, job: Job[Found]) -> None:
        if self._session.project is None:
            return
        self._forget()
        self._job = self._session.run_beside(job, StopToken())
        self._job.finished.connect(self._answered)
        self._job.failed.connect(self._not_answered)
        self._job.stopped.connect(self._not_answered)
        self.busy_changed.emit()

    def _answered(self, found: Found) -> None:
        if self.sender() is self._job:
            self._job = None
            self.busy_changed.emit()
            self.found.emit(found)

    def _not_answered(self, sentence: str = "") -> None:
        if self.sender() is self._job:
            self._job = None
            self.busy_changed.emit()
            if sentence:
                self._session.failed.emit(sentence)

    def _forget(self) -> None:
        if self._job is not None:
            self._job.stop()
            self._job = None


def _similar(project: Any, features: str, photo_ids: Sequence[int], title: str) -> Job[Found]:
    from prismh_engine.core.look_alikes import similar

    ranked = yield from similar(project, features, photo_ids, _MOST)
    return Found(SIMILAR, title, _ids(photo_id for photo_id, _ in ranked))


def _unusual(project: Any, features: str, among: Collection[int] | None, title: str) -> Job[Found]:
    from prismh_engine.core.look_alikes import unusual

    ranked = yield from unusual(project, features, _MOST, among)
    return Found(UNUSUAL, title, _ids(photo_id for photo_id, _ in ranked))


def _near_duplicates(project: Any, features: str, among: Collection[int] | None, title: str) -> Job[Found]:
    from prismh_engine.core.look_alikes import near_duplicate_groups

    sets = yield from near_duplicate_groups(project, features)
    if among is not None:
        wanted = set(among)
        sets = [found for found in sets if not wanted.isdisjoint(found)]
    number = {photo_id: place for place, found in enumerate(sets, start=1) for photo_id in found}
    return Found(DUPLICATES, title, _ids(number), number)


def _name_next(project: Any, features: str, title: str) -> Job[Found]:
    from prismh_engine.core.name_next import name_next

    return Found(NEXT, title, _ids((yield from name_next(project, features, _AT_ONCE))))


def _ids(photo_ids: Any) -> NDArray[np.int64]:
    return np.fromiter(photo_ids, np.int64)
