from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from prismh_engine import jobs
from prismh_engine.core.judge_photos import look_alikes_of
from prismh_engine.photos.duplicates import Duplicate, find_duplicates
from prismh_engine.photos.look import content_hash, look_at
from prismh_engine.photos.record import Look

from .pictures import encoded, picture


def looks_of(*data: bytes) -> tuple[list[Look], list[Image.Image]]:
    pairs = [look_at(one, content_hash(one)) for one in data]
    return [look for look, _ in pairs], [image for _, image in pairs if image is not None]


def found(
    looks: list[Look],
    images: list[Image.Image] | None = None,
    features: dict[str, NDArray[np.float32]] | None = None,
    names: list[str] | None = None,
) -> dict[int, Duplicate]:
    return find_duplicates(
        looks,
        names or [f"{index}.jpg" for index in range(len(looks))],
        alike=jobs.run(look_alikes_of(features)) if features else None,
        thumbnail=lambda index: None if images is None else images[index],
        ccthreshold=0.9,
    )


def at_angles(*degrees: float) -> tuple[list[Look], dict[str, NDArray[np.float32]]]:
    """Photos of falling sharpness whose features point in these directions; their cosines follow from the angles."""
    looks = [
        Look(f"hash{index}", width=100, height=100, sharpness=1000.0 - index, difference_hash=index)
        for index in range(len(degrees))
    ]
    features = {
        look.content_hash: np.array([np.cos(np.radians(d)), np.sin(np.radians(d))], dtype=np.float32)
        for look, d in zip(looks, degrees, strict=True)
    }
    return looks, features


def test_equal_files_hang_on_the_one_with_the_shortest_name() -> None:
    data = encoded(picture(1))
    looks, _ = looks_of(data, data, data)
    assert found(looks, names=["IMG_1 (1).jpg", "IMG_1.jpg", "copy/IMG_1.jpg"]) == {
        0: Duplicate(1, equal_bytes=True),
        2: Duplicate(1, equal_bytes=True),
    }


def test_a_small_or_recompressed_copy_hangs_on_the_better_photo() -> None:
    image = picture(2, (640, 480))
    looks, images = looks_of(encoded(image.resize((320, 240))), encoded(image, quality=95), encoded(image, quality=60))
    assert {index: one.best for index, one in found(looks, images).items()} == {0: 1, 2: 1}


def best_of(first: dict[str, object], second: dict[str, object]) -> int:
    """Which of two photos that look the same is kept."""
    looks, features = at_angles(0, 1)
    facts = [{"sharpness": 390.0}, {"sharpness": 300.0}]
    looks = [
        dataclasses.replace(look, **{**fact, **more})  # type: ignore[arg-type]
        for look, fact, more in zip(looks, facts, (first, second), strict=True)
    ]
    (duplicate,) = found(looks, features=features).values()
    return duplicate.best


def test_of_about_equally_sharp_photos_the_one_that_knows_its_place_or_time_is_kept() -> None:
    place, time = {"latitude": 14.6, "longitude": 121.0}, {"taken_at": "2026-07-14T09:30:00"}
    assert best_of({}, {}) == 0
    assert best_of({}, place) == 1
    assert best_of({}, time) == 1
    assert best_of(time, place) == 1
    assert best_of(place, {**place, **time}) == 1


def test_a_place_does_not_make_up_for_a_photo_that_is_much_worse() -> None:
    place = {"latitude": 14.6, "longitude": 121.0}
    assert best_of({}, {**place, "sharpness": 90.0}) == 0
    assert best_of({"sharpness": 55.0}, {**place, "sharpness": 45.0}) == 0, "it would be judged blurred"
    assert best_of({}, {**place, "width": 50}) == 0
    assert best_of({}, {**place, "truncated": True}) == 0


def test_without_features_a_brighter_copy_is_found_by_its_hash() -> None:
    image = picture(3, (320, 240))
    looks, images = looks_of(encoded(image), encoded(ImageEnhance.Brightness(image).enhance(1.1)))
    assert len(found(looks, images)) == 1


def test_different_photos_are_no_duplicates_though_their_hashes_are_equal() -> None:
    looks, images = looks_of(*(encoded(picture(seed)) for seed in range(4)))
    assert found(looks, images) == {}
    same_hash = [dataclasses.replace(look, difference_hash=7) for look in looks]
    assert found(same_hash, images) == {}


def test_flat_photos_are_alike_only_where_they_are_equally_bright() -> None:
    looks, images = looks_of(*(encoded(Image.new("RGB", (64, 48), (grey,) * 3), "PNG") for grey in (40, 42, 200)))
    duplicates = found(looks, images)
    assert [one.best for one in duplicates.values()] == [0]


def test_near_duplicates_by_features_are_those_within_the_threshold_of_the_best() -> None:
    looks, features = at_angles(0, 20, 80, 75)  # cosine 20 degrees: .94, 5 degrees: .996, 55 and more: below .58
    assert found(looks, features=features) == {
        1: Duplicate(0, equal_bytes=False),
        3: Duplicate(2, equal_bytes=False),
    }


def test_a_chain_of_alike_photos_is_no_group() -> None:
    looks, features = at_angles(0, 20, 40, 60)
    duplicates = found(looks, features=features)
    assert {index: one.best for index, one in duplicates.items()} == {1: 0, 3: 2}
    assert not {one.best for one in duplicates.values()} & set(duplicates)


def test_a_copy_of_a_near_duplicate_hangs_on_the_best_photo_of_all() -> None:
    looks, features = at_angles(0, 10)
    looks.append(looks[1])
    assert found(looks, features=features)[2] == Duplicate(0, equal_bytes=False)


def test_photos_without_features_are_compared_by_hash_with_those_that_have_them() -> None:
    image = picture(5, (320, 240))
    looks, images = looks_of(encoded(image, quality=95), encoded(image, quality=60))
    features = {looks[0].content_hash: np.ones(4, dtype=np.float32)}
    assert {index: one.best for index, one in found(looks, images, features).items()} == {1: 0}


def test_photos_that_cannot_be_used_are_nobodys_duplicates() -> None:
    looks, _ = looks_of(b"no picture", b"no picture")
    assert found(looks) == {}
