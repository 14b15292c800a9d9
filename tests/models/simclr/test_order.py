from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from prismh_engine.models.simclr.order import Drawn, HalfLabelled, Shuffled


def in_batches(drawn: Drawn, size: int) -> list[np.ndarray]:
    return [drawn.places[start : start + size] for start in range(0, len(drawn.places), size)]


def labels_of(*sizes: int, without: int) -> np.ndarray:
    """Labels 0, 1, ... of so many photos, scattered among those without one."""
    labels = np.concatenate([np.repeat(np.arange(len(sizes)), sizes), np.full(without, -1)])
    return np.random.default_rng(0).permutation(labels)


def test_by_lot_every_photo_comes_once_an_epoch() -> None:
    first, second = (Shuffled(10).draw(0, epoch, 4) for epoch in (0, 1))
    assert sorted(first.places) == sorted(second.places) == list(range(10))
    assert not np.array_equal(first.places, second.places)
    assert not first.times.any()


@pytest.mark.parametrize("epoch", [0, 7])
def test_half_of_each_batch_carries_a_label_each_label_equally_often(epoch: int) -> None:
    labels = labels_of(20, 20, 20, without=200)
    drawn = HalfLabelled(labels).draw(0, epoch, 24)
    assert len(drawn.places) == 260
    for batch in in_batches(drawn, 24)[:-1]:
        assert Counter(labels[batch]) == {0: 4, 1: 4, 2: 4, -1: 12}
        assert len(set(batch)) == 24
    counts = np.bincount(drawn.places, minlength=260)
    assert counts[labels == -1].max() == 1
    assert np.ptp(counts[labels >= 0]) <= 1


@pytest.mark.parametrize(
    ("sizes", "without", "of_each"),
    [
        ((1, 30), 100, {0: 1, 1: 7, -1: 8}),  # a label on one photo: the other fills up
        ((2, 3), 100, {0: 2, 1: 3, -1: 11}),  # fewer labelled photos than half a batch
        ((50, 50), 4, {0: 6, 1: 6, -1: 4}),  # fewer others than half a batch
        ((30, 30), 0, {0: 8, 1: 8}),
    ],
)
def test_where_either_kind_is_rare_the_other_fills_the_batch(
    sizes: tuple[int, ...], without: int, of_each: dict[int, int]
) -> None:
    labels = labels_of(*sizes, without=without)
    batches = in_batches(HalfLabelled(labels).draw(0, 0, 16), 16)
    assert Counter(labels[batches[0]]) == of_each
    assert all(len(set(batch)) == len(batch) for batch in batches)


def test_labels_that_do_not_share_a_half_evenly_take_turns() -> None:
    labels = labels_of(40, 40, 40, without=400)
    batches = in_batches(HalfLabelled(labels).draw(0, 0, 8), 8)[:-1]
    shares = np.array([[(labels[batch] == label).sum() for label in range(3)] for batch in batches])
    assert set(shares.ravel()) == {1, 2}
    assert np.allclose(shares.mean(axis=0), 4 / 3, atol=0.2)


def test_an_epoch_is_drawn_the_same_whatever_came_before() -> None:
    labels = labels_of(5, 5, without=20)
    order = HalfLabelled(labels)
    first = order.draw(3, 1, 8)
    order.draw(3, 0, 8)
    again, other_epoch, other_seed = order.draw(3, 1, 8), order.draw(3, 2, 8), order.draw(4, 1, 8)
    assert np.array_equal(first.places, again.places)
    assert not np.array_equal(first.places, other_epoch.places)
    assert not np.array_equal(first.places, other_seed.places)


def test_a_photo_that_comes_again_is_counted() -> None:
    drawn = HalfLabelled(labels_of(2, 2, without=36)).draw(0, 0, 8)
    for place in set(drawn.places):
        assert list(drawn.times[drawn.places == place]) == list(range((drawn.places == place).sum()))
    assert drawn.times.max() > 1
