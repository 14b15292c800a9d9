"""One training under way: its model, optimizer and place in the run, all of which a checkpoint keeps."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...errors import PrismhError
from ...photos.cache import PhotoCache
from ..ranks import ALONE, Ranks
from . import precision as precisions
from .checkpoint import load_model
from .dataset import Batch, ViewBatches
from .fixed_views import FixedViews
from .knn_probe import KnnProbe
from .label_codes import LabelCodes
from .look_alikes import LookAlikes
from .loss import NTXentLoss
from .network import FrozenFirst, SimCLRModel, set_training_mode
from .optimization import build_optimizer, learning_rate
from .order import HalfLabelled
from .settings import TrainSettings
from .start_share import StartShare
from .step import MEASURES, Chunk, LearningStep, interruptible, keeping_statistics
from .supervised_loss import NO_LABEL, TaughtLoss
from .training import History, best_epoch, judged_losses
from .training_photos import TrainingPhotos
from .worth_probe import Measured, WorthProbe, badness

_SECONDS_BETWEEN_READS = 0.1
"""A GPU is asked for its measures, and so waited for, no more often than a person can see."""


@dataclass(frozen=True)
class Machine:
    """What a training runs on, none of which changes what it learns but for the last bits.

    data_threads: that prepare views. asked: whether someone waits for the step to be broken off.
    """

    device: torch.device
    data_threads: int
    asked: Callable[[], bool]
    ranks: Ranks = ALONE


class Learner:
    """A training that learns batch by batch from (epoch, batch), and can be put down and taken up at any batch.

    epoch: whole epochs done; batch: batches done of the next one; step: optimizer steps in all, one a batch. history:
    as of `train_simclr`. rows: of metrics.csv, one an epoch. worths: of the start and each epoch, None where not
    measured, empty where nothing measures them. waited: seconds the last batch let the step wait.
    network: the model as a step uses it. photos_at_once: of this rank's share of a batch, held in memory together.
    state: of a checkpoint, to go on where it was written; on photos that changed the epoch goes on as far as it can.
    labels: number of a photo -> the label it teaches. look_alikes: int64 [N, K], numbers of the photos most alike each
    of `learn_from`, needed where `neighbour_share` is above 0. probe: where `probe_every` asks for one. worth_probe:
    where its worth decides which epoch is the best. start_share: of the start, in what is given. checkpoint: the file
    the state was read from. Raises `PrismhError` where it does not fit the settings, or is not whole.
    Close it, or use it in a `with`.
    """

    def __init__(
        self,
        settings: TrainSettings,
        learn_from: TrainingPhotos,
        held_out: TrainingPhotos,
        cache: PhotoCache,
        machine: Machine,
        *,
        labels: Mapping[int, str] | None = None,
        look_alikes: NDArray[np.int64] | None = None,
        probe: KnnProbe | None = None,
        worth_probe: WorthProbe | None = None,
        start_share: float = 0.0,
        state: dict[str, Any] | None = None,
        checkpoint: Path = Path(),
    ) -> None:
        self.settings = settings
        self.epoch = self.batch = self.step = 0
        self.history: History = {"train_loss": [], "val_loss": [], "learning_rate": []}
        self.rows: list[dict[str, float | int | None]] = []
        self.worths: list[float | None] = []
        self._start = Measured(0.0, 0.0)
        self.waited = 0.0
        self.photos_at_once = -(-settings.batch_size // machine.ranks.count)
        self._machine = machine
        self._probe, self._worth_probe = probe, worth_probe
        device, ranks = machine.device, machine.ranks
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            # A checkpoint brings its weights: those it once started from need not be here any more.
            weights = settings.start_weights if state is None else "none"
            self.model = SimCLRModel.start(settings.base_model, weights)
        self.model.image_size = settings.image_size
        self.model.freeze(settings.freeze_blocks, settings.freeze_bn)
        if ranks.count > 1:
            from .batch_norm import over_ranks

            set_training_mode(self.model)
            over_ranks(self.model)
        blocks = settings.freeze_blocks
        self.network: nn.Module = FrozenFirst(self.model, blocks) if blocks else self.model
        self.model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._start_share = StartShare(self.model.encoder, start_share)
        self._optimizer = build_optimizer(self.model, settings)
        self._labels = LabelCodes(labels) if labels else None
        self._step = LearningStep(
            self.network,
            self._optimizer,
            NTXentLoss(settings.temperature)
            if self._labels is None
            else TaughtLoss(settings.temperature, settings.labels_weight),
            device,
            grad_clip=settings.grad_clip,
            precision=settings.mixed_precision,
            ranks=ranks,
        )
        make = partial(
            ViewBatches,
            cache=cache,
            image_size=settings.image_size,
            seed=settings.seed,
            threads=machine.data_threads,
            smallest_crop=settings.smallest_crop,
            colour_strength=settings.colour_strength,
            device=device,
        )
        if self._labels is not None and settings.labels_weight == 1:  # the others have no part in the loss
            learn_from, look_alikes = learn_from.take(self._labels.of(learn_from.numbers) != NO_LABEL), None
        in_a_step = settings.batch_size * settings.accumulation_steps
        self.batches = make(
            learn_from,
            batch_size=in_a_step,
            order=None if self._labels is None else HalfLabelled(self._labels.of(learn_from.numbers)),
            look_alikes=self._look_alikes(learn_from.numbers, look_alikes),
            part=(ranks.rank, ranks.count),
        )
        self._fixed = FixedViews(learn_from, held_out, make, self.batches.batch_size, self.model.encoder_dim, ranks)
        self._stream: Iterator[Batch] | None = None
        self._batch: Batch | None = None
        self._sums = torch.zeros(len(MEASURES), dtype=torch.float64)
        self._unread: list[tuple[Tensor, int]] = []
        self._read_at = -math.inf
        self._newest: dict[str, float] = {}
        if state is not None:
            self._restore(state, checkpoint)

    @property
    def total_steps(self) -> int:
        return self.settings.epochs * len(self.batches)

    @property
    def photos_done(self) -> int:
        """Photos learned from so far in the epoch under way."""
        return min(self.batch * self.batches.batch_size, len(self.batches.photos))

    @property
    def share_of_batch(self) -> int:
        """Photos of a batch that are this rank's to learn from, at most."""
        return -(-self.batches.batch_size // self._machine.ranks.count)

    @property
    def fixed_batches(self) -> int:
        """Batches that are measured after each epoch."""
        return len(self._fixed)

    @property
    def losses(self) -> list[float]:
        """The loss by which epochs are compared, one value a whole epoch."""
        return judged_losses(self.history)

    @property
    def badnesses(self) -> list[float]:
        """Of the start and each whole epoch; see `badness`."""
        return badness(self.losses, self.worths, taught=self._labels is not None)

    @property
    def start_is_to_be_measured(self) -> bool:
        """Whether `measure_start` comes before the first step."""
        return self._worth_probe is not None and not self.worths and self.step == 0

    @property
    def stopped_improving(self) -> bool:
        return self._improve_no_more(self.losses)

    @property
    def finished(self) -> bool:
        return self.epoch >= self.settings.epochs or self.stopped_improving

    @property
    def epoch_is_through(self) -> bool:
        """Whether every batch of the epoch was learned from, so that `end_epoch` comes next."""
        return self.batch >= len(self.batches)

    def fetch(self) -> None:
        """Have the next batch at hand. Raises `PrismhError` where a photo of it cannot be read any more."""
        if self._stream is None:
            self._stream = self.batches.stream(self.epoch, self.batch)
        if self._batch is None:
            began = time.monotonic()
            self._batch = next(self._stream)
            self.waited = time.monotonic() - began

    def learn_batch(self) -> dict[str, float]:
        """Learn from the next batch; what the newest step measured that is known, and `learning_rate`.

        Raises `Interrupted` where someone asked, with everything as it was before: the batch comes again.
        """
        self.fetch()
        assert self._batch is not None
        settings = self.settings
        rate = learning_rate(settings, self.epoch, self.batch, len(self.batches), self.losses)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self.model.let_encoder_learn(self.epoch >= settings.head_epochs)
        set_training_mode(self.model)
        photos = min(self.batches.batch_size, len(self.batches.photos) - self.photos_done)
        with interruptible(self.model, self._machine.asked), keeping_statistics(self.model):
            labels = () if self._labels is None else (torch.from_numpy(self._labels.of(self._batch.numbers)),)
            self._unread.append((self._step.learn(self._chunks(self._batch, photos), *labels), photos))
        self._batch = None
        self.batch += 1
        self.step += 1
        if self._machine.device.type == "cpu" or time.monotonic() - self._read_at >= _SECONDS_BETWEEN_READS:
            self._read()
        return {**self._newest, "learning_rate": rate}

    def measure_start(self) -> None:
        """Measure what the encoder is worth before it learns. Raises `Interrupted` where someone asked."""
        self._start = self._measure_worth()
        self.worths = [self._start.worth]

    def end_epoch(self) -> dict[str, float | int | None]:
        """Measure the fixed views, close the epoch and return its row of metrics.csv.

        Raises `Interrupted` where someone asked; the epoch then stays open.
        """
        self._read()
        held_out_loss, rank = self._measure_fixed_views()
        knn = self._measure_knn()
        photos = self.batches.photos_in_epoch
        means = dict(zip(MEASURES, (self._sums / photos).tolist(), strict=True))
        rate = float(self._optimizer.param_groups[0]["lr"])
        measured = {"train_loss": means.pop("loss"), "val_loss": held_out_loss, "learning_rate": rate}
        history = {name: [*before, measured[name]] for name, before in self.history.items()}
        worth = None
        # Of photos that changed too few may be left to measure.
        if self.worths and self._worth_probe is not None:
            ends = self.epoch + 1 >= self.settings.epochs or self._improve_no_more(judged_losses(history))
            if self._worth_probe.is_due(self.epoch + 1, self.settings, ends):
                worth = self._measure_worth().beside(self._start)
        self.history = history
        if self.worths:
            self.worths.append(worth)
        self.epoch, self.batch = self.epoch + 1, 0
        self._sums.zero_()
        row: dict[str, float | int | None] = {
            "epoch": self.epoch,
            "step": self.step,
            "train_loss": self.history["train_loss"][-1],
            "val_loss": None if math.isnan(held_out_loss) else held_out_loss,
            "learning_rate": rate,
            **means,
            "rankme": rank,
            "knn": knn,
            "worth": worth,
        }
        self.rows.append(row)
        return row

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps of the training itself. Raises `DivergedError` rather than give broken weights."""
        self._read()
        return {
            "model": {
                "base_model": self.model.base_model,
                "output_dim": self.model.output_dim,
                "image_size": self.settings.image_size,
                "feature_size": self.settings.feature_size,
            },
            "model_state_dict": self.model.state_dict() | self._start_share.between(),
            "start_share": self._start_share.state(),
            "optimizer_state_dict": self._optimizer.state_dict(),
            "scaler_state_dict": self._step.scaler.state_dict(),
            "epoch": self.epoch,
            "batch": self.batch,
            "step": self.step,
            "seed": self.settings.seed,
            "history": self.history,
            "rows": self.rows,
            "worths": self.worths,
            "start_directions": self._start.directions,
            "sums": dict(zip(MEASURES, self._sums.tolist(), strict=True)),
            "settings": self.settings.plain(),
            "finished": self.finished,
        }

    def close(self) -> None:
        """Wait for the threads that prepare views, and end them."""
        self.batches.close()
        self._fixed.close()

    def __enter__(self) -> Learner:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _restore(self, state: dict[str, Any], checkpoint: Path) -> None:
        load_model(self.model, state, checkpoint)
        try:
            self._start_share.restore(state.get("start_share", {}))  # runs of earlier versions have none
            self._optimizer.load_state_dict(state["optimizer_state_dict"])
            self._step.restore_scaler(state.get("scaler_state_dict"))
            self.epoch, self.step = state["epoch"], state["step"]
            self.batch = min(state["batch"], len(self.batches))
            self.history = {name: list(state["history"][name]) for name in self.history}
            self.rows = [dict(row) for row in state["rows"]]
            self.worths = list(state.get("worths", ()))  # runs of earlier versions have none
            if self.worths:
                self._start = Measured(self.worths[0] or 0.0, state.get("start_directions", 0.0))
            self._sums = torch.tensor([state["sums"][name] for name in MEASURES], dtype=torch.float64)
        except (KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
            raise PrismhError(
                f"{checkpoint} does not hold all of a training ({error}): go on from another checkpoint, or give it as "
                "--weights to start from its encoder."
            ) from error

    def _chunks(self, batch: Batch, photos: int) -> list[Chunk]:
        """A batch in as many parts on every rank, since each takes part in what the ranks compute together."""
        ranks, at_once = self._machine.ranks.count, self.photos_at_once
        largest_share = -(-photos // ranks)
        parts = max(self.settings.accumulation_steps, -(-largest_share // at_once))
        # Batch norm finds no spread in a single photo at 1 x 1 pixels, and no part should be empty.
        parts = max(1, min(parts, photos // ranks // 2))
        borders = np.linspace(0, batch.count, parts + 1).astype(int).tolist()
        return [partial(batch.views, start, stop) for start, stop in itertools.pairwise(borders)]

    def _look_alikes(self, numbers: NDArray[np.int64], look_alikes: NDArray[np.int64] | None) -> LookAlikes | None:
        """Those of the photos of these rising numbers; a photo whose label teaches is shown itself, always."""
        if look_alikes is None or not self.settings.neighbour_share:
            return None
        places = np.searchsorted(numbers, look_alikes)
        if self._labels is not None:
            taught = self._labels.of(numbers) != NO_LABEL
            places[taught] = np.flatnonzero(taught)[:, None]
        return LookAlikes(places, self.settings.neighbour_share)

    def _improve_no_more(self, losses: list[float]) -> bool:
        patience = self.settings.early_stopping_patience
        return patience is not None and bool(losses) and len(losses) - 1 - best_epoch(losses) >= patience

    def _read(self) -> None:
        """Take in what the steps measured; a GPU is waited for."""
        for measured, photos in self._unread:
            self._newest = self._step.read(measured)
            self._sums += measured.double().cpu() * photos
        self._unread.clear()
        self._read_at = time.monotonic()

    def _measure_fixed_views(self) -> tuple[float, float | None]:
        settings, machine = self.settings, self._machine
        self.model.eval()
        with interruptible(self.model, machine.asked):
            return self._fixed.measure(
                self.network, settings.temperature, settings.mixed_precision, machine.device, self.photos_at_once
            )

    def _measure_knn(self) -> float | None:
        if self._probe is None or (self.epoch + 1) % self.settings.probe_every:
            return None
        self.model.eval()
        with interruptible(self.model, self._machine.asked), self._start_share.taken():
            return self._probe.measure(self._encode, self._machine.ranks)

    def _measure_worth(self) -> Measured:
        assert self._worth_probe is not None
        self.model.eval()
        with interruptible(self.model, self._machine.asked), self._start_share.taken():
            return self._worth_probe.measure(self._encode, self._machine.ranks)

    @torch.no_grad()
    def _encode(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        from ..pixels import normalize

        pixels = torch.from_numpy(images).to(self._machine.device)
        with precisions.autocast(self.settings.mixed_precision, self._machine.device):
            found: Tensor = self.model.encoder(normalize(pixels))
        return found.float().cpu().numpy()
