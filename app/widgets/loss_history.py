"""The losses of one training, as the plot and the sentence of health need them. Without Qt."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


class LossHistory:
    """Loss at each step and of held-out photos at each epoch; grows as training goes."""

    def __init__(self) -> None:
        self._epochs = np.empty(256, np.float64)
        self._losses = np.empty(256, np.float64)
        self._count = 0
        self._held_out: list[tuple[float, float]] = []

    def __len__(self) -> int:
        return self._count

    def add(self, epoch: float, loss: float) -> None:
        """One step: epoch counts from 0 and moves on in fractions. A step that is told again replaces what follows."""
        if self._count and epoch <= self._epochs[self._count - 1]:
            self._count = int(np.searchsorted(self._epochs[: self._count], epoch))
            self._held_out = [point for point in self._held_out if point[0] <= epoch]
        if self._count == len(self._epochs):
            self._epochs = np.concatenate([self._epochs, np.empty_like(self._epochs)])
            self._losses = np.concatenate([self._losses, np.empty_like(self._losses)])
        self._epochs[self._count] = epoch
        self._losses[self._count] = loss
        self._count += 1

    def add_held_out(self, epoch: float, loss: float) -> None:
        """The loss of the held-out photos after `epoch` epochs."""
        self._held_out = [*(point for point in self._held_out if point[0] < epoch), (epoch, loss)]

    @property
    def broken(self) -> bool:
        """Whether the newest loss is not a number."""
        return bool(self._count) and not math.isfinite(self._losses[self._count - 1])

    def raw(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Epoch and loss of every step, finite ones alone."""
        epochs, losses = self._epochs[: self._count], self._losses[: self._count]
        finite = np.isfinite(losses)
        return epochs[finite], losses[finite]

    def held_out(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        points = np.array(self._held_out, np.float64).reshape(-1, 2)
        return points[:, 0], points[:, 1]

    def smooth(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The line through all losses; see `smoothed`."""
        return smoothed(*self.raw())

    def per_epoch(self) -> NDArray[np.float64]:
        """The mean loss of each epoch that is over, oldest first."""
        epochs, losses = self._epochs[: self._count], self._losses[: self._count]
        if not self._count:
            return np.empty(0)
        # The last step of epoch 0 is told as 1.0.
        numbers = np.ceil(epochs - 1e-9).astype(np.int64) - 1
        numbers -= numbers[0]
        sums, counts = np.bincount(numbers, losses), np.bincount(numbers)
        complete = len(sums) - (epochs[-1] - math.floor(epochs[-1] + 1e-9) > 1e-9)
        with np.errstate(invalid="ignore"):
            means = sums / counts
        return means[:complete][counts[:complete] > 0]


def read_metrics(path: Path) -> LossHistory:
    """The losses of a run so far from its `metrics.csv`: one point an epoch; none where it cannot be read."""
    history = LossHistory()
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            for row in csv.DictReader(stream):
                history.add(float(row["epoch"]), float(row["train_loss"]))
                if row["val_loss"]:
                    history.add_held_out(float(row["epoch"]), float(row["val_loss"]))
    except (OSError, ValueError, KeyError, TypeError):  # a run that was stopped before its first epoch, or a torn file
        return history
    return history


def smoothed(
    epochs: NDArray[np.float64], losses: NDArray[np.float64], points: int = 300
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
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


def judge(history: LossHistory) -> Verdict:
    """Judge a training by the mean losses of its whole epochs.

    Broken: the newest loss is not a number. Flat: the best epoch is FLAT_EPOCHS or more ago, an epoch counting as
    better only when it is lower by a thousandth of what was learned so far. Rising: the newest two epochs are both
    above the first. Held-out rises: three epochs running the held-out photos got worse while training got better.
    """
    if history.broken:
        return Verdict(Health.BROKEN)
    losses = history.per_epoch()
    if len(losses) < 2:
        return Verdict(Health.WAITING)
    best, best_at = losses[0], 0
    for number, loss in enumerate(losses):
        if loss < best - 1e-3 * max(losses[0] - best, 1e-2 * abs(losses[0]), 1e-9):
            best, best_at = loss, number
    since = len(losses) - 1 - best_at
    if since >= FLAT_EPOCHS:
        return Verdict(Health.FLAT, since)
    if len(losses) >= 3 and losses[-1] > losses[0] and losses[-2] > losses[0]:
        return Verdict(Health.RISING, since)
    held_out = history.held_out()[1]
    if len(held_out) >= 4 and (np.diff(held_out[-4:]) > 0).all() and losses[-1] < losses[max(len(losses) - 4, 0)]:
        return Verdict(Health.HELD_OUT_RISES, 3)
    return Verdict(Health.LEARNING if since <= 1 else Health.SLOW, since)
