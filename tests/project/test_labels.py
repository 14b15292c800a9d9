from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from prismh_engine.errors import BadValueError
from prismh_engine.photos.record import FoundPhoto, Look
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


def test_parts_of_a_named_group_bear_its_name_and_a_whole_bears_the_names_of_its_parts(
    project: Project, tmp_path: Path
) -> None:
    ids = [photo.id for photo in fill_with_embeddings(project, tmp_path / "photos", np.eye(12))]
    project.labels.name_group(ids[:4], "Tyres")
    project.labels.name_group(ids[4:9], "Drums")
    assert project.labels.of_groups({0: ids[:2], 1: ids[2:4], 2: ids[4:9], 3: ids[9:]}) == {
        0: "Tyres", 1: "Tyres", 2: "Drums"
    }  # fmt: skip
    assert project.labels.of_groups({0: ids}) == {0: "Drums + Tyres"}
    assert project.labels.of_groups({0: ids[:9], 1: ids[9:]}) == {0: "Drums + Tyres"}
    assert project.labels.of_groups({0: ids[:4] + ids[9:], 1: ids[4:9]}) == {0: "Tyres", 1: "Drums"}
    # Half of the photos, and half of those that got the name, are not enough.
    assert project.labels.of_groups({0: [*ids[:2], *ids[9:11]], 1: [*ids[2:4], *ids[11:], ids[4]]}) == {
        1: "Drums and others"
    }


def test_photos_that_are_in_no_group_any_more_take_no_name_away(project: Project, tmp_path: Path) -> None:
    ids = [photo.id for photo in fill_with_embeddings(project, tmp_path / "photos", np.eye(12))]
    project.labels.name_group(ids[:6], "Drums")
    assert project.labels.of_groups({0: [*ids[:2], *ids[6:]]}) == {0: "Drums and others"}


def test_a_group_of_which_at_most_half_got_a_name_is_called_so_and_others(project: Project, tmp_path: Path) -> None:
    ids = [photo.id for photo in fill_with_embeddings(project, tmp_path / "photos", np.eye(12))]
    project.labels.name_group(ids[:4], "Tyres")
    assert project.labels.of_groups({0: ids[:7], 1: ids[7:]}) == {0: "Tyres"}
    assert project.labels.of_groups({0: ids[:8], 1: ids[8:]}) == {0: "Tyres and others"}
    assert project.labels.of_groups({0: ids}) == {0: "Tyres and others"}
    project.labels.name_group(ids[4:6], "Drums")
    assert project.labels.of_groups({0: ids}) == {0: "Tyres + Drums and others"}
    assert project.labels.of_groups({0: ids[:11], 1: ids[11:]}) == {0: "Tyres + Drums"}


def test_the_names_of_a_photo_are_its_own_and_those_that_came_with_its_group(project: Project, tmp_path: Path) -> None:
    ids = [photo.id for photo in fill_with_embeddings(project, tmp_path / "photos", np.eye(4))]
    project.labels.name_group(ids[:3], "Tyres")
    project.labels.name_photos(ids[:1], "wet")
    project.labels.name_photos(ids[1:2], "Tyres")
    given = {ids[0]: ["wet", "Tyres"], ids[1]: ["Tyres"], ids[2]: ["Tyres"]}
    assert project.labels.given() == given
    pairs = project.columns.names()
    assert {(i, name) for i, names in given.items() for name in names} == set(
        zip(pairs.photo_ids, pairs.names, strict=True)
    )
    assert project.labels.of_photos_or_groups() == given | {ids[0]: ["wet"]}
    project.labels.remove(ids[:1], "Tyres")
    assert project.labels.given()[ids[0]] == ["wet"], "taken off one photo, however it was given"


def test_names_are_counted_and_changed_wherever_they_are(project: Project, tmp_path: Path) -> None:
    ids = [photo.id for photo in fill_with_embeddings(project, tmp_path / "photos", np.eye(6))]
    project.labels.name_group(ids[:4], "Drums")
    project.labels.name_photos(ids[3:], "Drums")
    project.labels.name_photos(ids[:2], "Barrels")
    assert project.labels.counts() == {"Drums": 6, "Barrels": 2}
    project.labels.rename("Drums", "  Barrels ")
    assert project.labels.counts() == {"Barrels": 6}
    assert project.labels.of_groups({0: ids[:4], 1: ids[4:]}) == {0: "Barrels"}
    assert project.labels.of_photos() == {ids[i]: ["Barrels"] for i in (0, 1, 3, 4, 5)}
    project.labels.rename("Barrels", "Barrels")
    project.labels.rename("no such name", "Tyres")
    assert project.labels.counts() == {"Barrels": 6}
    with pytest.raises(BadValueError, match="at least one letter"):
        project.labels.rename("Barrels", " ")


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


def _two_named(project: Project, folder: Path) -> list[int]:
    """a.jpg, named "drum", and b.jpg, named "tyre", as real files."""
    folder.mkdir()
    for name, content in (("a.jpg", b"drum"), ("b.jpg", b"tyre")):
        (folder / name).write_bytes(content)
    ids = project.photos.record(project.add_folder(folder).id, [_read(folder, name) for name in ("a.jpg", "b.jpg")])
    for photo_id, name in zip(ids, ("drum", "tyre"), strict=True):
        project.labels.name_photos([photo_id], name)
    return ids


def _read(folder: Path, relative: str) -> tuple[FoundPhoto, Look]:
    path = folder / relative
    status, content = path.stat(), hashlib.sha256(path.read_bytes()).hexdigest()
    return FoundPhoto(path, relative, status.st_size, status.st_mtime_ns, status.st_ino), Look(content)


def _names(project: Project) -> dict[str, list[str]]:
    given = project.labels.of_photos()
    return {photo.file_path: given.get(photo.id, []) for photo in project.photos.all() if not photo.missing}


@pytest.mark.parametrize("order", [("a.jpg", "b.jpg"), ("b.jpg", "a.jpg")])
def test_names_follow_photos_that_changed_places(project: Project, tmp_path: Path, order: tuple[str, str]) -> None:
    folder = tmp_path / "photos"
    _two_named(project, folder)
    (folder / "a.jpg").rename(folder / "c.jpg")
    (folder / "b.jpg").rename(folder / "a.jpg")
    (folder / "c.jpg").rename(folder / "b.jpg")
    project.photos.record(project.folders()[0].id, [_read(folder, name) for name in order])
    assert _names(project) == {"photos/a.jpg": ["tyre"], "photos/b.jpg": ["drum"]}


def test_names_follow_a_photo_that_took_the_place_of_a_deleted_one(project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    ids = _two_named(project, folder)
    (folder / "b.jpg").replace(folder / "a.jpg")
    project.photos.mark_missing(project.folders()[0].id, ["b.jpg"])
    project.photos.record(project.folders()[0].id, [_read(folder, "a.jpg")])
    assert _names(project) == {"photos/a.jpg": ["tyre"]}
    (gone,) = [photo for photo in project.photos.all() if photo.missing]
    assert project.labels.of_photos()[gone.id] == ["drum"]
    (folder / "back.jpg").write_bytes(b"drum")
    assert project.photos.record(project.folders()[0].id, [_read(folder, "back.jpg")]) == ids[:1]


def test_names_follow_a_photo_into_another_folder_and_are_not_taken_off_an_unplugged_drive(
    project: Project, tmp_path: Path
) -> None:
    folder, other = tmp_path / "photos", tmp_path / "more"
    ids = _two_named(project, folder)
    other.mkdir()
    (folder / "a.jpg").rename(other / "a.jpg")
    second = project.add_folder(other)
    assert project.photos.record(second.id, [_read(other, "a.jpg")]) == ids[:1]
    assert _names(project) == {"more/a.jpg": ["drum"], "photos/b.jpg": ["tyre"]}
    folder.rename(tmp_path / "unplugged")
    project.photos.mark_missing(project.folders()[0].id, ["b.jpg"])
    (other / "copy of b.jpg").write_bytes(b"tyre")
    assert project.photos.record(second.id, [_read(other, "copy of b.jpg")])[0] not in ids


def test_a_photo_edited_in_place_keeps_its_name_and_one_taken_at_another_moment_has_none(
    project: Project, tmp_path: Path
) -> None:
    (photo,) = fill(project, tmp_path / "photos", {"a.jpg": look(1, taken_at="2024-05-01", taken_at_source="exif")})
    project.labels.name_photos([photo.id], "drum")
    place = found(tmp_path / "photos", "a.jpg")
    turned = look(2, taken_at="2024-05-01", taken_at_source="exif")
    assert project.photos.record(photo.folder_id, [(place, turned)]) == [photo.id]
    new = look(3, taken_at="2025-01-01", taken_at_source="exif")
    assert project.photos.record(photo.folder_id, [(place, new)]) != [photo.id]
    assert _names(project) == {"photos/a.jpg": []}
