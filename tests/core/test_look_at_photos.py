from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from prismh_engine import jobs
from prismh_engine.core.look_at_photos import look_at_project
from prismh_engine.jobs import Progress, Stopped, StopToken
from prismh_engine.photos.record import Look
from prismh_engine.photos.scan import Scan
from prismh_engine.project import Project

from ..invented import fill_with_embeddings, heaps, progress_of
from ..photos.pictures import encoded, picture, write


def test_looking_at_a_project_tells_the_ids_of_every_photo_once(project: Project, mixed: Path) -> None:
    project.add_folder(mixed)
    told: list[Progress] = []
    report = jobs.run(look_at_project(project), told.append)
    ids = [photo_id for progress in told for photo_id in progress.metrics.get("photo_ids", [])]
    assert sorted(ids) == sorted(photo.id for photo in project.photos.all())
    assert (report.looked_at, report.other_files) == (7, 1)
    assert project.photos.counts()["used"] == 2


def test_a_second_look_takes_only_what_is_new_or_changed(project: Project, mixed: Path) -> None:
    project.add_folder(mixed)
    jobs.run(look_at_project(project))
    write(mixed / "new.jpg", encoded(picture(8, (640, 480))))
    write(mixed / "broken.jpg", encoded(picture(9, (640, 480))))
    report = jobs.run(look_at_project(project))
    assert (report.looked_at, report.unchanged) == (2, 6)
    assert project.photos.counts()["used"] == 4


def test_a_moved_photo_keeps_its_names_and_a_deleted_one_is_missing_until_it_is_back(
    project: Project, mixed: Path, tmp_path: Path
) -> None:
    project.add_folder(mixed)
    jobs.run(look_at_project(project))
    by_name = {photo.path.name: photo.id for photo in project.photos.all()}
    project.labels.name_photos([by_name["good.jpg"]], "drum")
    (mixed / "sorted").mkdir()
    shutil.move(mixed / "good.jpg", mixed / "sorted" / "drum 1.jpg")
    shutil.move(mixed / "dark.jpg", tmp_path / "dark.jpg")
    assert jobs.run(look_at_project(project)).missing == 2
    moved = next(photo for photo in project.photos.all() if photo.path.name == "drum 1.jpg")
    assert moved.id == by_name["good.jpg"]
    assert project.labels.of_photos()[moved.id] == ["drum"]
    assert project.photos.counts()["missing"] == 1
    shutil.move(tmp_path / "dark.jpg", mixed / "dark.jpg")
    jobs.run(look_at_project(project))
    assert project.photos.counts()["missing"] == 0


def test_a_folder_that_cannot_be_reached_loses_no_photo(project: Project, mixed: Path, tmp_path: Path) -> None:
    project.add_folder(mixed)
    other = write(tmp_path / "other" / "a.jpg", encoded(picture(20, (640, 480)))).parent
    project.add_folder(other)
    jobs.run(look_at_project(project))
    mixed.rename(tmp_path / "unplugged")
    report = jobs.run(look_at_project(project))
    assert len(report.problems) == 1
    assert project.photos.counts()["all"] == 8
    assert project.photos.counts()["missing"] == 7
    (tmp_path / "unplugged").rename(mixed)
    jobs.run(look_at_project(project))
    assert project.photos.counts()["missing"] == 0


def test_a_stop_keeps_what_was_looked_at(project: Project, mixed: Path) -> None:
    project.add_folder(mixed)
    stop = StopToken()
    told: list[Progress] = []

    def on_progress(progress: Progress) -> None:
        told.append(progress)
        if progress.metrics.get("photo_ids"):
            stop.stop()

    with pytest.raises(Stopped):
        jobs.run(look_at_project(project, stop), on_progress, stop)
    ids = [photo_id for progress in told for photo_id in progress.metrics.get("photo_ids", [])]
    assert ids
    assert set(ids) <= {photo.id for photo in project.photos.all()}
    jobs.run(look_at_project(project))
    assert project.photos.counts()["all"] == 7


def test_a_photo_that_could_not_be_read_is_looked_at_again(project: Project, mixed: Path) -> None:
    folder = project.add_folder(mixed)
    unread = Look("", invalid_reason="The file cannot be read: Permission denied.")
    project.photos.record(folder.id, [(one, unread) for one in Scan(mixed)])
    assert jobs.run(look_at_project(project)).looked_at == 7
    assert project.photos.counts()["used"] == 2


def test_a_project_is_looked_at_again_where_the_way_of_looking_has_changed(
    project: Project, mixed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.add_folder(mixed)
    with monkeypatch.context() as patch:
        patch.setattr("prismh_engine.project.photo_catalogue.LOOK_VERSION", 0)
        jobs.run(look_at_project(project))
    assert jobs.run(look_at_project(project)).looked_at == 7
    assert jobs.run(look_at_project(project)).looked_at == 0


def test_it_is_told_how_far_the_comparing_is_where_the_neighbours_have_to_be_found_anew(
    project: Project, tmp_path: Path
) -> None:
    fill_with_embeddings(project, tmp_path / "photos", heaps((30,))[0])
    told = progress_of(look_at_project(project))
    assert ("Comparing photos", 30, 30) in {(progress.what, progress.done, progress.total) for progress in told}
