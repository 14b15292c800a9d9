"""A project that is open in the window and changed by a command at the same time."""

from __future__ import annotations

from PySide6.QtGui import QAction

from prismh_engine import jobs
from prismh_engine.core.cluster_embeddings import cluster_project
from prismh_engine.project import Project

from .windows import MS_TO_READ, open_window, wait_until_read


def test_groups_that_a_command_found_are_shown_without_being_asked_for(qtbot, mapped):
    with open_window(qtbot) as window:
        window.open_folder(mapped)
        qtbot.waitUntil(lambda: window.session.project is not None)
        window.show_page("explore")
        wait_until_read(qtbot, window)
        before = len(window.page()._side.groups.rows())
        with Project.open(mapped) as other:
            jobs.run(cluster_project(other, clusters=before + 1))
        qtbot.waitUntil(lambda: len(window.page()._side.groups.rows()) == before + 1, timeout=MS_TO_READ)


def test_a_name_given_elsewhere_can_be_undone_here(qtbot, mapped):
    with open_window(qtbot) as window:
        window.open_folder(mapped)
        qtbot.waitUntil(lambda: window.session.project is not None)
        wait_until_read(qtbot, window)
        with Project.open(mapped) as other, other.history.step("Drums put on 1 photo"):
            other.labels.name_photos([other.photos.used()[0].id], "Drums")
        undo = window.findChild(QAction, "undo")
        qtbot.waitUntil(lambda: undo.text() == "&Undo: Drums put on 1 photo", timeout=MS_TO_READ)


def test_what_the_window_writes_itself_is_not_read_twice(qtbot, mapped):
    with open_window(qtbot) as window:
        window.open_folder(mapped)
        qtbot.waitUntil(lambda: window.session.project is not None)
        wait_until_read(qtbot, window)
        told = []
        window.session.map_changed.connect(lambda: told.append(True))
        window.session.project.labels.name_photos([window.session.project.photos.used()[0].id], "Drums")
        qtbot.wait(3500)
        assert not told
