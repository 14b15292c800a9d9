"""The tint under the dots: where a group is dense, in its colour, soft at the edge."""

from __future__ import annotations

import numpy as np
import pytest

from app.widgets import density

RED, BLUE = (200, 0, 0), (0, 0, 200)


@pytest.fixture
def tinted():
    """Two round groups, at (0, 0) and (10, 0), and some points of no group far above."""
    rng = np.random.default_rng(0)
    centres = np.array([[0, 0], [10, 0], [5, 20]])
    groups = np.repeat([0, 1, -1], [2000, 500, 500]).astype(np.int32)
    positions = (centres[groups] + rng.normal(size=(3000, 2)) * 0.7).astype(np.float32)
    return positions, density.tint(positions, groups, np.array([RED, BLUE], np.uint8), 0.2)


def pixel(tinted, x, y):
    positions, picture = tinted
    left, right, low, high = density.bounds(positions)
    return picture[int((high - y) / (high - low) * density.SIDE), int((x - left) / (right - left) * density.SIDE)]


def test_each_group_has_its_own_colour_at_full_strength_whatever_its_size(tinted):
    for x, colour in ((0, RED), (10, BLUE)):
        red, green, blue, alpha = pixel(tinted, x, 0).astype(int)
        assert np.array([red, green, blue]) / alpha * 255 == pytest.approx(np.array(colour), abs=8)
        assert alpha == pytest.approx(0.2 * 255, abs=4)


def test_it_fades_out_with_the_group_and_points_of_no_group_have_none(tinted):
    strengths = [int(pixel(tinted, 0, -y)[3]) for y in (0, 1.5, 3)]
    assert strengths == sorted(strengths, reverse=True)
    assert strengths[1] < strengths[0]
    assert pixel(tinted, 5, 20)[3] == 0
    assert tinted[1][0, 0, 3] == 0
    assert (tinted[1][..., :3].max(axis=2) <= tinted[1][..., 3]).all(), "premultiplied: no colour beyond its alpha"


def test_between_dense_and_empty_no_step_is_seen(tinted):
    alpha = tinted[1][..., 3].astype(int)
    assert np.abs(np.diff(alpha, axis=0)).max() <= 6
    assert np.abs(np.diff(alpha, axis=1)).max() <= 6


def test_the_blur_keeps_what_it_spreads():
    picture = np.zeros((2, 64, 64), np.float32)
    picture[0, 30, 30] = 5
    blurred = density._blurred(density._blurred(picture, 1), 2)
    assert blurred[0].sum() == pytest.approx(5, rel=1e-5)
    assert blurred[0, 30, 30] == blurred.max()
    assert blurred[0, 27, 30] == pytest.approx(blurred[0, 30, 33], rel=1e-5)
    assert not blurred[1].any()
