"""The losses of one training, as the plot and the sentence of health need them. Without Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

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
        """At most 400 points of the losses' running mean."""
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


def smoothed(
    epochs: NDArray[np.float64], losses: NDArray[np.float64], points: int = 400
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A running mean over a twentieth of what is there, centred, and narrower towards both ends."""
    count = len(losses)
    if count < 3:
        return epochs, losses
    sums = np.concatenate([[0.0], np.cumsum(losses)])
    at = np.unique(np.linspace(0, count - 1, min(points, count)).round().astype(np.int64))
    half = np.minimum(max(1, min(count // 40, 500)), np.minimum(at, count - 1 - at))
    # At the very ends one step alone would make the line jump: take a few, on the inner side.
    ends = min(count, max(2, count // 100))
    low, high = np.maximum(at - half, 0), np.minimum(at + half + 1, count)
    low = np.where(high - low < ends, np.maximum(np.minimum(low, count - ends), 0), low)
    high = np.maximum(high, np.minimum(low + ends, count))
    return epochs[at], (sums[high] - sums[low]) / (high - low)


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
