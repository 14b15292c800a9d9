"""Similar, unusual and nearly equal photos of a project."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from prismh_engine import jobs
from prismh_engine.core.judge_photos import judge_project
from prismh_engine.core.look_alikes import near_duplicate_groups, similar, unusual
from prismh_engine.errors import PrismhError
from prismh_engine.project import Photo, Project

from ..invented import add_features, fill, fill_with_embeddings, heaps, look


def _brute_force(embeddings: NDArray[np.float32], given: list[int]) -> list[int]:
    """All other rows, the most alike to the mean direction first, in float64."""
    rows = embeddings.astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = rows @ rows[given].mean(axis=0)
    return [int(i) for i in np.argsort(-cosines, kind="stable") if i not in given]


def _ids(photos: list[Photo], rows: list[int]) -> list[int]:
    return [photos[row].id for row in rows]


@pytest.mark.parametrize("given", [[3], [3, 60, 61]])
def test_similar_photos_are_those_of_a_float64_brute_force(project: Project, tmp_path: Path, given: list[int]) -> None:
    embeddings, _ = heaps((50, 40, 30), spread=1.5)
    photos = fill_with_embeddings(project, tmp_path / "photos", embeddings)
    found = jobs.run(similar(project, "starter", _ids(photos, given), count=40))
    assert [photo_id for photo_id, _ in found] == _ids(photos, _brute_force(embeddings, given)[:40])
    cosines = [cosine for _, cosine in found]
    assert cosines == sorted(cosines, reverse=True)
    assert all(-1 <= cosine <= 1 for cosine in cosines)


def test_similar_over_several_blocks_of_rows_and_after_rows_were_added(project: Project, tmp_path: Path) -> None:
    embeddings, _ = heaps((3000, 3000), dimension=8, spread=2.0)
    photos = fill_with_embeddings(project, tmp_path / "photos", embeddings[:5000])
    first = jobs.run(similar(project, "starter", [photos[7].id], count=5))
    assert [i for i, _ in first] == _ids(photos, _brute_force(embeddings[:5000], [7])[:5])
    # The very same picture comes later.
    fill(project, tmp_path / "photos", {"later.jpg": look(5000)})
    features = project.features.get("starter")
    features.append([look(5000).content_hash], embeddings[7:8] * 3)
    later = project.photos.all()[-1]
    (best, cosine), *rest = jobs.run(similar(project, "starter", [photos[7].id], count=5))
    assert best == later.id
    assert cosine == pytest.approx(1.0, abs=1e-6)
    assert rest == first[:4]


def test_similar_leaves_out_what_is_set_aside_and_what_is_gone(project: Project, tmp_path: Path) -> None:
    embeddings, heap = heaps((20, 20))
    photos = fill_with_embeddings(project, tmp_path / "photos", embeddings)
    project.photos.overrule([photos[1].id], "set aside")
    project.photos.mark_missing(photos[2].folder_id, ["002.jpg"])
    found = [photo_id for photo_id, _ in jobs.run(similar(project, "starter", [photos[0].id]))]
    assert len(found) == 37
    assert not {photos[0].id, photos[1].id, photos[2].id}.intersection(found)
    # One that was set aside can still be asked for.
    asked = [photo_id for photo_id, _ in jobs.run(similar(project, "starter", [photos[1].id], count=17))]
    assert set(asked) < {photo.id for photo, own in zip(photos, heap, strict=True) if own == 0}


def test_photos_without_features_have_no_similar_ones(project: Project, tmp_path: Path) -> None:
    fill_with_embeddings(project, tmp_path / "photos", heaps((5,))[0])
    (new,) = fill(project, tmp_path / "photos", {"new.jpg": look(99)})
    with pytest.raises(PrismhError, match="None of these photos has features yet"):
        jobs.run(similar(project, "starter", [new.id]))
    with pytest.raises(PrismhError, match="no features 'learned'"):
        jobs.run(similar(project, "learned", [new.id]))


def test_a_row_without_direction_is_like_nothing(project: Project, tmp_path: Path) -> None:
    embeddings = heaps((6,))[0]
    embeddings[2] = 0
    embeddings[3] = np.nan
    photos = fill_with_embeddings(project, tmp_path / "photos", embeddings)
    found = dict(jobs.run(similar(project, "starter", [photos[0].id])))
    assert found[photos[2].id] == 0
    assert found[photos[3].id] == 0
    assert found[photos[1].id] > 0.5


def test_the_most_unusual_photos_come_first(project: Project, tmp_path: Path) -> None:
    embeddings, _ = heaps((60, 60))
    embeddings[5] = np.eye(16)[9]
    embeddings[70] = np.eye(16)[1] + np.eye(16)[10]
    photos = fill_with_embeddings(project, tmp_path / "photos", embeddings)
    found = jobs.run(unusual(project, "starter", count=10))
    assert [photo_id for photo_id, _ in found[:2]] == [photos[5].id, photos[70].id]
    assert len(found) == 10
    distances = [distance for _, distance in found]
    assert distances == sorted(distances, reverse=True)
    assert distances[0] > 0.68
    of_some = jobs.run(unusual(project, "starter", among=[photos[70].id, photos[71].id, photos[72].id]))
    assert {photo_id for photo_id, _ in of_some} == {photos[70].id, photos[71].id, photos[72].id}
    assert of_some[0] == found[1]


def test_copies_of_an_odd_photo_do_not_shield_it(project: Project, tmp_path: Path) -> None:
    embeddings, _ = heaps((60,))
    fill_with_embeddings(project, tmp_path / "photos", embeddings)
    content = bytes(1000)
    odd = dataclasses.replace(look(60), content_hash=hashlib.sha256(content).hexdigest())
    copies = []
    for number in range(30):
        (tmp_path / "photos" / f"odd_{number}.jpg").write_bytes(content)
        copies += fill(project, tmp_path / "photos", {f"odd_{number}.jpg": odd})
    project.features.get("starter").append([odd.content_hash], np.eye(16, dtype=np.float32)[9:10])
    found = [photo_id for photo_id, _ in jobs.run(unusual(project, "starter", count=30))]
    assert set(found) == {copy.id for copy in copies}


def test_among_few_photos_none_is_unusual(project: Project, tmp_path: Path) -> None:
    fill_with_embeddings(project, tmp_path / "photos", heaps((39,))[0])
    assert jobs.run(unusual(project, "starter")) == []


def test_near_duplicates_stand_with_the_photo_that_was_kept(project: Project, tmp_path: Path) -> None:
    embeddings, _ = heaps((30, 30), dimension=64, spread=3.0)
    embeddings[[11, 12, 13]] = embeddings[10] * np.array([[1.0], [2.0], [3.0]])
    embeddings[41] = embeddings[40] + 0.01
    photos = fill(
        project, tmp_path / "photos", {f"{i:03}.jpg": look(i, sharpness=500 if i == 12 else 100) for i in range(60)}
    )
    add_features(project, embeddings, "starter")
    judge_project(project)
    three, pair = jobs.run(near_duplicate_groups(project, "starter"))
    assert three[0] == photos[12].id
    assert sorted(three) == _ids(photos, [10, 11, 12, 13])
    assert pair == _ids(photos, [40, 41])
    # The same is asked of the starter's features where learned ones make everything alike.
    add_features(project, np.ones((60, 8), dtype=np.float32) + heaps((60,), dimension=8)[0] * 1e-3, "learned")
    assert jobs.run(near_duplicate_groups(project, "learned")) == [three, pair]


def test_without_near_duplicates_there_is_no_group(project: Project, tmp_path: Path) -> None:
    fill_with_embeddings(project, tmp_path / "photos", np.eye(12, dtype=np.float32))
    assert jobs.run(near_duplicate_groups(project, "starter")) == []
