"""What a person decides about photos and groups: one after the other, each a step that can be undone and done again.

What was done is kept in the project (`project.history`), so it can be undone after a restart too. Nothing is written
in the GUI thread: a hundred thousand photos named at once take their time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from prismh_engine.errors import PrismhError
from prismh_engine.jobs import Job, Progress, StopToken

from . import words
from .jobs import RunningJob
from .session import Session

if TYPE_CHECKING:
    from prismh_engine.project import Photo, Project

USED, SET_ASIDE = "used", "set aside"


@dataclass(frozen=True)
class _Step:
    """A step that was undone or done again: its text, the photos on which there is another decision now, and whether
    what a table said of photos came or went.
    """

    text: str
    photo_ids: list[int]
    of_table: bool


@dataclass(frozen=True)
class _Decision:
    """job: writes it. then: called in the GUI thread with its result."""

    job: Job[Any]
    then: Callable[[Any], None]


class Decisions(QObject):
    """Every decision goes through here; while one is being written, the next ones wait their turn."""

    changed = Signal(object)
    """A list of the ids of photos on which there is another decision now."""
    steps_changed = Signal()
    """`undo_text` or `redo_text` changed, or whether something is being written."""
    told = Signal(str)
    """What was done just now, in words, where that is not plain to see."""
    undone = Signal(str)
    """What was undone, in words."""
    redone = Signal(str)
    """What was done again, in words."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._waiting: deque[_Decision] = deque()
        self._current: _Decision | None = None
        self._job: RunningJob | None = None
        self.undo_text = ""
        """What `undo` would undo, "" where there is nothing."""
        self.redo_text = ""
        session.project_closing.connect(self._finish)
        session.project_changed.connect(self.look)

    @property
    def busy(self) -> bool:
        """Whether something is still being written."""
        return self._job is not None

    def overrule(self, photos: Sequence[Photo], decision: str) -> None:
        """Let "used" or "set aside" stand over what was judged of these photos, or say why that could not be kept."""
        if photos:
            ids = [photo.id for photo in photos]
            text = self.tr("{0} set aside") if decision == SET_ASIDE else self.tr("{0} taken back")
            self.take(
                text.format(words.photos(len(ids))), partial(_overrule, ids, decision), partial(self._overruled, ids)
            )

    def take(
        self, text: str | Callable[[Project], str], change: Callable[[Project], object], then: Callable[[Any], None]
    ) -> None:
        """Let `change` write into the project, as one step called `text`; then call `then` with what it returned.

        text: asked just before, where only the project knows what will change. It and change run in another thread;
        then runs in this one, and not where the change could not be kept.
        """
        if self._session.project is not None:
            self.run(_step(self._session.project, text, change), then)

    def run(self, job: Job[Any], then: Callable[[Any], None]) -> None:
        """The same for a job of the engine that is a step already."""
        self._waiting.append(_Decision(job, then))
        self._next()

    def undo(self) -> None:
        """Undo the last step; `undone` tells which."""
        if self._session.project is not None:
            self.run(_undo(self._session.project), self._was_undone)

    def redo(self) -> None:
        """Do again what was undone last; `redone` tells what."""
        if self._session.project is not None:
            self.run(_redo(self._session.project), self._was_redone)

    # ---- one after the other

    def _next(self) -> None:
        if self._job is None and self._waiting:
            self._current = self._waiting.popleft()
            self._job = self._session.run_beside(self._current.job, StopToken())
            self._job.finished.connect(self._written)
            self._job.failed.connect(self._not_written)
            self._job.stopped.connect(self._not_written)
            self.steps_changed.emit()

    def _written(self, result: Any) -> None:
        current, self._job, self._current = self._current, None, None
        self.look()
        if current is not None:
            current.then(result)
        self._next()

    def _not_written(self, sentence: str = "") -> None:
        self._job, self._current = None, None
        if sentence:
            self._session.failed.emit(sentence)
        self.look()
        self._next()

    def _finish(self) -> None:
        """The project is about to be closed: what was decided is written first."""
        while self._job is not None:
            self._job.wait()

    def look(self) -> None:
        """See what can be undone and done again now."""
        project = self._session.project
        try:
            self.undo_text = "" if project is None else project.history.undo_text
            self.redo_text = "" if project is None else project.history.redo_text
        except PrismhError as error:
            self._session.failed.emit(str(error))
        self.steps_changed.emit()

    # ---- what follows from them

    def _overruled(self, photo_ids: list[int], result: object) -> None:
        self.changed.emit(photo_ids)
        self._session.summarise()

    def _was_undone(self, step: _Step) -> None:
        self._tell_of(step)
        if step.text:
            self.undone.emit(step.text)

    def _was_redone(self, step: _Step) -> None:
        self._tell_of(step)
        if step.text:
            self.redone.emit(step.text)

    def _tell_of(self, step: _Step) -> None:
        """A step may have been about verdicts, names or groups, or about all of them."""
        if step.photo_ids:
            self.changed.emit(step.photo_ids)
        if step.of_table:
            self._session.photos_changed.emit()
        if step.text:
            self._session.map_changed.emit()
            self._session.names_changed.emit()


def _step(project: Project, text: str | Callable[[Project], str], change: Callable[[Project], object]) -> Job[object]:
    yield Progress("Keeping what was decided", 0, None)
    with project.history.step(text if isinstance(text, str) else text(project)):
        return change(project)


def _overrule(photo_ids: list[int], decision: str, project: Project) -> None:
    project.photos.overrule(photo_ids, decision)


def _undo(project: Project) -> Job[_Step]:
    from prismh_engine.core.groups import undo

    return (yield from _went(project, undo))


def _redo(project: Project) -> Job[_Step]:
    from prismh_engine.core.groups import redo

    return (yield from _went(project, redo))


def _went(project: Project, go: Callable[[Project], Job[str]]) -> Job[_Step]:
    before, table_before = project.photos.overruled().items(), project.imported.state()
    text = yield from go(project)
    overruled = sorted({photo_id for photo_id, _ in before ^ project.photos.overruled().items()})
    return _Step(text, overruled, project.imported.state() != table_before)
