from __future__ import annotations

import numpy as np
import pytest

from prismh_engine.analysis.alignment import align


@pytest.fixture
def positions() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32) * (3, 1)


@pytest.mark.parametrize("turn", [[[0, -1], [1, 0]], [[-1, 0], [0, 1]], [[0.6, 0.8], [0.8, -0.6]]])
def test_a_map_turned_or_mirrored_lies_like_the_earlier_one_again(positions: np.ndarray, turn: list) -> None:
    turned = (positions @ np.array(turn)).astype(np.float32)
    shared = np.arange(5, 35)
    again = align(turned, shared, positions[shared])
    middle = positions[shared].mean(axis=0) - again[shared].mean(axis=0)
    assert np.allclose(again + middle, positions, atol=1e-5)


def test_nothing_is_stretched(positions: np.ndarray) -> None:
    other = np.random.default_rng(1).normal(size=(40, 2)).astype(np.float32) * 50
    made = align(positions, np.arange(40), other)
    between = [np.linalg.norm(p[:, None] - p[None], axis=2) for p in (positions, made)]
    assert np.allclose(*between, atol=1e-4)


def test_the_same_map_stays_the_same_to_the_last_bit(positions: np.ndarray) -> None:
    assert np.array_equal(align(positions, np.arange(40), positions), positions)


def test_two_shared_photos_or_all_at_one_place_fix_no_turn(positions: np.ndarray) -> None:
    assert align(positions, np.arange(2), positions[2:4]) is positions
    assert align(positions, np.arange(10), np.ones((10, 2), np.float32)) is positions
