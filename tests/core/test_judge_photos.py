"""Verdicts by what was measured before: duplicates and outliers by starter features, and thresholds changed later."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from prismh_engine import jobs
from prismh_engine.core.judge_photos import judge_project, look_alikes_of
from prismh_engine.core.look_at_photos import look_at_project
from prismh_engine.jobs import Stopped, StopToken
from prismh_engine.photos.verdicts import Thresholds
from prismh_engine.project import Photo, Project

from ..invented import add_features, fill, fill_with_embeddings, look

DIMENSION = 64


def around(axis: int, photos: int, spread: float, seed: int = 0) -> NDArray[np.float32]:
    """Features round one direction; of spread .08 their cosines are some .7, of .005 more than .99."""
    noise = np.random.default_rng([axis, seed]).normal(size=(photos, DIMENSION)) * spread
    return (np.eye(DIMENSION)[axis] + noise).astype(np.float32)


def one_kind(photos: int) -> NDArray[np.float32]:
    return around(0, photos, 0.08)


def verdicts(project: Project) -> list[str]:
    return [photo.verdict for photo in project.photos.all()]


def test_a_picture_of_something_else_is_an_outlier_and_says_how_far_it_lies(project: Project, tmp_path: Path) -> None:
    fill_with_embeddings(project, tmp_path / "photos", np.concatenate([one_kind(100), around(7, 1, 0.0)]))
    judge_project(project)
    photos = project.photos.all()
    assert [photo.verdict for photo in photos] == ["clean"] * 100 + ["outlier"]
    odd = photos[-1]
    assert odd.outlier_distance is not None
    assert odd.outlier_distance > 0.68
    assert odd.reason.startswith("Unusual: few other photos look like it")
    assert all(photo.outlier_distance is not None and photo.outlier_distance < 0.4 for photo in photos[:-1])
    assert not odd.used


def test_a_burst_of_an_odd_thing_does_not_shield_itself(project: Project, tmp_path: Path) -> None:
    burst = around(7, 30, 0.005)
    fill_with_embeddings(project, tmp_path / "photos", np.concatenate([one_kind(100), burst]))
    judge_project(project)
    assert Counter(verdicts(project)[100:]) == {"duplicate": 29, "outlier": 1}
    # What is said of a duplicate holds for the photo that it repeats.
    assert all("Unusual" in photo.reason for photo in project.photos.all()[100:])
    # Thirty different photos of it are a kind of their own.
    with Project.create(tmp_path / "kinds") as other:
        fill_with_embeddings(other, tmp_path / "photos", np.concatenate([one_kind(100), around(7, 30, 0.08)]))
        judge_project(other)
        assert set(verdicts(other)) == {"clean"}


def test_among_fewer_than_forty_different_photos_none_is_an_outlier(project: Project, tmp_path: Path) -> None:
    rows = np.concatenate([one_kind(38), np.repeat(around(7, 1, 0.0), 20, axis=0) + around(0, 20, 0.0) * 1e-3])
    fill_with_embeddings(project, tmp_path / "photos", rows.astype(np.float32))
    judge_project(project)
    assert Counter(verdicts(project)) == {"clean": 39, "duplicate": 19}
    assert {photo.outlier_distance for photo in project.photos.all()} == {None}


def test_a_person_may_take_an_outlier_back(project: Project, tmp_path: Path) -> None:
    fill_with_embeddings(project, tmp_path / "photos", np.concatenate([one_kind(60), around(7, 1, 0.0)]))
    judge_project(project)
    odd = project.photos.all()[-1]
    project.photos.overrule([odd.id], "used")
    judge_project(project, Thresholds(outlier_distance=0.5))
    assert project.photos.all()[-1].used


def test_thresholds_changed_later_judge_anew_without_a_photo_in_reach(project: Project, tmp_path: Path) -> None:
    rows = np.concatenate([one_kind(60), around(7, 1, 0.0), around(5, 2, 0.001)])
    looks = {f"{i:03}.jpg": look(i, brightness=100.0 + i, sharpness=900.0 - i) for i in range(len(rows))}
    fill(project, tmp_path / "photos", looks)  # no file was ever there
    add_features(project, rows, "starter")
    judge_project(project)
    assert Counter(verdicts(project)) == {"clean": 60, "outlier": 2, "duplicate": 1}
    judge_project(project, Thresholds(outlier_distance=1.5, ccthreshold=1.0))
    assert set(verdicts(project)) == {"clean"}
    judge_project(project, Thresholds(dark=110.0, outlier_distance=1.5, ccthreshold=1.0))
    assert verdicts(project)[:11] == ["dark"] * 10 + ["clean"]
    judge_project(project, Thresholds(blurry=850.0, outlier_distance=1.5, ccthreshold=1.0))
    assert Counter(verdicts(project)) == {"clean": 51, "blurry": 12}
    project.set_thresholds(Thresholds(ccthreshold=0.0))
    judge_project(project)
    assert Counter(verdicts(project)) == {"clean": 1, "duplicate": 62}


def test_without_starter_features_judging_anew_reads_no_photo_either(
    project: Project, photo_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "photos"
    shutil.copytree(photo_folder, folder)
    shutil.copy(folder / "drum_0.jpg", folder / "drum_0 (1).jpg")
    project.add_folder(folder)
    jobs.run(look_at_project(project))
    before = verdicts(project)
    assert before.count("duplicate") >= 1
    shutil.rmtree(folder)
    judge_project(project)
    assert verdicts(project) == before
    judge_project(project, Thresholds(blurry=1e9))
    assert set(verdicts(project)) == {"duplicate", "blurry"}


def test_without_the_starter_pass_nothing_is_an_outlier(project: Project, tmp_path: Path) -> None:
    fill_with_embeddings(project, tmp_path / "photos", np.concatenate([one_kind(60), around(7, 1, 0.0)]))
    judge_project(project)
    assert "outlier" in verdicts(project)
    judge_project(project, use_starter=False)
    assert set(verdicts(project)) == {"clean"}
    assert {photo.outlier_distance for photo in project.photos.all()} == {None}


def test_photos_added_later_are_judged_beside_those_that_were_there(project: Project, tmp_path: Path) -> None:
    rows = np.concatenate([one_kind(60), around(7, 1, 0.0), around(7, 30, 0.08)])
    fill_with_embeddings(project, tmp_path / "photos", rows[:61])
    judge_project(project)
    assert verdicts(project)[60] == "outlier"
    fill(project, tmp_path / "photos", {f"{i:03}.jpg": look(i) for i in range(61, len(rows))})
    add_features(project, rows, "starter")
    judge_project(project)
    assert verdicts(project)[60] == "clean"  # it has company now


def test_a_stop_leaves_the_verdicts_as_they_were(project: Project, tmp_path: Path) -> None:
    fill_with_embeddings(project, tmp_path / "photos", np.concatenate([one_kind(60), around(7, 1, 0.0)]))
    stop = StopToken()
    stop.stop()
    with pytest.raises(Stopped):
        judge_project(project, stop=stop)
    assert set(verdicts(project)) == {"clean"}
    judge_project(project)
    with pytest.raises(Stopped):
        judge_project(project, Thresholds(outlier_distance=2.0), stop=stop)
    assert verdicts(project)[60] == "outlier"


def test_a_photo_that_is_missing_is_nobodys_better_photo_and_no_neighbour(project: Project, tmp_path: Path) -> None:
    rows = np.concatenate([one_kind(60), around(7, 2, 0.001)])
    photos = fill_with_embeddings(project, tmp_path / "photos", rows)
    judge_project(project)
    assert verdicts(project)[60:] == ["outlier", "duplicate"]
    project.photos.mark_missing(photos[60].folder_id, ["060.jpg"])
    judge_project(project)
    kept = present(project)
    assert len(kept) == 61
    assert (kept[-1].verdict, kept[-1].duplicate_of) == ("outlier", None)


def present(project: Project) -> list[Photo]:
    return [photo for photo in project.photos.all() if not photo.missing]


def test_features_given_by_hand_are_compared_without_a_project() -> None:
    rows = np.concatenate([one_kind(60), around(7, 2, 0.001)])
    names = [f"{i}" for i in range(len(rows))]
    alike = jobs.run(look_alikes_of(dict(zip(names, rows, strict=True))))
    assert alike.better(names, 0.9) == {61: 60}
    assert alike.better(["61", "60", "0"], 0.9) == {1: 0}
    told = alike.outlier_distances(names[:61])
    assert told[60] is not None
    assert told[60] > 0.68 > max(distance for distance in told[:60] if distance is not None)
    assert "61" in alike
    assert "62" not in alike
    nothing = jobs.run(look_alikes_of({}))
    assert nothing.better([], 0.9) == {}
    assert nothing.outlier_distances([]) == []


def test_what_a_person_overruled_stays_so(project: Project, mixed: Path) -> None:
    project.add_folder(mixed)
    jobs.run(look_at_project(project))
    blurred = next(photo for photo in project.photos.all() if photo.verdict == "blurry")
    project.photos.overrule([blurred.id], "used")
    judge_project(project, Thresholds(blurry=10_000.0))
    assert blurred.id in {photo.id for photo in project.photos.used()}
