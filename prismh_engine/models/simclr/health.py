"""How healthy a training is, without labels: how many directions its features use, and what to say of its numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

_MOST_ROWS = 1024
_EPSILON = 1e-7
_ONE_POINT = 0.05


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


def warnings(row: Mapping[str, Any], earlier: Sequence[Mapping[str, Any]], batch_photos: int) -> list[str]:
    """What is wrong with a training, in sentences that say what to change; none where it learns well.

    row: of metrics.csv, of the epoch that ended; earlier: those of the epochs before it. A number that is missing or
    None is not judged. batch_photos: photos in a step.
    """
    found = []
    if _number(row, "feature_std", math.inf) < _ONE_POINT:
        found.append(
            "All photos have become nearly one point: a smaller --learning_rate or a lower --temperature may help."
        )
    return found


def _number(row: Mapping[str, Any], name: str, otherwise: float) -> float:
    value = row.get(name)
    return otherwise if value is None else float(value)
