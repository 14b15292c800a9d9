from __future__ import annotations

from pathlib import Path
from typing import Any

from prismh_engine import jobs
from prismh_engine.core import preprocess
from prismh_engine.core.look_at_photos import look_at_project
from prismh_engine.photos.verdicts import Thresholds
from prismh_engine.project import Project


def run(*arguments: object) -> int:
    return preprocess.main([str(argument) for argument in arguments] + ["--quiet"])


def test_a_project_is_made_and_judged_at_the_command_line(mixed: Path, tmp_path: Path) -> None:
    assert run("--data_dir", mixed, "--project", tmp_path / "project") == 0
    with Project.open(tmp_path / "project") as project:
        assert project.photos.counts()["used"] == 2
        assert project.features.find("starter") is not None
        smaller = next(photo for photo in project.photos.all() if photo.path.name == "smaller.jpg")
        best = project.photos.some([smaller.duplicate_of or 0])[0]
        assert best.path.name == "good.jpg"
    assert run("--project", tmp_path / "project", "--no_starter", "--blurry", 0, "--dark", 0) == 0
    with Project.open(tmp_path / "project") as project:
        assert project.photos.counts()["used"] == 4
    assert run("--project", tmp_path / "project", "--output_dir", tmp_path / "out") == 2


def test_a_project_may_have_its_cache_elsewhere(mixed: Path, tmp_path: Path) -> None:
    assert run("--data_dir", mixed, "--project", tmp_path / "project", "--cache_dir", tmp_path / "elsewhere") == 0
    assert (tmp_path / "elsewhere" / "cache.db").is_file()
    assert not (tmp_path / "project" / "cache").exists()


def test_the_thresholds_given_for_a_project_stay_its_own(mixed: Path, tmp_path: Path) -> None:
    assert run("--data_dir", mixed, "--project", tmp_path / "p", "--no_starter", "--blurry", 0) == 0
    with Project.open(tmp_path / "p") as project:
        jobs.run(look_at_project(project))
        assert not [photo for photo in project.photos.all() if photo.verdict == "blurry"]
    assert run("--project", tmp_path / "p", "--no_starter", "--dark", 0) == 0
    with Project.open(tmp_path / "p") as project:
        assert project.thresholds == Thresholds(0.9, 0.0, 0.0)


def test_a_cache_in_the_photo_folder_itself_is_refused_and_no_photo_goes_missing(
    mixed: Path, tmp_path: Path, capsys: Any
) -> None:
    project_flags = ["--project", tmp_path / "p", "--no_starter"]
    before = sorted(mixed.rglob("*"))
    assert run(*project_flags, "--data_dir", mixed, "--cache_dir", mixed) == 1
    assert not (tmp_path / "p").exists()
    assert run(*project_flags, "--data_dir", mixed) == 0
    assert run(*project_flags, "--cache_dir", mixed) == 1
    assert capsys.readouterr().err.count("The cache would mix with the photos") == 2
    assert sorted(mixed.rglob("*")) == before
    with Project.open(tmp_path / "p") as project:
        assert (project.photos.counts()["missing"], project.photos.counts()["all"]) == (0, 7)


def test_a_project_that_is_not_there_is_told_with_how_to_make_one(tmp_path: Path, capsys: Any) -> None:
    assert run("--project", tmp_path / "new") == 1
    error = capsys.readouterr().err
    assert f"{tmp_path / 'new'} is not a Prism-H project" in error
    assert "To make one there, give --data_dir with the folder of its photos too." in error
    assert not (tmp_path / "new").exists()


def test_it_is_told_how_far_the_comparing_of_a_projects_photos_is(mixed: Path, tmp_path: Path, capsys: Any) -> None:
    assert preprocess.main(["--data_dir", str(mixed), "--project", str(tmp_path / "p")]) == 0
    assert "Comparing photos: 5 of 5" in capsys.readouterr().err.splitlines()
