"""An unfinished run is offered when its project is opened, until a person says not now."""

from __future__ import annotations

import pytest

from prismh_engine.project import Project
from prismh_engine.project.runs import STOPPED

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
