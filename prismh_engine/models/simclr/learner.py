"""One training under way: its model, optimizer and place in the run, all of which a checkpoint keeps."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ...photos.cache import PhotoCache
from .augmentation import FIXED_EPOCH
from .dataset import Batch, ViewBatches
from .loss import NTXentLoss
from .network import FrozenFirst, SimCLRModel, set_training_mode
from .optimization import build_optimizer, learning_rate
from .settings import TrainSettings
from .step import MEASURES, interruptible, keeping_statistics, learn_step, measure_loss
from .training import History, best_epoch, judged_losses
from .training_photos import TrainingPhoto, hold_out


class Learner:
    """A training that learns batch by batch from (epoch, batch), and can be put down and taken up at any batch.

    epoch: whole epochs done; batch: batches done of the next one; step: optimizer steps in all. history: as of
    `train_simclr`. rows: of metrics.csv, one an epoch. waited: seconds the last batch let the step wait.
    state: of a checkpoint, to go on where it was written; on photos that changed the epoch goes on as far as it can.
    Close it, or use it in a `with`.
    """

    def __init__(
        self,
        settings: TrainSettings,
        photos: list[TrainingPhoto],
        cache: PhotoCache,
        device: torch.device,
        threads: int,
        asked: Callable[[], bool],
        state: dict[str, Any] | None = None,
    ) -> None:
        self.settings = settings
        self.epoch = self.batch = self.step = 0
        self.history: History = {"train_loss": [], "val_loss": [], "learning_rate": []}
        self.rows: list[dict[str, float | int | None]] = []
        self.waited = 0.0
        self._sums = dict.fromkeys(MEASURES, 0.0)
        self._asked = asked
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            # A checkpoint brings its weights: those it once started from need not be here any more.
            weights = settings.start_weights if state is None else "none"
            self.model = SimCLRModel.start(settings.base_model, weights)
        self.model.image_size = settings.image_size
        self.model.freeze(settings.freeze_blocks, settings.freeze_bn)
        blocks = settings.freeze_blocks
        self._network: nn.Module = FrozenFirst(self.model, blocks) if blocks else self.model
        self.model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._criterion = NTXentLoss(settings.temperature)
        self._optimizer = build_optimizer(self.model, settings)
        learn_from, held_out = hold_out(photos, settings.val_fraction, settings.seed)
        shared: Any = {
            "image_size": settings.image_size,
            "batch_size": settings.batch_size,
            "seed": settings.seed,
            "threads": threads,
            "device": device,
        }
        self.batches = ViewBatches(learn_from, cache, **shared)
        self._held_out = ViewBatches(held_out, cache, **shared, fixed=True) if held_out else None
        self._stream: Iterator[Batch] | None = None
        self._next: Batch | None = None
        if state is not None:
            self._restore(state)

    @property
    def total_steps(self) -> int:
        return self.settings.epochs * len(self.batches)

    @property
    def photos_done(self) -> int:
        """Photos learned from so far in the epoch under way."""
        return min(self.batch * self.batches.batch_size, len(self.batches.photos))

    @property
    def held_out_batches(self) -> int:
        """Batches whose loss is measured after each epoch."""
        return 0 if self._held_out is None else len(self._held_out)

    @property
    def losses(self) -> list[float]:
        """The loss by which epochs are compared, one value a whole epoch."""
        return judged_losses(self.history)

    @property
    def stopped_improving(self) -> bool:
        patience = self.settings.early_stopping_patience
        return patience is not None and self.epoch > 0 and self.epoch - 1 - best_epoch(self.losses) >= patience

    @property
    def finished(self) -> bool:
        return self.epoch >= self.settings.epochs or self.stopped_improving

    @property
    def epoch_is_through(self) -> bool:
        """Whether every batch of the epoch was learned from, so that `end_epoch` comes next."""
        return self.batch >= len(self.batches)

    def learn_batch(self) -> dict[str, float]:
        """Learn from the next batch; what the step measured, and `learning_rate`.

        Raises `Interrupted` where someone asked, with everything as it was before: the batch comes again.
        """
        if self._stream is None:
            self._stream = self.batches.stream(self.epoch, self.batch)
        if self._next is None:
            began = time.monotonic()
            self._next = next(self._stream)
            self.waited = time.monotonic() - began
        rate = learning_rate(self.settings, self.epoch, self.batch, len(self.batches), self.losses)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        set_training_mode(self.model)
        views = self._next.views()
        with interruptible(self.model, self._asked), keeping_statistics(self.model):
            measured = learn_step(self._network, self._optimizer, self._criterion, views, self.settings.grad_clip)
        for name in MEASURES:
            self._sums[name] += measured[name] * self._next.count
        self._next = None
        self.batch += 1
        self.step += 1
        return {**measured, "learning_rate": rate}

    def end_epoch(self) -> dict[str, float | int | None]:
        """Measure the held-out photos, close the epoch and return its row of metrics.csv.

        Raises `Interrupted` where someone asked; the epoch then stays open.
        """
        held_out_loss = self._measure_held_out()
        photos = self.batches.photos_in_epoch
        means = {name: total / photos for name, total in self._sums.items()}
        rate = float(self._optimizer.param_groups[0]["lr"])
        self.history["train_loss"].append(means.pop("loss"))
        self.history["val_loss"].append(held_out_loss)
        self.history["learning_rate"].append(rate)
        self.epoch, self.batch = self.epoch + 1, 0
        self._sums = dict.fromkeys(MEASURES, 0.0)
        row: dict[str, float | int | None] = {
            "epoch": self.epoch,
            "step": self.step,
            "train_loss": self.history["train_loss"][-1],
            "val_loss": None if math.isnan(held_out_loss) else held_out_loss,
            "learning_rate": rate,
            **means,
        }
        self.rows.append(row)
        return row

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps of the training itself."""
        settings = {
            name: str(value) if isinstance(value, Path) else value
            for name, value in dataclasses.asdict(self.settings).items()
        }
        return {
            "model": {
                "base_model": self.model.base_model,
                "output_dim": self.model.output_dim,
                "image_size": self.settings.image_size,
            },
            "model_state_dict": self.model.state_dict(),
            "optimizer_state_dict": self._optimizer.state_dict(),
            "epoch": self.epoch,
            "batch": self.batch,
            "step": self.step,
            "seed": self.settings.seed,
            "history": self.history,
            "rows": self.rows,
            "sums": self._sums,
            "settings": settings,
            "finished": self.finished,
        }

    def close(self) -> None:
        """Wait for the threads that prepare views, and end them."""
        for batches in (self.batches, self._held_out):
            if batches is not None:
                batches.close()

    def __enter__(self) -> Learner:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _restore(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model_state_dict"])
        self._optimizer.load_state_dict(state["optimizer_state_dict"])
        self.epoch, self.step = state["epoch"], state["step"]
        self.batch = min(state["batch"], len(self.batches))
        self.history = {name: list(values) for name, values in state["history"].items()}
        self.rows = [dict(row) for row in state["rows"]]
        self._sums = dict(state["sums"])

    def _measure_held_out(self) -> float:
        if self._held_out is None:
            return math.nan
        self.model.eval()
        loss_sum, photos = 0.0, 0
        with closing(self._held_out.stream(FIXED_EPOCH)) as stream, interruptible(self.model, self._asked):
            for batch in stream:
                loss_sum += measure_loss(self._network, self._criterion, batch.views()) * batch.count
                photos += batch.count
        return loss_sum / photos if photos else math.nan
