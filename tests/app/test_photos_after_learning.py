"""Photos that come after a learning, or after names were given, take part in both: a team goes out every day."""

from __future__ import annotations

import numpy as np

from prismh_engine import jobs
from prismh_engine.core.learned_map import learned_map
from prismh_engine.photos import scenes
from prismh_engine.project import Project

from .learned import train_for_a_moment
from .windows import click, open_window, trigger, wait_until_read


def test_who_looks_for_new_photos_finds_them_on_the_learned_map_among_those_that_stay(qtbot, mapped):
    train_for_a_moment(mapped)
    with Project.open(mapped) as project:
        jobs.run(learned_map(project, "run-1"))
    with open_window(qtbot) as window:
        window.open_folder(mapped)
        wait_until_read(qtbot, window)
        window.show_page("explore")
        wait_until_read(qtbot, window)
        click(qtbot, window, "chip_learned")
        wait_until_read(qtbot, window)
        shown = window.page().views.map
        before = shown.positions.copy()
        for number in (100, 101, 102):
            scenes.draw_scene("tyre", number, (320, 240)).save(mapped.parent / "photos" / f"new_{number}.jpg")
        trigger(window, "look_again")
        wait_until_read(qtbot, window)
        assert len(shown.positions) == len(before) + 3
        assert all((np.abs(shown.positions - place).max(axis=1) < 1e-5).any() for place in before), "these stay"


def test_names_are_suggested_for_photos_that_came_after_they_were_given(qtbot, mapped):
    with Project.open(mapped) as project:
        for photo in project.photos.used()[2:]:
            project.labels.name_photos([photo.id], photo.path.name.partition("_")[0])
    with open_window(qtbot) as window:
        window.open_folder(mapped)
        wait_until_read(qtbot, window)
        window.show_page("explore")
        wait_until_read(qtbot, window)
        for number in (100, 101, 102):
            scenes.draw_scene("tyre", number, (320, 240)).save(mapped.parent / "photos" / f"new_{number}.jpg")
        trigger(window, "look_again")
        wait_until_read(qtbot, window)
        project = window.session.project
        suggested = project.suggestions.all(project.features.get("starter"))
        came = {photo.id for photo in project.photos.used() if photo.path.name.startswith("new_")}
        assert len(came) == 3
        assert came <= set(suggested)
