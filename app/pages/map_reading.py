"""Reads what the Explore page shows, away from the GUI thread, and again where more changed meanwhile."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QObject, Signal

from prismh_engine.jobs import Progress, StopToken
from prismh_engine.project.feature_sets import STARTER

from ..jobs import RunningJob
from ..session import Session
from .map_contents import MapContents, read_map


class MapReading(QObject):
    """Say what changed with `photos_changed` or `others_changed`, and `read` when someone looks."""

    arrived = Signal(object)
    """The `MapContents` of `features`, read anew; the first ones of a project come without their photos before."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._job: RunningJob | None = None
        self._known: MapContents | None = None
        self._asked = STARTER
        self._stale = self._photos_stale = True
        self._changed: set[int] = set()
        self.features = STARTER
        """The feature set whose map is to be shown: "starter" or a run's name."""

    @property
    def is_current(self) -> bool:
        """Whether what arrived last is how things are."""
        return not self._stale and self._job is None

    def photos_changed(self) -> None:
        """Photos, or what is known of them, may be others now."""
        self._stale = self._photos_stale = True

    def decided(self, photo_ids: Collection[int]) -> None:
        """Of these photos a person decided whether they are used; the others are as they were."""
        self._stale = True
        self._changed.update(photo_ids)

    def others_changed(self) -> None:
        """Maps, groups or names may be others now; the photos are as they were."""
        self._stale = True

    def forget(self) -> None:
        """Another project is open, or none."""
        self._job, self._known, self.features = None, None, STARTER
        self.photos_changed()

    def read(self) -> None:
        """Read it where it is not as it is; `arrived` follows."""
        project = self._session.project
        if project is None or self._job is not None or not self._stale:
            return
        known = None if self._photos_stale else self._known
        changed, self._changed = self._changed, set()
        self._stale = self._photos_stale = False
        self._asked = self.features
        self._job = self._session.run_beside(read_map(project, self.features, known, changed), StopToken())
        self._job.progressed.connect(self._came_along)
        self._job.finished.connect(self._was_read)
        self._job.failed.connect(self._was_not_read)
        self._job.stopped.connect(self._was_not_read)

    def _came_along(self, progress: Progress) -> None:
        contents = progress.metrics.get("contents")
        is_first = self.sender() is self._job and self._known is None and self._asked == self.features
        if contents is not None and is_first:
            self.arrived.emit(contents)

    def _was_read(self, contents: MapContents) -> None:
        if self.sender() is not self._job:  # the project was closed meanwhile
            return
        self._job, self._known = None, contents
        if self._asked == self.features:  # else another map was chosen meanwhile
            self.features = contents.features  # the starter's where those of a run are gone
            self.arrived.emit(contents)
        self.read()

    def _was_not_read(self, sentence: str = "") -> None:
        if self.sender() is not self._job:
            return
        self._job, self._photos_stale = None, True
        if sentence:
            self._session.failed.emit(sentence)
