"""The names the program would give, kept up to date beside everything else as a person names photos."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from prismh_engine.errors import PrismhError
from prismh_engine.jobs import Job, Progress, StopToken

from .. import words
from ..jobs import RunningJob
from ..session import Session

if TYPE_CHECKING:
    from prismh_engine.project import Project
    from prismh_engine.project.feature_sets import FeatureSet
    from prismh_engine.project.suggestions import Suggestion

FEWEST_NAMES = 2
"""One name alone tells nothing of what the others are not."""


@dataclass(frozen=True)
class Suggestions:
    """by_name: name -> ids int64 [N] of the photos that would be called so, the most certain first. names, confidence:
    the same by photo id; confidence 0 to 1.
    """

    by_name: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)
    confidence: Mapping[int, float] = field(default_factory=dict)

    @property
    def photo_ids(self) -> NDArray[np.int64]:
        """The photos for which there is one, the most certain first."""
        return np.fromiter(self.names, np.int64, len(self.names))

    def captions(self, photo_ids: NDArray[np.int64]) -> dict[int, str]:
        """How certain the name of each of these is; also which, where they are several. No name is wholly certain."""
        ids = photo_ids.tolist()
        several = len({self.names[i] for i in ids}) > 1
        caption = words.tr("{0} % {1}") if several else words.tr("{0} %")
        return {i: caption.format(min(99, int(100 * self.confidence[i])), self.names[i]) for i in ids}


class Suggested(QObject):
    """Reads what is kept when a map is shown, and works it out anew after names changed."""

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._job: RunningJob | None = None
        self._stop = StopToken()
        self.suggestions = Suggestions()
        session.project_closing.connect(self._forget)

    @property
    def busy(self) -> bool:
        return self._job is not None

    def look(self, features: str, *, names_are_new: bool) -> None:
        """Show what these features suggest; worked out where names are new, or photos came since. What was being worked
        out is given up.
        """
        project = self._session.project
        if project is None:
            return
        self._give_up()
        self._stop = StopToken()
        self._job = self._session.run_beside(_suggestions(project, features, names_are_new, self._stop), self._stop)
        self._job.finished.connect(self._worked_out)
        self._job.failed.connect(self._failed)
        self._job.stopped.connect(self._failed)

    def _worked_out(self, suggestions: Suggestions) -> None:
        if self.sender() is self._job:
            self._job = None
            self.suggestions = suggestions
            self.changed.emit()

    def _failed(self, sentence: str = "") -> None:
        if self.sender() is self._job:
            self._job = None
            if sentence:
                self._session.failed.emit(sentence)

    def _give_up(self) -> None:
        if self._job is not None:
            self._job.stop()
            self._job = None

    def _forget(self) -> None:
        self._give_up()
        self.suggestions = Suggestions()


def _suggestions(project: Project, features: str, names_are_new: bool, stop: StopToken) -> Job[Suggestions]:
    yield Progress("Looking at the names", 0, None)
    known = project.features.find(features)
    if known is None:
        return Suggestions()
    if len(project.labels.counts()) < FEWEST_NAMES:
        project.suggestions.clear(known)
        return Suggestions()
    kept = project.suggestions.all(known)
    if names_are_new or not _of_all(project, known, kept):
        from prismh_engine.models.classify import suggest_labels

        with suppress(PrismhError):  # too few names on photos that have features: nobody asked, so nobody is told
            yield from suggest_labels(project, features, stop)
        kept = project.suggestions.all(known)
    sure = sorted(((i, s) for i, s in kept.items() if s.name), key=lambda item: -item[1].confidence)
    by_name: defaultdict[str, list[int]] = defaultdict(list)
    for photo_id, suggestion in sure:
        by_name[suggestion.name].append(photo_id)
    return Suggestions(
        {name: np.array(ids, np.int64) for name, ids in by_name.items()},
        {photo_id: suggestion.name for photo_id, suggestion in sure},
        {photo_id: suggestion.confidence for photo_id, suggestion in sure},
    )


def _of_all(project: Project, features: FeatureSet, kept: Mapping[int, Suggestion]) -> bool:
    """Whether every photo that bears no name was looked at for one."""
    named = project.labels.given()
    return all(photo_id in kept or photo_id in named for photo_id in features.of_used()[0].tolist())
