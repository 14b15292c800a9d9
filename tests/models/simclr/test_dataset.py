from __future__ import annotations

import itertools
import pickle
import shutil
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from prismh_engine import jobs
from prismh_engine.errors import PrismhError
from prismh_engine.models.simclr import SimCLRDataset
from prismh_engine.models.simclr.dataset import ViewBatches
from prismh_engine.models.simclr.training_photos import TrainingPhoto, TrainingPhotos, hold_out, photos_of_folder
from prismh_engine.photos.cache import PhotoCache

from .conftest import COUNT, draw


def batches(photos: Path, cache: PhotoCache, **other: Any) -> ViewBatches:
    found = jobs.run(photos_of_folder(photos, cache, None))
    return ViewBatches(found, cache, **{"image_size": 32, "batch_size": 4, "seed": 0, "threads": 1, **other})


def take(batches: ViewBatches, count: int, epoch: int = 0, batch: int = 0) -> list[torch.Tensor]:
    with batches:
        return [batch.views() for batch in itertools.islice(batches.stream(epoch, batch), count)]


def test_a_folder_becomes_pairs_of_views_in_sorted_order(tiny_photos: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_photos, tmp_path / "photos" / "inner")
    (tmp_path / "photos" / "broken.jpg").write_bytes(b"no photo")
    (tmp_path / "photos" / "notes.txt").write_text("no photo either")
    dataset = SimCLRDataset(tmp_path / "photos")
    assert len(dataset) == COUNT
    assert dataset.file_paths == [f"inner/{number:02}.png" for number in range(COUNT)]
    first, second = dataset[0]
    assert first.shape == second.shape == (3, 224, 224)
    assert not torch.equal(first, second)


def test_a_transform_of_ones_own_is_used_twice(tiny_photos: Path) -> None:
    dataset = SimCLRDataset(tiny_photos, transform=lambda image: image.size)
    assert dataset[3] == ((96, 72), (96, 72))


def test_a_dataset_travels_to_worker_processes(tiny_photos: Path) -> None:
    dataset = SimCLRDataset(tiny_photos)
    dataset[0]
    copy = pickle.loads(pickle.dumps(dataset))
    assert copy[0][0].shape == (3, 224, 224)


def test_an_empty_or_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(PrismhError, match="holds no photo"):
        SimCLRDataset(tmp_path)
    with pytest.raises(PrismhError, match="There is no folder"):
        SimCLRDataset(tmp_path / "nowhere")


def test_threads_and_the_place_one_begins_at_change_no_batch(tiny_photos: Path, tmp_path: Path) -> None:
    with PhotoCache(tmp_path / "cache") as cache:
        alone = take(batches(tiny_photos, cache, threads=0), 7)
        threaded = take(batches(tiny_photos, cache, threads=3), 7)
        later = take(batches(tiny_photos, cache, threads=2), 3, epoch=1, batch=1)
    assert [len(views) for views in alone] == [8, 8, 8, 8, 8, 8, 8]  # 13 photos: the last one alone is skipped
    assert all(torch.equal(a, b) for a, b in zip(alone, threaded, strict=True))
    assert all(torch.equal(a, b) for a, b in zip(alone[4:], later, strict=True))


def test_a_last_batch_of_several_photos_is_used(tiny_photos: Path, tmp_path: Path) -> None:
    with PhotoCache(tmp_path / "cache") as cache:
        fives = batches(tiny_photos, cache, batch_size=5)
        assert len(fives) == 3
        assert [len(views) for views in take(fives, 3)] == [10, 10, 6]


def test_fixed_views_are_the_same_in_every_epoch(tiny_photos: Path, tmp_path: Path) -> None:
    with PhotoCache(tmp_path / "cache") as cache:
        first, second = (take(batches(tiny_photos, cache, fixed=True), 99) for _ in range(2))
    assert len(first) == 3
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_views_come_normalized_and_in_channels_last_memory_for_any_stretch_of_a_batch(
    tiny_photos: Path, tmp_path: Path
) -> None:
    with PhotoCache(tmp_path / "cache") as cache, batches(tiny_photos, cache, batch_size=5) as fives:
        batch = next(iter(fives.stream(0)))
        whole = batch.views()
        assert whole.dtype == torch.float32
        assert whole.shape == (10, 3, 32, 32)
        assert whole.is_contiguous(memory_format=torch.channels_last)
        assert -2.2 < whole.min() < 0 < whole.max() < 2.7
        assert torch.equal(batch.views(1, 3), whole[[1, 2, 6, 7]])
        assert torch.equal(batch.views(3), whole[[3, 4, 8, 9]])
        assert batch.views(2, 2).shape == (0, 3, 32, 32)


@pytest.mark.parametrize("ranks", [2, 3, 6])
def test_ranks_share_a_batch_among_them_whatever_their_number(tiny_photos: Path, tmp_path: Path, ranks: int) -> None:
    with PhotoCache(tmp_path / "cache") as cache:
        with batches(tiny_photos, cache, batch_size=5) as alone:
            wholes = list(itertools.islice(alone.stream(0), 3))
        shares = []
        for rank in range(ranks):
            with batches(tiny_photos, cache, batch_size=5, part=(rank, ranks)) as some:
                assert (len(some), some.photos_in_epoch) == (3, 13)
                shares.append(list(itertools.islice(some.stream(0), 3)))
    for whole, *parts in zip(wholes, *shares, strict=True):
        assert np.concatenate([part.numbers for part in parts]).tolist() == whole.numbers.tolist()
        for which in range(2):
            together = torch.cat([part.views().chunk(2)[which] for part in parts if part.count])
            assert torch.equal(together, whole.views().chunk(2)[which])
        counts = [part.count for part in parts]
        assert max(counts) - min(counts) <= 1


def test_small_views_come_from_small_copies_that_may_be_deleted_at_any_time(tmp_path: Path) -> None:
    for number in range(4):
        draw(number).resize((800, 600)).save(tmp_path / f"{number}.jpg")
    with PhotoCache(tmp_path / "cache") as cache:
        first = take(batches(tmp_path, cache), 2)
        small = tmp_path / "cache" / "copies-48"
        assert len(list(small.rglob("*.jpg"))) == 4
        assert torch.equal(take(batches(tmp_path, cache), 2)[1], first[1])
        shutil.rmtree(small)
        assert torch.equal(take(batches(tmp_path, cache), 2)[1], first[1])
        take(batches(tmp_path, cache, image_size=160), 1)
        assert {p.name for p in cache.folder.glob("copies*")} == {"copies", "copies-48"}


def photos_with(contents: Iterable[int]) -> TrainingPhotos:
    return TrainingPhotos(
        TrainingPhoto(i, Path(f"{i}.jpg"), f"{i}.jpg", sha256(b"%d" % content).hexdigest())
        for i, content in enumerate(contents)
    )


def test_equal_photos_stay_on_one_side_and_few_move_when_photos_are_added() -> None:
    photos = photos_with(i // 2 for i in range(200))
    learn, held = hold_out(photos, 0.1, seed=0)
    assert len(held) == 20
    assert not {p.content_hash for p in learn} & {p.content_hash for p in held}
    more = photos_with([*(i // 2 for i in range(200)), *range(200, 220)])
    again = {p.content_hash for p in hold_out(more, 0.1, seed=0)[1]}
    assert len(again & {p.content_hash for p in held}) >= 8


def test_where_one_photo_would_be_held_out_none_is() -> None:
    photos = photos_with(range(10))
    assert [len(part) for part in hold_out(photos, 0.1, seed=0)] == [10, 0]
    assert np.array_equal([len(part) for part in hold_out(photos, 0.2, seed=0)], [8, 2])


def test_where_one_photo_would_be_left_to_learn_from_none_is_held_out() -> None:
    photos = photos_with(range(4))
    assert [len(part) for part in hold_out(photos[:3], 0.5, seed=0)] == [3, 0]
    assert np.array_equal([len(part) for part in hold_out(photos, 0.5, seed=0)], [2, 2])
