"""After a learning: the sentence on what it changed, the map to go on with, and that nothing is replaced unasked."""

from __future__ import annotations

import shutil

from app import steps, theme
from app.pages.training import TrainingPage
from app.widgets.map_tools import MapTools
from prismh_engine.project import Project
from prismh_engine.project.feature_sets import STARTER
from prismh_engine.project.runs import FINISHED, STOPPED

from .learned import learn, told_at_export
from .opening import open_project
from .windows import click, find, open_window, run_of_ten_epochs, wait_until_read

MS = 60_000
BUTTONS = ("start_button", "see_learned_map_button", "back_to_map_button")


def main_of(window):
    """The buttons in sight, and the filled ones."""
    buttons = {name: find(window, name) for name in BUTTONS}
    in_sight = {name for name, button in buttons.items() if button.isVisible()}
    return in_sight, [name for name in BUTTONS if name in in_sight and buttons[name].property("role") == "main"]


def open_at_learn(qtbot, window, folder):
    window.open_folder(folder)
    wait_until_read(qtbot, window)
    window.show_page("training")


def test_a_worse_map_is_told_and_the_way_on_is_the_map_as_it_is(qtbot, mapped):
    change = learn(mapped, noise=9.0)
    assert change.shown_first == STARTER
    with open_window(qtbot) as window:
        open_at_learn(qtbot, window, mapped)
        assert find(window, "what_learning_changed").text() == str(change)
        assert main_of(window) == (set(BUTTONS), ["back_to_map_button"])
        click(qtbot, window, "back_to_map_button")
        assert window.page().objectName() == "explore_page"
        wait_until_read(qtbot, window)
        assert find(window, "chip_instant").isChecked()
        assert find(window, "chip_instant").toolTip().endswith("Look at this one first.")
        assert find(window, "learning_summary").text() == str(change)


def test_where_it_can_go_on_there_are_three_buttons_which_have_room_in_large_text(qtbot, mapped):
    learn(mapped, noise=9.0)
    with Project.open(mapped) as project:
        project.runs.set_state(project.runs.newest(), STOPPED)
    with open_window(qtbot) as window:
        theme.apply("light", 1.5)
        window.resize(1280, 750)
        open_at_learn(qtbot, window, mapped)
        qtbot.waitUntil(lambda: window.session.summary.teachers is not None, timeout=MS)
        click(qtbot, window, "choice_names")
        qtbot.wait(100)  # the layout follows
        assert main_of(window)[0] == set(BUTTONS[:2])
        assert find(window, "resume_button").property("role") == "main"
        for name in ("start_button", "see_learned_map_button", "resume_button"):
            button = find(window, name)
            assert button.width() >= button.sizeHint().width(), f"{name} is cut off"
        theme.apply("light", 1.0)


def test_a_better_map_is_told_and_shown_only_when_it_is_asked_for(qtbot, mapped):
    change = learn(mapped, noise=0.05)
    assert change.shown_first == "learned"
    with open_window(qtbot) as window:
        open_at_learn(qtbot, window, mapped)
        assert (
            find(window, "what_learning_changed")
            .text()
            .startswith("Learning made the map better for the names you gave:")
        )
        assert main_of(window) == (set(BUTTONS[:2]), ["see_learned_map_button"])
        window.show_page("explore")
        wait_until_read(qtbot, window)
        assert find(window, "chip_instant").isChecked(), "nothing is replaced until it is asked for"
        assert find(window, "chip_learned").toolTip().endswith("Look at this one first.")
        window.show_page("training")
        assert told_at_export(qtbot, window)["Map"] == "instant"
        window.show_page("training")
        click(qtbot, window, "see_learned_map_button")
        wait_until_read(qtbot, window)
        assert find(window, "chip_learned").isChecked()
        assert told_at_export(qtbot, window)["Map"] == "learned"
    with open_window(qtbot) as window:
        window.open_folder(mapped)
        wait_until_read(qtbot, window)
        window.show_page("explore")
        wait_until_read(qtbot, window)
        assert find(window, "chip_learned").isChecked(), "what was chosen last is there again"


def test_names_that_no_run_knows_are_the_thing_to_learn_from_and_what_that_does_is_told(qtbot, mapped):
    learn(mapped, noise=0.05)
    with open_window(qtbot) as window:
        open_at_learn(qtbot, window, mapped)
        qtbot.waitUntil(lambda: window.session.summary.teachers is not None, timeout=MS)
        assert not find(window, "about_learning").isVisible()
        click(qtbot, window, "choice_names")
        assert main_of(window) == (set(BUTTONS[:2]), ["start_button"])
        assert find(window, "about_learning").text().startswith("Photos with the same name learn to be alike")
        assert find(window, "about_learning").isVisible()
        assert find(window, "what_learning_changed").isVisible()
        click(qtbot, window, "choice_quick")
        assert main_of(window) == (set(BUTTONS[:2]), ["see_learned_map_button"])
        assert not find(window, "about_learning").isVisible()


def test_a_newer_learned_map_replaces_none_on_screen_until_it_is_asked_for(qtbot, mapped):
    older = learn(mapped, noise=0.05)
    with open_window(qtbot) as window:
        open_at_learn(qtbot, window, mapped)
        click(qtbot, window, "see_learned_map_button")
        wait_until_read(qtbot, window)
        newer = learn(mapped, noise=9.0)
        window.session.map_changed.emit()
        wait_until_read(qtbot, window)
        runs = window.session.project.runs.all()
        assert window.page()._contents.features == runs[0].name
        assert find(window, "learning_summary").text() == str(older), "what is told is told of the map on screen"
        window.show_page("training")
        assert find(window, "what_learning_changed").text() == str(newer)
        click(qtbot, window, "see_learned_map_button")
        wait_until_read(qtbot, window)
        assert window.page()._contents.features == runs[1].name
        assert find(window, "learning_summary").text() == str(newer)


def test_a_finished_run_whose_folder_was_deleted_is_still_the_newest_one(qtbot, mapped):
    with Project.open(mapped) as project:
        project.runs.set_state(run_of_ten_epochs(project), STOPPED)
    change = learn(mapped, noise=0.05)
    with Project.open(mapped) as project:
        shutil.rmtree(project.runs.newest().folder)
    with open_window(qtbot) as window:
        open_at_learn(qtbot, window, mapped)
        assert window.notice.text() == "", "what was stopped before it is not offered again"
        assert find(window, "what_learning_changed").text() == str(change)
        assert main_of(window) == (set(BUTTONS[:2]), ["see_learned_map_button"])
        click(qtbot, window, "see_learned_map_button")
        wait_until_read(qtbot, window)
        assert find(window, "learning_summary").text() == str(change)


def test_while_the_map_of_what_was_learned_is_made_this_is_told(session, qtbot, mapped):
    with Project.open(mapped) as project:
        project.runs.set_state(run_of_ten_epochs(project), FINISHED)
    open_project(qtbot, session, mapped)
    page = TrainingPage(session)
    qtbot.addWidget(page)
    qtbot.waitUntil(lambda: session.summary.photos > 0 and session.running_kind is None, timeout=MS)
    session.start_reading(steps.look_for_photos, session.project)
    assert find(page, "health_note").text().startswith("The map of what was learned is being made.")
    qtbot.waitUntil(lambda: session.running_kind is None, timeout=MS)
    assert find(page, "health_note").text() == ""


def test_a_run_of_which_it_is_not_known_recommends_no_map(qtbot):
    tools = MapTools()
    qtbot.addWidget(tools)
    tools.show_views(learnings=1, placed=False)
    tips = [find(tools, name).toolTip() for name in ("chip_instant", "chip_learned")]
    assert not any("first" in tip for tip in tips)
