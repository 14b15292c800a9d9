"""How well embeddings tell classes apart: nearest neighbours, a linear probe, clusters and silhouettes.

Everything is kept photo by photo, so that intervals and differences can be drawn from the same photos.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..jobs import Job, Progress
from .neighbours import Neighbours, nearest_neighbours
from .threads import one_thread

NEIGHBOURS = 20
TEMPERATURE = 0.07
FOLDS = 5
SEEDS = 10
_INNER_FOLDS = 3
_STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)  # C: the inverse of the penalty on the weights
_SILHOUETTE_SAMPLE = 2000
_MOST_ALONE = 0.5  # share of photos
_MANY = 10  # near duplicates of one photo are seldom more


@dataclass(frozen=True)
class Scores:
    """The scores of one set of embeddings, of each of N photos.

    knn, linear_probe: 1 where the class was told right, else 0; None where it cannot be tried. groupings: int64
    [10, N], the clusters of k-means with the true number of classes for ten seeds; None where groups say nothing, see
    `mostly_alone`. silhouettes: of the classes, -1 to 1, NaN for photos outside the sample; None where not defined.
    """

    knn: NDArray[np.float64] | None
    linear_probe: NDArray[np.float64] | None
    groupings: NDArray[np.int64] | None
    silhouettes: NDArray[np.float64] | None


def score(rows: NDArray[np.float32], classes: NDArray[np.int64], near_duplicates: NDArray[np.int64]) -> Job[Scores]:
    """Score rows [N, D] of unit length against classes [N] (0 to C - 1).

    near_duplicates: a number for each photo, equal for those that must stay in one fold of the linear probe.
    """
    knn = None
    if not alone(classes).all():
        knn = knn_leave_one_out((yield from nearest_neighbours(rows, NEIGHBOURS)), classes)
    probe = yield from linear_probe(rows, classes, near_duplicates)
    grouped = None if mostly_alone(classes) else (yield from groupings(rows, len(np.unique(classes))))
    return Scores(knn, probe, grouped, class_silhouettes(rows, classes))


def alone(classes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which photos [N] are the only ones of their class, so that no other photo can tell it."""
    return np.asarray(np.bincount(classes)[classes] == 1)


def mostly_alone(classes: NDArray[np.int64]) -> bool:
    """Whether most photos are the only ones of their class: any grouping then agrees with the classes nearly fully."""
    return bool(alone(classes).mean() > _MOST_ALONE)


def knn_leave_one_out(neighbours: Neighbours, classes: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """1 for each photo [N] whose class its 20 nearest neighbours tell, else 0; None for a photo alone.

    Each neighbour votes for its class with exp(cosine / .07) (Wu et al. 2018, arXiv 1805.01978, section 3.4).
    """
    indices = neighbours.indices[:, :NEIGHBOURS]
    if not indices.shape[1]:
        return None
    weights = np.exp((neighbours.cosines[:, :NEIGHBOURS].astype(np.float64) - 1.0) / TEMPERATURE)
    votes = np.zeros((len(classes), int(classes.max()) + 1))
    for place in range(indices.shape[1]):
        votes[np.arange(len(classes)), classes[indices[:, place]]] += weights[:, place]
    return (votes.argmax(axis=1) == classes).astype(np.float64)


def linear_probe(
    rows: NDArray[np.float32], classes: NDArray[np.int64], near_duplicates: NDArray[np.int64]
) -> Job[NDArray[np.float64] | None]:
    """1 for each photo [N] whose class a logistic regression on the other folds tells, else 0.

    Features are standardized by the training folds; C is chosen inside them. Near duplicates share a fold. None
    where no two folds can be made.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    folds = _possible_folds(classes, near_duplicates, FOLDS)
    if folds < 2:
        return None
    correct = np.zeros(len(classes))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a class with fewer photos than folds
        splits = StratifiedGroupKFold(folds, shuffle=True, random_state=0).split(rows, classes, near_duplicates)
        for number, (train, test) in enumerate(splits):
            yield Progress("Trying a linear probe", number, folds)
            strength = yield from _best_strength(rows[train], classes[train], near_duplicates[train], number, folds)
            predicted = _predict(rows[train], classes[train], rows[test], (strength,))[0]
            correct[test] = predicted == classes[test]
    yield Progress("Trying a linear probe", folds, folds)
    return correct


def swallow_a_class(near_duplicates: NDArray[np.int64], classes: NDArray[np.int64]) -> bool:
    """Whether ten photos or more that seem near duplicates are the larger part of a class: then they are just alike.

    near_duplicates [N]: as `neighbours.near_duplicates` gives them. classes [N]: 0 to C - 1.
    """
    of_class = np.bincount(classes)
    for group in np.flatnonzero(np.bincount(near_duplicates) >= _MANY):
        if (np.bincount(classes[near_duplicates == group], minlength=len(of_class)) > of_class / 2).any():
            return True
    return False


def class_silhouettes(rows: NDArray[np.float32], classes: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """The silhouette (Rousseeuw 1987, Euclidean) of each photo [N] in its class, on at most 2,000 photos."""
    from sklearn.metrics import silhouette_samples

    sample = np.arange(len(rows))
    if len(rows) > _SILHOUETTE_SAMPLE:
        sample = np.sort(np.random.default_rng(0).choice(sample, _SILHOUETTE_SAMPLE, replace=False))
    if not 2 <= len(np.unique(classes[sample])) < len(sample):
        return None
    values = np.full(len(rows), np.nan)
    values[sample] = silhouette_samples(rows[sample], classes[sample])
    return values


def groupings(rows: NDArray[np.float32], k: int) -> Job[NDArray[np.int64]]:
    """The clusters of k-means of rows [N, D] with k clusters for ten seeds, int64 [10, N]."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    found = np.zeros((SEEDS, len(rows)), dtype=np.int64)
    for seed in range(SEEDS):
        yield Progress("Comparing groups with classes", seed, SEEDS)
        with one_thread(), warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # fewer different photos than classes
            found[seed] = KMeans(k, n_init=1, random_state=seed).fit_predict(rows)
    yield Progress("Comparing groups with classes", SEEDS, SEEDS)
    return found


def _best_strength(
    rows: NDArray[np.float32], classes: NDArray[np.int64], groups: NDArray[np.int64], outer: int, outer_folds: int
) -> Job[float]:
    """The C that tells most photos right in folds of the training photos; of equals the smallest."""
    from sklearn.model_selection import StratifiedGroupKFold

    folds = _possible_folds(classes, groups, _INNER_FOLDS)
    if folds < 2:
        return _STRENGTHS[len(_STRENGTHS) // 2]
    right = np.zeros(len(_STRENGTHS))
    splits = StratifiedGroupKFold(folds, shuffle=True, random_state=0).split(rows, classes, groups)
    for train, test in splits:
        predictions = _predict(rows[train], classes[train], rows[test], _STRENGTHS)
        right += [(predicted == classes[test]).sum() for predicted in predictions]
        yield Progress("Trying a linear probe", outer, outer_folds)
    return _STRENGTHS[int(right.argmax())]


def _predict(
    train: NDArray[np.float32], classes: NDArray[np.int64], test: NDArray[np.float32], strengths: Sequence[float]
) -> list[NDArray[np.int64]]:
    """The classes of test rows by logistic regression, for each strength, each starting from the one before."""
    if len(np.unique(classes)) < 2:
        return [np.full(len(test), classes[0])] * len(strengths)
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    model = LogisticRegression(max_iter=200, warm_start=True)
    with one_thread(), warnings.catch_warnings():
        scaler = StandardScaler().fit(train)
        train, test = scaler.transform(train), scaler.transform(test)
        warnings.simplefilter("ignore", ConvergenceWarning)  # weights still moving in the last digits change no vote
        return [model.set_params(C=strength).fit(train, classes).predict(test) for strength in strengths]


def _possible_folds(classes: NDArray[np.int64], groups: NDArray[np.int64], wanted: int) -> int:
    return int(min(wanted, len(np.unique(groups)), np.bincount(classes).max(initial=0)))
