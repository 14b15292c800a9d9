"""What a person does on the Photos page: one photo large, decisions undone, data taken from a table."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QLabel, QListView, QWidget

from app.session import READING
from app.widgets.import_report import ImportReportDialog
from app.widgets.photo_viewer import PhotoViewer
from prismh_engine.jobs import Progress
from prismh_engine.project import Project

from .windows import MS_TO_READ, click, find, trigger, wait_until_read, waiting


def test_space_shows_a_photo_large_arrows_go_on_and_escape_closes(qtbot, window, grid):
    photos = grid.photos()
    tiles = find(window, "photo_tiles")
    grid.select([photos[1].id])
    qtbot.keyClick(tiles, Qt.Key.Key_Space)
    viewer = window.page().findChild(PhotoViewer)
    assert viewer.isVisible()
    qtbot.keyClick(viewer, Qt.Key.Key_Right)
    assert viewer.photo() == photos[2]
    assert find(window, "viewer_place").text() == "3 of 24"
    assert find(window, "photo_name").accessibleName() == photos[2].path.name
    qtbot.keyClick(viewer, Qt.Key.Key_End)
    assert viewer.photo() == photos[-1]
    assert not find(window, "viewer_next").isEnabled()
    qtbot.waitUntil(viewer.loaded)
    qtbot.keyClick(viewer, Qt.Key.Key_Escape)
    assert not viewer.isVisible()
    assert grid.selected_ids() == [photos[-1].id]


def test_a_double_click_shows_a_photo_with_all_its_pixels(qtbot, window, grid):
    tiles: QListView = find(window, "photo_tiles")
    place = tiles.visualRect(tiles.model().index(0, 0)).center()
    qtbot.mouseClick(tiles.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseDClick(tiles.viewport(), Qt.MouseButton.LeftButton, pos=place)
    viewer = window.page().findChild(PhotoViewer)
    assert viewer.isVisible()
    qtbot.waitUntil(lambda: viewer.loaded() and viewer.shown_size().width() == 320)
    click(qtbot, window, "viewer_close")
    assert not viewer.isVisible()


def test_a_photo_stays_large_while_the_list_is_read_again(qtbot, window, grid):
    photo = grid.photos()[3]
    grid.select([photo.id])
    trigger(window, "show_large")
    window.session.photos_changed.emit()
    wait_until_read(qtbot, window)
    viewer = window.page().findChild(PhotoViewer)
    assert viewer.isVisible()
    assert viewer.photo().id == photo.id
    click(qtbot, window, "chip_used")
    assert viewer.isVisible() == photo.used


def test_a_photo_that_went_away_is_still_shown_by_its_small_copy(qtbot, window, grid):
    photo = grid.photos()[0]
    window.session.thumbnails.whole(photo)
    photo.path.unlink()
    grid.select([photo.id])
    trigger(window, "show_large")
    viewer = window.page().findChild(PhotoViewer)
    qtbot.waitUntil(lambda: viewer.loaded() and not viewer.shown_size().isEmpty())
    assert viewer.shown_size().width() <= 256


def decide(qtbot, window, object_name):
    """Trigger an action and wait until what it decides is written and shown."""
    trigger(window, object_name)
    wait_until_read(qtbot, window)


def test_set_aside_by_keyboard_and_undone_and_done_again_in_words(qtbot, window, grid):
    chosen = [photo.id for photo in grid.photos()[:3]]
    grid.select(chosen)
    decide(qtbot, window, "set_aside_action")
    photos = window.session.project.photos
    assert [photo.used for photo in photos.some(chosen)] == [False] * 3
    assert find(window, "chip_by_hand").accessibleName().endswith("3")
    decide(qtbot, window, "undo")
    assert [photo.overruled for photo in photos.some(chosen)] == [None] * 3
    assert window.findChild(QWidget, "chip_by_hand") is None
    assert window.notice.text() == "Undone: 3 photos set aside"
    click(qtbot, window, "redo_it")
    wait_until_read(qtbot, window)
    assert [photo.used for photo in photos.some(chosen)] == [False] * 3
    assert window.notice.text() == "Done again: 3 photos set aside"
    decide(qtbot, window, "undo")
    assert not window.findChild(QAction, "undo").isEnabled()


def focused(window):
    return window.focusWidget()


@pytest.mark.parametrize("large", [False, True])
def test_the_keyboard_stays_with_the_photos_while_they_are_judged(qtbot, window, grid, large):
    tiles, viewer = find(window, "photo_tiles"), window.page().findChild(PhotoViewer)
    photos = list(grid.photos())
    grid.setFocus()
    grid.select([photos[0].id])
    if large:
        trigger(window, "show_large")
    place = viewer if large else tiles
    decide(qtbot, window, "set_aside_action")
    assert focused(window) is place
    qtbot.keyClick(place, Qt.Key.Key_Right)
    decide(qtbot, window, "set_aside_action")
    decide(qtbot, window, "take_back_action")
    assert focused(window) is place
    kept = window.session.project.photos.some([photos[0].id, photos[1].id])
    assert [photo.overruled for photo in kept] == ["set aside", "used"]
    if large:
        qtbot.keyClick(focused(window), Qt.Key.Key_Escape)
    assert focused(window) is tiles


@pytest.mark.parametrize("large", [False, True])
def test_a_photo_that_leaves_the_list_hands_on_to_the_next(qtbot, window, grid, large):
    click(qtbot, window, "chip_used")
    tiles, viewer = find(window, "photo_tiles"), window.page().findChild(PhotoViewer)
    photos = list(grid.photos())
    grid.setFocus()
    grid.select([photos[2].id])
    if large:
        trigger(window, "show_large")
    decide(qtbot, window, "set_aside_action")
    assert photos[2].id not in [photo.id for photo in grid.photos()]
    assert grid.selected_ids() == [photos[3].id]
    assert focused(window) is (viewer if large else tiles)
    assert not large or viewer.photo().id == photos[3].id
    decide(qtbot, window, "undo")
    assert photos[2].id in [photo.id for photo in grid.photos()]
    assert grid.selected_ids() == [photos[3].id]


def test_a_button_that_took_back_leaves_the_keyboard_beside_the_photo(qtbot, window, grid):
    grid.select([grid.photos()[0].id])
    decide(qtbot, window, "set_aside_action")
    find(window, "take_back").setFocus()
    qtbot.keyClick(focused(window), Qt.Key.Key_Space)
    wait_until_read(qtbot, window)
    assert focused(window) is find(window, "set_aside")


def test_taking_back_the_last_of_a_kind_leads_to_all_photos(qtbot, window, grid):
    grid.select([grid.photos()[0].id])
    decide(qtbot, window, "set_aside_action")
    click(qtbot, window, "chip_by_hand")
    grid.setFocus()
    decide(qtbot, window, "take_back_action")
    assert grid.isVisible(), "without a chip of its kind, all photos are shown"
    assert focused(window) is find(window, "photo_tiles")


def test_tab_goes_over_the_page_as_it_is_seen(qtbot, window, grid):
    grid.select([grid.photos()[0].id])
    decide(qtbot, window, "set_aside_action")  # which brings a chip that was not there
    click(qtbot, window, "chip_by_hand")
    find(window, "see_the_map").setFocus()
    passed = []
    while focused(window) is not find(window, "photo_tiles"):
        qtbot.keyClick(focused(window), Qt.Key.Key_Tab)
        passed.append(focused(window).objectName())
    assert passed == ["chip_by_hand", "show_limits", "photo_sort", "photo_search", "photo_tiles"]


def test_photos_that_are_set_aside_are_clear_where_one_has_to_judge_them(qtbot, window, grid):
    chosen, tiles = grid.photos()[0], find(window, "photo_tiles")

    def picture():
        qtbot.waitUntil(lambda: not grid.loading())
        return tiles.viewport().grab(QRect(20, 20, 40, 40)).toImage()

    before = picture()
    grid.select([chosen.id])
    decide(qtbot, window, "set_aside_action")
    assert picture() != before
    click(qtbot, window, "chip_by_hand")
    assert picture() == before


def test_escape_empties_the_search_and_what_was_searched_for_is_said(qtbot, window, grid):
    window.page().focus_search()
    qtbot.keyClicks(focused(window), "sofa")
    qtbot.waitUntil(lambda: not grid.isVisible())
    said = [label.text() for label in window.page().findChildren(QLabel) if label.isVisible()]
    assert "No photo matches the search “sofa”." in said
    qtbot.keyClick(focused(window), Qt.Key.Key_Escape)
    assert len(grid.photos()) == 24
    assert focused(window).objectName() == "photo_search"


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_enter_pushes_the_button_that_has_the_keyboard(qtbot, window, grid, key):
    chip = find(window, "chip_used")
    chip.setFocus()
    qtbot.keyClick(chip, key)
    assert chip.isChecked()
    grid.select([grid.photos()[0].id])
    trigger(window, "show_large")
    following = find(window, "viewer_next")
    following.setFocus()
    qtbot.keyClick(following, key)
    assert window.page().findChild(PhotoViewer).photo().id == grid.photos()[1].id
    find(window, "see_the_map").setFocus()
    qtbot.keyClick(focused(window), key)
    assert window.page().objectName() == "explore_page"


def test_looking_for_new_photos_says_what_was_found(qtbot, window, grid, mapped):
    trigger(window, "look_again")
    nothing = "Nothing new: the project has 24 photos, as before."
    qtbot.waitUntil(lambda: window.notice.text() == nothing, timeout=MS_TO_READ)
    one = next((mapped.parent / "photos").rglob("*.jpg"))
    picture = Image.open(one).transpose(Image.Transpose.ROTATE_90)
    picture.save(one.with_name("new.jpg"))
    trigger(window, "look_again")
    qtbot.waitUntil(lambda: window.notice.text() == "New: 1 photo. The project has 25 photos now.", timeout=MS_TO_READ)
    assert len(grid.photos()) == 25
    one.unlink()
    trigger(window, "look_again")
    gone = "Nothing new, and 1 of 25 photos not found where they were."
    qtbot.waitUntil(lambda: window.notice.text() == gone, timeout=MS_TO_READ)


def test_what_is_told_moves_no_button_from_under_the_pointer(qtbot, window, grid):
    button = find(window, "see_the_map")
    before = button.mapTo(window, QPoint())
    grid.select([grid.photos()[0].id])
    decide(qtbot, window, "set_aside_action")
    decide(qtbot, window, "undo")
    assert window.notice.isVisible()
    QApplication.processEvents()
    assert button.mapTo(window, QPoint()) == before


def test_doing_again_is_offered_no_longer_once_something_else_was_decided(qtbot, window, grid):
    first, second = (photo.id for photo in grid.photos()[:2])
    grid.select([first])
    decide(qtbot, window, "set_aside_action")
    decide(qtbot, window, "undo")
    assert window.notice.text() == "Undone: 1 photo set aside"
    grid.select([second])
    decide(qtbot, window, "set_aside_action")
    assert not window.notice.text()


def test_what_was_undone_is_told_on_the_page_where_it_was_undone_alone(qtbot, window, grid):
    grid.select([grid.photos()[0].id])
    decide(qtbot, window, "set_aside_action")
    decide(qtbot, window, "undo")
    trigger(window, "go_to_photos")
    assert window.notice.text() == "Undone: 1 photo set aside"
    trigger(window, "go_to_export")
    assert not window.notice.text()


def test_undo_gives_each_photo_the_decision_it_had_before(qtbot, window, grid):
    first, second = (photo.id for photo in grid.photos()[:2])
    grid.select([first])
    decide(qtbot, window, "set_aside_action")
    decide(qtbot, window, "take_back_action")
    grid.select([first, second])
    decide(qtbot, window, "set_aside_action")
    decide(qtbot, window, "undo")
    photos = window.session.project.photos
    assert [photo.overruled for photo in photos.some([first, second])] == ["used", None]


def test_a_decision_that_cannot_be_kept_is_said_and_leaves_nothing_to_undo(qtbot, window, grid):
    photo = grid.photos()[0]
    grid.select([photo.id])
    refuse_changes_of_photos(window.session.project)
    decide(qtbot, window, "set_aside_action")
    assert "No space is left" in window.notice.text()
    assert not window.findChild(QAction, "undo").isEnabled()
    assert grid.photos()[0].overruled is None


def refuse_changes_of_photos(project):
    """As a full disk does."""
    with closing(sqlite3.connect(project.folder / "project.db")) as db, db:
        db.execute("CREATE TRIGGER full BEFORE UPDATE ON photos BEGIN SELECT RAISE(ABORT, 'No space is left'); END")


def test_what_was_decided_can_be_undone_when_the_project_is_opened_again_but_in_no_other(qtbot, window, grid, mapped):
    photo = grid.photos()[0]
    grid.select([photo.id])
    trigger(window, "set_aside_action")
    trigger(window, "close_project")  # at once: what was decided is written first
    assert not window.findChild(QAction, "undo").isEnabled()
    window.open_folder(mapped)
    wait_until_read(qtbot, window)
    assert not window.session.project.photos.some([photo.id])[0].used
    assert window.findChild(QAction, "undo").text() == "&Undo: 1 photo set aside"
    decide(qtbot, window, "undo")
    assert window.session.project.photos.some([photo.id])[0].used


def test_looking_at_photos_can_be_paused_and_goes_on(qtbot, window):
    seen = []

    def counting(stop):
        for number in range(10**6):
            seen.append(number)
            yield Progress("Looking at photos", number, 10**6)

    window.session.start_reading(counting)
    qtbot.waitUntil(lambda: len(seen) > 3)
    click(qtbot, window, "job_pause")
    assert find(window, "job_pause").text() == "Go on"
    assert find(window, "job_name").accessibleName() == "Paused"
    qtbot.wait(50)
    paused_at = len(seen)
    qtbot.wait(50)
    assert len(seen) == paused_at
    click(qtbot, window, "job_pause")
    qtbot.waitUntil(lambda: len(seen) > paused_at)
    click(qtbot, window, "job_stop")
    qtbot.waitUntil(lambda: window.session.running_kind is None)


def test_a_project_that_is_paused_can_be_closed(qtbot, window):
    window.session.start_reading(waiting)
    click(qtbot, window, "job_pause")
    assert window.session.running_kind == READING
    trigger(window, "close_project")
    assert window.session.project is None


def test_data_from_a_table_is_taken_and_told_of(qtbot, monkeypatch, tmp_path, window, grid):
    name = grid.photos()[0].path.name
    table = tmp_path / "notes.csv"
    table.write_text(f"file_path,label\n{name},old tyres\nnobody.jpg,drum\n", encoding="utf-8")
    report = tmp_path / "report.csv"
    monkeypatch.setattr("app.pages.photos.choose_file", lambda *_: table)
    monkeypatch.setattr("app.widgets.import_report.choose_new_file", lambda *_: report)
    trigger(window, "add_data")
    wait_until_read(qtbot, window)
    dialog = window.findChild(ImportReportDialog)
    said = " ".join(line.text() for line in dialog.findChildren(type(window.page().title)))
    assert "nobody.jpg" in said
    click(qtbot, window, "save_import_report")
    assert "nobody.jpg" in report.read_text(encoding="utf-8-sig")
    click(qtbot, window, "close_import_report")
    with Project.open(window.session.project.folder) as project:
        assert project.labels.of_photos() == {grid.photos()[0].id: ["old tyres"]}


def test_photos_judged_unusual_have_a_filter_of_their_own(qtbot, window, grid):
    from prismh_engine.project.photo_catalogue import Judgement

    photo = grid.photos()[4]
    window.session.project.photos.judge([Judgement(photo.id, "outlier", "Unlike the others.", None, 0.9)])
    window.session.photos_changed.emit()
    wait_until_read(qtbot, window)
    click(qtbot, window, "chip_outlier")
    assert [shown.id for shown in grid.photos()] == [photo.id]
