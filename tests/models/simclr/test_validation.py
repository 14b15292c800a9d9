from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from prismh_engine import jobs
from prismh_engine.errors import PrismhError
from prismh_engine.jobs import Progress, Stopped, StopToken
from prismh_engine.models import starter
from prismh_engine.models.encode_photos import cache_key
from prismh_engine.models.simclr import starter_rows, validation
from prismh_engine.models.simclr.training_photos import TrainingPhoto, TrainingPhotos, photos_of_folder
from prismh_engine.photos import scenes
from prismh_engine.photos.cache import PhotoCache
from prismh_engine.project import Project


def gone(count: int) -> TrainingPhotos:
    """Photos whose files are not there any more, so that only features kept before can tell what they show."""
    return TrainingPhotos(TrainingPhoto(i, Path(f"gone/{i}.jpg"), f"{i}.jpg", f"{i:064x}") for i in range(count))


def directions(degrees: list[float]) -> np.ndarray:
    """Starter features [N, 1280] at these angles; the cosine of 20 degrees is .94, of 30 degrees .87."""
    features = np.zeros((len(degrees), starter.DIMENSION), dtype=np.float32)
    features[:, 0], features[:, 1] = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return 7 * features


def same(numbers: np.ndarray) -> list[list[bool]]:
    return (numbers[:, None] == numbers[None]).tolist()


@pytest.mark.parametrize("at_once", [3, 4096])
def test_a_chain_of_near_duplicates_shares_a_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(starter_rows, "_PHOTOS_AT_ONCE", at_once)
    photos = gone(8)
    with PhotoCache(tmp_path / "cache") as cache:
        contents = [photo.content_hash for photo in photos[:7]]  # the last one is not known and cannot be read
        cache.store_features(cache_key(starter.identity()), contents, directions([0, 90, 20, 180, 40, 210, 100]))
        copy = TrainingPhoto(8, Path("copy.jpg"), "copy.jpg", photos[3].content_hash)
        said: list[Progress] = []
        numbers = jobs.run(validation.alike(TrainingPhotos([*photos, copy]), cache), said.append)
        left = list(cache.folder.glob("**/*.npy")) + list(cache.folder.glob("tmp*"))
    chains = [0, 1, 0, 2, 0, 3, 1, 4, 2]
    assert numbers.dtype == np.int64
    assert same(numbers) == same(np.array(chains))
    assert not left
    for before, after in itertools.pairwise(said):
        assert before.what != after.what or before.done <= after.done <= (after.total or 0)


def test_the_features_a_project_keeps_are_used(project: Project, tmp_path: Path) -> None:
    photos = gone(3)
    features = project.features.ensure("starter", starter.identity())
    features.append([photo.content_hash for photo in photos], directions([0, 90, 10]))
    with PhotoCache(tmp_path / "cache") as cache:
        assert same(jobs.run(validation.alike(photos, cache, None, project))) == same(np.array([0, 1, 0]))
        assert same(jobs.run(validation.alike(photos, cache))) == same(np.array([0, 1, 2]))


def test_features_of_another_starter_are_not_mixed_in(project: Project, tmp_path: Path) -> None:
    photos = gone(2)
    older = project.features.ensure("starter", starter.identity(128))
    older.append([photo.content_hash for photo in photos], directions([0, 0]))
    with PhotoCache(tmp_path / "cache") as cache:
        numbers = jobs.run(validation.alike(photos, cache, None, project))
    assert numbers[0] != numbers[1]


def test_photos_made_lighter_are_found_by_what_they_show_and_the_cache_remembers(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, kind, number in (("a", "drum", 0), ("c", "puddle", 1)):
        image = scenes.draw_scene(kind, number, (320, 240))
        image.save(folder / f"{name}.png")
        ImageEnhance.Brightness(image.convert("RGB")).enhance(1.15).save(folder / f"{name}_lighter.png")
    Image.new("RGB", (320, 240), "white").save(folder / "e.png")
    with PhotoCache(tmp_path / "cache") as cache:
        photos = jobs.run(photos_of_folder(folder, cache, None))
        numbers = jobs.run(validation.alike(photos, cache))
        assert [photo.file_path for photo in photos] == ["a.png", "a_lighter.png", "c.png", "c_lighter.png", "e.png"]
        assert same(numbers) == same(np.array([0, 0, 1, 1, 2]))
        known = cache.features(cache_key(starter.identity()), [photo.content_hash for photo in photos])
        assert len(known) == 5


def test_a_stop_leaves_the_search(tmp_path: Path) -> None:
    stop = StopToken()
    stop.stop()
    with PhotoCache(tmp_path / "cache") as cache, pytest.raises(Stopped):
        jobs.run(validation.alike(gone(3), cache, stop), None, stop)


def test_a_disk_that_refuses_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> None:
        raise OSError(28, "No space left on device")

    with PhotoCache(tmp_path / "cache") as cache:
        monkeypatch.setattr(tempfile, "TemporaryFile", full)
        with pytest.raises(PrismhError, match="the disk is full"):
            jobs.run(validation.alike(gone(3), cache))
