"""Who has learned more than once still reaches every learned map, and knows which one is seen and exported."""

from __future__ import annotations

import csv
import shutil
from datetime import date

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.learnings import learnings_of
from prismh_engine.models.simclr.lock import run_folder_lock
from prismh_engine.project import Project
from prismh_engine.project.runs import FAILED

from .learned import learn, told_at_export, train_for_a_moment
from .windows import click, find, open_window, trigger, wait_until_read, waiting

MS = 60_000
OLDER, NEWER = "run-1", "run-2"


def began(folder, run, moment):
    """Say when a run began, in UTC."""
    with Project.open(folder) as project, project._database.writing() as db:
        db.execute("UPDATE runs SET created_at = ? WHERE name = ?", (moment, run))


def positions_of(folder, run):
    """file_path -> its place on the map of a run."""
    with Project.open(folder) as project:
        found = project.maps.newest(project.features.get(run))
        paths = {photo.id: photo.file_path for photo in project.photos.used()}
    return {paths[i]: xy for i, xy in zip(found.photo_ids.tolist(), found.positions, strict=True)}


def open_at_explore(qtbot, window, folder):
    window.open_folder(folder)
    wait_until_read(qtbot, window)
    window.show_page("explore")
    wait_until_read(qtbot, window)


def choose(qtbot, window, run):
    trigger(window, f"learning_{run}")
    wait_until_read(qtbot, window)


def offered(window):
    """The entries of the menu and which of them is ticked."""
    actions = find(window, "which_learning").menu().actions()
    return [action.text() for action in actions], [action.text() for action in actions if action.isChecked()]


@pytest.fixture
def twice(mapped):
    """A project that has learned twice, and what each learning changed."""
    older = learn(mapped, noise=0.05, preset="quick")
    newer = learn(mapped, noise=9.0, preset="names")
    began(mapped, OLDER, "2024-03-05T10:04:00+00:00")
    began(mapped, NEWER, f"{date.today().year}-01-02T03:04:05+00:00")
    return mapped, str(older), str(newer)


@pytest.fixture
def never_laid_out(mapped):
    """A project whose first learning has a model and no map, and whose second one has both."""
    train_for_a_moment(mapped)
    learn(mapped, noise=0.05)
    return mapped


def test_the_map_of_an_earlier_learning_is_reached_told_of_exported_and_there_after_a_restart(qtbot, twice, tmp_path):
    folder, older, newer = twice
    with open_window(qtbot) as window:
        open_at_explore(qtbot, window, folder)
        click(qtbot, window, "chip_learned")
        wait_until_read(qtbot, window)
        assert find(window, "learning_summary").text() == newer, "the newest one comes first"
        titles, ticked = offered(window)
        assert [title.split(", ")[1] for title in titles] == ["With my names", "Quick"]
        assert ticked == titles[:1]
        assert "2024" in titles[1]
        assert str(date.today().year) not in titles[0], "of this year the year goes without saying"
        choose(qtbot, window, OLDER)
        assert find(window, "chip_learned").isChecked()
        assert find(window, "learning_summary").text() == older
        assert find(window, "which_learning").accessibleName() == f"Learned {titles[1]}"
        told = told_at_export(qtbot, window)
        assert (told["Map"], told["Learning"]) == ("learned", titles[1])
        window.page().save(tmp_path / "table.csv")
        qtbot.waitUntil(lambda: (tmp_path / "table.csv").exists(), timeout=MS)
        with (tmp_path / "table.csv").open(encoding="utf-8-sig", newline="") as table:
            written = {row["file_path"]: (float(row["x"]), float(row["y"])) for row in csv.DictReader(table)}
    expected = positions_of(folder, OLDER)
    assert set(written) == set(expected)
    assert all(np.allclose(written[path], expected[path], atol=1e-4) for path in written)
    with open_window(qtbot) as window:
        open_at_explore(qtbot, window, folder)
        assert find(window, "which_learning").accessibleName() == f"Learned {titles[1]}", "it is there again"
        assert find(window, "learning_summary").text() == older


def test_instant_and_back_leads_to_the_learning_that_was_looked_at(qtbot, twice):
    folder, older, _ = twice
    with open_window(qtbot) as window:
        open_at_explore(qtbot, window, folder)
        choose(qtbot, window, OLDER)
        click(qtbot, window, "chip_instant")
        wait_until_read(qtbot, window)
        assert offered(window)[1] == [], "none of the learned maps is seen"
        assert find(window, "learning_summary").text() == older
        click(qtbot, window, "chip_learned")
        wait_until_read(qtbot, window)
        assert find(window, "learning_summary").text() == older
        newest = str(learn(folder, noise=0.5))
        click(qtbot, window, "chip_instant")
        wait_until_read(qtbot, window)
        window.session.map_changed.emit()
        wait_until_read(qtbot, window)
        assert find(window, "learning_summary").text() == newest


def test_the_menu_works_by_keyboard(qtbot, twice):
    folder, older, _ = twice
    with open_window(qtbot) as window:
        open_at_explore(qtbot, window, folder)
        button = find(window, "which_learning")
        button.setFocus()
        qtbot.keyClick(button, Qt.Key.Key_Space)
        qtbot.waitUntil(button.menu().isVisible)
        for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Return):
            qtbot.keyClick(button.menu(), key)
        wait_until_read(qtbot, window)
        assert find(window, "learning_summary").text() == older
        assert window.focusWidget() is button


def test_with_one_learning_there_is_nothing_to_choose(qtbot, mapped):
    learn(mapped, noise=0.05)
    with open_window(qtbot) as window:
        open_at_explore(qtbot, window, mapped)
        click(qtbot, window, "chip_learned")
        wait_until_read(qtbot, window)
        assert not find(window, "which_learning").isVisible()
        assert "Learning" not in told_at_export(qtbot, window)


def test_a_map_that_was_never_laid_out_is_made_when_it_is_asked_for_and_others_stay(qtbot, never_laid_out):
    with open_window(qtbot) as window:
        open_at_explore(qtbot, window, never_laid_out)
        choose(qtbot, window, NEWER)
        shown = window.page().views.map
        before = shown.positions.copy()
        disturbed = []
        window.session.map_moved.connect(lambda *_: disturbed.append(not np.array_equal(shown.positions, before)))
        trigger(window, f"learning_{OLDER}")
        assert window.session.learned_map_of == OLDER
        window.session.pause()
        qtbot.waitUntil(find(window, "map_notice").isVisible, timeout=MS)
        trigger(window, f"learning_{NEWER}")
        qtbot.waitUntil(find(window, "embedding_map").isVisible, timeout=MS)
        disturbed.clear()
        window.session.resume()
        wait_until_read(qtbot, window)
        assert not any(disturbed), "the map that is looked at stays while another one is made"
        choose(qtbot, window, OLDER)
        assert find(window, "embedding_map").isVisible()
        summaries = {run.name: run.summary for run in window.session.project.runs.all()}
        assert find(window, "learning_summary").text() == summaries[OLDER] != ""
        assert window.session.project.shown_features == OLDER


def test_a_map_whose_making_was_stopped_is_offered_to_be_made(qtbot, never_laid_out):
    with open_window(qtbot) as window:
        open_at_explore(qtbot, window, never_laid_out)
        trigger(window, f"learning_{OLDER}")
        window.session.stop()
        wait_until_read(qtbot, window)
        assert find(window, "map_notice").isVisible()
        assert window.session.project.shown_features != OLDER, "groups elsewhere are of a map that is there"
        click(qtbot, window, "map_notice_button")
        assert window.session.learned_map_of == OLDER
        wait_until_read(qtbot, window)
        assert find(window, "embedding_map").isVisible()


def test_while_something_else_runs_the_map_that_is_seen_stays(qtbot, never_laid_out):
    with open_window(qtbot) as window:
        open_at_explore(qtbot, window, never_laid_out)
        choose(qtbot, window, NEWER)
        window.session.start_reading(waiting)
        ticked = offered(window)[1]
        trigger(window, f"learning_{OLDER}")
        assert "Something else is running" in window.notice.text()
        assert offered(window)[1] == ticked
        assert find(window, "embedding_map").isVisible()


def test_two_learnings_of_one_minute_are_told_apart(twice):
    folder, _, _ = twice
    began(folder, OLDER, "2024-03-05T10:04:10+00:00")
    with Project.open(folder) as project:
        shutil.copy(project.runs.get(NEWER).folder / "settings.json", project.runs.get(OLDER).folder / "settings.json")
        assert [learning.title.count(":") for learning in learnings_of(project)] == [1, 1]
    began(folder, NEWER, "2024-03-05T10:04:55+00:00")
    with Project.open(folder) as project:
        newer, older = (learning.title for learning in learnings_of(project))
    assert ":04:55, " in newer
    assert ":04:10, " in older


def test_a_failed_learning_and_one_that_is_under_way_have_no_map_to_make(never_laid_out):
    with Project.open(never_laid_out) as project:
        assert [learning.run for learning in learnings_of(project)] == [NEWER, OLDER]
        run = project.runs.get(OLDER)
        with run_folder_lock(run.folder):
            assert [learning.run for learning in learnings_of(project)] == [NEWER]
        project.runs.set_state(run, FAILED)
        assert [learning.run for learning in learnings_of(project)] == [NEWER]
