"""A run that another program learns, or went on with: the window follows it by its files and leaves it alone."""

from __future__ import annotations

import pytest

from prismh_engine.models.simclr.lock import run_folder_lock
from prismh_engine.project import Project
from prismh_engine.project.runs import STOPPED

from .opening import open_project
from .windows import click, find, open_window, run_of_ten_epochs

HEADER = "epoch,step,train_loss,val_loss,learning_rate\n"
ROWS = ["1,5,3.5,3.6,0.001\n", "2,10,3.1,3.3,0.001\n", "3,15,2.9,3.2,0.0005\n", "4,20,2.8,3.1,0.0001\n"]


@pytest.fixture
def run(mapped):
    """A run of ten epochs of which two are through."""
    with Project.open(mapped) as project:
        made = run_of_ten_epochs(project)
        write(made, 2)
        return made


def write(run, epochs):
    (run.folder / "metrics.csv").write_text(HEADER + "".join(ROWS[:epochs]), encoding="utf-8")


def test_a_run_under_way_in_another_program_is_followed_and_not_offered(qtbot, mapped, run):
    with open_window(qtbot) as window:
        with run_folder_lock(run.folder):
            open_project(qtbot, window.session, mapped)
            assert window.notice.text() == "", "nobody is asked to go on with it"
            window.show_page("training")
            page = window.page()
            assert "Another program is learning" in find(page, "health_note").text()
            assert not find(page, "resume_button").isVisible()
            assert not find(page, "start_button").isEnabled()
            assert page._history.per_epoch().tolist() == [3.5, 3.1]
            qtbot.waitUntil(lambda: "another program" in find(window, "step_training").accessibleName())
            write(run, 3)
            qtbot.waitUntil(lambda: page._history.per_epoch().tolist() == [3.5, 3.1, 2.9], timeout=20_000)
            window.session.project.runs.set_state(run, STOPPED)
        qtbot.waitUntil(lambda: find(page, "resume_button").isVisible(), timeout=20_000)
        assert "after 3 of 10 epochs" in find(page, "health_note").text()


def test_a_run_that_went_on_elsewhere_meanwhile_is_shown_as_far_as_it_came(qtbot, mapped, run):
    with Project.open(mapped) as project:
        project.runs.set_state(run, STOPPED)
    with open_window(qtbot) as window:
        open_project(qtbot, window.session, mapped)
        window.show_page("training")
        assert "after 2 of 10 epochs" in find(window.page(), "health_note").text()
        window.show_page("photos")
        write(run, 4)
        window.show_page("training")
        assert "after 4 of 10 epochs" in find(window.page(), "health_note").text()
        assert find(window.page(), "loss_plot").isVisible()


def test_an_offer_to_go_on_is_taken_back_where_another_program_went_on(qtbot, mapped, run):
    with Project.open(mapped) as project:
        project.runs.set_state(run, STOPPED)
    with open_window(qtbot) as window:
        open_project(qtbot, window.session, mapped)
        qtbot.waitUntil(lambda: window.session.summary.learning is not None and window.loaded())
        assert window.notice.text().startswith("Learning was stopped before its end.")
        failures = []
        window.session.failed.connect(failures.append)
        with run_folder_lock(run.folder):
            window.session.summarise()
            qtbot.waitUntil(lambda: window.notice.text() == "")
        assert failures == []


def test_who_goes_on_at_the_moment_another_program_did_is_told_so_on_the_learn_page(qtbot, mapped, run):
    with Project.open(mapped) as project:
        project.runs.set_state(run, STOPPED)
    with open_window(qtbot) as window:
        open_project(qtbot, window.session, mapped)
        failures = []
        window.session.failed.connect(failures.append)
        with run_folder_lock(run.folder):
            click(qtbot, window, "resume_learning")
            assert "Another program is learning" in find(window.page(), "health_note").text()
            qtbot.waitUntil(window.loaded)
        assert failures == []
