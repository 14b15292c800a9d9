"""What tests of the window share: a session, and a project with its instant map."""

from __future__ import annotations

import shutil

import pytest

from app.session import Session
from app.settings import AppSettings
from app.widgets.photo_grid import PhotoGrid
from prismh_engine import jobs
from prismh_engine.core.instant_map import instant_map
from prismh_engine.project import Project

from .windows import open_window, wait_until_read


@pytest.fixture(scope="session")
def _mapped_once(photo_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mapped")
    shutil.copytree(photo_folder, folder / "photos")
    with Project.create(folder / "project", "Ward 14") as project:
        project.add_folder(folder / "photos")
        jobs.run(instant_map(project))
    return folder


@pytest.fixture
def mapped(_mapped_once, tmp_path):
    """The folder of a project whose photos were read and laid out; a copy that a test may change."""
    shutil.copytree(_mapped_once, tmp_path / "mapped")
    return tmp_path / "mapped" / "project"


@pytest.fixture
def session(qtbot):
    """A session without a project."""
    made = Session(AppSettings())
    yield made
    made.close()
    made.deleteLater()


@pytest.fixture
def window(qtbot, mapped):
    """The window with a project of 24 photos open on the Photos page."""
    with open_window(qtbot) as made:
        made.open_folder(mapped)
        wait_until_read(qtbot, made)
        yield made


@pytest.fixture
def grid(window):
    """The photos of that page."""
    return window.page().findChild(PhotoGrid)
