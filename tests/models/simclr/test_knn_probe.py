from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from prismh_engine import jobs
from prismh_engine.errors import PrismhError
from prismh_engine.models.ranks import ALONE, Ranks
from prismh_engine.models.simclr import knn_probe
from prismh_engine.models.simclr.knn_probe import KnnProbe, encode_whole_frames, read_labels
from prismh_engine.models.simclr.training_photos import TrainingPhoto, TrainingPhotos, photos_of_folder
from prismh_engine.photos.cache import PhotoCache

from ..several_ranks import in_ranks


def named(*file_paths: str) -> TrainingPhotos:
    return TrainingPhotos(TrainingPhoto(i, Path(path), path, f"{i:064x}") for i, path in enumerate(file_paths))


def table(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(["file_path,label", *rows]), encoding="utf-8")
    return path


def test_folders_with_two_photos_or_more_are_classes() -> None:
    photos = named("drum/1.jpg", "drum/2.jpg", "pot/1.jpg", "pot/old/3.jpg", "pot/old/4.jpg", "tyre.jpg")
    assert read_labels(None, photos) == {0: "drum", 1: "drum", 3: "pot/old", 4: "pot/old"}


def test_one_folder_says_nothing_of_classes() -> None:
    assert read_labels(None, named("1.jpg", "2.jpg", "drum/3.jpg")) == {}
    assert read_labels(None, []) == {}


def test_of_several_labels_of_a_photo_the_first_counts(tmp_path: Path) -> None:
    labels = table(tmp_path / "labels.csv", "a.jpg,drum", "a.jpg,tyre", "b.jpg,", "b.jpg, tyre ", "c.jpg,")
    assert read_labels(labels, named("a.jpg", "b.jpg", "c.jpg")) == {0: "drum", 1: "tyre"}


def test_paths_that_are_not_among_the_photos_are_named(tmp_path: Path) -> None:
    notes: list[str] = []
    labels = table(tmp_path / "labels.csv", "a.jpg,drum", "b.jpg,tyre", "x.jpg,drum")
    assert read_labels(labels, named("a.jpg", "b.jpg"), notes) == {0: "drum", 1: "tyre"}
    assert notes == [
        f"{labels} labels 1 path that is not among the photos to learn from, and left out: x.jpg."
    ]  # fmt: skip
    labels = table(tmp_path / "more.csv", "a.jpg,drum", "b.jpg,tyre", *(f"x{i}.jpg,drum" for i in range(1500)))
    read_labels(labels, named("a.jpg", "b.jpg"), notes)
    assert "1,500 paths that are not" in notes[1]
    assert notes[1].endswith("x0.jpg, x1.jpg, x2.jpg, ....")


def test_a_table_that_labels_none_of_the_photos_is_refused_with_an_example(tmp_path: Path) -> None:
    labels = table(tmp_path / "labels.csv", "C:/photos/a.jpg,drum", "C:/photos/b.jpg,tyre")
    with pytest.raises(PrismhError, match=r"labels none of the photos.*'C:/photos/a.jpg', they are like 'a.jpg'"):
        read_labels(labels, named("a.jpg", "b.jpg"))


def test_a_table_with_one_label_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PrismhError, match="the one label 'drum'"):
        read_labels(table(tmp_path / "labels.csv", "a.jpg,drum", "b.jpg,drum"), named("a.jpg", "b.jpg"))


def test_a_file_that_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PrismhError, match="Cannot read"):
        read_labels(tmp_path / "nowhere.csv", named("a.jpg"))


@pytest.fixture
def coloured(tmp_path: Path) -> Iterator[tuple[TrainingPhotos, PhotoCache]]:
    """30 photos in the folders red, green and blue, each of its colour but for noise, some hard to tell."""
    random = np.random.default_rng(0)
    for channel, name in enumerate(("red", "green", "blue")):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(10):
            pixels = random.integers(60, 120, (48, 64, 3))
            pixels[..., channel] += 5 * number
            Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "photos" / name / f"{number}.png")
    with PhotoCache(tmp_path / "cache") as cache:
        yield jobs.run(photos_of_folder(tmp_path / "photos", cache, None)), cache


def colours(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    assert images.shape[1:] == (32, 32, 3)
    assert images.dtype == np.uint8
    return images.mean(axis=(1, 2)).astype(np.float32)


def told_right(features: NDArray[np.float32], classes: list[str]) -> float:
    """Leave-one-out kNN accuracy, photo by photo: 20 neighbours by cosine that vote with exp(cosine / .07)."""
    rows = features / np.linalg.norm(features, axis=1, keepdims=True)
    right = 0
    for own, row in enumerate(rows):
        cosines = {other: float(row @ rows[other]) for other in range(len(rows)) if other != own}
        votes: dict[str, float] = {}
        for other in sorted(cosines, key=lambda other: -cosines[other])[:20]:
            votes[classes[other]] = votes.get(classes[other], 0) + np.exp(cosines[other] / 0.07)
        right += max(votes, key=lambda name: votes[name]) == classes[own]
    return right / len(rows)


def test_the_accuracy_is_that_of_neighbours_that_vote_by_their_cosine(
    coloured: tuple[TrainingPhotos, PhotoCache],
) -> None:
    photos, cache = coloured
    measured = KnnProbe(photos, read_labels(None, photos), cache, 32).measure(colours, ALONE)
    features = encode_whole_frames(photos, cache, 32, colours, ALONE)
    assert features is not None
    assert measured == pytest.approx(told_right(features, [photo.file_path.split("/")[0] for photo in photos]))
    assert 0.4 < measured < 1


def test_a_better_encoder_measures_better(coloured: tuple[TrainingPhotos, PhotoCache]) -> None:
    photos, cache = coloured
    knn = KnnProbe(photos, read_labels(None, photos), cache, 32)
    shares = knn.measure(lambda images: colours(images) - colours(images).mean(axis=1, keepdims=True), ALONE)
    nothing = knn.measure(lambda images: np.ones((len(images), 4), dtype=np.float32), ALONE)
    assert shares is not None
    assert nothing is not None
    assert shares > nothing + 0.3


def test_the_rows_of_whole_frames_stand_in_the_order_of_the_photos(
    coloured: tuple[TrainingPhotos, PhotoCache],
) -> None:
    photos, cache = coloured
    forward = encode_whole_frames(photos, cache, 32, colours, ALONE)
    backward = encode_whole_frames(photos[::-1], cache, 32, colours, ALONE)
    assert forward is not None
    assert backward is not None
    assert np.array_equal(forward, backward[::-1])


def test_only_labelled_photos_are_measured_and_of_many_always_the_same(
    coloured: tuple[TrainingPhotos, PhotoCache], monkeypatch: pytest.MonkeyPatch
) -> None:
    photos, cache = coloured
    labels = {number: label for number, label in read_labels(None, photos).items() if label != "red"}
    assert len(KnnProbe(photos, labels, cache, 32).photos) == 20
    monkeypatch.setattr(knn_probe, "MOST_PHOTOS", 7)
    some = KnnProbe(photos, labels, cache, 32).photos
    assert len(some) == 7
    assert sorted(p.number for p in KnnProbe(photos[::-1], labels, cache, 32).photos) == [p.number for p in some]


def test_without_two_classes_nothing_is_measured(coloured: tuple[TrainingPhotos, PhotoCache]) -> None:
    photos, cache = coloured
    assert KnnProbe(photos, {}, cache, 32).measure(colours, ALONE) is None
    assert KnnProbe(photos, {0: "red", 1: "red"}, cache, 32).measure(colours, ALONE) is None


def test_a_photo_that_is_gone_is_said(coloured: tuple[TrainingPhotos, PhotoCache]) -> None:
    photos, cache = coloured
    lost = TrainingPhoto(99, Path("lost.jpg"), "red/lost.jpg", "0" * 64)
    knn = KnnProbe(TrainingPhotos([*photos, lost]), {**read_labels(None, photos), 99: "red"}, cache, 32)
    with pytest.raises(PrismhError, match=r"lost\.jpg cannot be read any more"):
        knn.measure(colours, ALONE)


def test_whatever_breaks_the_encoder_off_leaves_the_measurement(
    coloured: tuple[TrainingPhotos, PhotoCache],
) -> None:
    class AskedError(Exception):
        pass

    def asked(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        raise AskedError

    photos, cache = coloured
    with pytest.raises(AskedError):
        KnnProbe(photos, read_labels(None, photos), cache, 32).measure(asked, ALONE)


def _measured_by(ranks: Ranks, folder: str, cache_folder: str) -> tuple[float | None, int, str]:
    """The accuracy, how many photos this rank encoded for it, and what a photo that only rank 1 cannot read does."""
    encoded = []

    def counted(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        encoded.append(len(images))
        return colours(images)

    with PhotoCache(Path(cache_folder)) as cache:
        photos = jobs.run(photos_of_folder(Path(folder), cache, None))
        accuracy = KnnProbe(photos, read_labels(None, photos), cache, 32).measure(counted, ranks)
        count = sum(encoded)
        lost = TrainingPhoto(99, Path("lost.jpg"), "red/lost.jpg", "0" * 64)
        try:
            encode_whole_frames([*photos, lost], cache, 32, counted, ranks)
        except PrismhError as error:
            return accuracy, count, str(error)
    return accuracy, count, ""


def test_ranks_share_the_photos_and_tell_the_same_as_one_process(
    coloured: tuple[TrainingPhotos, PhotoCache],
) -> None:
    photos, cache = coloured
    alone = KnnProbe(photos, read_labels(None, photos), cache, 32).measure(colours, ALONE)
    first, second = in_ranks(2, _measured_by, str(photos[0].path.parent.parent), str(cache.folder))
    assert first[:2] == second[:2] == (alone, 15)
    assert "lost.jpg cannot be read any more" in second[2]
    assert first[2].startswith("Rank 1 of 2 could not go on")
