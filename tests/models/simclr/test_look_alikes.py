"""Second views that show a look-alike: which are most alike, what a view of one is, and whose are never shown."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from prismh_engine import jobs
from prismh_engine.models import starter
from prismh_engine.models.encode_photos import cache_key
from prismh_engine.models.simclr import TrainSettings
from prismh_engine.models.simclr.augmentation import View, apply_view, draw_view, view_generator
from prismh_engine.models.simclr.dataset import Batch, ViewBatches
from prismh_engine.models.simclr.device_views import DeviceBatch
from prismh_engine.models.simclr.learner import Learner, Machine
from prismh_engine.models.simclr.look_alikes import LOOK_ALIKES, LookAlikes, side_by_side
from prismh_engine.models.simclr.training_photos import TrainingPhoto, TrainingPhotos, photos_of_folder
from prismh_engine.models.simclr.validation import most_alike
from prismh_engine.photos import scenes
from prismh_engine.photos.cache import PhotoCache
from prismh_engine.settings import resolve

from .conftest import draw
from .test_validation import directions, gone

CPU = torch.device("cpu")
SIZES = [(96, 72), (72, 96), (64, 120), (120, 64), (80, 80)]


@pytest.fixture(scope="module")
def of_many_shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shapes")
    for number in range(8):
        draw(number).resize(SIZES[number % len(SIZES)]).save(folder / f"{number}.png")
    return folder


def pairs(batch: Batch) -> dict[int, tuple[torch.Tensor, torch.Tensor]]:
    """Both views of each photo, by its number."""
    first, second = batch.views().chunk(2)
    return {number: (first[place], second[place]) for place, number in enumerate(batch.numbers.tolist())}


def one_epoch(
    photos: TrainingPhotos, cache: PhotoCache, look_alikes: LookAlikes | None
) -> dict[int, tuple[torch.Tensor, torch.Tensor]]:
    with ViewBatches(
        photos, cache, image_size=32, batch_size=len(photos), seed=0, threads=2, look_alikes=look_alikes
    ) as batches:
        return pairs(next(batches.stream(0)))


def shown_itself(photo: TrainingPhoto, drawn_for: int, cache: PhotoCache) -> tuple[NDArray[np.uint8], View]:
    """A photo and the view of it that is drawn for the second one of another, and kept in its batch."""
    pixels = np.asarray(cache.copy(photo.path, photo.content_hash, 48))
    return pixels, draw_view(view_generator(0, 0, drawn_for, 1), pixels.shape[1], pixels.shape[0])


def test_the_view_of_a_look_alike_is_that_photos_own_and_the_first_view_stays(
    of_many_shapes: Path, tmp_path: Path
) -> None:
    with PhotoCache(tmp_path / "cache") as cache:
        photos = jobs.run(photos_of_folder(of_many_shapes, cache, None))
        places = ((np.arange(len(photos)) + 3) % len(photos))[:, None]
        plain = one_epoch(photos, cache, None)
        alike = one_epoch(photos, cache, LookAlikes(places, share=1.0))
        for number, (first, second) in alike.items():
            assert torch.equal(first, plain[number][0])
            assert not torch.equal(second, plain[number][1])
            pixels, view = shown_itself(photos[int(places[number, 0])], number, cache)
            own = DeviceBatch(np.array([0]), 32, CPU, None)
            own.put(0, pixels, (view, view))
            expected = torch.from_numpy(apply_view(pixels, view, 32)).permute(2, 0, 1).float() / 255
            shown = second * torch.tensor([0.229, 0.224, 0.225])[:, None, None]
            shown += torch.tensor([0.485, 0.456, 0.406])[:, None, None]
            assert (shown - expected).abs().max() < 1e-5
            assert (own.views()[0] - second).abs().max() <= 8 / 255 / 0.224


def test_a_batch_for_a_device_gives_the_same_views_of_two_photos_as_one_for_the_processor(
    of_many_shapes: Path, tmp_path: Path
) -> None:
    with PhotoCache(tmp_path / "cache") as cache:
        photos = jobs.run(photos_of_folder(of_many_shapes, cache, None))
        places = ((np.arange(len(photos)) + 1) % len(photos))[:, None]
        expected = one_epoch(photos, cache, LookAlikes(places, share=1.0))
        batch = DeviceBatch(photos.numbers, 32, CPU, None)
        for number in range(len(photos)):
            pixels = np.asarray(cache.copy(photos[number].path, photos[number].content_hash, 48))
            first = draw_view(view_generator(0, 0, number, 0), pixels.shape[1], pixels.shape[0])
            other, second = shown_itself(photos[int(places[number, 0])], number, cache)
            batch.put(number, *side_by_side(pixels, first, other, second))
        for number, views in pairs(batch).items():
            for ours, theirs in zip(views, expected[number], strict=True):
                assert (ours - theirs).abs().max() <= 8 / 255 / 0.224


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_so_many_second_views_show_a_look_alike_as_asked_for_each_as_often(share: float) -> None:
    places = np.arange(1000)[:, None] + 1000 * np.arange(1, 6)  # photo 7 has 1007, 2007, ...
    look_alikes = LookAlikes(places, share)
    shown = [look_alikes.draw(seed=0, epoch=0, number=n, place=n, time=0) for n in range(1000)]
    assert all(photo % 1000 == number for number, photo in enumerate(shown))
    counts = Counter(photo // 1000 for photo in shown)
    assert 1 - counts.pop(0, 0) / 1000 == pytest.approx(share, abs=0.05)
    assert all(count == pytest.approx(200 * share, abs=50) for count in counts.values())
    assert len(counts) == (LOOK_ALIKES if share else 0)
    if share:
        for change in ({"epoch": 1}, {"time": 1}, {"seed": 1}):
            key = {"seed": 0, "epoch": 0, "time": 0} | change
            assert shown != [look_alikes.draw(number=n, place=n, **key) for n in range(1000)]


@pytest.mark.parametrize("labels_weight", [0.5, 1.0])
def test_a_photo_whose_label_teaches_is_always_shown_itself(
    tiny_photos: Path, tmp_path: Path, labels_weight: float
) -> None:
    given = {"base_model": "resnet18", "image_size": 32, "batch_size": 12, "mixed_precision": "off"}
    with PhotoCache(tmp_path / "cache") as cache:
        photos = jobs.run(photos_of_folder(tiny_photos, cache, None))
        places = (photos.numbers[:, None] + np.arange(1, 6)) % len(photos)
        taught = {number: "tyre" if number % 2 else "drum" for number in range(0, 13, 3)}

        def views(share: float) -> dict[int, tuple[torch.Tensor, torch.Tensor]]:
            flags = {**given, "neighbour_share": share, "labels_weight": labels_weight}
            settings = resolve(TrainSettings, flags, environment={}).settings
            machine = Machine(CPU, 0, lambda: False)
            with Learner(
                settings, photos, TrainingPhotos(), cache, machine, labels=taught, look_alikes=places
            ) as learner:
                return pairs(next(learner.batches.stream(0)))

        plain, alike = views(0.0), views(1.0)
    assert list(plain) == list(alike)
    assert len(plain) == (12 if labels_weight < 1 else len(taught))
    for number, (first, second) in alike.items():
        assert torch.equal(first, plain[number][0])
        assert torch.equal(second, plain[number][1]) == (number in taught)
    assert set(taught) & set(alike)


def numbered(photos: TrainingPhotos, first: int) -> TrainingPhotos:
    """The same photos, with numbers that are not their places in the list."""
    photos.numbers = first + 2 * np.arange(len(photos))
    return photos


def test_the_most_alike_are_found_by_the_starter_copies_count_once_and_who_cannot_be_read_has_itself(
    tmp_path: Path,
) -> None:
    angles = [0.0, 10.0, 25.0, 45.0, 70.0, 100.0, 135.0]
    known = gone(len(angles))
    copy, unreadable = (
        TrainingPhoto(90, Path("copy.jpg"), "copy.jpg", known[3].content_hash),
        TrainingPhoto(91, Path("gone/unread.jpg"), "unread.jpg", f"{99:064x}"),
    )
    photos = numbered(TrainingPhotos([*known, copy, unreadable]), first=10)
    with PhotoCache(tmp_path / "cache") as cache:
        contents = [photo.content_hash for photo in known]
        cache.store_features(cache_key(starter.identity()), contents, directions(angles))
        found = jobs.run(most_alike(photos, cache))
    assert found.dtype == np.int64
    expected = []
    for mine, angle in enumerate(angles):
        others = [other for other in range(len(angles)) if other != mine]
        nearest = sorted(others, key=lambda other: abs(angles[other] - angle))[:LOOK_ALIKES]
        expected.append({10 + 2 * place for place in nearest})
    expected += [expected[3], {10 + 2 * 8}]
    assert [set(row) for row in found.tolist()] == expected
    assert found[:7, 0].tolist() == [12, 10, 12, 14, 16, 18, 20]  # the nearest comes first


def test_among_two_each_has_the_other_and_one_alone_has_itself(tmp_path: Path) -> None:
    photos = numbered(gone(2), first=4)
    with PhotoCache(tmp_path / "cache") as cache:
        assert jobs.run(most_alike(photos, cache)).tolist() == [[4], [6]]  # nobody knows what they show
        contents = [photo.content_hash for photo in photos]
        cache.store_features(cache_key(starter.identity()), contents, directions([0.0, 90.0]))
        assert jobs.run(most_alike(photos, cache)).tolist() == [[6], [4]]
        assert jobs.run(most_alike(photos.take(np.array([1])), cache)).tolist() == [[6]]


def test_a_photo_made_lighter_is_most_alike_the_one_it_was_made_from(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, kind in enumerate(("drum", "puddle", "tyre")):
        image = scenes.draw_scene(kind, number, (160, 120)).convert("RGB")
        image.save(folder / f"{number}.png")
        ImageEnhance.Brightness(image).enhance(1.1).save(folder / f"{number} lighter.png")
    (folder / "0 copy.png").write_bytes((folder / "0.png").read_bytes())
    Image.new("RGB", (160, 120), "white").save(folder / "white.png")
    with PhotoCache(tmp_path / "cache") as cache:
        photos = jobs.run(photos_of_folder(folder, cache, None))
        names = [photo.file_path.removesuffix(".png") for photo in photos]
        found = {names[n]: [names[m] for m in row] for n, row in enumerate(jobs.run(most_alike(photos, cache)))}
    for number in range(3):
        assert found[f"{number} lighter"][0] in (f"{number}", f"{number} copy")
        assert found[f"{number}"][0] == f"{number} lighter"
    assert found["0 copy"] == found["0"]
    assert not {"0", "0 copy"} & set(found["0"])
