"""Counts what a project holds beside everything else: once at a time, and again where more changed meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from prismh_engine.jobs import Job, StopToken

from .jobs import RunningJob
from .summary import Summary, summarise

if TYPE_CHECKING:
    from prismh_engine.photos.cache import PhotoCache
    from prismh_engine.project import Project


class Counter(QObject):
    """run_beside: starts a short job that ends with the project."""

    counted = Signal(object)
    """The new `Summary`; its `exported_at` is empty."""

    def __init__(self, run_beside: Callable[[Job[Any], StopToken], RunningJob], parent: QObject) -> None:
        super().__init__(parent)
        self._run_beside = run_beside
        self._job: RunningJob | None = None
        self._again: tuple[Project, PhotoCache] | None = None

    def count(self, project: Project, cache: PhotoCache) -> None:
        if self._job is not None:
            self._again = (project, cache)
            return
        self._job = self._run_beside(summarise(project, cache), StopToken())
        self._job.finished.connect(self._finished)
        self._job.failed.connect(self._ended)
        self._job.stopped.connect(self._ended)

    def forget(self) -> None:
        """The project is closed, and its jobs have ended."""
        self._job, self._again = None, None

    def _finished(self, summary: Summary) -> None:
        self._job = None
        self.counted.emit(summary)
        again, self._again = self._again, None
        if again is not None:
            self.count(*again)

    def _ended(self, sentence: str = "") -> None:
        self._job = None
