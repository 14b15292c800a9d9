"""A table about the photos is taken in by the window, and that is undone like anything else a person did."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QAction

from prismh_engine import jobs
from prismh_engine.core.import_metadata import import_into_project
from prismh_engine.project import Project

from .windows import MS_TO_READ, click, find, open_window, wait_until_read


@pytest.fixture
def window(qtbot, mapped):
    with open_window(qtbot) as made:
        made.open_folder(mapped)
        wait_until_read(qtbot, made)
        qtbot.waitUntil(lambda: len(find(made, "photo_grid").photos()) == 24)
        yield made


def test_a_table_that_was_taken_in_is_what_undo_offers_and_takes_away(qtbot, monkeypatch, tmp_path, window):
    photo = find(window, "photo_grid").photos()[0]
    table = tmp_path / "notes.csv"
    table.write_text(f"file_path,label\n{photo.file_path},drum\n", encoding="utf-8")
    monkeypatch.setattr("app.pages.photos.choose_file", lambda *_: table)
    labels = window.session.project.labels
    window.findChild(QAction, "add_data").trigger()
    qtbot.waitUntil(lambda: window.findChild(QAction, "undo").text() == "&Undo: data from notes.csv")
    assert labels.of_photos() == {photo.id: ["drum"]}
    click(qtbot, window, "close_import_report")
    window.findChild(QAction, "undo").trigger()
    qtbot.waitUntil(lambda: not labels.of_photos(), timeout=MS_TO_READ)
    qtbot.waitUntil(lambda: not window.findChild(QAction, "undo").isEnabled())


def test_places_from_a_table_that_is_undone_go_from_the_page_too(qtbot, tmp_path, window):
    grid = find(window, "photo_grid")
    before = [photo.look.latitude for photo in grid.photos()]
    table = tmp_path / "places.csv"
    table.write_text(f"file_path,latitude,longitude\n{grid.photos()[0].file_path},1,2\n", encoding="utf-8")
    with Project.open(window.session.project.folder) as other:
        jobs.run(import_into_project(other, table, replace_exif=True))
    qtbot.waitUntil(lambda: grid.photos()[0].look.latitude == 1, timeout=MS_TO_READ)
    window.findChild(QAction, "undo").trigger()
    qtbot.waitUntil(lambda: [photo.look.latitude for photo in grid.photos()] == before, timeout=MS_TO_READ)
