"""What comes before the first step of a training: where it begins, which photos, which of them are held out.

One rank prepares; the others are told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...counted import counted
from ...errors import PhotosDifferError, PrismhError
from ...jobs import Job, StopToken
from ...photos.cache import PhotoCache, check_cache_folder, default_cache_folder
from ...project import Project, Run
from ...project.runs import FAILED, RUNNING, STOPPED
from .settings import TrainSettings
from .training_photos import TrainingPhotos, hold_out, photos_of_folder, photos_of_project, what_changed

if TYPE_CHECKING:
    from .resume import Start
    from .run_folder import RunFolder


@dataclass(frozen=True)
class Prepared:
    """A training that can begin.

    start: its settings and checkpoint. folder: of the run, which is this program's alone now. run: of the project,
    where there is one. held_out: numbers of the photos to measure on and not to learn from. labels: photo's number ->
    label, for the probe and the projector. teaching: file_path of a photo -> the label it teaches. look_alikes: int64
    [M, K], numbers of the photos most alike each photo to learn from; None where nothing needs them. taught: number of
    a photo -> the label it learns by, its own or one that spread to it.
    """

    start: Start
    folder: RunFolder
    run: Run | None
    cache_folder: Path
    photos: TrainingPhotos
    held_out: frozenset[int] = frozenset()
    labels: dict[int, str] = field(default_factory=dict)
    teaching: dict[str, str] = field(default_factory=dict)
    look_alikes: NDArray[np.int64] | None = None
    taught: dict[int, str] = field(default_factory=dict)

    @property
    def settings(self) -> TrainSettings:
        return self.start.resolved.settings

    @property
    def was_finished(self) -> bool:
        """Whether nothing is left to do."""
        return self.start.finished_before and self.start.is_complete


def prepare(start: Start, project: Project | None, opened: ExitStack, stop: StopToken | None) -> Job[Prepared]:
    """Find the photos, take the run's folder, split.

    opened: gets what must be held until the training ends: the folder's lock, the state of the run in the project.
    Raises `PrismhError` for photos that changed, too few of them, or a folder another program learns into.
    """
    from .lock import run_folder_lock

    settings = start.resolved.settings
    cache_folder = _cache_folder(settings, project)
    if start.finished_before and start.is_complete:
        assert start.folder is not None
        return Prepared(start, start.folder, start.run_of(project), cache_folder, TrainingPhotos())
    with PhotoCache(cache_folder) as cache:
        photos = yield from _photos(settings, project, cache, stop)
        changed = _check_photos(photos, start)
        teaching = _teaching(photos, start, project)
        folder, run = _place(start, project)
        opened.enter_context(run_folder_lock(folder.folder))
        _set_aside(folder, start)
        opened.enter_context(_state_in_project(project, run))
        held_out = yield from _held_out(photos, teaching, start, changed, cache, project, stop)
        look_alikes = yield from _look_alikes(photos, held_out, start, changed, cache, project, stop)
    from .knn_probe import read_labels

    labels = read_labels(settings.probe_labels, photos, start.notes)
    taught = _taught(photos, held_out, teaching, look_alikes, start, changed, project)
    return Prepared(start, folder, run, cache_folder, photos, held_out, labels, teaching, look_alikes, taught)


def _photos(
    settings: TrainSettings, project: Project | None, cache: PhotoCache, stop: StopToken | None
) -> Job[TrainingPhotos]:
    if project is not None:
        return photos_of_project(project)
    assert settings.data_dir is not None
    return (yield from photos_of_folder(settings.data_dir, cache, stop))


def _check_photos(photos: TrainingPhotos, start: Start) -> bool:
    """Whether the photos are others than those the run began with."""
    settings = start.resolved.settings
    if len(photos) < 2:
        where = settings.project or settings.data_dir
        raise PrismhError(f"{where} has {len(photos)} photos that can be used: learning needs two at least.")
    if start.state is None:
        return False
    changed = what_changed(start.state["photos"], photos)
    if changed and not settings.allow_changed_photos:
        raise PhotosDifferError(changed)
    if changed:
        start.notes.append(f"The photos changed since the run began: {changed}.")
    return bool(changed)


def _teaching(photos: TrainingPhotos, start: Start, project: Project | None) -> dict[str, str]:
    """file_path of a photo -> the label it teaches: those the run began with, whatever was named since."""
    from .photo_labels import check_enough, teaching_labels, word_for

    source = start.resolved.settings.labels
    if source is None:
        return {}
    if start.state is None:
        teaching = teaching_labels(source, photos, project, start.notes)
        labels = len(set(teaching.values()))
        alone = start.resolved.settings.labels_weight == 1
        beside = "alone: the others have no part" if alone else "beside all others"
        word = word_for(source)
        start.notes.append(f"{counted(len(teaching), 'photo')} with one of {labels} {word}s teach {beside}.")
        return teaching
    paths = {photo.file_path for photo in photos}
    teaching = {file_path: label for file_path, label in start.state["labels"].items() if file_path in paths}
    check_enough(teaching, "The run", word_for(source))
    try:
        now = teaching_labels(source, photos, project)
    except PrismhError:  # the file may be gone: the run has its own copy
        return teaching
    if now != teaching:
        start.notes.append(
            f"The {word_for(source)}s changed since the run began: it goes on with those it began with. Start a new "
            "one to learn from them as they are now."
        )
    return teaching


def _held_out(
    photos: TrainingPhotos,
    teaching: Mapping[str, str],
    start: Start,
    changed: bool,
    cache: PhotoCache,
    project: Project | None,
    stop: StopToken | None,
) -> Job[frozenset[int]]:
    """The numbers of the photos held out: those of the checkpoint, since near duplicates may be told otherwise on
    another machine, or with another starter."""
    from .validation import alike

    settings = start.resolved.settings
    if start.state is not None and not changed and "held_out" in start.state:
        return frozenset(start.state["held_out"])
    if not settings.val_fraction:
        return frozenset()
    numbers = yield from alike(photos, cache, stop, project)
    taught = np.fromiter((photo.file_path in teaching for photo in photos), dtype=bool, count=len(photos))
    held_out = hold_out(photos, settings.val_fraction, settings.seed, numbers, taught)[1]
    if not len(held_out):
        start.notes.append(
            "No photos are held out to measure on: there are too few, or too many show nearly the same. The loss is "
            "that of the photos it learns from alone."
        )
    return frozenset(held_out.numbers.tolist())


def _look_alikes(
    photos: TrainingPhotos,
    held_out: frozenset[int],
    start: Start,
    changed: bool,
    cache: PhotoCache,
    project: Project | None,
    stop: StopToken | None,
) -> Job[NDArray[np.int64] | None]:
    """Of the photos to learn from, those of the checkpoint, as the photos held out are."""
    from .validation import most_alike

    settings = start.resolved.settings
    if not settings.neighbour_share and not settings.spread_labels:
        return None
    kept = None if start.state is None or changed else start.state.get("look_alikes")
    if kept is not None:
        found: NDArray[np.int64] = kept.numpy().astype(np.int64)
        return found
    return (yield from most_alike(_to_learn_from(photos, held_out), cache, stop, project))


def _taught(
    photos: TrainingPhotos,
    held_out: frozenset[int],
    teaching: Mapping[str, str],
    look_alikes: NDArray[np.int64] | None,
    start: Start,
    changed: bool,
    project: Project | None,
) -> dict[int, str]:
    """Number of a photo -> the label it learns by: as in the checkpoint, where the photos are the same."""
    from .label_spread import spread
    from .photo_labels import labels_of, word_for

    own = {photo.number: label for photo in photos if (label := teaching.get(photo.file_path))}
    settings = start.resolved.settings
    if not settings.spread_labels or look_alikes is None or settings.labels is None:
        return own
    if start.state is not None and not changed:
        return dict(start.state["taught"])
    numbers = _to_learn_from(photos, held_out).numbers
    if start.state is not None:
        return spread(own, numbers, look_alikes)
    labels = labels_of(settings.labels, photos, project)  # a photo with several of them teaches none
    several = {photo.number for photo in photos if len(labels.get(photo.file_path, ())) > 1}
    taught = spread(own, numbers, look_alikes, several)
    more, word = counted(len(taught) - len(own), "photo"), word_for(settings.labels)
    start.notes.append(f"In learning, each {word} reaches the photos most like those that have it: {more} more.")
    return taught


def _to_learn_from(photos: TrainingPhotos, held_out: frozenset[int]) -> TrainingPhotos:
    return photos.take(~np.isin(photos.numbers, list(held_out)))


def _place(start: Start, project: Project | None) -> tuple[RunFolder, Run | None]:
    """The run's folder; in a project a new run where it has none yet."""
    from .run_folder import RunFolder

    if start.folder is not None:
        return start.folder, start.run_of(project)
    assert project is not None
    run = project.runs.new()
    return RunFolder(run.folder), run


def _set_aside(folder: RunFolder, start: Start) -> None:
    """Move away what the folder holds that is no part of the run as it goes on."""
    if start.state is None:
        moved = folder.set_aside_after(0)
        if moved is not None:  # its checkpoints, none of which can be read
            start.notes.append(
                f"With no other checkpoint, learning begins anew, and what is left of the run was moved to {moved}."
            )
    elif start.goes_back:
        moved = folder.set_aside_after(int(start.state["step"]))
        if moved is not None:
            start.notes.append(f"What was learned after that checkpoint was moved to {moved}.")


def _cache_folder(settings: TrainSettings, project: Project | None) -> Path:
    cache = settings.cache_dir or (default_cache_folder() if project is None else project.cache_folder)
    for folder in [settings.data_dir] if project is None else [folder.path for folder in project.folders()]:
        if folder is not None:  # a finished run needs no photos
            check_cache_folder(cache, folder)
    return cache


@contextmanager
def _state_in_project(project: Project | None, run: Run | None) -> Iterator[None]:
    """Whatever ends the training, the project knows."""
    if project is None or run is None:
        yield
        return
    project.runs.set_state(run, RUNNING)
    try:
        yield
    except PrismhError as error:
        from .run_folder import RunFolder
        from .step import DivergedError

        # What was saved can go on once the disk has room again; a loss out of bounds would be so again.
        goes_on = RunFolder(run.folder).last.exists() and not isinstance(error, DivergedError)
        with suppress(PrismhError):  # the disk that is full may be the project's: why comes first
            project.runs.set_state(run, STOPPED if goes_on else FAILED, str(error))
        raise
    except BaseException:
        project.runs.set_state(run, STOPPED)
        raise
