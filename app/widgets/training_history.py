"""What one training measured, as the plots and the sentence of health need it. Without Qt."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LOSS, HELD_OUT = "loss", "val_loss"
AFTER_AN_EPOCH = frozenset({HELD_OUT, "rankme", "knn"})
"""What is measured once an epoch; it may be told with a step of the next one."""

MEASURES = (
    LOSS, HELD_OUT, "learning_rate", "grad_norm", "positive_similarity", "negative_similarity", "feature_std", "rankme",
    "knn",
)  # fmt: skip

Points = tuple[NDArray[np.float64], NDArray[np.float64]]


class TrainingHistory:
    """What was measured at each step and after each epoch, by name; grows as training goes.

    Epochs count from 0 and move on in fractions: the last step of the first one is told as 1.0.
    """

    def __init__(self) -> None:
        self._series = {name: _Series() for name in MEASURES}

    def __len__(self) -> int:
        """How many losses there are."""
        return self._series[LOSS].count

    def add(self, epoch: float, measured: Mapping[str, float | None]) -> None:
        """What was measured by one step; names that are no measure, and None, are passed over.

        A step that is told again replaces what follows.
        """
        losses = self._series[LOSS]
        if losses.count and epoch <= losses.epochs[losses.count - 1]:
            for series in self._series.values():
                series.cut(epoch)
        for name, series in self._series.items():
            value = measured.get(name)
            if value is not None:
                series.add(float(math.floor(epoch + 1e-9)) if name in AFTER_AN_EPOCH else epoch, float(value))

    @property
    def broken(self) -> bool:
        """Whether the newest loss is not a number."""
        losses = self._series[LOSS]
        return bool(losses.count) and not math.isfinite(losses.values[losses.count - 1])

    def points(self, name: str) -> Points:
        """Epochs and values of a measure, finite ones alone."""
        epochs, values = self._series[name].all()
        finite = np.isfinite(values)
        return epochs[finite], values[finite]

    def last(self, name: str) -> float | None:
        """The newest value of a measure, None where there is none."""
        values = self.points(name)[1]
        return float(values[-1]) if len(values) else None

    def per_epoch(self) -> NDArray[np.float64]:
        """The mean loss of each epoch that is over, oldest first."""
        epochs, losses = self._series[LOSS].all()
        if not len(epochs):
            return np.empty(0)
        numbers = np.ceil(epochs - 1e-9).astype(np.int64) - 1
        numbers -= numbers[0]
        sums, counts = np.bincount(numbers, losses), np.bincount(numbers)
        complete = len(sums) - (epochs[-1] - math.floor(epochs[-1] + 1e-9) > 1e-9)
        with np.errstate(invalid="ignore"):
            means = sums / counts
        return means[:complete][counts[:complete] > 0]


class _Series:
    def __init__(self) -> None:
        self.epochs = np.empty(256, np.float64)
        self.values = np.empty(256, np.float64)
        self.count = 0

    def add(self, epoch: float, value: float) -> None:
        self.cut(epoch, itself=True)
        if self.count == len(self.epochs):
            self.epochs = np.concatenate([self.epochs, np.empty_like(self.epochs)])
            self.values = np.concatenate([self.values, np.empty_like(self.values)])
        self.epochs[self.count], self.values[self.count] = epoch, value
        self.count += 1

    def cut(self, epoch: float, *, itself: bool = False) -> None:
        """Forget what is later than `epoch`, and what is of it too."""
        if self.count and epoch <= self.epochs[self.count - 1]:
            self.count = int(np.searchsorted(self.epochs[: self.count], epoch, "left" if itself else "right"))

    def all(self) -> Points:
        return self.epochs[: self.count], self.values[: self.count]


def read_metrics(path: Path) -> TrainingHistory:
    """A run so far from its `metrics.csv`: one point an epoch; none where it cannot be read."""
    history = TrainingHistory()
    for row in read_rows(path):
        if row["epoch"] is not None and row["train_loss"] is not None:
            history.add(row["epoch"], {**row, LOSS: row["train_loss"]})
    return history


def read_rows(path: Path) -> list[dict[str, float | None]]:
    """The rows of a run's `metrics.csv`, None where nothing was measured; none of a file that cannot be read.

    A run that was stopped before its first epoch has none yet, and one being learned elsewhere may be torn.
    """
    rows: list[dict[str, float | None]] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            for row in csv.DictReader(stream):
                rows.append({name: float(text) if text else None for name, text in row.items()})
                rows[-1] = {"train_loss": None, "epoch": None, **rows[-1]}
    except (OSError, ValueError, TypeError, csv.Error):
        return rows
    return rows


def smoothed(epochs: NDArray[np.float64], losses: NDArray[np.float64], points: int = 300) -> Points:
    """At most `points` of a line through noisy losses: local straight lines with Gaussian weights (LOESS of degree 1).

    Unlike a running mean it neither lags behind nor bends at the two ends. epochs must rise.
    """
    count = len(losses)
    if count < 4:
        return epochs, losses
    edges = np.linspace(0, count, min(points, count) + 1).astype(np.int64)
    sizes = np.diff(edges)
    x = np.add.reduceat(epochs, edges[:-1]) / sizes
    y = np.add.reduceat(losses, edges[:-1]) / sizes
    bandwidth = max((x[-1] - x[0]) * 0.06, 1.5 * (x[-1] - x[0]) / len(x))
    away = x[None, :] - x[:, None]
    weights = np.exp(-0.5 * (away / bandwidth) ** 2) * sizes
    w, wx, wxx = weights.sum(axis=1), (weights * away).sum(axis=1), (weights * away**2).sum(axis=1)
    wy, wxy = weights @ y, (weights * away) @ y
    return x, (wxx * wy - wx * wxy) / np.maximum(w * wxx - wx**2, 1e-300)


class Health(Enum):
    """What the losses say."""

    WAITING = "waiting"
    LEARNING = "learning"
    SLOW = "slow"
    FLAT = "flat"
    RISING = "rising"
    HELD_OUT_RISES = "held-out rises"
    BROKEN = "broken"


@dataclass(frozen=True)
class Verdict:
    """A health and for how many epochs it has been so."""

    health: Health
    epochs: int = 0


FLAT_EPOCHS = 10


def judge(history: TrainingHistory) -> Verdict:
    """Judge a training by the mean losses of its whole epochs.

    Waiting: there is one epoch, or the second was no better than the first. Broken: the newest loss is not a number.
    Flat: the best epoch is FLAT_EPOCHS or more ago, an epoch counting as better only when it is lower by a thousandth
    of what was learned so far, for held-out photos or for the others: a loss told by names is soon as low as it can be,
    while there is more to learn from photos without one. Rising: the newest two epochs are both above the first.
    Held-out rises: three epochs running the held-out photos got worse while training got better.
    """
    if history.broken:
        return Verdict(Health.BROKEN)
    losses = history.per_epoch()
    if len(losses) < 2:
        return Verdict(Health.WAITING)
    held_out = history.points(HELD_OUT)[1]
    since = _epochs_since_best(losses)
    if len(held_out) == len(losses):  # not where some epoch was not measured
        since = min(since, _epochs_since_best(held_out))
    if len(losses) == 2 and since == 1:
        return Verdict(Health.WAITING)
    if since >= FLAT_EPOCHS:
        return Verdict(Health.FLAT, since)
    if len(losses) >= 3 and losses[-1] > losses[0] and losses[-2] > losses[0]:
        return Verdict(Health.RISING, since)
    if len(held_out) >= 4 and (np.diff(held_out[-4:]) > 0).all() and losses[-1] < losses[max(len(losses) - 4, 0)]:
        return Verdict(Health.HELD_OUT_RISES, 3)
    falls = since == 0 or (since == 1 and losses[-1] <= losses[0])
    return Verdict(Health.LEARNING if falls else Health.SLOW, since)


def _epochs_since_best(losses: NDArray[np.float64]) -> int:
    best, best_at = losses[0], 0
    for number, loss in enumerate(losses):
        if loss < best - 1e-3 * max(losses[0] - best, 1e-2 * abs(losses[0]), 1e-9):
            best, best_at = loss, number
    return len(losses) - 1 - best_at
