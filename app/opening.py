"""Opens projects away from the GUI thread: a catalogue is checked before it is used, and much is imported for it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from prismh_engine.jobs import Job, Progress, StopToken

from . import jobs
from .left_undone import LeftUndone, left_undone

if TYPE_CHECKING:
    from prismh_engine.photos.cache import PhotoCache
    from prismh_engine.project import Project


@dataclass(frozen=True)
class Opened:
    """A project that was opened just now. Whoever gets it closes it."""

    project: Project
    cache: PhotoCache
    undone: LeftUndone

    def close(self) -> None:
        self.cache.close()
        self.project.close()


class Opening(QObject):
    """At most one project is on its way; of several that were asked for, the last one counts."""

    changed = Signal()
    """`name` is another one."""
    failed = Signal(str)
    """Why the project that was asked for last cannot be opened."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.name = ""
        """What is being opened, "" for nothing."""
        self._jobs: list[jobs.RunningJob] = []
        self._awaited: jobs.RunningJob | None = None
        self._then: Callable[[Opened], None] | None = None

    def start(self, name: str, make: Callable[[], Project], then: Callable[[Opened], None]) -> None:
        """Call `make` in another thread, and `then` in this one with what it opened, or emit `failed`."""
        self.cancel()
        stop = StopToken()
        job = jobs.start(_opened(make), stop=stop, parent=self)
        self._jobs = [*(known for known in self._jobs if known.running), job]
        job.finished.connect(self._finished)
        job.failed.connect(self._failed)
        self._await(job, then, name)

    def cancel(self) -> None:
        """Open nothing that was asked for so far; does not wait."""
        if self._awaited is not None:
            self._awaited.stop()
            self._await(None, None, "")

    def close(self) -> None:
        """Nothing is being opened afterwards."""
        self.cancel()
        for job in self._jobs:
            if job.running:
                job.wait()

    def _await(self, job: jobs.RunningJob | None, then: Callable[[Opened], None] | None, name: str) -> None:
        self._awaited, self._then, self.name = job, then, name
        self.changed.emit()

    def _finished(self, opened: Opened) -> None:
        then = self._then
        if self.sender() is not self._awaited or then is None:
            opened.close()
            return
        self._await(None, None, "")
        then(opened)

    def _failed(self, sentence: str) -> None:
        if self.sender() is self._awaited:
            self._await(None, None, "")
            self.failed.emit(sentence)


def _opened(make: Callable[[], Project]) -> Job[Opened]:
    yield Progress("Opening", 0, None)
    from prismh_engine.photos.cache import PhotoCache

    from .pages import photos  # noqa: F401 - the page that is seen next

    with ExitStack() as opened:
        project = make()
        opened.callback(project.close)
        cache = PhotoCache(project.cache_folder)
        opened.callback(cache.close)
        undone = left_undone(project)
        yield Progress("Opening", 1, None)  # where a stop comes in
        opened.pop_all()
    return Opened(project, cache, undone)
