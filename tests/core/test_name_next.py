"""Which photos to name next: typical and different ones first, then those that names leave open."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from prismh_engine import jobs
from prismh_engine.core.name_next import name_next
from prismh_engine.errors import PrismhError
from prismh_engine.project import Project

from ..invented import add_features, fill, fill_with_embeddings, heaps, look


def test_without_names_one_typical_photo_of_each_kind_comes_first(project: Project, tmp_path: Path) -> None:
    embeddings, heap = heaps((60, 40, 30, 20), dimension=96, spread=0.5)
    photos = fill_with_embeddings(project, tmp_path / "photos", embeddings)
    kinds = {photo.id: int(own) for photo, own in zip(photos, heap, strict=True)}
    asked = jobs.run(name_next(project, "starter", count=4))
    assert [kinds[i] for i in asked] == [0, 1, 2, 3]  # the largest kind first
    rows = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    for photo_id in asked:
        own = heap == kinds[photo_id]
        to_centre = rows[own] @ rows[own].mean(axis=0)
        assert rows[photo_id - photos[0].id] @ rows[own].mean(axis=0) > np.median(to_centre)


def test_kinds_that_bear_a_name_wait_for_the_others(project: Project, tmp_path: Path) -> None:
    embeddings, heap = heaps((60, 40, 30), spread=0.5)
    photos = fill_with_embeddings(project, tmp_path / "photos", embeddings)
    project.labels.name_photos([photos[0].id, photos[1].id], "Drums")
    asked = jobs.run(name_next(project, "starter", count=1))
    assert heap[asked[0] - photos[0].id] == 1


def test_with_five_names_of_each_kind_photos_between_them_come_first(project: Project, tmp_path: Path) -> None:
    embeddings, heap = heaps((60, 60), spread=0.5)
    between = [7, 25, 70, 100]
    embeddings[between] = np.eye(16)[0] + np.eye(16)[1] + 0.5 * np.eye(16)[2:6]
    photos = fill_with_embeddings(project, tmp_path / "photos", embeddings)
    for kind, name in enumerate(("Drums", "Tyres")):
        own = [photo.id for i, photo in enumerate(photos) if heap[i] == kind and i not in between][:6]
        project.labels.name_photos(own, name)
    asked = jobs.run(name_next(project, "starter", count=4))
    assert set(asked) == {photos[i].id for i in between}


def test_names_of_groups_teach_but_their_photos_may_be_asked_for(project: Project, tmp_path: Path) -> None:
    embeddings, heap = heaps((30, 30), spread=0.5)
    embeddings[[3, 40]] = np.eye(16)[0] + np.eye(16)[1] + 0.5 * np.eye(16)[2:4]
    photos = fill_with_embeddings(project, tmp_path / "photos", embeddings)
    for kind, name in enumerate(("Drums", "Tyres")):
        project.labels.name_group([photo.id for i, photo in enumerate(photos) if heap[i] == kind], name)
    assert set(jobs.run(name_next(project, "starter", count=2))) == {photos[3].id, photos[40].id}


@pytest.mark.parametrize("each", [0, 6])
def test_near_duplicates_are_never_asked_for_twice(project: Project, tmp_path: Path, each: int) -> None:
    embeddings, heap = heaps((12, 12), dimension=64, spread=2.0)
    # Each photo twice, nearly.
    twice = np.repeat(embeddings, 2, axis=0) * np.tile([1.0, 1.01], 24)[:, None]
    photos = fill_with_embeddings(project, tmp_path / "photos", twice.astype(np.float32))
    scene = {photo.id: i // 2 for i, photo in enumerate(photos)}
    for kind, name in enumerate(("Drums", "Tyres")):
        own = [photo.id for i, photo in enumerate(photos) if heap[i // 2] == kind][: 2 * each : 2]
        if own:
            project.labels.name_photos(own, name)
    named = {scene[i] for i in project.labels.of_photos()}
    asked = Counter(scene[i] for i in jobs.run(name_next(project, "starter", count=48)))
    assert len(asked) == 24 - 2 * each
    assert set(asked.values()) == {1}
    assert not named.intersection(asked)
    # Learned features may make everything alike; what is the same picture is asked of the starter's.
    add_features(project, np.ones((48, 8), dtype=np.float32) + heaps((48,), dimension=8)[0] * 1e-3, "learned")
    assert len(jobs.run(name_next(project, "learned", count=48))) == 24 - 2 * each


def test_the_same_names_bring_the_same_photos(project: Project, tmp_path: Path) -> None:
    photos = fill_with_embeddings(project, tmp_path / "photos", heaps((60, 60), spread=1.5)[0])
    first = jobs.run(name_next(project, "starter", count=10))
    assert jobs.run(name_next(project, "starter", count=10)) == first
    project.labels.name_photos(first, "Drums")
    assert not set(first).intersection(jobs.run(name_next(project, "starter", count=10)))
    assert len(photos) == 120


def test_when_all_photos_were_named_none_is_asked_for(project: Project, tmp_path: Path) -> None:
    photos = fill_with_embeddings(project, tmp_path / "photos", heaps((5,))[0])
    assert len(jobs.run(name_next(project, "starter"))) > 0
    project.labels.name_photos([photo.id for photo in photos], "Drums")
    assert jobs.run(name_next(project, "starter")) == []


def test_photos_that_are_set_aside_or_have_no_features_are_not_asked_for(project: Project, tmp_path: Path) -> None:
    photos = fill_with_embeddings(project, tmp_path / "photos", np.eye(12, dtype=np.float32))
    fill(project, tmp_path / "photos", {"new.jpg": look(99)})
    project.photos.overrule([photos[0].id], "set aside")
    assert set(jobs.run(name_next(project, "starter"))) == {photo.id for photo in photos[1:]}
    with pytest.raises(PrismhError, match="no features 'learned'"):
        jobs.run(name_next(project, "learned"))
