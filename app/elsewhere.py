"""What another program does to the open project: the command line has groups found anew, a colleague gives names."""

from __future__ import annotations

from contextlib import suppress

from PySide6.QtCore import QObject, QTimer

from prismh_engine.errors import PrismhError

from .decisions import Decisions
from .session import Session

MS_BETWEEN_LOOKS = 1000


class Elsewhere(QObject):
    """Has everything read again when another program has changed the project and come to rest.

    While a job of this window runs nothing is told: it has everything read again itself when it ends.
    """

    def __init__(self, session: Session, decisions: Decisions) -> None:
        super().__init__(session)
        self._session, self._decisions = session, decisions
        self._told = self._seen = 0
        self._timer = QTimer(self)
        self._timer.setInterval(MS_BETWEEN_LOOKS)
        self._timer.timeout.connect(self._look)
        session.project_closing.connect(self._timer.stop)
        session.project_changed.connect(self._follow)
        session.map_changed.connect(self._all_was_read)

    def _follow(self) -> None:
        self._told = self._seen = 0
        if self._session.project is not None:
            self._all_was_read()
            self._timer.start()

    def _all_was_read(self) -> None:
        self._told = self._seen = self._written()

    def _look(self) -> None:
        if self._session.running_kind is not None or self._decisions.busy:
            return
        written = self._written()
        at_rest, self._seen = written == self._seen, written
        if at_rest and written != self._told:
            self._told = written
            self._session.photos_changed.emit()
            self._session.map_changed.emit()
            self._session.names_changed.emit()
            self._decisions.look()

    def _written(self) -> int:
        with suppress(PrismhError):  # its drive may be gone; whoever does something is told so
            if self._session.project is not None:
                return self._session.project.written_elsewhere
        return self._seen
