from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from prismh_engine import jobs
from prismh_engine.models.simclr import embedding_log
from prismh_engine.models.simclr.training_photos import TrainingPhotos, photos_of_folder
from prismh_engine.photos.cache import PhotoCache

from .conftest import COUNT


@pytest.fixture
def logged(tmp_path: Path) -> Path:
    return tmp_path / "tensorboard"


def write(folder: Path, photos: TrainingPhotos, cache: PhotoCache, labels: dict[int, str] | None = None) -> Path:
    from torch.utils.tensorboard import SummaryWriter

    features = np.array([[photo.number + 1.0, 1.0, 0.0] for photo in photos], dtype=np.float32)
    with SummaryWriter(str(folder)) as writer:
        embedding_log.write(writer, features, photos, cache, labels, step=7)
    return folder / "00007" / "embeddings"


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream, delimiter="\t"))


def test_the_projector_finds_features_paths_and_thumbnails(tiny_photos: Path, tmp_path: Path, logged: Path) -> None:
    with PhotoCache(tmp_path / "cache") as cache:
        photos = jobs.run(photos_of_folder(tiny_photos, cache, None))
        found = write(logged, photos, cache)
    assert rows(found / "metadata.tsv") == [[photo.file_path] for photo in photos]
    vectors = np.array(rows(found / "tensors.tsv"), dtype=float)
    assert vectors.shape == (COUNT, 3)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)
    assert np.allclose(vectors[:, 0] / vectors[:, 1], np.arange(COUNT) + 1, rtol=1e-3)
    config = (logged / "projector_config.pbtxt").read_text()
    assert "00007/embeddings/sprite.png" in config
    with Image.open(found / "sprite.png") as sprite:
        assert sprite.width == sprite.height == 4 * 64
        place = sprite.crop((64, 0, 128, 64))
    with Image.open(tiny_photos / "01.png") as photo:
        expected = photo.convert("RGB").resize((64, 64), Image.Resampling.BICUBIC)
    assert np.abs(np.asarray(place, dtype=float) - np.asarray(expected, dtype=float)).mean() < 12


def test_labels_stand_beside_the_paths(tiny_photos: Path, tmp_path: Path, logged: Path) -> None:
    with PhotoCache(tmp_path / "cache") as cache:
        photos = jobs.run(photos_of_folder(tiny_photos, cache, None))
        found = write(logged, photos, cache, {0: "drum", 2: "a\ttyre\n"})
    table = rows(found / "metadata.tsv")
    assert table[0] == ["file_path", "label"]
    assert [row[1] for row in table[1:4]] == ["drum", "", "a tyre"]
    assert len(table) == COUNT + 1


def test_of_many_photos_some_are_taken_with_their_own_features(
    tiny_photos: Path, tmp_path: Path, logged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding_log, "MOST_PHOTOS", 5)
    with PhotoCache(tmp_path / "cache") as cache:
        found = write(logged, jobs.run(photos_of_folder(tiny_photos, cache, None)), cache)
    names, vectors = rows(found / "metadata.tsv"), np.array(rows(found / "tensors.tsv"), dtype=float)
    assert len(names) == len(vectors) == 5
    assert [round(first / second) - 1 for first, second, _ in vectors] == [int(name[:2]) for (name,) in names]


def test_writing_the_same_step_again_says_nothing_on_standard_output(
    tiny_photos: Path, tmp_path: Path, logged: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with PhotoCache(tmp_path / "cache") as cache:
        photos = jobs.run(photos_of_folder(tiny_photos, cache, None))
        write(logged, photos, cache)
        found = write(logged, photos[:3], cache)
    assert len(rows(found / "metadata.tsv")) == 3
    assert capsys.readouterr().out == ""


def test_no_photo_leaves_no_log(tmp_path: Path, logged: Path) -> None:
    with PhotoCache(tmp_path / "cache") as cache:
        assert not write(logged, [], cache).exists()
