"""Names from a few named rows: what is told, how sure that is, and when the answer is unsure."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from prismh_engine.analysis.classifier import Answers, Classifier, best_sharpness, calibration_error, fit, hold_out
from prismh_engine.analysis.neighbours import unit_rows
from prismh_engine.errors import PrismhError
from prismh_engine.jobs import run

from ..invented import heaps


def _rows(sizes: tuple[int, ...], spread: float, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    embeddings, heap = heaps(sizes, dimension=24, spread=spread, seed=seed)
    return unit_rows(embeddings), heap


def _first(heap: NDArray[np.int64], each: int) -> NDArray[np.int64]:
    return np.concatenate([np.flatnonzero(heap == kind)[:each] for kind in np.unique(heap)])


def _fit(rows: NDArray[np.float32], heap: NDArray[np.int64], named: NDArray[np.int64], seed: int = 0) -> Classifier:
    return run(fit(rows[named], [[int(kind)] for kind in heap[named]], np.arange(len(named)), seed))


def test_confidence_means_what_it_says() -> None:
    gaps, errors = [], []
    for seed in range(3):
        rows, heap = _rows((200, 200, 200), spread=2.5, seed=seed)
        named = _first(heap, 20)
        rest = np.setdiff1d(np.arange(len(heap)), named)
        answers = _fit(rows, heap, named).answer(rows[rest])
        right = answers.likeliest == heap[rest]
        assert 0.6 < right.mean() < 0.95  # not so easy that any confidence would do
        gaps.append(float(answers.confidences.mean() - right.mean()))
        errors.append(calibration_error(answers.confidences, right))
    assert abs(np.mean(gaps)) < 0.06
    assert np.mean(errors) < 0.1


def test_ten_answers_that_are_all_right_make_no_certainty() -> None:
    for photos, confidence in ((10, 21 / 22), (1000, 2001 / 2002)):
        codes = np.arange(photos) % 2
        sharpness, _ = best_sharpness(np.eye(2)[codes], codes)
        assert 1 / (1 + np.exp(-sharpness)) == pytest.approx(confidence, abs=1e-3)


def test_a_name_of_its_own_for_every_photo_teaches_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    rows, heap = _rows((1,) * 15 + (2,) * 5, spread=0.2)
    assert (_fit(rows, heap, np.arange(25)).answer(rows).likeliest == heap).all()
    assert not recwarn.list


def test_unsure_photos_are_told_wrong_more_often() -> None:
    rows, heap = _rows((300, 300, 300), spread=2.5)
    named = _first(heap, 20)
    rest = np.setdiff1d(np.arange(len(heap)), named)
    answers = _fit(rows, heap, named).answer(rows[rest])
    right, sure = answers.likeliest == heap[rest], answers.codes >= 0
    assert 0.1 < sure.mean() < 0.9
    assert right[sure].mean() > right[~sure].mean() + 0.1
    assert (answers.codes[sure] == answers.likeliest[sure]).all()
    assert (answers.confidences[sure] >= 0.6).all()


def test_a_photo_like_none_of_the_named_ones_is_left_unsure() -> None:
    rows, heap = _rows((60, 60, 60), spread=0.6)
    known = heap < 2
    learned = _fit(rows[known], heap[known], _first(heap[known], 15))
    strange, usual = learned.answer(rows[~known]), learned.answer(rows[known])
    assert (strange.codes >= 0).mean() < 0.05
    assert (usual.codes >= 0).mean() > 0.7


def test_all_names_weigh_the_same_however_many_photos_bear_them() -> None:
    rows, heap = _rows((400, 400), spread=3.0)
    named = np.concatenate([np.flatnonzero(heap == 0)[:100], np.flatnonzero(heap == 1)[:5]])
    rest = np.setdiff1d(np.arange(len(heap)), named)
    answers = _fit(rows, heap, named).answer(rows[rest])
    shares = [float((answers.likeliest[heap[rest] == kind] == kind).mean()) for kind in (0, 1)]
    assert min(shares) > 0.4  # with weights by number the rarer one is told for an eighth of its photos


def test_a_photo_of_two_names_is_told_by_either() -> None:
    rows, heap = _rows((40, 40), spread=0.6)
    both = unit_rows(rows[heap == 0][:10] + rows[heap == 1][:10])
    names = [[int(kind)] for kind in heap[:50]] + [[0, 1]] * 10
    learned = run(fit(np.concatenate([rows[:50], both]), names, np.arange(60)))
    assert learned.probabilities(both).max(axis=1).mean() < 0.9
    assert learned.probabilities(rows[:50]).max(axis=1).mean() > 0.95
    assert (learned.answer(rows[50:]).likeliest == 1).all()
    assert learned.held_out is not None
    assert learned.held_out.accuracy > 0.9  # each of the two names of such a photo is right


def test_near_duplicates_held_out_together_promise_no_more_than_there_is() -> None:
    # No name can be told from these rows, but each photo is there five times.
    rows = unit_rows(np.random.default_rng(0).normal(size=(24, 16))).repeat(5, axis=0)
    names = [[number % 2] for number in range(24) for _ in range(5)]
    apart = run(fit(rows, names, np.arange(120))).held_out
    together = run(fit(rows, names, np.arange(24).repeat(5))).held_out
    assert apart is not None
    assert together is not None
    assert apart.accuracy > 0.9
    assert together.accuracy < 0.75


def test_the_same_rows_give_the_same_classifier() -> None:
    rows, heap = _rows((50, 50), spread=2.0)
    first, second = (_fit(rows, heap, _first(heap, 10), seed=4) for _ in range(2))
    assert np.array_equal(first.weights, second.weights)
    assert first.least_alike == second.least_alike


@pytest.mark.parametrize("each", [1, 2])
def test_very_few_names_are_a_start(each: int) -> None:
    rows, heap = _rows((30, 30, 30), spread=0.6)
    learned = _fit(rows, heap, _first(heap, each))
    answers = learned.answer(rows)
    assert (answers.likeliest == heap).mean() > 0.9
    assert np.isfinite(answers.confidences).all()
    assert (learned.held_out is None) == (each == 1)


def test_equal_rows_of_different_names_tell_nothing() -> None:
    rows, _ = _rows((4,), spread=0.5)
    equal = np.repeat(rows[:1], 4, axis=0)
    learned = run(fit(equal, [[0], [1], [0], [1]], np.arange(4)))
    np.testing.assert_allclose(learned.probabilities(rows), 0.5, atol=0.05)
    assert (learned.answer(rows).codes == -1).all()


@pytest.mark.parametrize("names", [[], [[0], [0]]])
def test_fewer_than_two_names_are_refused(names: list[list[int]]) -> None:
    with pytest.raises(PrismhError, match="two names at least"):
        run(fit(np.eye(3, dtype=np.float32)[: len(names)], names, np.arange(len(names))))


def test_calibration_error_is_the_mean_gap_between_confidence_and_truth() -> None:
    confidences = np.array([0.8] * 10 + [0.55] * 10, dtype=np.float32)
    right = np.array([True] * 8 + [False] * 2 + [True] * 10)
    assert calibration_error(confidences, right) == pytest.approx((0.0 * 10 + 0.45 * 10) / 20, abs=1e-6)


def test_held_out_answers_are_counted_with_unsure_ones_aside() -> None:
    answers = Answers(np.array([0, -1, 1, 1]), np.array([0, 1, 1, 1]), np.array([0.9, 0.5, 0.9, 0.9], dtype=np.float32))
    told = hold_out(answers, [[0], [0], [1], [0, 2]])
    assert (told.photos, told.accuracy, told.unsure) == (4, 0.5, 0.25)
    assert told.sure_accuracy == pytest.approx(2 / 3)
