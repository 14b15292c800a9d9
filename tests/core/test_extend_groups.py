from __future__ import annotations

from pathlib import Path

import numpy as np

from prismh_engine import jobs
from prismh_engine.core.cluster_embeddings import cluster_project
from prismh_engine.core.groups import extend_groups, join_groups, redo, show_cut, split_group, undo
from prismh_engine.project import Grouping, Project

from ..invented import fill_with_embeddings, heaps

EMBEDDINGS, HEAP = heaps((24, 20, 16, 12), spread=0.4)
ORDER = np.random.default_rng(0).permutation(72)
EMBEDDINGS, HEAP = EMBEDDINGS[ORDER], HEAP[ORDER]


def _clusters_by_id(grouping: Grouping) -> dict[int, int]:
    return dict(zip(grouping.photo_ids.tolist(), grouping.clusters.tolist(), strict=True))


def test_photos_added_join_their_look_alikes_and_what_a_person_made_stays(project: Project, tmp_path: Path) -> None:
    fill_with_embeddings(project, tmp_path / "photos", EMBEDDINGS[:60])
    jobs.run(cluster_project(project, clusters=4))
    edited = jobs.run(join_groups(project, "starter", [0, 3]))
    project.labels.name_group(edited.members()[0].tolist(), "Drums")
    photos = fill_with_embeddings(project, tmp_path / "photos", EMBEDDINGS)
    extended = jobs.run(extend_groups(project, "starter"))
    assert extended is not None
    assert extended.groups == 3
    assert sorted(extended.photo_ids.tolist()) == [photo.id for photo in photos]
    before, now = _clusters_by_id(edited), _clusters_by_id(extended)
    assert len({(before[i], now[i]) for i in before}) == 3
    assert {(edited.numbers[before[i]], extended.numbers[now[i]]) for i in before} == {(0, 0), (1, 1), (2, 2)}
    of_heap = {int(HEAP[place]): now[photo.id] for place, photo in enumerate(photos[:60])}
    assert all(now[photo.id] == of_heap[int(HEAP[place])] for place, photo in enumerate(photos))
    assert "Drums" in project.labels.of_groups(extended.members()).values()


def test_the_cut_that_is_shown_stays_shown(project: Project, tmp_path: Path) -> None:
    fill_with_embeddings(project, tmp_path / "photos", EMBEDDINGS[:60])
    jobs.run(cluster_project(project, clusters=4))
    coarse = jobs.run(show_cut(project, "starter", 2))
    fill_with_embeddings(project, tmp_path / "photos", EMBEDDINGS)
    extended = jobs.run(extend_groups(project, "starter"))
    assert extended is not None
    assert extended.groups == coarse.groups == 2
    assert len(extended.separation) == 2
    assert extended.tree is not None
    assert np.array_equal(extended.clusters, extended.tree.cut(2))
    finer = jobs.run(show_cut(project, "starter", 4))
    assert len(finer.photo_ids) == 72


def test_photos_set_aside_leave_their_groups(project: Project, tmp_path: Path) -> None:
    photos = fill_with_embeddings(project, tmp_path / "photos", EMBEDDINGS)
    made = jobs.run(cluster_project(project, clusters=4))
    project.photos.overrule([photos[5].id], "set aside")
    extended = jobs.run(extend_groups(project, "starter"))
    assert extended is not None
    assert photos[5].id not in extended.photo_ids
    assert sum(extended.report["sizes"]) == len(made.photo_ids) - 1


def test_where_many_are_new_or_a_group_is_gone_the_groups_are_to_be_found_anew(
    project: Project, tmp_path: Path
) -> None:
    assert project.features.find("starter") is None
    photos = fill_with_embeddings(project, tmp_path / "photos", EMBEDDINGS[:40])
    assert jobs.run(extend_groups(project, "starter")) is None
    made = jobs.run(cluster_project(project, clusters=4))
    smallest = made.members()[3].tolist()
    project.photos.overrule(smallest, "set aside")
    assert jobs.run(extend_groups(project, "starter")) is None
    project.photos.overrule(smallest, "used")
    fill_with_embeddings(project, tmp_path / "photos", EMBEDDINGS)
    assert len(photos) == 40
    assert jobs.run(extend_groups(project, "starter")) is None


def test_what_was_done_before_photos_were_added_is_undone_and_done_again_with_them(tmp_path: Path) -> None:
    with Project.create(tmp_path / "p") as project:
        fill_with_embeddings(project, tmp_path / "photos", EMBEDDINGS[:60])
        made = jobs.run(cluster_project(project, clusters=4))
        with project.history.step("Group named"):
            project.labels.name_group(made.members()[0].tolist(), "Drums")
        jobs.run(show_cut(project, "starter", 6))
        jobs.run(split_group(project, "starter", 0))
        fill_with_embeddings(project, tmp_path / "photos", EMBEDDINGS)
        assert jobs.run(extend_groups(project, "starter")) is not None
    with Project.open(tmp_path / "p") as project:
        steps = [("Group split in two", 7, 6), ("6 groups shown", 6, 4), ("Group named", 4, 4)]
        for text, _, before in steps:
            assert project.history.undo_text == text
            assert jobs.run(undo(project)) == text
            assert _groups_and_photos(project) == (before, 72)
        assert (project.history.undo_text, jobs.run(undo(project)), project.labels.all()) == ("", "", [])
        for text, after, _ in reversed(steps):
            assert project.history.redo_text == text
            assert jobs.run(redo(project)) == text
            assert _groups_and_photos(project) == (after, 72)


def test_groups_shown_meanwhile_are_not_replaced_by_older_ones(project: Project, tmp_path: Path) -> None:
    fill_with_embeddings(project, tmp_path / "photos", EMBEDDINGS[:60])
    jobs.run(cluster_project(project, clusters=4))
    fill_with_embeddings(project, tmp_path / "photos", EMBEDDINGS)
    extending = extend_groups(project, "starter")
    next(extending)
    edited = jobs.run(join_groups(project, "starter", [0, 3]))
    assert jobs.run(extending) is not None
    shown = project.groupings.newest(project.features.get("starter"))
    assert shown is not None
    assert shown.id == edited.id


def _groups_and_photos(project: Project) -> tuple[int, int]:
    shown = project.groupings.newest(project.features.get("starter"))
    assert shown is not None
    return shown.groups, len(shown.photo_ids)
