"""What the pages are told while a job is on the way from photos to a map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prismh_engine.jobs import Progress

if TYPE_CHECKING:
    from .session import Session


class ReadingNews:
    """Of one job: emits the session's signals about photos and maps."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._phase = ""

    def tell(self, progress: Progress) -> None:
        session = self._session
        ids, positions = progress.metrics.get("photo_ids"), progress.metrics.get("positions")
        if progress.what != self._phase:
            if self._phase:
                session.photos_changed.emit()
            if positions is not None:  # the groups are there before the map is
                session.map_changed.emit()
            self._phase = progress.what
        if positions is not None:
            session.map_moved.emit(ids, positions)
        elif ids:
            session.photos_added.emit(list(ids))
