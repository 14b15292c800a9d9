"""The card at the foot of the rail: what is running and how far, or that nothing is."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton

from prismh_engine.jobs import Progress

from .. import words
from ..session import LEARNING, Session
from .card import Card, label

STEPS = 1000


class JobCard(Card):
    """Follows the session's long job. The bar stands where the numbers under it say: it begins anew with each phase of
    looking at photos, and goes through all of a learning.
    """

    def __init__(self, session: Session) -> None:
        super().__init__("job_card")
        self._session = session
        self._name = label("", "job_name")
        self._name.setObjectName("job_name")
        self._name.setWordWrap(True)
        self._bar = QProgressBar()
        self._bar.setObjectName("job_progress")
        self._bar.setAccessibleName(self.tr("Progress"))
        self._bar.setRange(0, STEPS)
        self._bar.setTextVisible(False)
        self._state = label("", "job_state")
        self._state.setObjectName("job_state")
        self._state.setWordWrap(True)
        self._stop = QPushButton(self.tr("Stop"))
        self._stop.setObjectName("job_stop")
        self._stop.setAccessibleName(self.tr("Stop what is running"))
        self._stop.setToolTip(self.tr("What was done so far is kept"))
        self._stop.setProperty("role", "link")
        self._stop.clicked.connect(session.stop)
        self._pause = QPushButton()
        self._pause.setObjectName("job_pause")
        self._pause.setProperty("role", "link")
        self._pause.clicked.connect(self._pause_pressed)
        foot = QHBoxLayout()
        foot.setSpacing(0)
        foot.addWidget(self._state, 1)
        foot.addWidget(self._pause)
        foot.addWidget(self._stop)
        self.body.setContentsMargins(11, 10, 11, 10)
        self.body.setSpacing(5)
        self.body.addWidget(self._name)
        self.body.addWidget(self._bar)
        self.body.addLayout(foot)
        session.job_changed.connect(self._job_changed)
        session.project_changed.connect(self._job_changed)
        self._job_changed()

    def _job_changed(self) -> None:
        kind, progress = self._session.running_kind, self._session.progress
        self._bar.setVisible(kind is not None)
        # Learning is paused and stopped on its own page.
        self._stop.setVisible(kind is not None and kind != LEARNING)
        self._pause.setVisible(kind is not None and kind != LEARNING)
        self._pause.setText(self.tr("Go on") if self._session.paused else self.tr("Pause"))
        self._pause.setAccessibleName(
            self.tr("Go on with what was paused") if self._session.paused else self.tr("Pause what is running")
        )
        if kind is None:
            self._bar.setValue(0)
            self._show_rest()
        elif progress is None:
            self._bar.setValue(0)
            self._say(self.tr("Paused") if self._session.paused else self.tr("Starting"))
            self._state.setText("")
        elif kind == LEARNING:
            self._show_learning(progress)
        else:
            self._show_reading(progress)

    def _show_rest(self) -> None:
        """Nothing long is running: all is well, or what ran last did not come to its end."""
        failed = self._session.failed_kind
        if self._session.saving:
            self._say(self.tr("Saving for you"))
            self._state.setText(self.tr("See Export"))
        elif failed is not None:
            self._say(
                self.tr("Learning could not go on") if failed == LEARNING else self.tr("Reading photos could not go on")
            )
            self._state.setText(self.tr("What was saved before is kept"))
        else:
            self._say(self.tr("All work is saved"))
            self._state.setText(self.tr("Nothing is running"))

    def _show_reading(self, progress: Progress) -> None:
        self._say(self.tr("Paused") if self._session.paused else progress.what)
        self._bar.setValue(round(STEPS * progress.done / progress.total) if progress.total else 0)
        self._state.setText(self._count(progress))

    def _say(self, what: str) -> None:
        self._name.setText(what)
        self._name.setAccessibleName(what)

    def _pause_pressed(self) -> None:
        self._session.resume() if self._session.paused else self._session.pause()

    def _count(self, progress: Progress) -> str:
        if progress.total:
            return self.tr("{0} of {1}").format(words.number(progress.done), words.number(progress.total))
        return words.number(progress.done) if progress.done else ""

    def _show_learning(self, progress: Progress) -> None:
        paused = self._session.saved_and_waiting
        self._say(
            self.tr("Learning, paused") if paused else self.tr("Pausing") if self._session.paused else progress.what
        )
        if not progress.metrics.get("epochs"):  # still getting ready, which takes no share of the bar
            self._state.setText(self._count(progress))
            return
        if progress.total:
            self._bar.setValue(max(self._bar.value(), round(STEPS * progress.done / progress.total)))
        left, saved = progress.metrics.get("seconds_left"), progress.metrics.get("seconds_since_saved")
        parts = [] if left is None else [self.tr("{0} left").format(words.duration(left))]
        if paused:  # nothing tells how long ago it was
            parts.append(self.tr("all is saved"))
        elif saved is not None:
            parts.append(self.tr("saved {0} ago").format(words.duration(saved)))
        self._state.setText(" · ".join(parts))
