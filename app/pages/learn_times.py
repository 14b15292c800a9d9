"""How long each choice of the Learn page takes on this computer: measured once a project, while nothing else runs."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from prismh_engine.jobs import Job, Progress, StopToken
from prismh_engine.project import Project

from .. import jobs
from ..session import Session


class LearnTimes(QObject):
    """Runs the engine's probe beside the window."""

    changed = Signal()
    """There are new times, or the measuring began."""
    ended = Signal()
    """The measuring is over, however it ended."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._seconds: dict[str, float] = {}
        self._measured_for: object = None
        self._job: jobs.RunningJob | None = None

    @property
    def measuring(self) -> bool:
        return self._job is not None

    def seconds(self, preset: str) -> float | None:
        """How long a preset takes, None while that is not known."""
        return self._seconds.get(preset)

    def forget(self) -> None:
        """Another project is open."""
        self._seconds, self._measured_for, self._job = {}, None, None

    def measure(self, photos: int) -> None:
        """Measure for so many photos, unless it was done or something else runs."""
        project = self._session.project
        if project is None or self.measuring or self._session.running_kind is not None:
            return
        if self._measured_for == (project.folder, photos):
            return
        self._measured_for = (project.folder, photos)
        stop = StopToken()
        self._job = self._session.run_beside(_measure(project, stop), stop, is_large=True)
        self._job.progressed.connect(self._progressed)
        self._job.finished.connect(self._finished)
        self._job.failed.connect(self._failed)
        self._job.stopped.connect(self._stopped)
        self.changed.emit()

    def stop(self) -> None:
        """Ask the measuring to end; `ended` follows."""
        if self._job is not None:
            self._job.stop()

    def _progressed(self, progress: Progress) -> None:
        if len(progress.metrics) > len(self._seconds):
            self._seconds.update(progress.metrics)
            self.changed.emit()

    def _finished(self, seconds: dict[str, float]) -> None:
        self._seconds.update(seconds)
        self._end()

    def _failed(self, sentence: str) -> None:
        self._session.failed.emit(sentence)
        self._end()

    def _stopped(self) -> None:
        self._measured_for = None
        self._end()

    def _end(self) -> None:
        if self._job is not None:
            self._job = None
            self.changed.emit()
            self.ended.emit()


def _measure(project: Project, stop: StopToken) -> Job[dict[str, float]]:
    yield Progress("Measuring this computer", 0, None)
    from prismh_engine.models.simclr.timing import probe

    return (yield from probe(project, stop))
