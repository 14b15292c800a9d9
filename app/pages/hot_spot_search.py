"""Looks for the hot spots of the photos that pass the filters, when a person has stopped changing them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from prismh_engine.core.hot_spots import find_hot_spots
from prismh_engine.jobs import StopToken

from ..jobs import RunningJob
from ..session import Session

_MS_OF_CALM = 300


class HotSpotSearch(QObject):
    """Of several things that were asked for only the last one is answered."""

    found = Signal(object)
    """The hot spots, a list of `HotSpot` whose rows are those of the photos asked for."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._job: RunningJob | None = None
        self._asked: tuple[NDArray[np.int64], NDArray[np.bool_]] | None = None
        self._calm = QTimer(self)
        self._calm.setSingleShot(True)
        self._calm.setInterval(_MS_OF_CALM)
        self._calm.timeout.connect(self._start)

    @property
    def busy(self) -> bool:
        """Whether an answer is on its way."""
        return self._calm.isActive() or self._job is not None

    def look(self, photo_ids: NDArray[np.int64], chosen: NDArray[np.bool_]) -> None:
        """Ask for the hot spots of the chosen ones, bool [N], among photos, int64 [N]; asked twice is asked once."""
        if self._asked is not None and all(map(np.array_equal, self._asked, (photo_ids, chosen))):
            return
        self._asked, self._job = (photo_ids, chosen), None
        self._calm.start()

    def forget(self) -> None:
        """Whatever was asked for is not wanted any more."""
        self._asked, self._job = None, None
        self._calm.stop()

    def _start(self) -> None:
        if self._session.project is None or self._asked is None:
            return
        self._job = self._session.run_beside(find_hot_spots(self._session.project, *self._asked), StopToken())
        self._job.finished.connect(self._was_found)
        self._job.failed.connect(self._ended)
        self._job.stopped.connect(self._ended)

    def _was_found(self, spots: object) -> None:
        if self.sender() is self._job:
            self._job = None
            self.found.emit(spots)

    def _ended(self) -> None:
        if self.sender() is self._job:
            self._job = None
