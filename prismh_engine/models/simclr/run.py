"""The step `train`: from photos and settings to a run folder, put down and taken up wherever it was.

torch is imported when the job begins, in the thread that drains it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...analysis import worth
from ...jobs import Job, Progress, Stopped, StopToken
from ...photos.cache import PhotoCache
from ...project import Project
from ...project.feature_sets import Encoder
from ...project.runs import FINISHED, STOPPED
from ...settings import Resolved
from .. import ranks as ranks_module
from ..encode_photos import encode_photos
from ..encoders import TorchEncoder, compute_device
from ..ranks import Ranks
from .preparation import Prepared, prepare
from .settings import TrainSettings
from .training_photos import describe, drawn

if TYPE_CHECKING:
    import torch

    from .learner import Learner

MOST_DATA_THREADS = 8
_PHOTOS_IN_PROJECTOR = 400
_SEEING = "Seeing what was learned of them"


@dataclass(frozen=True)
class TrainReport:
    """How a training ended.

    run: its name in the project, None without one. best_loss: of validation, else of training, None before the first
    whole epoch. best_epoch: whose weights `best_model.pt` holds, 0 for those it started from, None where it holds none.
    seconds: of this sitting. notes: sentences a person should read.
    """

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
        best = "" if self.best_loss is None else f" Best loss {self.best_loss:.4g}; {self._kept()}"
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

    def _kept(self) -> str:
        if self.best_epoch == 0:
            return "no epoch's groups are better separated than the start's, which is kept as the best."
        if self.best_epoch is None:
            return "no epoch is kept as the best any more."
        return f"epoch {self.best_epoch} is kept as the best."


def train(resolved: Resolved[TrainSettings], stop: StopToken | None = None) -> Job[TrainReport]:
    """Train by these settings into a run folder.

    Yields a `Progress` a step, with epoch, epochs, the measures of the step, learning_rate, photos_per_second,
    memory_mb, seconds_left, seconds_since_saved, and val_loss, rankme, knn and worth after each epoch. A stop saves
    `last.pt` and ends with an unfinished report; a pause saves, yields `Progress("Paused", ...)` and waits. Started by
    torchrun, the processes learn together; the first of them writes and tells.
    Raises `BadValueError` for settings that contradict each other, `PrismhError` for what a person can mend: photos
    that changed, a full disk, a loss that is not a number any more.
    """
    yield Progress("Getting ready to learn", 0, None)
    from .resume import choose_start, with_precision

    with ExitStack() as opened:
        ranks = opened.enter_context(ranks_module.join(resolved.settings.device))
        project: Project | None = None

        def begin() -> Job[Prepared]:
            nonlocal project
            asked_project = resolved.settings.project
            if asked_project is not None:
                project = opened.enter_context(Project.open(asked_project))
            start = choose_start(resolved, project)
            if project is None and start.resolved.settings.project is not None:  # the checkpoint's
                project = opened.enter_context(Project.open(start.resolved.settings.project))
            start = with_precision(start, compute_device(start.resolved.settings.device))
            return (yield from prepare(start, project, opened, stop))

        prepared = yield from ranks_module.on_first_rank(ranks, begin)
        if prepared.was_finished:
            return _finished_before(prepared, project)
        with PhotoCache(prepared.cache_folder) as cache:
            report = yield from _learn(prepared, cache, ranks, stop)
        if project is not None and prepared.run is not None:
            project.runs.set_state(prepared.run, FINISHED if report.finished else STOPPED)
        return report


def _learn(prepared: Prepared, cache: PhotoCache, ranks: Ranks, stop: StopToken | None) -> Job[TrainReport]:
    import torch

    from .knn_probe import KnnProbe
    from .learner import Learner, Machine
    from .sitting import Sitting, follow
    from .start_share import share_for
    from .step import learns_batch_norm
    from .worth_probe import WorthProbe

    settings, start, photos = prepared.settings, prepared.start, prepared.photos
    state, began = start.state, time.monotonic()
    device = compute_device(settings.device)

    def asked() -> bool:
        # Ranks wait for each other inside a step: none may leave it alone.
        return ranks.count == 1 and stop is not None and (stop.stopped or stop.paused)

    with _threads(state["torch_threads"] if state else None, start.notes):
        threads = torch.get_num_threads()
        measured = np.isin(photos.numbers, list(prepared.held_out))
        learn_from, held_out = photos.take(~measured), photos.take(measured)
        probe = KnnProbe(photos, prepared.labels, cache, settings.feature_size) if settings.probe_every else None
        # What starts from nothing has groups of its own before it knows anything.
        tells = settings.start_weights != "none" and len(photos) >= worth.FEWEST_PHOTOS
        worth_probe = WorthProbe(photos, cache, settings.feature_size) if tells else None
        machine = Machine(device, data_threads(settings, ranks), asked, ranks)
        with Learner(
            settings,
            learn_from,
            held_out,
            cache,
            machine,
            labels=prepared.taught,
            look_alikes=prepared.look_alikes,
            probe=probe,
            worth_probe=worth_probe,
            start_share=share_for(settings, prepared.teaching),
            state=state,
            checkpoint=start.checkpoint,
        ) as learner:
            learner.photos_at_once, note = _fit_into_memory(learner, ranks, device, state)
            if not ranks.first:
                follow(learner, ranks, stop)
                return _report(prepared, learner, began, [], None)
            start.notes.extend(_note_on_large_steps(learner, start.resolved) if state is None else [])
            if note:
                start.notes.append(note)
            elif settings.accumulation_steps > 1 and learns_batch_norm(learner.network):
                start.notes.append(_note_on_batch_norm(learner, ranks))
            kept = {
                "photos": describe(photos),
                "held_out": sorted(prepared.held_out),
                "labels": prepared.teaching,
                "taught": prepared.taught,
                "look_alikes": None if prepared.look_alikes is None else torch.from_numpy(prepared.look_alikes).int(),
                "origins": dict(start.resolved.origins),
                "torch_threads": threads,
                "photos_at_once": learner.photos_at_once,
                "device": str(device),
                "torch": str(torch.__version__),
            }
            prepared.folder.begin(start.resolved, _about(prepared, learner.model.base_model, kept, ranks))
            if prepared.teaching:
                prepared.folder.write_labels(prepared.teaching)
            with Sitting(learner, prepared.folder, kept, start.notes, ranks) as sitting:
                yield from sitting.drain(stop)
                if learner.finished:
                    yield from _log_embedding(prepared, learner, sitting.writer, cache, device)
            return _report(prepared, learner, began, sitting.notes, sitting.best_epoch)


def _fit_into_memory(
    learner: Learner, ranks: Ranks, device: torch.device, state: dict[str, Any] | None
) -> tuple[int, str]:
    """How many photos to compute at once on every rank, and what to say of it.

    A run keeps the number it began with, which changes the last bits, where the memory lets it.
    """
    from . import memory
    from .step import learns_batch_norm

    settings = learner.settings
    footprint = memory.measure(
        learner.network,
        image_size=settings.image_size,
        optimizer=settings.optimizer,
        precision=settings.mixed_precision,
        device=device,
    )
    neighbours = int(os.environ.get("LOCAL_WORLD_SIZE", "1")) if device.type == "cpu" else 1
    wanted = min(learner.photos_at_once, learner.share_of_batch)
    if state is not None and ranks.count == 1:
        wanted = min(wanted, state.get("photos_at_once", wanted))
    fit = memory.fit(
        footprint,
        memory.free(device) // neighbours,
        batch_photos=learner.share_of_batch,
        photos_at_once=wanted,
        learns_batch_norm=learns_batch_norm(learner.network),
    )
    return ranks.share((fit.photos_at_once, fit.note))


def _note_on_large_steps(learner: Learner, resolved: Resolved[TrainSettings]) -> list[str]:
    """What to say of a step that a person asked for and no photos are there for: one sentence or none."""
    given, photos = [name for name in ("batch_size", "accumulation_steps") if resolved.given(name)], learner.batches
    asked = learner.settings.batch_size * learner.settings.accumulation_steps
    if not given or asked <= photos.batch_size:
        return []
    flags = " times ".join(f"--{name}" for name in given)
    return [
        f"There are {photos.batch_size:,} photos to learn from: a step takes all of them, fewer than the {asked:,} of "
        f"{flags}."
    ]


def _note_on_batch_norm(learner: Learner, ranks: Ranks) -> str:
    return (
        f"The loss compares all {learner.batches.batch_size:,} photos of a step; batch norm, which learns, takes its "
        f"statistics from {learner.photos_at_once * ranks.count:,} of them at a time. With --freeze_bn a step teaches "
        "what one batch of all of them would."
    )


def _report(
    prepared: Prepared, learner: Learner, began: float, notes: Sequence[str], best_epoch: int | None
) -> TrainReport:
    losses = learner.losses
    return TrainReport(
        run_folder=prepared.folder.folder,
        run=None if prepared.run is None else prepared.run.name,
        photos=len(prepared.photos),
        epochs_done=learner.epoch,
        epochs=learner.settings.epochs,
        finished=learner.finished,
        best_loss=min(losses) if losses else None,
        best_epoch=best_epoch if losses else None,
        seconds=time.monotonic() - began,
        notes=tuple(notes),
    )


def _finished_before(prepared: Prepared, project: Project | None) -> TrainReport:
    from .training import judged_losses

    state, run = prepared.start.state, prepared.run
    assert state is not None
    if project is not None and run is not None:
        project.runs.set_state(run, FINISHED)  # a kill may have come before it
    losses, epoch = judged_losses(state["history"]), int(state["epoch"])
    return TrainReport(
        run_folder=prepared.folder.folder,
        run=None if run is None else run.name,
        photos=state["photos"]["count"],
        epochs_done=epoch,
        epochs=epoch,
        finished=True,
        best_loss=min(losses),
        best_epoch=prepared.folder.best_epoch(),
        seconds=0.0,
        notes=(*prepared.start.notes, "This run was finished before; a longer --epochs goes on with it."),
    )


def _log_embedding(
    prepared: Prepared, learner: Learner, writer: Any, cache: PhotoCache, device: torch.device
) -> Job[None]:
    """Show in TensorBoard's projector what the best encoder makes of some photos. A stop leaves it out."""
    from . import embedding_log, event_log
    from .network import SimCLRModel

    model = SimCLRModel.from_checkpoint(prepared.folder.best)
    # Its features are kept nowhere, so that the weights need no name.
    identity = Encoder(model.base_model, "", prepared.settings.feature_size, model.encoder_dim)
    features: dict[str, NDArray[np.float32]] = {}

    def keep(hashes: Sequence[str], embeddings: NDArray[np.float32]) -> None:
        features.update(zip(hashes, embeddings, strict=True))

    photos = drawn(prepared.photos, _PHOTOS_IN_PROJECTOR)
    try:
        yield from encode_photos(photos, TorchEncoder(model.encoder, identity, device), cache, keep, _SEEING)
    except Stopped:
        return
    photos = photos.take(np.array([photo.content_hash in features for photo in photos], dtype=bool))
    rows = np.stack([features[photo.content_hash] for photo in photos])
    with event_log.disk_errors_told(prepared.folder.tensorboard):
        embedding_log.write(writer, rows, photos, cache, prepared.labels, learner.step)


def _about(prepared: Prepared, base_model: str, kept: dict[str, Any], ranks: Ranks) -> dict[str, Any]:
    state = prepared.start.state
    return {
        "began" if state is None else "resumed": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "resumed_at": None if state is None else {"epoch": state["epoch"], "batch": state["batch"]},
        "base_model": base_model,
        "photos": len(prepared.photos),
        "held_out": len(prepared.held_out),
        "photos_fingerprint": kept["photos"]["fingerprint"],
        "device": kept["device"],
        "ranks": ranks.count,
        "torch_threads": kept["torch_threads"],
        "photos_at_once": kept["photos_at_once"],
    }


def data_threads(settings: TrainSettings, ranks: Ranks = ranks_module.ALONE) -> int:
    """Threads that prepare views; auto: one a processor, shared among the ranks, up to what any network can use."""
    if isinstance(settings.num_workers, int):
        return settings.num_workers
    return max(1, min((os.cpu_count() or 1) // ranks.count, MOST_DATA_THREADS))


@contextmanager
def _threads(wanted: int | None, notes: list[str]) -> Iterator[None]:
    """torch with the thread count of the checkpoint, since it changes the last bits; put back afterwards."""
    import torch

    before = torch.get_num_threads()
    try:
        if wanted is not None:
            torch.set_num_threads(wanted)
            if torch.get_num_threads() != wanted:
                notes.append(
                    f"The run computed with {wanted} threads, and here torch takes {torch.get_num_threads()}: it goes "
                    "on all the same, but not to the last bit as it would have there."
                )
        yield
    finally:
        torch.set_num_threads(before)
