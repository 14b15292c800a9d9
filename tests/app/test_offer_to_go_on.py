"""An unfinished run is offered when its project is opened, until a person says not now."""

from __future__ import annotations

import pytest

from app import newest_run
from prismh_engine.models.simclr.run_files import run_to_resume
from prismh_engine.project import Project
from prismh_engine.project.runs import FAILED, STOPPED

from .windows import click, find, open_window, run_of_ten_epochs, wait_until_read

GO_ON = "resume_learning"


@pytest.fixture
def stopped(mapped):
    """A project with a run that was stopped before its end."""
    with Project.open(mapped) as project:
        run = run_of_ten_epochs(project)
        project.runs.set_state(run, STOPPED)
    return mapped


def opened(qtbot, window, folder):
    window.open_folder(folder)
    qtbot.waitUntil(lambda: window.session.project is not None)
    wait_until_read(qtbot, window)


def offered(window):
    return window.notice.isVisible() and find(window, GO_ON).isVisible()


def test_not_now_holds_for_this_run_and_the_learn_page_still_offers_it(qtbot, stopped):
    with open_window(qtbot) as window:
        opened(qtbot, window, stopped)
        assert offered(window)
        click(qtbot, window, "not_now")
        assert not window.notice.isVisible()
    with open_window(qtbot) as window:
        opened(qtbot, window, stopped)
        assert not window.notice.isVisible()
        window.show_page("training")
        assert find(window.page(), "resume_button").isVisible()
    with Project.open(stopped) as project:
        another = project.runs.new()
        another.folder.mkdir(parents=True)
        (another.folder / "settings.json").write_text("{}", encoding="utf-8")
        project.runs.set_state(another, STOPPED)
    with open_window(qtbot) as window:
        opened(qtbot, window, stopped)
        assert offered(window)


def test_who_is_asked_to_go_on_learns_why_it_stopped(qtbot, stopped):
    with Project.open(stopped) as project:
        project.runs.set_state(project.runs.newest(), STOPPED, "Cannot write last.pt: the disk is full.")
    with open_window(qtbot) as window:
        opened(qtbot, window, stopped)
        assert "could not go on: Cannot write last.pt: the disk is full." in window.notice.text()
        assert offered(window)


def test_a_learning_that_failed_from_its_start_is_told_on_the_rail(qtbot, mapped):
    with Project.open(mapped) as project:
        project.runs.set_state(project.runs.new(), FAILED, "The disk is full.")
    with open_window(qtbot) as window:
        opened(qtbot, window, mapped)
        qtbot.waitUntil(lambda: find(window, "step_training").state() == "could not go on")


def test_the_run_that_is_offered_is_the_one_the_engine_goes_on_with_however_soon_it_was_killed(qtbot, stopped):
    with Project.open(stopped) as project:
        write_about(project.runs.newest())
        killed = run_of_ten_epochs(project)  # after its settings, before all else
        assert run_to_resume(project) == killed
        assert newest_run.unfinished(project) == killed
        (killed.folder / "settings.json").unlink()
        write_about(killed)
        assert run_to_resume(project) == killed
    with open_window(qtbot) as window:
        opened(qtbot, window, stopped)
        assert offered(window)
        assert window.session.unfinished_run().name == killed.name
        window.show_page("training")
        said = find(window, "health_note").text()
        assert said == "This learning was stopped before its end. Resume goes on from what was saved last."


def write_about(run):
    (run.folder / "run.json").write_text("{}", encoding="utf-8")
