"""How healthy a training is, without labels: how many directions its features use, and what to say of its numbers.

Each limit below was set between what healthy and spoilt trainings of 144 photos showed: ResNet-18 from nothing at
learning rates of 1e-9, 1e-3, .1 and 1 (Adam), 1 and 10 (SGD), at temperature 100 and at weight decay 100, and the
starter's weights at learning rates of 1e-4 to .3 (AdamW).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

_MOST_ROWS = 1024
_EPSILON = 1e-7

# Healthy encoders had .32 to .80; those whose projections had become a point .15 and less.
_STD_OF_A_POINT = 0.1
# Healthy projections of different photos had cosines up to .90; those that had become a point .993 and more.
_COSINE_AT_A_POINT = 0.98
# Losses that never left chance were at most .04 below it after fifty steps, others .08 and more.
_NEAR_CHANCE = 0.07
_EPOCHS_TO_LEAVE, _STEPS_TO_LEAVE = 5, 50
# Where the temperature hid it from the loss, positive cosines were .2 to .5 above negative ones, else .02.
_TOLD_APART = 0.1
# The lowest of three losses in a row was at most .05 of it above the lowest before; at a rate 50 times too high .11.
_RISING_EPOCHS, _RISEN, _LOW_LOSS = 3, 0.1, 0.5
# RankMe stayed above .77 of its highest; at a point it was .23. What batch norm remembers follows the weights late: of
# one that learned it sank to .3 and rose again within forty steps.
SHRUNK = 0.5
_STEPS_TO_SETTLE = 50
# Healthy gradients were at most 2.6 times as long as any before.
_EXPLODED, _NORMS_NEEDED = 10.0, 3

_ONE_POINT = (
    "All photos have become nearly one point: the encoder tells none from another. Start again with a smaller "
    "--learning_rate, or let it rise slowly with --warmup_epochs."
)
_TEMPERATURE = (
    "The loss is still what guessing gives, although views of a photo are more alike than other photos: --temperature "
    "is too high for it to count. Start again with .1 to .5."
)
_GUESSING = (
    "The loss is still what guessing gives: nothing is being learned. Start again with a --learning_rate ten times "
    "smaller, then ten times larger; from the starter encoder (--weights starter) learning begins soonest."
)
_RISING = (
    "The loss has risen, and stayed higher for three epochs; the best epoch is kept. Start again with a smaller "
    "--learning_rate, or with --grad_clip 1."
)
_HELD_OUT_RISES = (
    "The loss of the held-out photos has risen, and stayed higher for three epochs; that of the others has not. You "
    "can stop: the best epoch is kept. More photos would let it learn longer."
)
_FEW_DIRECTIONS = (
    "The features use less than half of the directions they once used (RankMe): photos become alike in all but a few "
    "respects. A smaller --learning_rate or a lower --temperature keeps more of them."
)
_EXPLODING = (
    "The gradient has become ten times as long as it ever was: learning may soon go out of bounds. Start again with "
    "--grad_clip 1 or a smaller --learning_rate."
)


def rank_me(features: Tensor) -> float:
    """How many directions features [N, D] use, 1 to min(N, D), a fraction (Garrido et al. 2023, arXiv 2210.02885).

    Section 3, equation 1: exp of the entropy of the singular values, scaled to sum 1, + 1e-7. Of more than 1,024 rows
    the first 1,024 are taken. NaN where a feature is not finite, 0 where all are 0 or there is no row.
    """
    rows = features.detach()[:_MOST_ROWS].to("cpu", torch.float64)
    if not rows.isfinite().all():
        return float("nan")
    if not rows.any():
        return 0.0
    # The eigenvalues of the smaller Gram matrix are the squares of the singular values, and sooner there; what float64
    # loses by squaring is far below epsilon.
    gram = rows @ rows.T if len(rows) <= rows.shape[1] else rows.T @ rows
    values = torch.linalg.eigvalsh(gram).clamp_min(0).sqrt()
    shares = values / values.sum() + _EPSILON
    return float(torch.exp(-(shares * shares.log()).sum()))


def warnings(
    row: Mapping[str, Any],
    earlier: Sequence[Mapping[str, Any]],
    batch_photos: int,
    photos_in_epoch: int | None = None,
) -> list[str]:
    """What is wrong with a training, in sentences that say what to change; none where it learns well.

    row: of metrics.csv, of the epoch that ended; earlier: those of the epochs before it. What was not measured is not
    judged. batch_photos: photos in a step; photos_in_epoch: in an epoch, whose last step may have fewer. A sentence is
    the same in every epoch it holds for.
    """
    rows = [*earlier, row]
    chance = _loss_by_chance(batch_photos, photos_in_epoch or batch_photos)
    if _is_one_point(rows, chance):
        return [_ONE_POINT]  # all else follows from it
    found = []
    if _never_left_chance(rows, chance):
        newest = rows[-_EPOCHS_TO_LEAVE:]
        told_apart = _mean(newest, "positive_similarity") - _mean(newest, "negative_similarity") > _TOLD_APART
        found.append(_TEMPERATURE if told_apart else _GUESSING)
    rises = _has_risen(_measured(rows, "train_loss"))
    if rises if row.get("val_loss") is None else _has_risen(_measured(rows, "val_loss")):
        found.append(_RISING if rises else _HELD_OUT_RISES)
    *before, rank = _measured(rows, "rankme")
    if before and row["step"] >= _STEPS_TO_SETTLE and rank < SHRUNK * max(before):
        found.append(_FEW_DIRECTIONS)
    *before, norm = _measured(rows, "grad_norm")
    if len(before) >= _NORMS_NEEDED and norm > _EXPLODED * max(before):
        found.append(_EXPLODING)
    return found


def _loss_by_chance(batch_photos: int, photos_in_epoch: int) -> float:
    """The mean loss of an epoch in which every view of another photo is as near as the partner: log(2N - 1)."""
    batches, rest = divmod(photos_in_epoch, batch_photos)
    loss = batches * batch_photos * math.log(2 * batch_photos - 1) + rest * math.log(max(2 * rest - 1, 1))
    return loss / photos_in_epoch


def _is_one_point(rows: Sequence[Mapping[str, Any]], chance: float) -> bool:
    """The features of all photos, or their projections; these may be near each other before anything is learned."""
    std, cosine = rows[-1].get("feature_std"), rows[-1].get("negative_similarity")
    if std is not None and std < _STD_OF_A_POINT:
        return True
    guessing = rows[-1]["train_loss"] > chance - _NEAR_CHANCE
    return len(rows) > 1 and guessing and cosine is not None and cosine > _COSINE_AT_A_POINT


def _never_left_chance(rows: Sequence[Mapping[str, Any]], chance: float) -> bool:
    enough = len(rows) >= _EPOCHS_TO_LEAVE and rows[-1]["step"] >= _STEPS_TO_LEAVE
    return enough and min(row["train_loss"] for row in rows) > chance - _NEAR_CHANCE


def _has_risen(losses: Sequence[float]) -> bool:
    if len(losses) <= _RISING_EPOCHS:
        return False
    lowest = min(losses[:-_RISING_EPOCHS])
    return min(losses[-_RISING_EPOCHS:]) > lowest + _RISEN * max(lowest, _LOW_LOSS)


def _measured(rows: Sequence[Mapping[str, Any]], name: str) -> list[float]:
    """The values of a column in the rows that have one, NaN if none has."""
    return [float(row[name]) for row in rows if row.get(name) is not None] or [math.nan]


def _mean(rows: Sequence[Mapping[str, Any]], name: str) -> float:
    values = _measured(rows, name)
    return sum(values) / len(values)
