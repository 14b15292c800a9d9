from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from prismh_engine import files
from prismh_engine.errors import PrismhError
from prismh_engine.project import Project, feature_sets
from prismh_engine.project.feature_sets import Encoder

from ..invented import fill, look

ENCODER = Encoder("resnet18", "1" * 64, 96, 3)


def _rows(start: int, stop: int) -> tuple[list[str], np.ndarray]:
    numbers = np.arange(start, stop)
    return [look(i).content_hash for i in numbers], np.stack([numbers, -numbers, numbers * 2], axis=1).astype(
        np.float32
    )


def test_rows_are_read_in_the_order_of_the_photos_over_several_blocks(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feature_sets, "BLOCK_ROWS", 4)
    photos = fill(project, tmp_path / "photos", {f"{i:02}.jpg": look(i) for i in range(12)})
    features = project.features.ensure("starter", ENCODER)
    for start, stop in ((0, 3), (3, 5), (5, 11)):
        features.append(*_rows(start, stop))
    present, embeddings = features.read(photos[::-1])
    assert [photo.id for photo in present] == [photo.id for photo in photos[-2::-1]]
    assert embeddings[:, 0].tolist() == list(range(10, -1, -1))
    assert [photo.id for photo in features.missing(photos)] == [photos[11].id]
    assert sorted(path.name for path in (project.folder / "features" / "starter").iterdir()) == [
        "0.npy", "1.npy", "2.npy",
    ]  # fmt: skip


def test_photos_with_equal_bytes_share_a_row(project: Project, tmp_path: Path) -> None:
    photos = fill(project, tmp_path / "photos", {"a.jpg": look(1), "copy.jpg": look(1)})
    features = project.features.ensure("starter", ENCODER)
    assert len(features.missing(photos)) == 1
    features.append(*_rows(1, 2))
    assert features.missing(photos) == []
    assert features.read(photos)[1].tolist() == [[1, -1, 2], [1, -1, 2]]


def test_a_disk_that_refuses_leaves_the_rows_that_were_there(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = fill(project, tmp_path / "photos", {f"{i:02}.jpg": look(i) for i in range(6)})
    features = project.features.ensure("starter", ENCODER)
    features.append(*_rows(0, 3))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "replace", full)
        with pytest.raises(PrismhError, match="the disk is full"):
            features.append(*_rows(3, 6))
    assert len(features.rows()) == 3
    features.append(*_rows(3, 6))
    assert features.read(photos)[1][:, 0].tolist() == [0, 1, 2, 3, 4, 5]


def test_another_encoder_of_the_same_name_starts_afresh(project: Project, tmp_path: Path) -> None:
    photos = fill(project, tmp_path / "photos", {"a.jpg": look(0)})
    features = project.features.ensure("run-1", ENCODER)
    features.append(*_rows(0, 1))
    assert project.features.ensure("run-1", ENCODER).id == features.id
    other = project.features.ensure("run-1", Encoder("resnet18", "2" * 64, 96, 3))
    assert other.missing(photos) == photos
    assert other.read(photos)[1].shape == (0, 3)


def test_the_newest_features_are_those_of_the_newest_run(project: Project) -> None:
    with pytest.raises(PrismhError, match="run extract first"):
        project.features.newest()
    project.features.ensure("starter", ENCODER)
    assert project.features.newest().name == "starter"
    project.features.ensure("run-1", ENCODER, project.runs.new())
    assert project.features.newest().name == "run-1"
    # A starter of another version that comes later is still no run.
    project.features.ensure("starter", Encoder("efficientnet_lite0", "3" * 64, 224, 3))
    assert project.features.newest().name == "run-1"


def test_two_programs_that_add_the_same_rows_lose_none_and_double_none(project: Project, tmp_path: Path) -> None:
    photos = fill(project, tmp_path / "photos", {f"{i}.jpg": look(i) for i in range(6)})
    features = project.features.ensure("starter", ENCODER)
    with Project.open(project.folder) as other:
        there = other.features.ensure("starter", ENCODER)
        there.append(*_rows(0, 4))
        features.append(*_rows(2, 6))
        assert there.read(photos)[1][:, 0].tolist() == list(range(6))
    assert sorted(features.rows().values()) == list(range(6))


def test_rows_of_an_encoder_that_was_replaced_meanwhile_touch_nothing(project: Project, tmp_path: Path) -> None:
    photos = fill(project, tmp_path / "photos", {"a.jpg": look(1)})
    old = project.features.ensure("run-1", ENCODER)
    new = project.features.ensure("run-1", Encoder("resnet18", "2" * 64, 96, 3))
    new.append(*_rows(1, 2))
    with pytest.raises(PrismhError, match="made anew by another program"):
        old.append([look(1).content_hash], np.full((1, 3), 9, np.float32))
    assert new.read(photos)[1].tolist() == [[1, -1, 2]]


def test_features_of_a_run_that_has_seen_no_photo_yet_are_not_the_newest(project: Project) -> None:
    project.features.ensure("starter", ENCODER).append(*_rows(0, 1))
    learned = project.features.ensure("run-1", ENCODER, project.runs.new())
    assert project.features.newest().name == "starter"
    learned.append(*_rows(0, 1))
    assert project.features.newest().name == "run-1"
