from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from prismh_engine.models.simclr import get_simclr_transforms
from prismh_engine.models.simclr.augmentation import (
    FIXED_EPOCH,
    View,
    apply_view,
    draw_view,
    order_generator,
    view_generator,
)
from prismh_engine.models.torchvision_operators import import_torchvision

from .conftest import draw


def one_view(seed: int = 3, epoch: int = 1, photo: int = 5, view: int = 0) -> np.ndarray:
    image = draw(0)
    return apply_view(np.asarray(image), draw_view(view_generator(seed, epoch, photo, view), *image.size), 32)


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
    pixels = np.asarray(Image.new("RGB", size, (10, 200, 30)))
    for photo in range(20):
        view = draw_view(view_generator(0, 0, photo, 0), *size)
        assert apply_view(pixels, view, 32).shape == (32, 32, 3)


def colourful(width: int = 200, height: int = 150) -> NDArray[np.uint8]:
    """Soft spots of every hue, with hard edges, black and white among them."""
    rows, columns = np.mgrid[:height, :width] / 20
    waves = [np.sin(columns + 2 * k) * np.cos(rows - k) for k in range(3)]
    pixels = np.stack(waves, axis=-1) * 150 + 128
    pixels[40:60, 30:90] = (255, 40, 40)
    pixels[70:80] = 255
    pixels[:, 150:160] = 0
    return pixels.clip(0, 255).astype(np.uint8)


WHOLE = (0, 0, 200, 150)


@pytest.mark.parametrize("box", [WHOLE, (13, 7, 160, 120), (50, 40, 37, 61)])
@pytest.mark.parametrize("flip", [False, True])
def test_crop_and_size_are_pillows_within_one_level(box: tuple[int, int, int, int], flip: bool) -> None:
    pixels = colourful()
    left, top, width, height = box
    cut = Image.fromarray(pixels).crop((left, top, left + width, top + height))
    expected = np.asarray(cut.resize((64, 64), Image.Resampling.BILINEAR)).astype(int)
    made = apply_view(pixels, View(box, flip, None, False), 64)
    assert np.abs(made - (expected[:, ::-1] if flip else expected)).max() <= 1


@pytest.mark.parametrize(
    "colours",
    [
        (1.4, 1, 1, 0), (0.6, 1, 1, 0), (1, 1.4, 1, 0), (1, 0.6, 1, 0), (1, 1, 1.4, 0), (1, 1, 0.6, 0),
        (1, 1, 1, 0.1), (1, 1, 1, -0.1), (1, 1, 1, 0.5), (1, 1, 1, -0.3), (0, 2, 0, 0.2), (2, 0, 2, 0),
        (1.37, 0.62, 1.21, -0.08), (0.71, 1.33, 0.64, 0.055),
    ],
)  # fmt: skip
@pytest.mark.parametrize("grey", [False, True])
def test_colours_change_as_in_torchvision(colours: tuple[float, float, float, float], grey: bool) -> None:
    pixels = colourful()
    made = apply_view(pixels, View(WHOLE, False, colours, grey), 150).astype(float)
    wanted = in_torchvision(apply_view(pixels, View(WHOLE, False, None, False), 150), colours, grey)
    assert np.abs(made - wanted).max() <= 6
    assert np.abs(made - wanted).mean() <= 1


def in_torchvision(
    pixels: NDArray[np.uint8], colours: tuple[float, float, float, float], grey: bool
) -> NDArray[np.float32]:
    """Colours changed by torchvision in float arithmetic, without rounding; levels, [H, W, 3]."""
    import_torchvision()
    from torchvision.transforms import functional

    brightness, contrast, saturation, hue = colours
    image = torch.from_numpy(pixels).permute(2, 0, 1).double() / 255
    image = functional.adjust_brightness(image, brightness)
    image = functional.adjust_contrast(image, contrast)
    image = functional.adjust_saturation(image, saturation)
    image = functional.adjust_hue(image, hue)
    if grey:
        image = functional.rgb_to_grayscale(image, 3)
    return (255 * image).permute(1, 2, 0).numpy()


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


def test_bad_values_are_named() -> None:
    with pytest.raises(ValueError, match="size must be >= 1, got 0"):
        get_simclr_transforms(size=0)
    with pytest.raises(ValueError, match="strength must be >= 0, got -1"):
        get_simclr_transforms(strength=-1)
