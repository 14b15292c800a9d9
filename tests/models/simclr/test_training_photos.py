from __future__ import annotations

import hashlib
import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from prismh_engine.models.simclr.training_photos import (
    TrainingPhoto,
    TrainingPhotos,
    drawn,
    hold_out,
    photos_of_project,
)
from prismh_engine.project import Project
from prismh_engine.project.photo_catalogue import Judgement

from ...invented import fill, look


def some_photos(count: int) -> TrainingPhotos:
    return TrainingPhotos(TrainingPhoto(i, Path(f"{i}.jpg"), f"{i}.jpg", digest(f"content {i}")) for i in range(count))


def digest(text: str) -> str:
    return hashlib.sha256(os.fsencode(text)).hexdigest()


def numbers(photos: TrainingPhotos) -> list[int]:
    return photos.numbers.tolist()


def test_packed_photos_come_out_as_they_went_in() -> None:
    names = ["a.jpg", "b c/\n\"'.jpg", "\u05e9\u05dc\u05d5\u05dd \U0001f99f.jpg", os.fsdecode(b"caf\xe9.jpg")]
    given = [TrainingPhoto(7 * i, Path("photos") / name, f"photos/{i}", digest(name)) for i, name in enumerate(names)]
    photos = TrainingPhotos(given)
    assert list(photos) == given
    assert list(photos[1:3]) == given[1:3]
    assert photos[-1] == given[-1]
    assert list(photos.take(np.array([3, 0]))) == [given[3], given[0]]
    assert list(photos.take(np.array([True, False, False, True]))) == [given[0], given[3]]
    assert list(photos[:0]) == list(TrainingPhotos()) == []
    with pytest.raises(IndexError):
        photos[4]


def test_photos_that_look_alike_stay_on_one_side_of_the_validation() -> None:
    photos = some_photos(300)
    alike = np.random.default_rng(0).integers(0, 100, 300)
    for seed in range(5):
        learn, held = hold_out(photos, 0.2, seed, alike)
        assert sorted(numbers(learn) + numbers(held)) == list(range(300))
        assert 55 <= len(held) <= 60
        assert not set(alike[numbers(learn)]) & set(alike[numbers(held)])


def test_who_is_held_out_hangs_on_the_seed_and_not_on_how_groups_are_numbered() -> None:
    photos, alike = some_photos(100), np.arange(100) // 2
    held = numbers(hold_out(photos, 0.2, 0, alike)[1])
    assert numbers(hold_out(photos, 0.2, 0, 7 * (99 - alike))[1]) == held
    assert numbers(hold_out(photos, 0.2, 1, alike)[1]) != held


def test_without_look_alikes_the_split_is_that_by_content_alone() -> None:
    photos = some_photos(100)
    by_number, by_content = hold_out(photos, 0.1, 0, np.arange(100)), hold_out(photos, 0.1, 0)
    assert [numbers(part) for part in by_number] == [numbers(part) for part in by_content]


def test_a_large_group_of_look_alikes_is_learned_from_and_others_are_held_out() -> None:
    photos, alike = some_photos(100), np.maximum(np.arange(100) - 79, 0)  # the first 80 are one group
    learn, held = hold_out(photos, 0.1, 0, alike)
    assert len(held) == 10
    assert set(range(80)) <= set(numbers(learn))


def test_where_all_photos_look_alike_none_is_held_out() -> None:
    photos = some_photos(50)
    learn, held = hold_out(photos, 0.1, 0, np.zeros(50, dtype=np.int64))
    assert (list(learn), list(held)) == (list(photos), [])


def test_a_draw_of_photos_is_the_same_in_any_order_and_keeps_the_given_one() -> None:
    photos = some_photos(100)
    some = drawn(photos, 10)
    assert len(some) == 10
    assert numbers(some) == sorted(numbers(some))
    assert sorted(numbers(drawn(photos[::-1], 10))) == numbers(some)
    assert list(drawn(photos, 100)) == list(photos)


def test_a_project_gives_the_photos_it_uses_in_order_of_their_paths(project: Project, tmp_path: Path) -> None:
    names = ["b.jpg", "=sum.jpg", "c.jpg", "a b/x.jpg", "a/x.jpg", "gone.jpg"]
    filled = fill(project, tmp_path / "photos", {name: look(i) for i, name in enumerate(names)})
    project.photos.judge([Judgement(filled[2].id, "dark")])
    project.photos.mark_missing(filled[5].folder_id, ["gone.jpg"])
    used = project.photos.used()
    assert [photo.file_path for photo in used] == [
        "photos/=sum.jpg", "photos/a b/x.jpg", "photos/a/x.jpg", "photos/b.jpg",
    ]  # fmt: skip
    assert [(p.number, p.file_path, p.path, p.content_hash) for p in photos_of_project(project)] == [
        (number, p.file_path, p.path, p.look.content_hash) for number, p in enumerate(used)
    ]


def test_many_photos_take_little_memory(project: Project, tmp_path: Path) -> None:
    count = 2000
    fill(project, tmp_path / "photos", {f"IMG_{i:06}.jpg": look(i, brightness=0.1 * i) for i in range(count)})
    photos_of_project(project)
    tracemalloc.start()
    try:
        photos = photos_of_project(project)
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(photos) == count
    assert held / count < 220
    assert (peak - held) / count < 300


def test_photos_whose_label_teaches_are_never_held_out_nor_those_like_them() -> None:
    photos = some_photos(100)
    alike = np.arange(100) // 2
    held = numbers(hold_out(photos, 0.2, 0, alike)[1])
    teaching = np.zeros(100, dtype=bool)
    teaching[held[:3]] = True
    learn, held_now = hold_out(photos, 0.2, 0, alike, teaching)
    assert not set(alike[teaching]) & {number // 2 for number in numbers(held_now)}
    assert 16 <= len(held_now) <= 20
    assert set(held[:3]) <= set(numbers(learn))
