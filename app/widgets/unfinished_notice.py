"""Offers in the line below the page to go on with a learning that came to a stop."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from prismh_engine.errors import PrismhError

from .. import words
from ..session import LEARNING, Session
from .notice import Notice


class UnfinishedNotice(QObject):
    """The window's `notice` where a learning did not come to its end."""

    go_to = Signal(str)
    """Ask for the page that shows how learning goes on."""

    def __init__(self, session: Session, notice: Notice) -> None:
        super().__init__(notice)
        self._session, self._notice = session, notice
        self._asked = ""
        session.photos_differ.connect(self._ask_about_photos)
        session.job_changed.connect(self._withdraw_while_learning)
        session.summary_changed.connect(self._withdraw_what_is_no_more)

    def offer(self) -> None:
        """Offer to go on with the newest run of the open project, where it was stopped and not left so."""
        project, run = self._session.project, self._session.unfinished_run()
        if project is not None and run is not None and run.name != project.left_run:
            self._asked = self.tr("Learning was stopped before its end. What it learned so far is kept.")
            if run.failure:
                self._asked = self.tr("Learning could not go on: {why} What it learned so far is kept.").format(
                    why=words.without_flags(run.failure)
                )
            self._notice.say(
                self._asked,
                (self.tr("Go on learning"), "resume_learning", self._resume),
                (self.tr("Not now"), "not_now", self._leave),
            )

    def _resume(self) -> None:
        self.go_to.emit("training")  # which tells, where another program went on with it meanwhile
        if self._session.unfinished_run() is not None:
            self._session.resume_learning()

    def _leave(self) -> None:
        """Go on another time, from the Learn page: this run is not asked about at each opening."""
        self._notice.dismiss()
        project, run = self._session.project, self._session.unfinished_run()
        if project is not None and run is not None:
            try:
                project.leave_run(run.name)
            except PrismhError as error:
                self._session.failed.emit(str(error))

    def _ask_about_photos(self, changed: str) -> None:
        self._asked = self.tr(
            "The photos are not those this learning began with: {changed}. Bring them back, or go on with them as "
            "they are."
        ).format(changed=changed)
        self._notice.say(
            self._asked,
            (self.tr("Go on as they are"), "resume_as_they_are", self._resume_as_they_are),
            (self.tr("Not now"), "not_now", self._notice.dismiss),
        )

    def _resume_as_they_are(self) -> None:
        self._session.resume_learning(allow_changed_photos=True)

    def _withdraw_while_learning(self) -> None:
        """It goes on, or another was begun: by the buttons of the Learn page too."""
        if self._session.running_kind == LEARNING:
            self._withdraw()

    def _withdraw_what_is_no_more(self) -> None:
        if self._asked and self._session.unfinished_run() is None:
            self._withdraw()

    def _withdraw(self) -> None:
        """Take the question away where it still stands there."""
        if self._asked and self._notice.text() == self._asked:
            self._notice.dismiss()
        self._asked = ""
