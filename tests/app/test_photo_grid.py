"""The grid of photos by itself."""

from __future__ import annotations

import dataclasses

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QListView

from app.session import Session
from app.settings import AppSettings
from app.widgets.photo_grid import PhotoGrid
from prismh_engine import jobs
from prismh_engine.core.look_at_photos import look_at_project

from .opening import open_project


@pytest.fixture
def session(qtbot, project, photo_folder):
    """A session on a project whose photos were looked at, but not mapped."""
    project.add_folder(photo_folder)
    jobs.run(look_at_project(project))
    session = Session(AppSettings())
    open_project(qtbot, session, project.folder)
    session.stop()
    yield session
    session.close()


@pytest.fixture
def grid(qtbot, session):
    grid = PhotoGrid(session)
    qtbot.addWidget(grid)
    grid.resize(730, 500)
    grid.show()
    return grid


def test_thumbnails_come_in_by_themselves(qtbot, session, grid):
    photos = session.project.photos.all()
    grid.set_photos(photos)
    qtbot.waitUntil(lambda: session.thumbnails.square(photos[0], 100) is not None)
    qtbot.waitUntil(lambda: not grid.loading())


def test_what_was_selected_stays_selected_when_the_order_changes(qtbot, session, grid):
    photos = session.project.photos.all()
    grid.set_photos(photos)
    grid.select([photos[2].id, photos[5].id])
    grid.set_photos(photos[::-1])
    assert grid.selected_ids() == [photos[5].id, photos[2].id]


def test_a_selection_that_is_filtered_away_is_told(qtbot, session, grid):
    photos = session.project.photos.all()
    grid.set_photos(photos)
    grid.select([photos[0].id])
    with qtbot.waitSignal(grid.selection_changed) as heard:
        grid.set_photos(photos[1:])
    assert heard.args == [[]]


def test_the_keyboard_moves_selects_all_and_opens(qtbot, session, grid):
    photos = session.project.photos.all()
    grid.set_photos(photos)
    view = grid.findChild(QListView)
    grid.select([photos[0].id])
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert grid.selected_ids() == [photos[1].id]
    qtbot.keyClick(view, Qt.Key.Key_Down)
    assert grid.selected_ids() == [photos[7].id]
    with qtbot.waitSignal(grid.activated) as heard:
        qtbot.keyClick(view, Qt.Key.Key_Return)
    assert heard.args == [photos[7].id]
    qtbot.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(grid.selected_ids()) == len(photos)


def test_new_and_changed_photos_find_their_place(qtbot, session, grid):
    photos = session.project.photos.all()
    grid.set_photos(photos[:10])
    grid.add_photos(photos[10:])
    changed = dataclasses.replace(photos[3], overruled="set aside")
    grid.replace_photos([changed])
    assert grid.photos() == [*photos[:3], changed, *photos[4:]]


def test_photos_that_cannot_be_read_do_not_keep_the_grid_waiting(qtbot, session, grid):
    photo = session.project.photos.all()[0]
    unreadable = dataclasses.replace(photo, look=dataclasses.replace(photo.look, invalid_reason="The file is empty."))
    gone = dataclasses.replace(photo, id=99, look=dataclasses.replace(photo.look, content_hash="0" * 64))
    with qtbot.waitSignal(session.thumbnails.arrived):  # the news that there is none
        grid.set_photos([unreadable, gone])
    qtbot.waitUntil(lambda: not grid.loading())


def test_the_tiles_settle_when_they_just_fill_the_height(qtbot, session, grid):
    photos = session.project.photos.all()
    grid.set_photos(photos)
    for height in range(440, 520, 8):
        grid.resize(724, height)
        qtbot.waitUntil(lambda: not grid.loading())


def test_the_screen_follows_scrolling_selecting_and_changed_photos(qtbot, session, grid):
    photos = session.project.photos.all()
    grid.resize(400, 250)
    grid.set_photos(photos)
    view = grid.findChild(QListView)

    def drawn_anew():
        return grid.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)

    def on_screen():
        return grid.screen().grabWindow(grid.winId()).toImage().convertToFormat(QImage.Format.Format_RGB32)

    def settles():
        qtbot.waitUntil(lambda: not grid.loading() and on_screen() == drawn_anew())

    settles()
    for scrolled in (37, 90, 12):
        view.verticalScrollBar().setValue(scrolled)
        settles()
    before = on_screen()
    view.selectAll()
    settles()
    assert on_screen() != before
    grid.select([photos[1].id])
    settles()
    before = on_screen()
    grid.replace_photos([dataclasses.replace(photos[2], overruled="set aside")])
    settles()
    assert on_screen() != before
