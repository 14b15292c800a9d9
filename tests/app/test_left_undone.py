"""A project that was closed in the middle goes on from there when it is opened again."""

from __future__ import annotations

import dataclasses

import numpy as np

from app.left_undone import left_undone
from prismh_engine import jobs
from prismh_engine.core.learned_map import learned_map
from prismh_engine.core.look_at_photos import look_at_project
from prismh_engine.photos import scenes
from prismh_engine.project import Project

from .learned import train_for_a_moment
from .windows import open_window, wait_until_read

RUN = "run-1"


def learn(folder):
    train_for_a_moment(folder)
    with Project.open(folder) as project:
        jobs.run(learned_map(project, RUN))


def leave_unfinished(folder, name):
    """The map of a feature set as a stop in the middle of drawing it leaves it, and nothing said of it."""
    with Project.open(folder) as project:
        features = project.features.get(name)
        made = project.maps.newest(features)
        project.maps.save(features, dataclasses.replace(made, parameters={**made.parameters, "finished": False}))
        if name == RUN:
            project.runs.set_summary(project.runs.get(RUN), "", "")


def opened_again(qtbot, folder):
    with open_window(qtbot) as window:
        window.open_folder(folder)
        wait_until_read(qtbot, window)


def test_a_map_that_was_being_drawn_is_drawn_to_its_end(qtbot, mapped):
    leave_unfinished(mapped, "starter")
    opened_again(qtbot, mapped)
    with Project.open(mapped) as project:
        assert project.maps.newest(project.features.get("starter")).finished


def test_so_is_that_of_what_was_learned_and_what_learning_changed_is_told(qtbot, mapped):
    learn(mapped)
    leave_unfinished(mapped, RUN)
    opened_again(qtbot, mapped)
    with Project.open(mapped) as project:
        assert project.maps.newest(project.features.get(RUN)).finished
        assert project.runs.get(RUN).summary


def test_photos_that_were_seen_and_not_laid_out_yet_come_to_be_on_every_map(qtbot, mapped):
    learn(mapped)
    for number in (100, 101, 102):
        scenes.draw_scene("tyre", number, (320, 240)).save(mapped.parent / "photos" / f"new_{number}.jpg")
    with Project.open(mapped) as project:
        known = len(project.photos.used_ids())
        jobs.run(look_at_project(project))
        assert len(project.photos.used_ids()) == known + 3
    opened_again(qtbot, mapped)
    with Project.open(mapped) as project:
        for name in ("starter", RUN):
            made = project.maps.newest(project.features.get(name))
            assert np.array_equal(np.sort(made.photo_ids), project.photos.used_ids()), name
        assert not left_undone(project).behind, "there is nothing more to do"
