from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from PIL import Image

from prismh_engine.models.simclr import get_simclr_transforms
from prismh_engine.models.simclr.augmentation import (
    FIXED_EPOCH,
    apply_view,
    draw_view,
    normalize,
    order_generator,
    view_generator,
)

from .conftest import draw


def one_view(seed: int = 3, epoch: int = 1, photo: int = 5, view: int = 0) -> np.ndarray:
    image = draw(0)
    return np.asarray(apply_view(image, draw_view(view_generator(seed, epoch, photo, view), *image.size), 32))


def test_a_view_is_a_function_of_seed_epoch_photo_and_view_alone() -> None:
    first = one_view()
    # Nothing global may matter.
    np.random.seed(7)
    torch.manual_seed(7)
    one_view(seed=9)
    assert np.array_equal(one_view(), first)


@pytest.mark.parametrize("other", [{"seed": 4}, {"epoch": 2}, {"photo": 6}, {"view": 1}, {"epoch": FIXED_EPOCH}])
def test_each_of_the_four_makes_another_view(other: dict[str, int]) -> None:
    assert not np.array_equal(one_view(**other), one_view())


def test_the_order_of_photos_is_another_in_each_epoch_and_the_same_each_time() -> None:
    first, again = (order_generator(0, 4).permutation(50) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, order_generator(0, 5).permutation(50))


def test_crops_flips_and_colours_are_drawn_as_published() -> None:
    views = [draw_view(view_generator(0, 0, photo, 0), 400, 300) for photo in range(2000)]
    areas = np.array([v.box[2] * v.box[3] / (400 * 300) for v in views])
    ratios = np.array([v.box[2] / v.box[3] for v in views])
    assert all(0 <= v.box[0] <= 400 - v.box[2] and 0 <= v.box[1] <= 300 - v.box[3] for v in views)
    assert areas.min() > 0.19
    assert areas.max() > 0.9
    assert ratios.min() > 0.73
    assert ratios.max() < 1.36
    assert np.mean([v.flip for v in views]) == pytest.approx(0.5, abs=0.04)
    assert np.mean([v.grey for v in views]) == pytest.approx(0.2, abs=0.03)
    coloured = np.array([v.colours for v in views if v.colours is not None])
    assert len(coloured) / len(views) == pytest.approx(0.8, abs=0.03)
    assert coloured.min(axis=0) == pytest.approx([0.6, 0.6, 0.6, -0.1], abs=0.01)
    assert coloured.max(axis=0) == pytest.approx([1.4, 1.4, 1.4, 0.1], abs=0.01)


@pytest.mark.parametrize("size", [(2000, 1), (1, 2000), (1, 1)])
def test_a_photo_of_any_shape_has_views(size: tuple[int, int]) -> None:
    image = Image.new("RGB", size, (10, 200, 30))
    for photo in range(20):
        view = draw_view(view_generator(0, 0, photo, 0), *size)
        assert apply_view(image, view, 32).size == (32, 32)


def test_without_strength_colours_stay() -> None:
    assert all(draw_view(view_generator(0, 0, p, 0), 40, 30, strength=0).colours is None for p in range(50))


def test_the_transform_gives_normalized_tensors_and_follows_torchs_seed() -> None:
    transform = pickle.loads(pickle.dumps(get_simclr_transforms(size=48)))
    torch.manual_seed(1)
    first = transform(draw(1))
    other = transform(draw(1))
    torch.manual_seed(1)
    assert torch.equal(transform(draw(1)), first)
    assert not torch.equal(other, first)
    assert first.shape == (3, 48, 48)
    assert first.dtype == torch.float32
    assert -2.2 < first.min() < first.max() < 2.7


def test_black_and_white_are_normalized_as_imagenet() -> None:
    pixels = torch.tensor([0, 255], dtype=torch.uint8).reshape(2, 1, 1, 1).expand(2, 3, 1, 1)
    black, white = normalize(pixels)
    torch.testing.assert_close(black.flatten(), torch.tensor([-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225]))
    torch.testing.assert_close(white.flatten(), torch.tensor([0.515 / 0.229, 0.544 / 0.224, 0.594 / 0.225]))


def test_bad_values_are_named() -> None:
    with pytest.raises(ValueError, match="size must be >= 1, got 0"):
        get_simclr_transforms(size=0)
    with pytest.raises(ValueError, match="strength must be >= 0, got -1"):
        get_simclr_transforms(strength=-1)
