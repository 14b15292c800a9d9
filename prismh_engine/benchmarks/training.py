"""How many photos a second a training learns from, beside what the same step can do alone and beside Lightly's loop."""

from __future__ import annotations

import functools
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import torch

from .. import jobs
from ..errors import BadValueError, PrismhError
from ..jobs import Job
from ..models.encoders import compute_device
from ..models.simclr.dataset import ViewBatches
from ..models.simclr.loss import nt_xent
from ..models.simclr.network import SimCLRModel
from ..models.simclr.optimization import build_optimizer
from ..models.simclr.precision import autocast, choose
from ..models.simclr.run import data_threads, train
from ..models.simclr.settings import TrainSettings
from ..models.simclr.sitting import LEARNING
from ..models.simclr.training_photos import photos_of_folder
from ..photos.cache import PhotoCache
from ..settings import Resolved, resolve
from .photo_sets import repeat_photos
from .rows import AT_LEAST, Conditions, Row, in_turn

NAME = "training"
BATCH_SIZE = 32
CASES = (("resnet18", 224), ("resnet18", 128), ("resnet50", 224), ("resnet50", 128))
_LIGHTLY_GOALS = {("resnet18", 224): 1.35, ("resnet18", 128): 1.9}
_PRECISIONS = {"off": "float32", "bf16": "bf16", "fp16": "fp16"}
_MOST_STEPS = 50


def training_throughput(
    folder: str | Path, *, base_model: str = "resnet18", image_size: int = 224, batch_size: int = 32, photos: int = 192
) -> float:
    """Photos a second of the whole public training path: decoded copies, two views, step, metrics, checkpoints.

    folder: with photos; fewer than `photos` are taken several times. photos: how many the clock runs for, in whole
    batches, after one batch to warm up. Single precision on a CPU, mixed precision on a GPU. The cache of decoded
    copies is made before the clock starts: `cache_seconds` tells its cost.
    Raises `BadValueError` for a value out of range, `PrismhError` where the folder holds no photo that can be used.
    """
    if photos < 1:
        raise BadValueError(f"photos must be >= 1, got {photos}")
    settings = training_settings(base_model, image_size, batch_size)
    steps = max(1, round(photos / batch_size))
    with TrainingPath(Path(folder), settings, steps + 1) as path:
        path.advance(1)
        return batch_size * steps / path.advance(steps)


class TrainingPath:
    """The public call `train` on photos of a folder, a given number of steps at a time.

    steps: how many it will be asked for; so many photos are laid out, in the folder `photos`, that no epoch ends within
    them. Everything it writes lies in a temporary folder. Close it, or use it in a `with`.
    """

    def __init__(self, folder: Path, settings: Resolved[TrainSettings], steps: int) -> None:
        with ExitStack() as opened:
            work = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="prismh-")))
            values = settings.settings
            cache = opened.enter_context(PhotoCache(work / "cache"))
            photos = jobs.run(photos_of_folder(folder, cache, None))
            if not photos:
                raise PrismhError(f"There is no photo in {folder} that can be used: name another folder.")
            # What is made once a photo is made before the clock starts, a smaller copy for small views included.
            shape: Any = {"image_size": values.image_size, "batch_size": values.batch_size, "seed": values.seed}
            with ViewBatches(photos, cache, **shape, threads=data_threads(values), fixed=True) as views:
                for _ in views.stream(0):
                    pass
            self.photos = work / "photos"
            repeat_photos([photo.path for photo in photos], self.photos, (steps + 1) * values.batch_size)
            folders = {"data_dir": self.photos, "output_dir": work / "run", "cache_dir": work / "cache"}
            given = {name: getattr(values, name) for name in settings.origins if settings.given(name)}
            job = train(resolve(TrainSettings, {**given, **folders}, environment={}))
            self._job = opened.enter_context(closing(job))
            self._opened = opened.pop_all()
        self._done = 0

    def advance(self, steps: int) -> float:
        """Learn from this many batches; the seconds it took."""
        began, wanted = time.perf_counter(), self._done + steps
        while self._done < wanted:
            progress = next(self._job)
            if progress.what == LEARNING:
                self._done = progress.done
        return time.perf_counter() - began

    def close(self) -> None:
        self._opened.close()

    def __enter__(self) -> TrainingPath:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Bound:
    """Forward, loss, backward and update on one batch that lies in memory: what no training path can outrun.

    model, optimizer: those of the settings.
    """

    def __init__(self, settings: TrainSettings) -> None:
        self._device = compute_device(settings.device)
        self._precision = choose(settings.mixed_precision, self._device)
        self._temperature = settings.temperature
        self.model = SimCLRModel(settings.base_model).train()
        self.model.to(self._device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimizer = build_optimizer(self.model, settings)
        size = settings.image_size
        views = torch.randn(2 * settings.batch_size, 3, size, size, device=self._device)
        self._views = views.contiguous(memory_format=torch.channels_last)

    def advance(self, steps: int) -> float:
        """Do this many steps; the seconds they took."""
        self._wait()
        began = time.perf_counter()
        for _ in range(steps):
            self.optimizer.zero_grad(set_to_none=True)
            with autocast(self._precision, self._device):
                _, projections = self.model(self._views)
            z_i, z_j = projections.chunk(2)
            nt_xent(z_i, z_j, self._temperature).backward()
            self.optimizer.step()
        self._wait()
        return time.perf_counter() - began

    def _wait(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)


def training_settings(base_model: str, image_size: int, batch_size: int, **further: Any) -> Resolved[TrainSettings]:
    """The settings of every training that is measured: the published ones, `further` given too.

    Single precision on a CPU, on a GPU what the training itself would choose.
    """
    device = compute_device("auto").type
    given = {
        "base_model": base_model,
        "image_size": image_size,
        "batch_size": batch_size,
        "val_fraction": 0.0,
        "device": device,
        "mixed_precision": "off" if device == "cpu" else "auto",
        **further,
    }
    return resolve(TrainSettings, given, environment={})


def measure(
    conditions: Conditions, found: list[Row], cases: Sequence[tuple[str, int]] = CASES, batch_size: int = BATCH_SIZE
) -> Job[None]:
    """Each encoder and image size beside the bound, and beside Lightly where a goal is set."""
    device = compute_device("auto")
    precision = choose("auto", device)
    for base_model, image_size in cases:
        # Each round would begin with a checkpoint, since the others took their time; those have a row of their own.
        further = {"mixed_precision": precision, "checkpoint_minutes": 600.0}
        settings = training_settings(base_model, image_size, batch_size, **further)
        found += yield from _case(conditions, settings)


def _case(conditions: Conditions, settings: Resolved[TrainSettings]) -> Job[list[Row]]:
    from . import lightly_loop

    values = settings.settings
    case = f"{values.base_model}, {values.image_size} px, {_PRECISIONS[values.mixed_precision]}"
    goal = _LIGHTLY_GOALS.get((values.base_model, values.image_size)) if values.mixed_precision == "off" else None
    missing = lightly_loop.missing()
    bound = Bound(values)
    bound.advance(1)
    steps = min(_MOST_STEPS, max(2, round(conditions.seconds / bound.advance(1))))
    with TrainingPath(conditions.photos, settings, conditions.rounds * (steps + 1) + 1) as path:
        path.advance(1)
        photos = steps * values.batch_size
        turns = {"ours": _rate(path, steps, photos), "the bound": _rate(bound, steps, photos)}
        if goal is not None and not missing:
            turns["Lightly"] = functools.partial(lightly_loop.LightlyLoop(path.photos, values).rate, steps)
        rates = yield from in_turn(f"Training, {case}", turns, conditions.rounds)
    beside = {"the bound": 0.95} if goal is None else {"the bound": 0.95, "Lightly": goal}
    return [
        Row(NAME, case, "photos/s", rates["ours"], other, rates[other], goal=(AT_LEAST, ratio))
        if other in rates
        else Row(NAME, f"{case}, beside {other}", skipped=missing)
        for other, ratio in beside.items()
    ]


def _rate(contestant: TrainingPath | Bound, steps: int, photos: int) -> Callable[[], float]:
    """Photos a second over some steps; one goes before them, so that what the last contestant left has ended."""

    def measure() -> float:
        contestant.advance(1)
        return photos / contestant.advance(steps)

    return measure
