"""Driving the real window from a test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from app import theme
from app.main_window import MainWindow
from app.settings import AppSettings
from prismh_engine.jobs import Job, Progress, StopToken
from prismh_engine.project import Project, Run

MS_TO_READ = 60_000


@contextmanager
def open_window(qtbot: Any) -> Iterator[MainWindow]:
    """The main window, on screen; closed at the end as a person closes it."""
    settings = AppSettings()
    theme.apply(settings.theme, settings.text_size)
    window = MainWindow(settings)
    window.show()
    try:
        yield window
    finally:
        window.close()
        window.deleteLater()


def find(window: QWidget, object_name: str) -> Any:
    found = window.findChild(QWidget, object_name)
    assert found is not None, f"there is no {object_name}"
    return found


def click(qtbot: Any, window: QWidget, object_name: str) -> None:
    """Click a control that can be seen and used."""
    control = find(window, object_name)
    qtbot.waitUntil(control.isVisible)  # what was just made is shown by the next event
    assert control.isEnabled(), f"{object_name} is disabled"
    qtbot.mouseClick(control, Qt.MouseButton.LeftButton)


def answer_folder(monkeypatch: Any, folder: Path | None) -> None:
    """What a person chooses in the next folder dialogs."""
    for module in ("start", "photos"):
        monkeypatch.setattr(f"app.pages.{module}.choose_folder", lambda parent, title: folder)
    for module in ("project_menu", "photos_menu"):
        monkeypatch.setattr(f"app.{module}.choose_folder", lambda parent, title: folder)


def wait_until_read(qtbot: Any, window: MainWindow) -> None:
    """Wait until nothing runs and the page is complete."""
    qtbot.waitUntil(window.loaded, timeout=MS_TO_READ)


def trigger(window: QWidget, object_name: str) -> None:
    """Choose an entry of a menu."""
    action = window.findChild(QAction, object_name)
    assert action.isEnabled(), f"{object_name} is disabled"
    action.trigger()


def waiting(stop: StopToken) -> Job[None]:
    """A long job that comes to no end by itself."""
    while True:
        yield Progress("Looking at photos", 3, 10)


def run_with_settings(project: Project, **settings: object) -> Run:
    """A new run of a project, with its folder and settings and nothing learned yet."""
    run = project.runs.new()
    run.folder.mkdir(parents=True)
    (run.folder / "settings.json").write_text(json.dumps({"step": "train", "settings": settings}), encoding="utf-8")
    return run


def run_of_ten_epochs(project: Project) -> Run:
    """A new run of a project that is to learn for ten epochs."""
    return run_with_settings(project, epochs=10)
