from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from prismh_engine import jobs
from prismh_engine.analysis.clustering import describe
from prismh_engine.analysis.neighbours import unit_rows
from prismh_engine.core.cluster_embeddings import cluster_project
from prismh_engine.core.groups import join_groups, show_cut, split_group
from prismh_engine.errors import BadValueError, PrismhError
from prismh_engine.project import Grouping, Project

from ..invented import fill_with_embeddings, heaps


def _grouped(project: Project, folder: Path, clusters: int = 3) -> Grouping:
    fill_with_embeddings(project, folder / "photos", heaps((24, 20, 16, 12), spread=0.5)[0])
    return jobs.run(cluster_project(project, clusters=clusters))


def _shown(project: Project) -> Grouping:
    shown = project.groupings.newest(project.features.get("starter"))
    assert shown is not None
    return shown


def _same(one: Grouping, other: Grouping) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("photo_ids", "clusters", "distances", "silhouettes", "separation")
    ) and (one.id, one.report) == (other.id, other.report)


def test_a_finer_cut_is_shown_with_facts_of_its_own_and_stays_shown(project: Project, tmp_path: Path) -> None:
    made = _grouped(project, tmp_path)
    assert made.tree is not None
    assert made.tree.most > 3
    finer = jobs.run(show_cut(project, "starter", 4))
    assert np.array_equal(finer.clusters, made.tree.cut(4))
    rows = project.features.get("starter").read(project.photos.some(finer.photo_ids.tolist()))[1]
    described = jobs.run(describe(unit_rows(rows), finer.clusters))
    assert np.allclose(finer.distances, described.distances, atol=1e-6)
    assert np.allclose(finer.silhouettes, described.silhouettes, atol=1e-5)
    assert finer.report["sizes"] == [24, 20, 16, 12]
    assert finer.separation.shape == (4,)
    assert (finer.separation > 0.9).all()
    with Project.open(project.folder) as again:
        assert _same(_shown(again), finer)
    assert _shown(project).tree is not None
    assert _same(jobs.run(show_cut(project, "starter", 3)), made)


def test_what_was_shown_is_undone_and_done_again_step_by_step(project: Project, tmp_path: Path) -> None:
    shown = [_grouped(project, tmp_path)]
    shown.append(jobs.run(show_cut(project, "starter", 5)))
    shown.append(jobs.run(split_group(project, "starter", 0)))
    shown.append(jobs.run(join_groups(project, "starter", [1, 2])))
    shown.append(jobs.run(show_cut(project, "starter", 1)))
    assert [found.groups for found in shown] == [3, 5, 6, 5, 1]
    said = ["1 group shown", "2 groups joined", "Group split in two", "5 groups shown"]
    for text, before in zip(said, reversed(shown[:-1]), strict=True):
        assert project.history.undo_text == text
        assert project.history.undo() == text
        assert _same(_shown(project), before)
    assert project.history.undo() == ""  # that photos were grouped was no step of a person
    for text, after in zip(reversed(said), shown[1:], strict=True):
        assert project.history.redo() == text
        assert _same(_shown(project), after)


def test_a_name_given_at_one_cut_is_there_at_every_cut(project: Project, tmp_path: Path) -> None:
    made = _grouped(project, tmp_path)
    members = made.members()
    project.labels.name_group(members[0].tolist(), "Drums")
    project.labels.name_group(members[2].tolist(), "Tyres")
    assert made.tree is not None
    for k in range(1, made.tree.most + 1):
        cut = jobs.run(show_cut(project, "starter", k))
        names = project.labels.of_groups(cut.members())
        for name, photo_ids in (("Drums", members[0]), ("Tyres", members[2])):
            bearing = {c for c, given in names.items() if name in given.removesuffix(" and others").split(" + ")}
            assert set(cut.clusters[np.isin(cut.photo_ids, photo_ids)]) == bearing
    assert set(names.values()) == {"Drums", "Tyres"}


def test_a_split_or_joined_group_can_be_made_finer_and_coarser(project: Project, tmp_path: Path) -> None:
    made = _grouped(project, tmp_path)
    parted = jobs.run(split_group(project, "starter", 0))
    assert {tuple(np.unique(made.clusters[parted.clusters == c])) for c in range(4)} == {(0,), (1,), (2,)}
    joined = jobs.run(join_groups(project, "starter", [0, 3]))
    assert joined.groups == 3
    for edited, groups in ((parted, 4), (joined, 3)):
        assert edited.tree is not None
        assert edited.tree.trunk == groups
        assert np.array_equal(edited.tree.cut(groups), edited.clusters)
        assert edited.tree.most > groups


def _by_number(shown: Grouping) -> dict[int, frozenset[int]]:
    """The number a person knows a group by -> its photos."""
    assert len(set(shown.numbers)) == shown.groups
    return {number: frozenset(shown.members()[cluster].tolist()) for cluster, number in enumerate(shown.numbers)}


def test_groups_that_are_not_touched_keep_the_number_a_person_knows_them_by(project: Project, tmp_path: Path) -> None:
    made = _grouped(project, tmp_path, clusters=4)
    assert made.numbers == (0, 1, 2, 3)
    seen = [_by_number(made)]
    parted = jobs.run(split_group(project, "starter", 0))
    seen.append(_by_number(parted))
    assert [seen[1][number] for number in (1, 2, 3)] == [seen[0][number] for number in (1, 2, 3)]
    assert seen[1][0] | seen[1][4] == seen[0][0]
    assert len(seen[1][0]) >= len(seen[1][4])
    two = [parted.numbers.index(number) for number in (1, 3)]
    joined = jobs.run(join_groups(project, "starter", two))
    seen.append(_by_number(joined))
    assert seen[2] == {number: seen[1][number] for number in (0, 2, 4)} | {1: seen[0][1] | seen[0][3]}
    seen.append(_by_number(jobs.run(show_cut(project, "starter", 5))))
    assert set(seen[3]) == {0, 1, 2, 3, 4}, "the number that is free is given again"
    assert len([number for number in seen[2] if seen[3][number] == seen[2][number]]) == 3
    again = jobs.run(split_group(project, "starter", 0))
    assert set(again.numbers) == {0, 1, 2, 3, 4, 5}
    for before in reversed(seen):
        project.history.undo()
        assert _by_number(_shown(project)) == before
    for after in seen[1:]:
        project.history.redo()
        assert _by_number(_shown(project)) == after


def test_grouping_anew_is_a_step_where_a_person_asks_for_it(project: Project, tmp_path: Path) -> None:
    first = _grouped(project, tmp_path)
    jobs.run(cluster_project(project, clusters=2, undoable=True))
    assert project.history.undo() == "Photos grouped anew"
    assert _same(_shown(project), first)


def test_groups_that_the_program_found_anew_are_not_replaced_by_undoing(project: Project, tmp_path: Path) -> None:
    ids = _grouped(project, tmp_path).photo_ids.tolist()
    with project.history.step("Photos named"):
        project.labels.name_photos(ids[:2], "drum")
    jobs.run(show_cut(project, "starter", 4))
    anew = jobs.run(cluster_project(project, clusters=2))
    assert project.history.undo_text == "Photos named"  # of "4 groups shown" there is nothing left to undo
    assert project.history.undo() == "Photos named"
    assert _same(_shown(project), anew)
    assert project.labels.of_photos() == {}


def test_only_groups_that_something_leads_back_to_are_kept(project: Project, tmp_path: Path) -> None:
    _grouped(project, tmp_path)
    for k in (4, 5, 4):
        jobs.run(show_cut(project, "starter", k))
    for seed in range(3):
        jobs.run(cluster_project(project, clusters=2, seed=seed))
    rows = project.history._database.rows
    assert len(rows("SELECT * FROM groupings")) == 2  # the first, whose cuts can be done again, and the newest
    assert sorted(row["groups"] for row in rows("SELECT groups FROM cuts")) == [4, 5]


def test_photos_of_equal_bytes_and_edited_ones_are_grouped_along(project: Project, tmp_path: Path) -> None:
    made = _grouped(project, tmp_path)
    first, second, third = project.photos.some(made.photo_ids.tolist())[:3]
    with project._database.writing() as db:
        for photo, content in ((second, first.look.content_hash), (third, "unknown")):
            db.execute("UPDATE photos SET content_hash = ? WHERE id = ?", (content, photo.id))
    finer = jobs.run(show_cut(project, "starter", 4))
    assert len(finer.clusters) == 72
    assert np.isfinite(finer.distances).all()
    assert (finer.separation > 0.8).all()


def test_what_cannot_be_done_is_said(project: Project, tmp_path: Path) -> None:
    fill_with_embeddings(project, tmp_path / "photos", np.ones((9, 4)))
    with pytest.raises(PrismhError, match="no groups yet"):
        jobs.run(show_cut(project, "starter", 2))
    made = jobs.run(cluster_project(project))
    with pytest.raises(BadValueError, match="groups must be between 1 and 1, got 2"):
        jobs.run(show_cut(project, "starter", 2))
    with pytest.raises(PrismhError, match="too much alike to be split"):
        jobs.run(split_group(project, "starter", 0))
    with pytest.raises(BadValueError, match="between 0 and 0, got 1"):
        jobs.run(split_group(project, "starter", 1))
    for clusters in ([0], [0, 0], [0, 1]):
        with pytest.raises(BadValueError, match="two or more of 0 to 0"):
            jobs.run(join_groups(project, "starter", clusters))
    assert _same(_shown(project), made)
    assert project.history.undo_text == ""


def test_groups_kept_by_an_older_version_are_shown_and_split_but_have_no_finer_ones(
    project: Project, tmp_path: Path
) -> None:
    made = _grouped(project, tmp_path)
    with project._database.writing() as db:
        db.execute("UPDATE groupings SET leaves = NULL, merges = NULL")
    assert _shown(project).tree is None
    assert np.array_equal(_shown(project).clusters, made.clusters)
    with pytest.raises(PrismhError, match="group the photos anew"):
        jobs.run(show_cut(project, "starter", 2))
    assert jobs.run(split_group(project, "starter", 0)).tree is not None


def test_a_stop_changes_nothing(project: Project, tmp_path: Path) -> None:
    made = _grouped(project, tmp_path)
    for job in (
        show_cut(project, "starter", 4), split_group(project, "starter", 0), join_groups(project, "starter", [0, 1])
    ):  # fmt: skip
        stop = jobs.StopToken()
        stop.stop()
        with pytest.raises(jobs.Stopped):
            jobs.run(job, stop=stop)
    assert _same(_shown(project), made)
    assert project.history.undo_text == ""
