"""How long each preset will take on this machine and these photos, from a few real steps of it."""

from __future__ import annotations

import dataclasses
import time

import numpy as np

from ...errors import PrismhError
from ...jobs import Job, Progress, StopToken
from ...photos.cache import PhotoCache
from ...project import Project
from ...settings import resolve
from ..encoders import compute_device
from .settings import PRESETS, SCRATCH_PRESET, TrainSettings
from .training_photos import hold_out, photos_of_project

STEPS, ENOUGH_SECONDS = 10, 4.0
"""A preset is timed for ten steps, or for as many as fit into these seconds, two at least."""

_HELD_OUT_COST = 0.5  # a forward pass alone, beside a whole step


def probe(project: Project, stop: StopToken | None = None) -> Job[dict[str, float]]:
    """Preset -> seconds it will take on the photos the project uses now.

    Yields a `Progress` after each step, whose metrics hold the estimates there are so far. Presets that differ in
    their number of epochs alone share one measurement. Nothing is written. A stop leaves as `Stopped`.
    Raises `PrismhError` where the project uses fewer than two photos.
    """
    from .learner import Learner, Machine
    from .precision import choose
    from .run import data_threads
    from .step import Interrupted

    photos = photos_of_project(project)
    if len(photos) < 2:
        raise PrismhError(f"{project.folder} has {len(photos)} photos that can be used: learning needs two at least.")
    seconds: dict[str, float] = {}
    epoch_seconds: dict[tuple[object, ...], float] = {}
    presets = [name for name in PRESETS if name != SCRATCH_PRESET]
    done, total = 0, len(presets) * (STEPS + 1)

    def asked() -> bool:
        return stop is not None and stop.stopped

    device = compute_device("auto")
    for preset in presets:
        settings = resolve(TrainSettings, {"preset": preset, "device": "auto"}, environment={}).settings
        key = (
            settings.base_model,
            settings.image_size,
            settings.batch_size,
            settings.freeze_blocks,
            settings.freeze_bn,
        )
        if key not in epoch_seconds:
            yield Progress("Measuring this machine", done, total, dict(seconds))
            # The head alone would learn in less than half the time.
            settings = dataclasses.replace(settings, mixed_precision=choose("auto", device), head_epochs=0)
            machine = Machine(device, data_threads(settings), asked)
            learn_from, held_out = hold_out(photos, settings.val_fraction, settings.seed)
            others = np.roll(learn_from.numbers, 1)[:, None]  # to open a look-alike takes as long as any other photo
            with (
                PhotoCache(project.cache_folder) as cache,
                Learner(settings, learn_from, held_out, cache, machine, look_alikes=others) as one,
            ):
                taken: list[float] = []
                for step in range(STEPS + 1):
                    began = time.monotonic()
                    try:
                        one.learn_batch()
                    except Interrupted:
                        if stop is not None:
                            stop.check()
                    if step:  # the first one also fills caches and starts threads
                        taken.append(time.monotonic() - began)
                    yield Progress("Measuring this machine", done + step + 1, total, dict(seconds))
                    if len(taken) >= 2 and sum(taken) > ENOUGH_SECONDS:
                        break
                a_step = sum(taken) / len(taken)
                epoch_seconds[key] = a_step * (len(one.batches) + _HELD_OUT_COST * one.fixed_batches)
        seconds[preset] = settings.epochs * epoch_seconds[key]
        done += STEPS + 1
    yield Progress("Measuring this machine", total, total, dict(seconds))
    return seconds
