"""From a few named photos to a name for every other: logistic regression whose confidence means what it says."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import PrismhError
from ..jobs import Job, Progress
from .threads import one_thread

LEAST_CONFIDENCE = 0.6
"""Below it the answer is "unsure"."""

UNLIKE = 0.1
"""The share of the teachers that are less like the others than a photo of a named kind has to be."""

MOST_TEACHERS = 5000
_MOST_TRIED = 1000  # teachers on which C and the temperature are chosen
_MOST_COMPARED = 1000  # teachers whose likeness to a photo is asked
_FOLDS = 5
_STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)  # C: the inverse of the penalty on the weights
_PLAIN_STRENGTH = 1e-2
_SHARPEST = 3.0  # natural logarithm of the largest inverse temperature tried
_BINS = 15
_BLOCK_ROWS = 4096
_ROUNDING = 1e-12
_SMALLEST_SCALE = 1e-5  # rows that differ less are equal: what is left of them is rounding
_WHAT = "Learning the names"


@dataclass(frozen=True)
class Answers:
    """codes int32 [N]: the class of each photo, -1 unsure; likeliest int32 [N]: the same without -1.

    confidences float32 [N]: of the likeliest class, 0 to 1.
    """

    codes: NDArray[np.int32]
    likeliest: NDArray[np.int32]
    confidences: NDArray[np.float32]

    @classmethod
    def joined(cls, parts: Sequence[Answers]) -> Answers:
        """The answers of all parts, in their order."""
        codes, likeliest = (
            np.concatenate([np.empty(0, np.int32), *(getattr(part, name) for part in parts)])
            for name in ("codes", "likeliest")
        )
        confidences = np.concatenate([np.empty(0, np.float32), *(part.confidences for part in parts)])
        return cls(codes, likeliest, confidences)


@dataclass(frozen=True)
class HeldOut:
    """How answers on photos that were held out compare with their names.

    photos: how many; accuracy: share told right, "unsure" left aside; unsure: share of that answer; sure_accuracy:
    share told right of the rest, None where there is none; calibration_error: see `calibration_error`.
    """

    photos: int
    accuracy: float
    unsure: float
    sure_accuracy: float | None
    calibration_error: float


@dataclass(frozen=True)
class Classifier:
    """Names by logistic regression on rows of unit length.

    weights float32 [D, C], bias float32 [C]: their logits are calibrated. teachers float32 [M, D]: unit rows of named
    photos, as examples; least_alike: the cosine to the nearest of them below which a photo is like none. strength: the
    C that was chosen; held_out: what cross-validation tells, None where too few photos were named.
    """

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    teachers: NDArray[np.float32]
    least_alike: float
    strength: float
    held_out: HeldOut | None

    def probabilities(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Of each class, [N, C], for rows [N, D] of unit length."""
        logits = rows @ self.weights + self.bias
        return _softmax(logits.astype(np.float64)).astype(np.float32)

    def answer(self, rows: NDArray[np.float32], familiar: NDArray[np.bool_] | None = None) -> Answers:
        """The likeliest class of rows [N, D] of unit length, and how likely it is if it is one of these classes at all.

        Unsure (-1) where it is less likely than .6, or the photo is not familiar: names say nothing of a photo of
        something else. familiar [N]: see `novelty.familiar`; where it is not given, for photos whose neighbours are
        not at hand, a photo is not that is less like any teacher than nine of ten teachers are like the nearest other.
        """
        parts = []
        for start in range(0, len(rows), _BLOCK_ROWS):
            part = rows[start : start + _BLOCK_ROWS]
            if familiar is None:
                known = (part @ self.teachers.T).max(axis=1) >= self.least_alike
            else:
                known = familiar[start : start + _BLOCK_ROWS]
            parts.append(_answers(self.probabilities(part), known))
        return Answers.joined(parts)


def fit(
    rows: NDArray[np.float32], names: Sequence[Sequence[int]], near_duplicates: NDArray[np.int64], seed: int = 0
) -> Job[Classifier]:
    """Learn from rows [N, D] of unit length and the classes of each (0 to C - 1, one or more).

    near_duplicates [N]: a number for each photo, equal for those that must stay in one fold. C and the temperature of
    the softmax (Guo et al. 2017, arXiv 1706.04599) are those of the least log loss in five folds, on at most 1,000
    photos. A photo with several names counts as a part of one for each; all names weigh the same, however many photos
    bear them. Of more than 5,000 photos 5,000 are taken, evenly of each class.

    Raises `PrismhError` for fewer than two classes.
    """
    count = 1 + max((code for codes in names for code in codes), default=-1)
    if count < 2:
        raise PrismhError("Learning needs photos of two names at least: name some photos of another kind too.")
    first = np.array([codes[0] for codes in names], dtype=np.int64)
    order = _evenly(first, seed)[:MOST_TEACHERS]
    taught = _Taught.of(rows[order], [names[i] for i in order], near_duplicates[order], count)
    tried = taught.first(_MOST_TRIED)
    told = yield from _cross_validate(tried)
    compared = taught.first(_MOST_COMPARED)
    nearest = compared.nearest()
    least_alike = float(np.quantile(nearest[np.isfinite(nearest)], UNLIKE)) if np.isfinite(nearest).any() else -1.0
    strength, sharpness, held_out = _PLAIN_STRENGTH, 1.0, None
    if told is not None:
        strength, sharpness, logits = told
        answers = _answers(_softmax(sharpness * logits), tried.nearest() >= least_alike)
        held_out = hold_out(answers, tried.names)
    yield Progress(_WHAT, _FOLDS, _FOLDS + 1)
    weights, bias = taught.weights([strength])[0]
    return Classifier(
        (sharpness * weights).astype(np.float32),
        (sharpness * bias).astype(np.float32),
        compared.rows,
        least_alike,
        strength,
        held_out,
    )


def hold_out(answers: Answers, names: Sequence[Sequence[int]]) -> HeldOut:
    """Compare the answers to N >= 1 photos with their names; one of several names is right."""
    right = np.array([code in own for code, own in zip(answers.likeliest.tolist(), names, strict=True)])
    sure = answers.codes >= 0
    return HeldOut(
        photos=len(names),
        accuracy=float(right.mean()),
        unsure=float(1 - sure.mean()),
        sure_accuracy=float(right[sure].mean()) if sure.any() else None,
        calibration_error=calibration_error(answers.confidences, right),
    )


def calibration_error(confidences: NDArray[np.float32], right: NDArray[np.bool_]) -> float:
    """The expected calibration error of N >= 1 answers, in 15 bins (Naeini et al. 2015): 0 where 8 of 10 answers with
    a confidence of .8 are right."""
    bins = np.minimum((confidences * _BINS).astype(np.int64), _BINS - 1)
    apart = np.bincount(bins, confidences - right.astype(np.float64), minlength=_BINS)
    return float(np.abs(apart).sum() / len(confidences))


def best_sharpness(
    logits: NDArray[np.float64], codes: NDArray[np.int64], weights: NDArray[np.float64] | None = None
) -> tuple[float, float]:
    """An inverse temperature, and the least log loss at any, of logits [N, C] for classes [N]; weights [N].

    The temperature is that of least log loss where one photo more is thought of that bears each class in equal parts,
    as Platt 1999 smooths his targets: a few photos that are all told right would make every answer certain.
    """
    from scipy.optimize import minimize_scalar

    weights = np.ones(len(codes)) if weights is None else weights

    def loss(logarithm: float, spread: float) -> float:
        likely = np.log(np.maximum(_softmax(np.exp(logarithm) * logits), 1e-12))
        expected = (1 - spread) * likely[np.arange(len(codes)), codes] + spread * likely.mean(axis=1)
        return float(-(weights * expected).sum() / weights.sum())

    smoothed = 1 / (1 + weights.sum())

    found = minimize_scalar(loss, args=(smoothed,), bounds=(-_SHARPEST, _SHARPEST), method="bounded")
    return float(np.exp(found.x)), loss(found.x, 0.0)


def folds(
    classes: NDArray[np.int64], near_duplicates: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """At most five times the places of those that teach and of those that are held out, of photos of classes [N].

    None where no class has two photos, or all are near duplicates. Those with an equal number, [N], stay together.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    count = min(_FOLDS, len(np.unique(near_duplicates)), int(np.bincount(classes).max()))
    if count < 2:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a class with fewer photos than folds
        yield from StratifiedGroupKFold(count, shuffle=True, random_state=0).split(
            np.zeros(len(classes)), classes, near_duplicates
        )


@dataclass(frozen=True)
class _Taught:
    """Named photos: rows [N, D], the classes of each, its near duplicates' number [N], and how many classes there are.

    photo, code, weight [P]: one entry for each name of each photo. The entries of a photo weigh the same, and so do
    those of each class together: how many photos a person named tells nothing of how many there are.
    """

    rows: NDArray[np.float32]
    names: Sequence[Sequence[int]]
    near_duplicates: NDArray[np.int64]
    classes: int
    photo: NDArray[np.int64]
    code: NDArray[np.int64]
    weight: NDArray[np.float64]

    @classmethod
    def of(
        cls, rows: NDArray[np.float32], names: Sequence[Sequence[int]], near_duplicates: NDArray[np.int64], classes: int
    ) -> _Taught:
        counts = np.array([len(own) for own in names])
        photo = np.repeat(np.arange(len(names)), counts)
        code = np.array([code for own in names for code in own], dtype=np.int64)
        weight = 1.0 / counts[photo]
        of_class = np.bincount(code, weight, minlength=classes)
        weight *= weight.sum() / (np.count_nonzero(of_class) * of_class[code])
        return cls(rows, names, near_duplicates, classes, photo, code, weight)

    def take(self, places: NDArray[np.integer]) -> _Taught:
        return _Taught.of(
            self.rows[places], [self.names[i] for i in places], self.near_duplicates[places], self.classes
        )

    def first(self, count: int) -> _Taught:
        return self if len(self.rows) <= count else self.take(np.arange(count))

    def nearest(self) -> NDArray[np.float32]:
        """The cosine of each photo to the nearest other that is no near duplicate of it; -inf where there is none."""
        cosines = self.rows @ self.rows.T
        cosines[self.near_duplicates[:, None] == self.near_duplicates] = -np.inf
        return cosines.max(axis=1)

    def weights(self, strengths: Sequence[float]) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Weights [D, C] and bias [C] for each strength, each starting from the one before.

        A class that no photo has gets a bias of -inf. The rows are turned into the few directions in which they
        differ, which changes nothing but the time: the penalty is on the length of the weights.
        """
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression

        present = np.unique(self.code)
        weights, bias = np.zeros((self.rows.shape[1], self.classes)), np.full(self.classes, -np.inf)
        if len(present) < 2:
            bias[present] = 0.0
            return [(weights, bias)] * len(strengths)
        with one_thread(), warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # weights still moving in the last digits
            warnings.simplefilter("ignore", UserWarning)  # nearly as many classes as photos
            centre, axes, scale = self._directions()
            inside = (self.rows - centre) @ axes / scale
            model = LogisticRegression(max_iter=200, warm_start=True)
            found = []
            for strength in strengths:
                model.set_params(C=strength).fit(inside[self.photo], self.code, sample_weight=self.weight)
                own, own_bias = weights.copy(), bias.copy()
                own[:, present], own_bias[present] = _two_sided(axes / scale, model)
                own_bias[present] -= centre @ own[:, present]
                found.append((own, own_bias))
        return found

    def _directions(self) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        """The mean [D], an orthonormal basis [D, R] of the deviations from it, and their root mean square."""
        rows = self.rows.astype(np.float64)
        centre = rows.mean(axis=0)
        rows -= centre
        scale = max(float(np.sqrt((rows**2).mean())), _SMALLEST_SCALE)
        # From the smaller of the two matrices of products: a third of the time of a singular value decomposition.
        wide = len(rows) <= rows.shape[1]
        squares, axes = np.linalg.eigh(rows @ rows.T if wide else rows.T @ rows)
        squares = np.maximum(squares, 1e-30)
        kept = squares >= _ROUNDING * squares[-1]
        if wide:
            return centre, rows.T @ (axes[:, kept] / np.sqrt(squares[kept])), scale
        return centre, axes[:, kept], scale


def _two_sided(turned: NDArray[np.float64], model: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights [D, C] and bias [C] of a fitted model; of two classes scikit-learn keeps but one column."""
    weights, bias = turned @ model.coef_.T, model.intercept_
    if len(model.classes_) == 2:
        return np.hstack([-weights, weights]) / 2, np.concatenate([-bias, bias]) / 2
    return weights, bias


def _cross_validate(taught: _Taught) -> Job[tuple[float, float, NDArray[np.float64]] | None]:
    """The strength and the inverse temperature of least log loss, and the logits [N, C] of photos held out by them.

    None where no two folds can be made that know the same names.
    """
    logits = np.full((len(_STRENGTHS), len(taught.rows), taught.classes), -np.inf)
    first = np.array([own[0] for own in taught.names], dtype=np.int64)
    for number, (train, test) in enumerate(folds(first, taught.near_duplicates)):
        yield Progress(_WHAT, number, _FOLDS + 1)
        for place, (weights, bias) in enumerate(taught.take(train).weights(_STRENGTHS)):
            logits[place, test] = taught.rows[test] @ weights + bias
    # A name that one photo alone bears is not taught by the others when that photo is held out.
    known = np.isfinite(logits[0, taught.photo, taught.code])
    if len(np.unique(taught.code[known])) < 2:
        return None
    best = [best_sharpness(found[taught.photo[known]], taught.code[known], taught.weight[known]) for found in logits]
    chosen = int(np.argmin([loss for _, loss in best]))
    return _STRENGTHS[chosen], best[chosen][0], logits[chosen]


def _answers(probabilities: NDArray[Any], familiar: NDArray[np.bool_]) -> Answers:
    likeliest = probabilities.argmax(axis=1).astype(np.int32)
    confidences = probabilities.max(axis=1).astype(np.float32)
    unsure = (confidences < LEAST_CONFIDENCE) | ~familiar
    return Answers(np.where(unsure, np.int32(-1), likeliest), likeliest, confidences)


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _evenly(codes: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """An order [N] in which classes take turns, each with its photos as drawn: any first part is even over them."""
    drawn = np.random.default_rng(seed).permutation(len(codes))
    order = drawn[np.argsort(codes[drawn], kind="stable")]
    counts = np.bincount(codes)
    turn = np.arange(len(codes)) - np.repeat(np.cumsum(counts) - counts, counts)
    return order[np.argsort(turn, kind="stable")]
