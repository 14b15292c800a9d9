"""The step `train`: from photos and settings to a run folder, put down and taken up wherever it was.

torch is imported when the job begins, in the thread that drains it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import PrismhError
from ...jobs import Job, Progress, StopToken
from ...photos.cache import PhotoCache, default_cache_folder
from ...project import Project, Run
from ...project.runs import FAILED, FINISHED, RUNNING, STOPPED
from ...settings import Resolved
from ..encoders import compute_device
from .settings import TrainSettings
from .training_photos import TrainingPhoto, describe, photos_of_folder, photos_of_project, what_changed

if TYPE_CHECKING:
    from .resume import Start
    from .run_folder import RunFolder

MOST_DATA_THREADS = 8


@dataclass(frozen=True)
class TrainReport:
    """How a training ended. run: its name in the project, None without one. best_loss: of validation, else of training,
    None before the first whole epoch. seconds: of this sitting. notes: sentences a person should read."""

    run_folder: Path
    run: str | None
    photos: int
    epochs_done: int
    epochs: int
    finished: bool
    best_loss: float | None
    best_epoch: int | None
    seconds: float
    notes: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        best = "" if self.best_loss is None else f" Best loss {self.best_loss:.4g} in epoch {self.best_epoch}."
        if self.finished:
            ended = (
                f"Learned from {self.photos:,} photos in {self.epochs_done:,} "
                f"epoch{'s' * (self.epochs_done != 1)}.{best} The run is in {self.run_folder}."
            )
        else:
            ended = (
                f"Stopped in epoch {self.epochs_done + 1} of {self.epochs}.{best} All is saved in {self.run_folder}: "
                "go on with --resume_from auto."
            )
        return "\n".join([*self.notes, ended])


def train(resolved: Resolved[TrainSettings], stop: StopToken | None = None) -> Job[TrainReport]:
    """Train by these settings into a run folder.

    Yields a `Progress` a step, with epoch, epochs, loss, learning_rate, photos_per_second, seconds_left,
    seconds_since_saved, and val_loss after each epoch. A stop saves `last.pt` and ends with an unfinished report; a
    pause saves, yields `Progress("Paused", ...)` and waits.
    Raises `BadValueError` for settings that contradict each other, `PrismhError` for what a person can mend: photos
    that changed, a full disk, a loss that is not a number any more.
    """
    yield Progress("Getting ready to learn", 0, None)
    from .resume import choose_start

    with ExitStack() as opened:
        asked_project = resolved.settings.project
        project = opened.enter_context(Project.open(asked_project)) if asked_project is not None else None
        start = choose_start(resolved, project)
        settings = start.resolved.settings
        if project is None and settings.project is not None:  # the checkpoint's
            project = opened.enter_context(Project.open(settings.project))
        if start.finished_before and start.is_complete:
            return _finished_before(start, project)
        cache = opened.enter_context(PhotoCache(_cache_folder(settings, project)))
        photos = yield from _photos(settings, project, cache, stop)
        _check_photos(photos, start, settings)
        folder, run = _place(start, project)
        if start.goes_back and start.state is not None:
            moved = folder.set_aside_after(int(start.state["step"]))
            if moved is not None:
                start.notes.append(f"What was learned after that checkpoint was moved to {moved}.")
        opened.enter_context(_state_in_project(project, run))
        report = yield from _learn(start, folder, run, photos, cache, stop)
        if project is not None and run is not None:
            project.runs.set_state(run, FINISHED if report.finished else STOPPED)
        return report


def _learn(
    start: Start,
    folder: RunFolder,
    run: Run | None,
    photos: list[TrainingPhoto],
    cache: PhotoCache,
    stop: StopToken | None,
) -> Job[TrainReport]:
    import torch

    from .learner import Learner
    from .sitting import Sitting
    from .training import best_epoch

    settings, state, began = start.resolved.settings, start.state, time.monotonic()
    device = compute_device(settings.device)
    with _threads(state["torch_threads"] if state else None):
        threads = torch.get_num_threads()

        def asked() -> bool:
            return stop is not None and (stop.stopped or stop.paused)

        with Learner(settings, photos, cache, device, data_threads(settings), asked, state) as learner:
            kept = {
                "photos": describe(photos),
                "origins": dict(start.resolved.origins),
                "torch_threads": threads,
                "device": str(device),
            }
            folder.begin(start.resolved, _about(start, learner.model.base_model, kept, len(photos)))
            with Sitting(learner, folder, kept, start.notes) as sitting:
                yield from sitting.drain(stop)
                losses = learner.losses
                return TrainReport(
                    run_folder=folder.folder,
                    run=None if run is None else run.name,
                    photos=len(photos),
                    epochs_done=learner.epoch,
                    epochs=settings.epochs,
                    finished=learner.finished,
                    best_loss=min(losses) if losses else None,
                    best_epoch=best_epoch(losses) + 1 if losses else None,
                    seconds=time.monotonic() - began,
                    notes=tuple(sitting.notes),
                )


def _photos(
    settings: TrainSettings, project: Project | None, cache: PhotoCache, stop: StopToken | None
) -> Job[list[TrainingPhoto]]:
    if project is not None:
        return photos_of_project(project)
    assert settings.data_dir is not None
    return (yield from photos_of_folder(settings.data_dir, cache, stop))


def _check_photos(photos: list[TrainingPhoto], start: Start, settings: TrainSettings) -> None:
    if len(photos) < 2:
        where = settings.project or settings.data_dir
        raise PrismhError(f"{where} has {len(photos)} photos that can be used: learning needs two at least.")
    if start.state is None:
        return
    changed = what_changed(start.state["photos"], photos)
    if changed and not settings.allow_changed_photos:
        raise PrismhError(
            f"The photos are not those the run began with: {changed}. Bring them back, or give --allow_changed_photos "
            "to go on with the photos as they are."
        )
    if changed:
        start.notes.append(f"The photos changed since the run began: {changed}.")


def _place(start: Start, project: Project | None) -> tuple[RunFolder, Run | None]:
    """The run's folder; in a project a new run where it has none yet."""
    from .run_folder import RunFolder

    if start.folder is not None:
        return start.folder, start.run_of(project)
    assert project is not None
    run = project.runs.new()
    return RunFolder(run.folder), run


def _finished_before(start: Start, project: Project | None) -> TrainReport:
    from .training import best_epoch, judged_losses

    folder, run = start.folder, start.run_of(project)
    assert start.state is not None
    assert folder is not None
    if project is not None and run is not None:
        project.runs.set_state(run, FINISHED)  # a kill may have come before it
    losses, epoch = judged_losses(start.state["history"]), int(start.state["epoch"])
    return TrainReport(
        run_folder=folder.folder,
        run=None if run is None else run.name,
        photos=len(start.state["photos"]["contents"]),
        epochs_done=epoch,
        epochs=epoch,
        finished=True,
        best_loss=min(losses),
        best_epoch=best_epoch(losses) + 1,
        seconds=0.0,
        notes=(*start.notes, "This run was finished before; a longer --epochs goes on with it."),
    )


def _about(start: Start, base_model: str, kept: dict[str, Any], photos: int) -> dict[str, Any]:
    state = start.state
    return {
        "began" if state is None else "resumed": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "resumed_at": None if state is None else {"epoch": state["epoch"], "batch": state["batch"]},
        "base_model": base_model,
        "photos": photos,
        "photos_fingerprint": kept["photos"]["fingerprint"],
        "device": kept["device"],
        "torch_threads": kept["torch_threads"],
    }


def _cache_folder(settings: TrainSettings, project: Project | None) -> Path:
    if settings.cache_dir is not None:
        return settings.cache_dir
    return default_cache_folder() if project is None else project.cache_folder


def data_threads(settings: TrainSettings) -> int:
    """Threads that prepare views; auto: one a processor, up to what any network can use."""
    if isinstance(settings.num_workers, int):
        return settings.num_workers
    return min(os.cpu_count() or 1, MOST_DATA_THREADS)


@contextmanager
def _threads(wanted: int | None) -> Iterator[None]:
    """torch with the thread count of the checkpoint, since it changes the last bits; put back afterwards."""
    import torch

    before = torch.get_num_threads()
    try:
        if wanted is not None:
            torch.set_num_threads(wanted)
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _state_in_project(project: Project | None, run: Run | None) -> Iterator[None]:
    """Whatever ends the training, the project knows."""
    if project is None or run is None:
        yield
        return
    project.runs.set_state(run, RUNNING)
    try:
        yield
    except PrismhError:
        project.runs.set_state(run, FAILED)
        raise
    except BaseException:
        project.runs.set_state(run, STOPPED)
        raise
