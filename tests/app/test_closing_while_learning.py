"""Closing the window in mid-learning asks once, saves and ends; opening the project again offers to go on."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QPushButton

from app.settings import AppSettings
from prismh_engine import jobs
from prismh_engine.core.instant_map import instant_map
from prismh_engine.models.simclr.settings import TrainSettings
from prismh_engine.project import Project
from prismh_engine.settings import resolve

from .opening import open_project
from .windows import MS_TO_READ, click, find, open_window


class Answer(QTimer):
    """Clicks a button of the question the window asks, as soon as it is asked."""

    def __init__(self, button):
        super().__init__()
        self._button, self.asked = button, 0
        self.setInterval(20)
        self.timeout.connect(self._look)
        self.start()

    def _look(self):
        box = QApplication.activeModalWidget()
        button = None if box is None else box.findChild(QPushButton, self._button)
        if button is not None:
            self.asked += 1
            self.stop()
            button.click()


@pytest.fixture
def learning(qtbot, project, photo_folder):
    """Begins to learn in a window, and waits for the first step."""
    project.add_folder(photo_folder)
    jobs.run(instant_map(project))

    def begin(window, **settings):
        open_project(qtbot, window.session, project.folder)
        flags = {"project": project.folder, "base_model": "resnet18", "image_size": 32, "batch_size": 8, "epochs": 500}
        window.session.start_learning(resolve(TrainSettings, flags | settings, environment={}))
        qtbot.waitUntil(lambda: _has_begun(window), timeout=MS_TO_READ)

    return begin


def _has_begun(window):
    progress = window.session.progress
    return progress is not None and progress.metrics.get("loss") is not None


@pytest.mark.parametrize("go_on", ["resume_learning", "resume_button"])
def test_it_is_asked_once_saved_and_offered_again(qtbot, project, learning, go_on):
    with open_window(qtbot) as window:
        learning(window)
        answer = Answer("save_and_close")
        window.close()
        assert answer.asked == 1
        assert window.session.running_kind is None
        assert not window.isVisible()
    assert AppSettings().recent()[0].learning is not None, "the start page tells of it"
    with Project.open(project.folder) as again:
        run = again.runs.newest()
        assert run.state == "stopped"
        assert (run.folder / "checkpoints" / "last.pt").is_file()
    with open_window(qtbot) as window:
        open_project(qtbot, window.session, project.folder)
        assert window.notice.text().startswith("Learning was stopped before its end.")
        window.show_page("training")
        click(qtbot, window, go_on)
        qtbot.waitUntil(lambda: _has_begun(window), timeout=MS_TO_READ)
        assert window.notice.text() == "", "it goes on, by whichever button"
        assert window.session.project.runs.newest().name == run.name
        window.session.stop()
        qtbot.waitUntil(lambda: window.session.running_kind != "learning", timeout=MS_TO_READ)


def test_with_other_photos_it_goes_on_when_a_person_says_so(qtbot, project, learning):
    with open_window(qtbot) as window:
        learning(window)
        window.session.stop()
        qtbot.waitUntil(lambda: window.session.running_kind != "learning", timeout=MS_TO_READ)
        photo = next(photo for photo in project.photos.all() if photo.used)
        project.photos.overrule([photo.id], "set aside")
        window.session.resume_learning()
        qtbot.waitUntil(lambda: "not those this learning began with" in window.notice.text(), timeout=MS_TO_READ)
        assert "--" not in window.notice.text(), "flags are for the command line"
        click(qtbot, window, "resume_as_they_are")
        qtbot.waitUntil(lambda: _has_begun(window), timeout=MS_TO_READ)
        assert any("changed since" in note for note in window.session.notes)
        window.session.stop()
        qtbot.waitUntil(lambda: window.session.running_kind != "learning", timeout=MS_TO_READ)


def test_who_paused_it_and_was_told_that_all_is_saved_is_not_asked(qtbot, project, learning):
    with open_window(qtbot) as window:
        learning(window)
        window.session.pause()
        qtbot.waitUntil(lambda: window.session.saved_and_waiting, timeout=MS_TO_READ)
        answer = Answer("save_and_close")
        window.close()
        answer.stop()
        assert answer.asked == 0
        assert not window.isVisible()
    with Project.open(project.folder) as again:
        assert again.runs.newest().state == "stopped"


def test_who_thinks_better_of_it_goes_on_learning(qtbot, learning):
    with open_window(qtbot) as window:
        learning(window)
        answer = Answer("keep_learning")
        window.close()
        assert answer.asked == 1
        assert window.isVisible()
        assert window.session.running_kind == "learning"
        assert find(window, "job_name").accessibleName() == "Learning"
        window.session.stop()
        qtbot.waitUntil(lambda: window.session.running_kind != "learning", timeout=MS_TO_READ)


def test_what_was_stopped_before_it_learned_anything_brings_no_map_and_no_verdict(qtbot, project, learning):
    with open_window(qtbot) as window:
        learning(window, base_model="efficientnet_lite0", weights="starter", image_size=128, batch_size=2)
        session = window.session
        session.stop()
        qtbot.waitUntil(lambda: session.running_kind != "learning", timeout=MS_TO_READ)
        run = session.project.runs.newest()
        assert (run.folder / "checkpoints" / "best_model.pt").is_file(), "which is as it began"
        assert session.running_kind is None, "so there is nothing to see of it"
        assert run.state == "stopped"
        assert run.summary == ""
        assert session.project.features.find(run.name) is None
        window.show_page("training")
        assert find(window, "resume_button").isVisible()
        assert find(window, "health_note").text().startswith("This learning was stopped in the first of 500 epochs.")
        assert not find(window, "see_learned_map_button").isVisible()
