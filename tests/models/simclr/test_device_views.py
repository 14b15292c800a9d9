from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from prismh_engine import jobs
from prismh_engine.models.simclr.augmentation import View, apply_view, draw_view, view_generator
from prismh_engine.models.simclr.dataset import ViewBatches
from prismh_engine.models.simclr.device_views import DeviceBatch, make_views
from prismh_engine.models.simclr.training_photos import photos_of_folder
from prismh_engine.photos.cache import PhotoCache

from .conftest import draw

CPU = torch.device("cpu")


def photos(count: int) -> list[NDArray[np.uint8]]:
    """Of several shapes."""
    sizes = [(96, 72), (72, 96), (40, 130), (130, 40), (50, 50)]
    return [np.asarray(draw(number).resize(sizes[number % len(sizes)])) for number in range(count)]


def together(pictures: list[NDArray[np.uint8]]) -> torch.Tensor:
    """Filled up with noise, which no view may see."""
    filled = np.random.default_rng(0).integers(0, 256, (len(pictures), 140, 140, 3), dtype=np.uint8)
    for room, pixels in zip(filled, pictures, strict=True):
        room[: pixels.shape[0], : pixels.shape[1]] = pixels
    return torch.from_numpy(filled)


def one_by_one(pictures: list[NDArray[np.uint8]], views: list[View], size: int) -> NDArray[np.float64]:
    made = [apply_view(pixels, view, size) for pixels, view in zip(pictures, views, strict=True)]
    return np.stack(made).transpose(0, 3, 1, 2).astype(float)


@pytest.mark.parametrize("size", [24, 64, 97])
def test_views_made_together_are_those_made_one_by_one(size: int) -> None:
    pictures = photos(60)
    views = [draw_view(view_generator(0, 0, n, 0), p.shape[1], p.shape[0]) for n, p in enumerate(pictures)]
    made = make_views(together(pictures), views, size)
    assert made.dtype == torch.float32
    assert made.shape == (60, 3, size, size)
    assert 0 <= made.min() < made.max() <= 1
    apart = np.abs(255 * made.numpy() - one_by_one(pictures, views, size))
    assert apart.max() <= 8
    assert apart.mean() <= 0.7


@pytest.mark.parametrize("flip", [False, True])
def test_without_colours_they_are_the_same_within_rounding(flip: bool) -> None:
    pictures = photos(5)
    views = [View((3, 5, p.shape[1] - 9, p.shape[0] - 6), flip, None, False) for p in pictures]
    made = make_views(together(pictures), views, 48)
    assert np.abs(255 * made.numpy() - one_by_one(pictures, views, 48)).max() <= 1.5


def test_mixed_precision_around_them_changes_nothing() -> None:
    pictures = photos(3)
    views = [draw_view(view_generator(0, 0, n, 0), p.shape[1], p.shape[0]) for n, p in enumerate(pictures)]
    expected = make_views(together(pictures), views, 32)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(make_views(together(pictures), views, 32), expected)


def test_a_large_turn_of_hue_is_made_of_small_ones() -> None:
    pictures = photos(4)
    views = [View((0, 0, p.shape[1], p.shape[0]), False, (1, 1, 1, hue), False)
             for p, hue in zip(pictures, (0.5, -0.4, 0.2, 0.0), strict=True)]  # fmt: skip
    made = make_views(together(pictures), views, 40)
    assert np.abs(255 * made.numpy() - one_by_one(pictures, views, 40)).max() <= 6


def test_a_batch_for_a_device_gives_the_views_of_a_batch_for_the_processor(tiny_photos: Path, tmp_path: Path) -> None:
    with PhotoCache(tmp_path / "cache") as cache:
        found = jobs.run(photos_of_folder(tiny_photos, cache, None))
        with ViewBatches(found, cache, image_size=32, batch_size=5, seed=0, threads=2) as batches:
            expected = next(iter(batches.stream(0)))
        batch = DeviceBatch(expected.numbers, 32, CPU, None)
        for place, number in enumerate(expected.numbers.tolist()):
            pixels = np.asarray(cache.copy(found[number].path, found[number].content_hash, 48))
            height, width, _ = pixels.shape
            first, second = (draw_view(view_generator(0, 0, number, which), width, height) for which in range(2))
            batch.put(place, pixels, (first, second))
    assert batch.count == 5
    whole = batch.views()
    assert whole.is_contiguous(memory_format=torch.channels_last)
    assert (whole - expected.views()).abs().max() <= 8 / 255 / 0.224
    for start, stop in itertools.combinations(range(6), 2):
        assert torch.allclose(
            batch.views(start, stop), whole[[*range(start, stop), *range(5 + start, 5 + stop)]], atol=1e-5
        )


def test_a_device_batch_may_hold_no_photo() -> None:
    assert DeviceBatch(np.array([], dtype=np.int64), 32, CPU, None).views().shape == (0, 3, 32, 32)
