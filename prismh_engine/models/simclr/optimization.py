"""Optimizers, and learning rates as functions of how far a training is."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import nn

from .lars import LARS
from .settings import TrainSettings

PLATEAU_PATIENCE, PLATEAU_FACTOR, PLATEAU_THRESHOLD = 10, 0.1, 1e-4


def build_optimizer(model: nn.Module, settings: TrainSettings) -> torch.optim.Optimizer:
    """The optimizer over all weights that learn; biases and norms, which have one dimension, are not decayed."""
    learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in learning if p.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in learning if p.ndim <= 1], "weight_decay": 0.0},
    ]
    if settings.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=settings.learning_rate, momentum=settings.momentum)
    if settings.optimizer == "lars":
        return LARS(groups, lr=settings.learning_rate, momentum=settings.momentum)
    kind = torch.optim.AdamW if settings.optimizer == "adamw" else torch.optim.Adam
    return kind(groups, lr=settings.learning_rate)


def learning_rate(
    settings: TrainSettings, epoch: int, batch: int, batches_in_epoch: int, losses: Sequence[float]
) -> float:
    """The learning rate of a step.

    epoch, batch: counted from 0. losses: the loss of each whole epoch so far, which only `plateau` reads. A linear rise
    over the warm-up, then half a cosine that falls to 0 at the last epoch (Loshchilov & Hutter 2017, arXiv 1608.03983,
    without restarts), the same rate throughout, or a tenth of it for every plateau met; the highest rate before that,
    while the head alone learns.
    """
    if epoch < settings.head_epochs:
        return settings.learning_rate
    step = (epoch - settings.head_epochs) * batches_in_epoch + batch
    rising = settings.warmup_epochs * batches_in_epoch
    if step < rising:
        return settings.learning_rate * (step + 1) / rising
    if settings.schedule == "constant":
        return settings.learning_rate
    if settings.schedule == "plateau":
        return settings.learning_rate * PLATEAU_FACTOR ** plateaus(losses)
    falling = max((settings.epochs - settings.head_epochs) * batches_in_epoch - rising, 1)
    return settings.learning_rate * 0.5 * (1 + math.cos(math.pi * min((step - rising) / falling, 1.0)))


def plateaus(losses: Sequence[float]) -> int:
    """How often the loss went more than ten epochs without getting better by a ten-thousandth; the count of torch's
    ReduceLROnPlateau with its defaults."""
    best, waiting, count = math.inf, 0, 0
    for loss in losses:
        if loss < best * (1 - PLATEAU_THRESHOLD):
            best, waiting = loss, 0
        else:
            waiting += 1
        if waiting > PLATEAU_PATIENCE:
            count, waiting = count + 1, 0
    return count
