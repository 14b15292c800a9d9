"""The open project and the one long job that runs on it; pages listen here and never to each other.

The engine is imported where it is used: the first frame needs neither numpy nor a database.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from prismh_engine.errors import PhotosDifferError, PrismhError
from prismh_engine.jobs import Job, Progress, StopToken, pausing

from . import garbage, jobs, newest_run, projects, steps, words
from .counter import Counter
from .left_undone import GoingOn, left_undone
from .opening import Opened, Opening
from .reading_news import ReadingNews
from .settings import AppSettings
from .summary import Summary
from .widgets.thumbnails import Thumbnails

if TYPE_CHECKING:
    from prismh_engine.photos.cache import PhotoCache
    from prismh_engine.project import Project, Run

READING, LEARNING = "reading", "learning"


class Session(QObject):
    """Everything pages share.

    `project` and `cache` are None on the start page. `running_kind` says what long job is under way: "reading" (the
    way from photos to a map), "learning", or None.
    """

    project_closing = Signal()
    """The project is about to be closed: let go of everything that belongs to it."""
    project_changed = Signal()
    """Another project, or none, is open."""
    opening_changed = Signal()
    """`opening` changed."""
    project_opened = Signal()
    """The project that was asked for last is open: show it. Comes after `project_changed`."""
    photos_added = Signal(list)
    """Ids of photos that were looked at just now."""
    photos_changed = Signal()
    """Verdicts, or photos seen before, may have changed."""
    map_moved = Signal(object, object)
    """photo ids int64 [N] and positions float32 [N, 2] of a map that is being computed."""
    map_changed = Signal()
    """There may be a new map or grouping in the project."""
    map_wanted = Signal(str)
    """Show the map of this feature set, "starter" or a run's name; emitted by a page after it asked for Explore."""
    learning_with_names_wanted = Signal()
    """Offer to learn from the names that were given; emitted by a page after it asked for Learn."""
    learning_progressed = Signal(object)
    learning_noted = Signal()
    """The training said something worth knowing; see `notes`."""
    photos_differ = Signal(str)
    """A training does not go on since its photos changed, and how; `resume_learning` can take them as they are."""
    learning_finished = Signal(object)
    """The `TrainReport` of a learning that ended or was stopped."""
    names_changed = Signal()
    """Someone named a photo or a group; whoever does it emits this."""
    job_changed = Signal()
    """`running_kind`, `progress` or `paused` changed."""
    summary_changed = Signal()
    failed = Signal(str)
    """One sentence about something that did not work."""

    def __init__(self, app_settings: AppSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = app_settings
        self.project: Project | None = None
        self.cache: PhotoCache | None = None
        self.thumbnails: Thumbnails | None = None
        self.running_kind: str | None = None
        self.progress: Progress | None = None
        self.failed_kind: str | None = None
        """What long job ran last, where it failed and no other was begun since."""
        self.learned_map_of = ""
        """The run whose map is being made, "" while none is."""
        self.saving = False
        """Whether the Export page writes something; it sets this, and emits `job_changed`."""
        self.summary = Summary()
        self.notes: tuple[str, ...] = ()
        """What the training that runs, or ran last, said to the person: what was lowered for memory, what changed."""
        self._job: jobs.RunningJob | None = None
        self._news = ReadingNews(self)
        self._beside: list[jobs.RunningJob] = []
        self._counter = Counter(self.run_beside, self)
        self._counter.counted.connect(self._counted)
        self._opening = Opening(self)
        self._opening.changed.connect(self.opening_changed)
        self._opening.failed.connect(self.failed)
        self.closing = False
        """Whether the project is being closed: nothing more is begun in it."""
        self._going_on = GoingOn(self)
        self.names_changed.connect(self.summarise)

    # ---- the project

    @property
    def opening(self) -> str:
        """The name of the project that is being opened, "" for none."""
        return self._opening.name

    def open_project(self, folder: Path) -> None:
        """Begin to open a project: `project_opened` or `failed` follows. The one open now stays until then."""
        known = next((recent.name for recent in self.settings.recent() if recent.folder == str(folder)), folder.name)
        self._open(
            known,
            partial(projects.existing, folder),
            lambda opened: self._going_on.go_on(opened.project, opened.undone),
        )

    def new_project(self, photo_folder: Path) -> None:
        """Begin to open the project of a photo folder, made if need be, and then to look at the photos."""
        photo_folder = Path(os.path.abspath(photo_folder))
        if (photo_folder / "project.db").is_file():
            self.open_project(photo_folder)
            return
        make = partial(projects.of_photo_folder, photo_folder, self.settings.project_of(photo_folder))
        self._open(photo_folder.name, make, lambda _: self.start_instant_map())

    def open_samples(self) -> None:
        """Begin to open the project of the sample photos; they are drawn then where they are not there yet."""
        name = self.tr("Sample photos")
        self._open(
            name,
            partial(projects.samples, name),
            lambda opened: self.start_reading(steps.samples_to_map, opened.project, projects.sample_photos()),
        )

    def add_folder(self, photo_folder: Path) -> bool:
        """Add a photo folder to the open project and look at its photos; return whether that could be begun."""
        if self.project is None:
            self.new_project(photo_folder)
            return False
        if self._job is not None:
            self.failed.emit(self.tr("Photos can be added when nothing else is running: wait until it is done."))
            return False
        try:
            self.project.add_folder(photo_folder)
        except PrismhError as error:
            self.failed.emit(str(error))
            return False
        self.project_changed.emit()
        self.start_instant_map()
        return True

    def close_project(self) -> None:
        """Stop what runs, wait for it and close the project; the window then shows the start page."""
        self._opening.cancel()
        if self.project is not None:
            self._let_go()
            self.project_changed.emit()
            garbage.look_through_what_is_left()

    def close(self) -> None:
        """The last call: nothing runs afterwards."""
        self._opening.close()
        self._let_go()
        self.settings.save()

    # ---- the long job

    def start_reading(self, step: Callable[..., Job[Any]], *arguments: Any) -> jobs.RunningJob | None:
        """Begin a step of `steps` with these arguments; where another job is under way, say so and return None."""
        stop = StopToken()
        return self._start(READING, pausing(step(*arguments, stop), stop), stop)

    def start_instant_map(self) -> None:
        """Look at the project's photos and lay out the instant map; what is known already is not done again."""
        if self.project is not None:
            self.start_reading(steps.instant_map_of, self.project)

    def make_learned_map(self, run: str) -> bool:
        """Make the map of what a run learned; return whether it is on its way, begun now or before."""
        if self.project is not None and self.learned_map_of != run:
            job = self.start_reading(steps.see_what_was_learned, self.project, run)
            self.learned_map_of = run if job is not None else self.learned_map_of
        return self.learned_map_of == run

    def start_learning(self, resolved: Any) -> None:
        """Train with a `Resolved[TrainSettings]` whose `project` is the open one."""
        stop = StopToken()
        self.notes = ()
        if self.project is not None:
            self.project.leave_run(None)
        self._start(LEARNING, steps.learning(resolved, stop), stop)

    def resume_learning(self, *, allow_changed_photos: bool = False) -> None:
        """Go on with the newest unfinished run, where allowed with the photos as they are now."""
        if self.project is not None:
            try:
                self.start_learning(steps.settings_to_resume(self.project, allow_changed_photos=allow_changed_photos))
            except PrismhError as error:
                self.failed.emit(str(error))

    def unfinished_run(self) -> Run | None:
        """The newest run where it was stopped before its end and nobody is learning into it now."""
        if self.project is None or self.running_kind == LEARNING:
            return None
        return newest_run.unfinished(self.project)

    def run_elsewhere(self) -> Run | None:
        """The newest run where another program is learning into it at this moment."""
        if self.project is None or self.running_kind == LEARNING:
            return None
        return newest_run.learned_elsewhere(self.project)

    def ended_elsewhere(self) -> None:
        """Another program is through with the newest run: see what it learned."""
        if self.project is not None and self._job is None:
            self._going_on.go_on(self.project, left_undone(self.project))

    def pause(self) -> None:
        if self._job is not None:
            self._job.pause()
            self.job_changed.emit()

    def resume(self) -> None:
        if self._job is not None:
            self._job.resume()
            self.job_changed.emit()

    @property
    def paused(self) -> bool:
        return self._job is not None and self._job.paused

    @property
    def saved_and_waiting(self) -> bool:
        """Whether a pause has come to rest: all is saved, and nothing is done."""
        return self.paused and self.progress is not None and self.progress.what == "Paused"

    def stop(self) -> None:
        """Ask the long job to save what it can and end."""
        if self._job is not None:
            self._job.stop()

    def run_beside(self, job: Job[Any], stop: StopToken, *, is_large: bool = False) -> jobs.RunningJob:
        """Run a short job of one page (a preview, a list to read) beside the long one; it ends with the project."""
        running = jobs.start(job, stop=stop, parent=self, is_large=is_large)
        self._beside = [*(known for known in self._beside if known.running), running]
        return running

    # ---- what is known of the project, for the rail and the start page

    def summarise(self) -> None:
        """Count photos, groups and names again, beside everything else."""
        if self.project is not None and self.cache is not None and not self.closing:
            self._counter.count(self.project, self.cache)

    def exported(self) -> None:
        """Note that the features were saved just now."""
        self.summary = self.summary.exported_now()
        self._remember()
        self.summary_changed.emit()

    # ---- inside

    def _open(self, name: str, make: Callable[[], Project], go_on: Callable[[Opened], object]) -> None:
        self._opening.start(name, make, partial(self._take, go_on))

    def _take(self, go_on: Callable[[Opened], object], opened: Opened) -> None:
        self._let_go()
        self.closing, self.project, self.cache = False, opened.project, opened.cache
        self.thumbnails = Thumbnails(self.cache, self)
        known = {recent.folder: recent for recent in self.settings.recent()}.get(str(self.project.folder))
        self.summary = Summary.remembered(known)
        self._remember()
        self.project_changed.emit()
        garbage.look_through_what_is_left()  # of the project before, now that the pages let go of it
        self.project_opened.emit()
        self.summarise()  # and what else is begun: not while the page is made, which would take many times as long
        go_on(opened)

    def _let_go(self) -> None:
        if self.project is None:
            return
        self.closing = True
        self.project_closing.emit()
        running = [job for job in [self._job, *self._beside] if job is not None and job.running]
        for job in running:
            job.stop()
        for job in running:
            job.wait()  # saving takes as long as it takes
        with suppress(PrismhError):  # its drive may be gone
            self.summary = self.summary.with_learning_of(self.project)  # the start page tells of it
            self._remember()
        self._beside.clear()
        if self.thumbnails is not None:
            self.thumbnails.close()
            self.thumbnails.deleteLater()
            self.thumbnails = None
        self._counter.forget()
        if self.cache is not None:
            self.cache.close()
        self.project.close()
        self.project, self.cache, self.summary, self.notes, self.saving = None, None, Summary(), (), False
        self.failed_kind = None

    def _start(self, kind: str, job: Job[Any], stop: StopToken) -> jobs.RunningJob | None:
        if self._job is not None:
            job.close()
            self.failed.emit(self.tr("Something else is running: wait until it is done, or stop it first."))
            return None
        self.running_kind, self.failed_kind, self.progress, self._news = kind, None, None, ReadingNews(self)
        self._job = jobs.start(job, stop=stop, parent=self, is_large=True)
        self._job.progressed.connect(self._progressed)
        self._job.finished.connect(self._finished)
        self._job.failed.connect(self._failed)
        self._job.stopped.connect(self._stopped)
        self.job_changed.emit()
        return self._job

    def _progressed(self, progress: Progress) -> None:
        note = progress.metrics.get("note")
        if note:  # no news of how far it is
            self.notes = (*self.notes, str(note))
            self.learning_noted.emit()
            return
        self.progress = progress
        if self.running_kind == LEARNING:
            self.learning_progressed.emit(progress)
        else:
            self._news.tell(progress)
        self.job_changed.emit()

    def _finished(self, result: Any) -> None:
        kind = self._end()
        if kind == LEARNING:
            self.notes = tuple(result.notes)
            self.learning_finished.emit(result)
            project = None if self.closing or not result.epochs_done else self.project
            if project is not None and self._going_on.see_what_was_learned(Path(result.run_folder)):
                self.summarise()
                return
        self._tell_of_changes()

    def _failed(self, sentence: str) -> None:
        error = self._job.error if self._job is not None else None
        changed = error.changed if isinstance(error, PhotosDifferError) else None
        self.failed_kind = self.running_kind if changed is None else None  # else a person is asked, and nothing failed
        kind = self._end()
        if changed is not None:
            self.photos_differ.emit(changed)
        else:
            self.failed.emit(words.without_flags(sentence) if kind == LEARNING else sentence)
        self._tell_of_changes()

    def _stopped(self) -> None:
        self._end()
        self._tell_of_changes()

    def _end(self) -> str | None:
        kind, self.running_kind = self.running_kind, None
        self._job, self.progress, self.learned_map_of = None, None, ""
        self.job_changed.emit()
        return kind

    def _tell_of_changes(self) -> None:
        if not self.closing:
            self.photos_changed.emit()
            self.map_changed.emit()
            self.summarise()

    def _counted(self, summary: Summary) -> None:
        self.summary = summary.with_export_of(self.summary)
        self._remember()
        self.summary_changed.emit()

    def _remember(self) -> None:
        if self.project is not None:
            self.settings.remember(self.summary.as_recent(self.project))
