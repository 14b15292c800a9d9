from __future__ import annotations

import numpy as np
import pytest

from prismh_engine import jobs
from prismh_engine.analysis.intervals import agreement, intervals
from prismh_engine.analysis.scores import Scores


def _scores(right: np.ndarray, clusters: np.ndarray) -> Scores:
    return Scores(right.astype(float), right.astype(float), np.stack([clusters] * 3), right.astype(float))


@pytest.mark.parametrize("k", [1, 2, 5])
def test_agreement_is_that_of_scikit_learn(k: int) -> None:
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    rng = np.random.default_rng(k)
    classes, clusters = rng.integers(0, 3, 80), rng.integers(0, k, 80)
    table = np.zeros((1, k, 3))
    np.add.at(table[0], (clusters, classes), 1)
    nmi, ari = agreement(table)
    assert nmi[0] == pytest.approx(normalized_mutual_info_score(classes, clusters), abs=1e-9)
    assert ari[0] == pytest.approx(adjusted_rand_score(classes, clusters), abs=1e-9)


def test_the_interval_of_a_share_is_as_wide_as_the_binomial_says() -> None:
    classes = np.arange(400) % 2
    each, difference = jobs.run(intervals([_scores(np.arange(400) < 320, classes)], classes))
    found = each[0]["knn"]
    assert found is not None
    assert difference is None
    assert found.value == 0.8
    half = 1.96 * np.sqrt(0.8 * 0.2 / 400)
    assert found.low == pytest.approx(0.8 - half, abs=0.006)
    assert found.high == pytest.approx(0.8 + half, abs=0.006)


def test_every_interval_holds_its_score_and_stays_in_range() -> None:
    classes = np.arange(60) % 3
    perfect, _ = jobs.run(intervals([_scores(np.ones(60), classes)], classes))
    assert all(found is not None and found.low <= found.value <= found.high <= 1 for found in perfect[0].values())
    assert perfect[0]["nmi"] == perfect[0]["ari"]
    rng = np.random.default_rng(0)
    some, _ = jobs.run(intervals([_scores(rng.random(60) < 0.5, rng.integers(0, 3, 60))], classes))
    assert all(found is not None and found.low <= found.value <= found.high for found in some[0].values())


def test_a_difference_is_paired_so_that_a_small_sure_gain_shows() -> None:
    rng = np.random.default_rng(0)
    classes, clusters = np.arange(300) % 2, rng.integers(0, 2, 300)
    first = rng.random(300) < 0.5
    second = first | (np.arange(300) % 20 == 0)  # better on some photos, worse on none
    each, difference = jobs.run(intervals([_scores(first, clusters), _scores(second, clusters)], classes))
    assert difference is not None
    gain, alone = difference["knn"], each[0]["knn"]
    assert gain is not None
    assert alone is not None
    assert gain.verdict == "better"
    assert gain.value == pytest.approx(second.mean() - first.mean())
    assert gain.low > 0
    assert gain.high - gain.low < (alone.high - alone.low) / 2
    assert difference["nmi"] is not None
    assert difference["nmi"].value == difference["nmi"].high == 0
    assert difference["nmi"].verdict == "no change"


def test_a_difference_that_may_be_chance_is_no_change_and_a_sure_loss_is_worse() -> None:
    rng = np.random.default_rng(0)
    classes, clusters = np.arange(300) % 2, rng.integers(0, 2, 300)
    first = rng.random(300) < 0.5
    by_lot, loss = first ^ (np.arange(300) % 20 == 0), first & (rng.random(300) < 0.9)
    for second, verdict in ((by_lot, "no change"), (loss, "worse")):
        assert second.mean() != first.mean()
        _, difference = jobs.run(intervals([_scores(first, clusters), _scores(second, clusters)], classes))
        assert difference is not None
        assert difference["knn"] is not None
        assert difference["knn"].verdict == verdict


def test_nmi_is_the_mean_over_all_groupings() -> None:
    classes = np.arange(60) % 3
    groupings = np.stack([classes, np.random.default_rng(0).integers(0, 3, 60)])
    each = [
        jobs.run(intervals([Scores(None, None, part, None)], classes))[0][0]["nmi"]
        for part in (groupings, groupings[:1], groupings[1:])
    ]
    both, first, second = (found.value for found in each if found is not None)
    assert both == pytest.approx((first + second) / 2)
    assert second < first


def test_the_same_photos_give_the_same_intervals() -> None:
    classes = np.arange(50) % 2
    one = _scores(np.arange(50) % 3 == 0, classes)
    assert jobs.run(intervals([one], classes)) == jobs.run(intervals([one], classes))


def test_a_score_that_is_not_defined_has_no_interval() -> None:
    classes = np.arange(10) % 2
    each, difference = jobs.run(intervals([Scores(None, None, np.zeros((1, 10), np.int64), None)] * 2, classes))
    assert each[0]["knn"] is None
    assert difference is not None
    assert difference["silhouette"] is None
