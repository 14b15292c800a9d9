"""Says in the line below the page which project is being opened, where that takes long enough to wonder."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from ..session import Session
from .notice import Notice

MS_UNTIL_SAID = 150
"""A small project is open before one has read that it is being opened."""


class OpeningNotice(QObject):
    """The window's `notice` while a project is being opened."""

    def __init__(self, session: Session, notice: Notice) -> None:
        super().__init__(notice)
        self._session, self._notice = session, notice
        self._said = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(MS_UNTIL_SAID)
        self._soon.timeout.connect(self._say)
        session.opening_changed.connect(self._changed)

    def _changed(self) -> None:
        self._soon.stop()
        if self._said:
            self._said = False
            self._notice.dismiss()
        if self._session.opening:
            self._soon.start()

    def _say(self) -> None:
        self._said = True
        self._notice.say(self.tr("Opening {0}…").format(self._session.opening))
