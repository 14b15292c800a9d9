"""Opening a project whose catalogue takes long to check: what the window does meanwhile."""

from __future__ import annotations

import shutil
import threading

import pytest

from app.settings import AppSettings
from prismh_engine.errors import PrismhError
from prismh_engine.project import Project

from .opening import MS, open_project, wait_until_open
from .windows import find, open_window


@pytest.fixture
def gate(monkeypatch):
    """Projects open only when this is set, or those in a folder called "quick" at once."""
    opens, may_open = Project.open.__func__, threading.Event()

    def open_slowly(cls, folder):
        assert folder.name == "quick" or may_open.wait(MS / 1000)
        return opens(cls, folder)

    monkeypatch.setattr(Project, "open", classmethod(open_slowly))
    yield may_open
    may_open.set()


def test_the_window_says_what_is_being_opened_and_stays_alive(qtbot, mapped, gate):
    with open_window(qtbot) as window:
        window.open_folder(mapped)
        qtbot.waitUntil(lambda: window.notice.text() == "Opening project…")
        assert window.page().objectName() == "start_page"
        assert find(window, "choose_folder").isEnabled()
        gate.set()
        wait_until_open(qtbot, window.session)
        assert window.page().objectName() == "photos_page"
        assert window.notice.text() == ""


def test_the_project_that_was_open_stays_until_the_next_one_is(qtbot, mapped, tmp_path, gate):
    shutil.copytree(mapped, tmp_path / "quick")
    with open_window(qtbot) as window:
        open_project(qtbot, window.session, tmp_path / "quick")
        window.show_page("export")
        window.open_folder(mapped)
        qtbot.waitUntil(lambda: window.notice.text() == "Opening project…")
        assert window.session.project.folder == tmp_path / "quick"
        assert window.page().objectName() == "export_page"
        gate.set()
        wait_until_open(qtbot, window.session)
        assert window.session.project.folder == mapped


def test_of_two_projects_the_one_that_was_asked_for_last_is_opened(qtbot, mapped, tmp_path, gate):
    shutil.copytree(mapped, tmp_path / "quick")
    with open_window(qtbot) as window:
        window.open_folder(mapped)
        open_project(qtbot, window.session, tmp_path / "quick")
        gate.set()
        qtbot.wait(300)  # the other one is through as well
        assert window.session.project.folder == tmp_path / "quick"
        assert [recent.folder for recent in AppSettings().recent()] == [str(tmp_path / "quick")]


def test_nothing_is_said_any_more_of_a_project_that_is_not_asked_for(qtbot, mapped, tmp_path, monkeypatch):
    may_fail = threading.Event()

    def fail(folder):
        may_fail.wait(MS / 1000)
        raise PrismhError("It is damaged.")

    shutil.copytree(mapped, tmp_path / "quick")
    opens = Project.open
    monkeypatch.setattr(Project, "open", lambda folder: opens(folder) if folder.name == "quick" else fail(folder))
    with open_window(qtbot) as window:
        window.open_folder(mapped)
        open_project(qtbot, window.session, tmp_path / "quick")
        may_fail.set()
        qtbot.wait(300)
        assert window.notice.text() == ""


def test_the_window_can_be_closed_while_a_project_is_being_opened(qtbot, mapped, gate):
    with open_window(qtbot) as window:
        window.open_folder(mapped)
        qtbot.waitUntil(lambda: window.notice.text() != "")
        threading.Timer(0.2, gate.set).start()
        window.close()
        assert window.session.project is None
    assert AppSettings().recent() == []
    shutil.rmtree(mapped)  # nobody holds its files


def test_what_cannot_be_opened_is_said_on_the_start_page(qtbot, tmp_path):
    (tmp_path / "project.db").write_bytes(b"no database")
    with open_window(qtbot) as window:
        window.open_folder(tmp_path)
        wait_until_open(qtbot, window.session)
        assert str(tmp_path) in window.notice.text()
        assert window.page().objectName() == "start_page"
        assert window.loaded()
