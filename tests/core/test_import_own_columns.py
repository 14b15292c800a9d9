from __future__ import annotations

from pathlib import Path

import pytest

from prismh_engine import jobs
from prismh_engine.errors import PrismhError
from prismh_engine.project import Project

from .imports import own, table, taken_in


def test_a_teams_own_columns_are_kept_and_a_later_table_adds_to_them(
    project: Project, field_photos: Path, tmp_path: Path
) -> None:
    report = taken_in(
        project,
        table(tmp_path / "t.csv", "file_path,label,team,larvae", "told.jpg,drum, A\tone ,3", "day 1/a.jpg,,=B,"),
    )
    assert own(project) == {"team": {"told.jpg": "A one", "day 1/a.jpg": "=B"}, "larvae": {"told.jpg": "3"}}
    assert "Taken from it: labels for 1 photo, team for 2 photos, larvae for 1 photo." in report.sentences()
    assert [row.problems for row in report.rows] == [[], []]
    taken_in(project, table(tmp_path / "t.csv", "file_path,Larvae,roof", "told.jpg,7,tin", "day 2/a.jpg,2,"))
    assert own(project)["larvae"] == {"told.jpg": "7", "day 2/a.jpg": "2"}
    assert own(project)["roof"] == {"told.jpg": "tin"}
    assert own(project)["team"]["told.jpg"] == "A one"


def test_own_columns_of_one_name_are_told_apart_and_long_texts_are_cut_and_told(
    project: Project, field_photos: Path, tmp_path: Path
) -> None:
    report = taken_in(
        project,
        table(tmp_path / "t.csv", f"file_path,team,team,Team,,{'n' * 99}", f"told.jpg,a,b,c,lost,{'x' * 300}"),
    )
    names = ["team", "team 2", "Team 3", "n" * 60]
    assert own(project) == {
        name: {"told.jpg": text} for name, text in zip(names, ["a", "b", "c", "x" * 200], strict=True)
    }
    assert f"{'n' * 60} is longer than 200 characters, of which the first ones are kept." in report.rows[0].problems


def test_more_own_columns_than_there_is_room_for_are_told(project: Project, field_photos: Path, tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(29)]
    taken_in(project, table(tmp_path / "t.csv", ",".join(["file_path", *names]), "told.jpg" + ",1" * 29))
    report = taken_in(project, table(tmp_path / "t.csv", "file_path,c3,c29,c30,c31,empty", "told.jpg,2,2,2,2,"))
    assert list(own(project)) == [*names, "c29"]
    assert own(project)["c3"] == {"told.jpg": "2"}
    assert "Left out, since a project has room for 30 columns of your own: c30, c31." in report.sentences()


def test_what_the_program_finds_out_itself_is_no_column_of_a_teams_own(
    project: Project, field_photos: Path, tmp_path: Path
) -> None:
    header = "file_path,cluster,X,feature_0000,larvae"
    report = taken_in(project, table(tmp_path / "t.csv", header, "told.jpg,1,2,3,4"))
    assert own(project) == {"larvae": {"told.jpg": "4"}}
    assert "Left out, since the program finds these out itself: cluster, X, feature_0000." in report.sentences()
    with pytest.raises(PrismhError, match="call one taken_at, label or camera, or two of them latitude"):
        taken_in(project, table(tmp_path / "t.csv", "file_path,cluster", "told.jpg,1"))
    with pytest.raises(PrismhError, match="must name file_path, or photo, filename"):
        taken_in(project, table(tmp_path / "t.csv", "team,larvae", "A,3"))


def test_an_own_column_called_like_a_formula_is_safe_in_an_export_and_known_again(
    project: Project, field_photos: Path, tmp_path: Path
) -> None:
    from prismh_engine.core.export_features import export_project

    taken_in(project, table(tmp_path / "t.csv", "file_path,=roof", "told.jpg,-tin"))
    jobs.run(export_project(project, tmp_path / "e.csv", columns=("file_path", "=roof"), with_features=False))
    assert "file_path,'=roof" in (tmp_path / "e.csv").read_text("utf-8-sig").splitlines()
    before = own(project)
    assert before == {"=roof": {"told.jpg": "-tin"}}
    taken_in(project, tmp_path / "e.csv")
    assert own(project) == before
