from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from prismh_engine.errors import BadValueError
from prismh_engine.project import Grouping, Project

from ..invented import add_features, fill, fill_with_embeddings, found, look


def _grouping(photo_ids: list[int], clusters: list[int]) -> Grouping:
    zeros = np.zeros(len(clusters), np.float32)
    return Grouping(
        "kmeans", {}, {}, np.array(photo_ids), np.array(clusters, np.int32), zeros, zeros, np.zeros(3, np.float32)
    )


def test_a_group_keeps_its_name_when_groups_are_found_anew(project: Project, tmp_path: Path) -> None:
    ids = [photo.id for photo in fill_with_embeddings(project, tmp_path / "photos", np.eye(8))]
    starter = project.features.get("starter")
    project.groupings.save(starter, _grouping(ids, [0, 0, 0, 0, 0, 1, 1, 1]))
    project.labels.name_group(ids[:5], "Drums")
    # The new groups have other numbers, and one photo has gone over.
    again = _grouping(ids, [1, 1, 1, 1, 0, 0, 0, 0])
    project.groupings.save(starter, again)
    assert project.labels.of_groups(again.members()) == {1: "Drums"}


def test_a_name_goes_to_the_group_that_holds_more_than_half_of_its_like(project: Project, tmp_path: Path) -> None:
    ids = [photo.id for photo in fill_with_embeddings(project, tmp_path / "photos", np.eye(8))]
    project.labels.name_group(ids[:4], "Drums")
    assert project.labels.of_groups({0: ids[:2] + ids[4:6], 1: ids[2:4] + ids[6:7]}) == {1: "Drums"}


def test_a_new_name_of_a_group_replaces_the_old_one_and_no_photos(project: Project, tmp_path: Path) -> None:
    ids = [photo.id for photo in fill_with_embeddings(project, tmp_path / "photos", np.eye(4))]
    project.labels.name_photos(ids[:1], "mine")
    project.labels.name_group(ids, "Drums")
    project.labels.name_group(ids, " Blue   drums ")
    assert project.labels.of_groups({0: ids}) == {0: "Blue drums"}
    assert project.labels.of_photos() == {ids[0]: ["mine"]}
    project.labels.unname_group(ids)
    assert project.labels.of_groups({0: ids}) == {}
    assert project.labels.of_photos() == {ids[0]: ["mine"]}


def test_a_photo_carries_several_names_each_once(project: Project, tmp_path: Path) -> None:
    (photo,) = fill_with_embeddings(project, tmp_path / "photos", np.eye(1))
    for name in ("drum", "tyre", "drum"):
        project.labels.name_photos([photo.id], name)
    assert sorted(project.labels.of_photos()[photo.id]) == ["drum", "tyre"]
    project.labels.remove([photo.id], "drum")
    assert project.labels.of_photos() == {photo.id: ["tyre"]}


@pytest.mark.parametrize("name", ["", "  ", "\n\t"])
def test_an_empty_name_is_refused(project: Project, tmp_path: Path, name: str) -> None:
    (photo,) = fill_with_embeddings(project, tmp_path / "photos", np.eye(1))
    with pytest.raises(BadValueError, match="at least one letter"):
        project.labels.name_photos([photo.id], name)


def test_names_follow_a_photo_that_was_moved(project: Project, tmp_path: Path) -> None:
    (photo,) = fill(project, tmp_path / "photos", {"a.jpg": look(1)})
    project.labels.name_photos([photo.id], "drum")
    project.photos.mark_missing(photo.folder_id, ["a.jpg"])
    assert project.photos.used() == []
    (moved,) = project.photos.record(photo.folder_id, [(found(tmp_path / "photos", "sub/b.jpg"), look(1))])
    assert moved == photo.id
    (there,) = project.photos.used()
    assert there.file_path == "photos/sub/b.jpg"
    assert project.labels.of_photos() == {there.id: ["drum"]}


def test_names_stay_when_an_encoder_is_replaced(project: Project, tmp_path: Path) -> None:
    (photo,) = fill_with_embeddings(project, tmp_path / "photos", np.eye(1, 4))
    project.labels.name_photos([photo.id], "drum")
    add_features(project, np.eye(1, 6), "starter")
    assert project.features.get("starter").encoder.dimension == 6
    assert project.labels.of_photos() == {photo.id: ["drum"]}


def test_names_are_there_when_the_project_is_opened_again(tmp_path: Path) -> None:
    with Project.create(tmp_path / "p") as project:
        (photo,) = fill_with_embeddings(project, tmp_path / "photos", np.eye(1))
        project.labels.name_photos([photo.id], "蚊 =drum")
    with Project.open(tmp_path / "p") as project:
        (label,) = project.labels.all()
        assert (label.photo_id, label.name, label.given_to) == (photo.id, "蚊 =drum", "photo")
        assert label.given_by
        assert label.given_at
