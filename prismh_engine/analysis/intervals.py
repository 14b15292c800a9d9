"""Scores with intervals: the photos are drawn again and again, and everything is counted anew (the bootstrap)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..jobs import Job, Progress
from .scores import Scores

BETTER, WORSE, NO_CHANGE = "better", "worse", "no change"
NAMES = ("knn", "linear_probe", "nmi", "ari", "silhouette")
ROUNDS = 1000
LEVEL = 0.95
_CHUNK = 50
_LIMITS = {
    "knn": (0.0, 1.0),
    "linear_probe": (0.0, 1.0),
    "nmi": (0.0, 1.0),
    "ari": (-0.5, 1.0),
    "silhouette": (-1.0, 1.0),
}

Counts = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """A score and the interval that holds it in 95 of 100 draws of the photos."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Difference(Interval):
    """What one set of embeddings scores above another. verdict: `BETTER` where the whole interval is above 0, `WORSE`
    where it is below, else `NO_CHANGE`."""

    verdict: str


def intervals(
    scores: Sequence[Scores], classes: NDArray[np.int64], seed: int = 0
) -> Job[tuple[list[dict[str, Interval | None]], dict[str, Difference | None] | None]]:
    """The scores of one or two sets of embeddings of the same N photos and, of two, second minus first.

    Percentile bootstrap (Efron and Tibshirani 1993, chapter 13) with 1,000 draws of the photos, moved so that its
    mean is the score: a photo drawn twice agrees with itself, which would lift NMI and ARI. Both sets are scored on
    the same draws, so that the difference is paired. None where a score is not defined.
    """
    values = [_scored(one, classes, np.ones((1, len(classes)))) for one in scores]
    draws: list[list[NDArray[np.float64]]] = [[] for _ in scores]
    done = 0
    for counts in _draws(len(classes), seed):
        yield Progress("Drawing photos again", done, ROUNDS)
        for one, drawn in zip(scores, draws, strict=True):
            drawn.append(_scored(one, classes, counts))
        done += len(counts)
    yield Progress("Drawing photos again", ROUNDS, ROUNDS)
    together = [np.concatenate(drawn) for drawn in draws]
    each = [_intervals(value[0], drawn, _LIMITS) for value, drawn in zip(values, together, strict=True)]
    if len(scores) < 2:
        return each, None
    differences = _intervals(values[1][0] - values[0][0], together[1] - together[0], {})
    return each, {name: None if found is None else _judged(found) for name, found in differences.items()}


def agreement(tables: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """NMI (arithmetic mean) and ARI (Hubert and Arabie 1985) of contingency tables [B, K, C], each [B]."""
    totals = tables.sum(axis=(1, 2))
    rows, columns = tables.sum(axis=2), tables.sum(axis=1)
    joint = _entropy(tables.reshape(len(tables), -1), totals)
    by_row, by_column = _entropy(rows, totals), _entropy(columns, totals)
    mean = (by_row + by_column) / 2
    mutual = by_row + by_column - joint
    # One cluster and one class say the same; else no information is shared where a side has none.
    nmi = np.where(mean > 1e-12, mutual / np.where(mean > 1e-12, mean, 1), 1.0)
    together, in_rows, in_columns = (_pairs(part).sum(axis=1) for part in
                                     (tables.reshape(len(tables), -1), rows, columns))  # fmt: skip
    expected = in_rows * in_columns / np.maximum(_pairs(totals), 1)
    room = (in_rows + in_columns) / 2 - expected
    ari = np.where(np.abs(room) > 1e-12, (together - expected) / np.where(np.abs(room) > 1e-12, room, 1), 1.0)
    return np.clip(nmi, 0.0, 1.0), ari


def _draws(n: int, seed: int) -> Iterator[Counts]:
    """How often each photo is drawn, [up to 50, N], 1,000 rounds in all."""
    rng = np.random.default_rng(seed)
    for start in range(0, ROUNDS, _CHUNK):
        size = min(_CHUNK, ROUNDS - start)
        drawn = rng.integers(n, size=(size, n)) + np.arange(size)[:, None] * n
        yield np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n).astype(np.float64)


def _scored(scores: Scores, classes: NDArray[np.int64], counts: Counts) -> NDArray[np.float64]:
    """The scores [B, 5] in the order of `NAMES` when each photo counts as often as `counts` [B, N] says."""
    nmi, ari = _agreements(scores.groupings, classes, counts)
    columns = [_mean(scores.knn, counts), _mean(scores.linear_probe, counts), nmi, ari]
    return np.stack([*columns, _mean(scores.silhouettes, counts)], axis=1)


def _mean(values: NDArray[np.float64] | None, counts: Counts) -> NDArray[np.float64]:
    if values is None:
        return np.full(len(counts), np.nan)
    known = np.isfinite(values)
    weights = counts[:, known]
    return weights @ values[known] / np.maximum(weights.sum(axis=1), 1)


def _agreements(
    groupings: NDArray[np.int64] | None, classes: NDArray[np.int64], counts: Counts
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mean NMI and ARI over the groupings."""
    if groupings is None:
        return np.full(len(counts), np.nan), np.full(len(counts), np.nan)
    both = []
    for clusters in groupings:
        shape = (int(clusters.max()) + 1, int(classes.max()) + 1)
        cells = clusters * shape[1] + classes
        tables = np.stack([np.bincount(cells, row, minlength=shape[0] * shape[1]) for row in counts])
        both.append(agreement(tables.reshape(-1, *shape).astype(np.float64)))
    nmi, ari = zip(*both, strict=True)
    return np.mean(nmi, axis=0), np.mean(ari, axis=0)


def _intervals(
    values: NDArray[np.float64], draws: NDArray[np.float64], limits: dict[str, tuple[float, float]]
) -> dict[str, Interval | None]:
    found: dict[str, Interval | None] = {}
    for column, name in enumerate(NAMES):
        value, drawn = float(values[column]), draws[:, column]
        if not np.isfinite(value):
            found[name] = None
            continue
        moved = drawn + (value - drawn.mean())
        low, high = np.quantile(moved, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
        least, most = limits.get(name, (-np.inf, np.inf))
        found[name] = Interval(value, max(min(float(low), value), least), min(max(float(high), value), most))
    return found


def _judged(found: Interval) -> Difference:
    verdict = BETTER if found.low > 0 else WORSE if found.high < 0 else NO_CHANGE
    return Difference(found.value, found.low, found.high, verdict)


def _entropy(counts: NDArray[np.float64], totals: NDArray[np.float64]) -> NDArray[np.float64]:
    shares = counts / np.maximum(totals, 1)[:, None]
    return -(shares * np.log(np.where(shares > 0, shares, 1))).sum(axis=1)


def _pairs(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    return counts * (counts - 1) / 2
