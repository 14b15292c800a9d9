"""What a person does with the window, through its real controls; only file dialogs are answered for them."""

from __future__ import annotations

import csv
import shutil

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QMessageBox, QWidget

from app.settings import AppSettings
from app.widgets.file_dialogs import choose_new_file
from app.widgets.photo_grid import PhotoGrid
from prismh_engine.project import Project

from ..invented import fill, look
from .opening import open_project, wait_until_open
from .windows import MS_TO_READ, answer_folder, click, find, open_window, run_of_ten_epochs, wait_until_read


@pytest.fixture(scope="module")
def read_project(tmp_path_factory, photo_folder):
    """A project whose photos were read and mapped in the window's way; copy it before changing it."""
    from prismh_engine import jobs
    from prismh_engine.core.instant_map import instant_map

    folder = tmp_path_factory.mktemp("read") / "Ward 14"
    with Project.create(folder) as project:
        project.add_folder(photo_folder)
        jobs.run(instant_map(project))
    return folder


@pytest.fixture
def ward(read_project, tmp_path):
    """A project of one's own, ready to open."""
    return shutil.copytree(read_project, tmp_path / "Ward 14")


def test_from_a_photo_folder_to_the_map_in_three_clicks(qtbot, monkeypatch, photo_folder, home):
    answer_folder(monkeypatch, photo_folder)
    with open_window(qtbot) as window:
        click(qtbot, window, "choose_folder")
        wait_until_open(qtbot, window.session)
        assert window.page().objectName() == "photos_page"
        wait_until_read(qtbot, window)
        grid = window.page().findChild(PhotoGrid)
        assert len(grid.photos()) == 24
        assert window.session.project.folder.is_relative_to(home / "projects")
        click(qtbot, window, "see_the_map")
        assert window.page().objectName() == "explore_page"
        wait_until_read(qtbot, window)
    assert not any(path.suffix != ".jpg" for path in photo_folder.iterdir())


def test_the_count_of_all_photos_grows_as_photos_come_in(qtbot, ward, tmp_path):
    with open_window(qtbot) as window:
        window.open_folder(ward)
        wait_until_read(qtbot, window)
        session = window.session
        photos = fill(session.project, tmp_path / "more", {"new.jpg": look(1), "newer.jpg": look(2)})
        session.photos_added.emit([photo.id for photo in photos])
        rows = [row.accessibleName() for row in window.page().findChildren(QWidget) if row.isVisible()]
        assert "Photos: 26" in rows


def test_the_same_photo_folder_opens_its_project_again(qtbot, monkeypatch, photo_folder):
    answer_folder(monkeypatch, photo_folder)
    with open_window(qtbot) as window:
        click(qtbot, window, "choose_folder")
        wait_until_open(qtbot, window.session)
        first = window.session.project.folder
        window.findChild(QAction, "close_project").trigger()
        assert window.page().objectName() == "start_page"
        click(qtbot, window, "choose_folder")
        wait_until_open(qtbot, window.session)
        assert window.session.project.folder == first


def test_closing_while_photos_are_read_loses_nothing(qtbot, photo_folder):
    with open_window(qtbot) as window:
        window.open_folder(photo_folder)
        qtbot.waitUntil(lambda: window.session.progress is not None)
        folder = window.session.project.folder
    with open_window(qtbot) as window:
        open_project(qtbot, window.session, folder)
        window.show_page("photos")
        wait_until_read(qtbot, window)
        assert len(window.page().findChild(PhotoGrid).photos()) == 24


def test_a_recent_project_is_one_click_away_with_three_of_its_photos(qtbot, ward):
    with open_window(qtbot) as window:
        open_project(qtbot, window.session, ward)
        qtbot.waitUntil(lambda: window.session.summary.thumbnails != ())
    with open_window(qtbot) as window:
        (recent,) = AppSettings().recent()
        assert (recent.name, recent.photos, len(recent.thumbnails)) == ("Ward 14", 24, 3)
        click(qtbot, window, "open_recent_0")
        wait_until_open(qtbot, window.session)
        assert window.session.project.folder == ward


def test_a_project_that_is_gone_can_be_taken_off_the_list(qtbot, ward):
    with open_window(qtbot) as window:
        open_project(qtbot, window.session, ward)
    shutil.rmtree(ward)
    with open_window(qtbot) as window:
        click(qtbot, window, "forget_recent_0")
        assert AppSettings().recent() == []


def test_setting_a_photo_aside_and_taking_it_back_is_counted_and_kept(qtbot, ward):
    with open_window(qtbot) as window:
        window.open_folder(ward)
        wait_until_read(qtbot, window)
        grid = window.page().findChild(PhotoGrid)
        photo = next(photo for photo in grid.photos() if photo.used)
        grid.select([photo.id])
        click(qtbot, window, "set_aside")
        wait_until_read(qtbot, window)
        assert find(window, "photo_verdict").text() == "Set aside by you"
        click(qtbot, window, "chip_by_hand")
        assert [shown.id for shown in grid.photos()] == [photo.id]
    with Project.open(ward) as project:
        assert not project.photos.some([photo.id])[0].used
    with open_window(qtbot) as window:
        window.open_folder(ward)
        wait_until_read(qtbot, window)
        window.page().findChild(PhotoGrid).select([photo.id])
        click(qtbot, window, "take_back")
        wait_until_read(qtbot, window)
        assert window.page().findChild(PhotoGrid).photos()[0].used


def test_searching_shows_the_photos_that_match(qtbot, ward):
    with open_window(qtbot) as window:
        window.open_folder(ward)
        wait_until_read(qtbot, window)
        window.findChild(QAction, "search_photos").trigger()
        qtbot.keyClicks(window.findChild(QLineEdit, "photo_search"), "tyre")
        grid = window.page().findChild(PhotoGrid)
        qtbot.waitUntil(lambda: len(grid.photos()) == 8)
        assert all("tyre" in photo.file_path for photo in grid.photos())


def test_photos_that_were_moved_away_are_shown_as_missing_and_found_again(qtbot, monkeypatch, tmp_path, photo_folder):
    photos = shutil.copytree(photo_folder, tmp_path / "photos")
    with open_window(qtbot) as window:
        window.open_folder(photos)
        wait_until_read(qtbot, window)
        moved = photos.rename(tmp_path / "moved")
        window.findChild(QAction, "look_again").trigger()
        wait_until_read(qtbot, window)
        grid = window.page().findChild(PhotoGrid)
        assert all(photo.missing for photo in grid.photos())
        answer_folder(monkeypatch, moved)
        click(qtbot, window, "find_missing")
        wait_until_read(qtbot, window)
        assert len(grid.photos()) == 24
        assert not any(photo.missing for photo in grid.photos())


def test_photos_moved_away_while_the_project_was_closed_are_asked_for(qtbot, tmp_path, photo_folder):
    photos = shutil.copytree(photo_folder, tmp_path / "photos")
    with open_window(qtbot) as window:
        window.open_folder(photos)
        wait_until_read(qtbot, window)
        project = window.session.project.folder
        window.session.close_project()
        photos.rename(tmp_path / "moved")
        open_project(qtbot, window.session, project)
        qtbot.waitUntil(lambda: find(window, "find_missing").isVisible(), timeout=MS_TO_READ)
        wait_until_read(qtbot, window)
        assert window.session.project.photos.counts()["missing"] == 24
        window.session.close_project()
        (tmp_path / "moved").rename(photos)
        open_project(qtbot, window.session, project)
        qtbot.waitUntil(lambda: not window.session.project.photos.counts()["missing"], timeout=MS_TO_READ)
        wait_until_read(qtbot, window)
        assert not find(window, "find_missing").isVisible()


def test_a_name_typed_without_a_suffix_is_asked_about_with_it(qtbot, tmp_path):
    (tmp_path / "table.csv").write_text("mine", encoding="utf-8")
    parent = QWidget()
    qtbot.addWidget(parent)
    asked = []

    def type_the_name():
        dialog = parent.findChild(QFileDialog)
        dialog.findChild(QLineEdit, "fileNameEdit").setText(str(tmp_path / "table"))
        QTimer.singleShot(0, say_no)
        dialog.accept()
        dialog.reject()

    def say_no():
        box = QApplication.activeModalWidget()
        asked.append(box.text())
        box.button(QMessageBox.StandardButton.No).click()

    QTimer.singleShot(0, type_the_name)
    assert choose_new_file(parent, "Save", tmp_path / "photos.csv", "Tables (*.csv)") is None
    assert "table.csv" in asked[0]


def test_no_two_menus_share_a_letter(qtbot, ward):
    with open_window(qtbot) as window:
        for actions in [window.menuBar().actions(), *(a.menu().actions() for a in window.menuBar().actions())]:
            letters = [a.text().partition("&")[2][:1].lower() for a in actions if "&" in a.text()]
            assert len(set(letters)) == len(letters)


def test_the_table_is_saved_with_the_chosen_columns(qtbot, monkeypatch, tmp_path, ward):
    file = tmp_path / "table.csv"
    monkeypatch.setattr("app.pages.export.choose_new_file", lambda *_: file)
    with open_window(qtbot) as window:
        open_project(qtbot, window.session, ward)
        window.show_page("export")
        wait_until_read(qtbot, window)
        preview = find(window, "export_preview").model()
        assert preview.rowCount() == 20
        with_features = preview.columnCount()
        find(window, "with_features").setChecked(False)
        assert preview.columnCount() == with_features - 3
        find(window, "rounded_location").setChecked(True)
        click(qtbot, window, "save_as")
        qtbot.waitUntil(lambda: file.exists() and find(window, "export_said").isVisible())
        assert str(file) in find(window, "export_said").text()
        used = len(window.session.project.photos.used())
    with file.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == used
    assert not any(name.startswith("feature") for name in rows[0])
    assert all(len(row["latitude"].partition(".")[2]) <= 2 for row in rows)


def test_a_table_that_cannot_be_saved_is_said_in_one_line(qtbot, monkeypatch, tmp_path, ward):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setattr("app.pages.export.choose_new_file", lambda *_: tmp_path / "file" / "table.csv")
    with open_window(qtbot) as window:
        open_project(qtbot, window.session, ward)
        window.show_page("export")
        wait_until_read(qtbot, window)
        click(qtbot, window, "save_as")
        qtbot.waitUntil(lambda: find(window, "export_said").isVisible())
        assert "Cannot write" in find(window, "export_said").text()
        assert find(window, "save_as").isEnabled()


def drop(window, folder):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(folder))])
    how = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(5, 5), *how))
    QApplication.sendEvent(window, QDropEvent(QPointF(5, 5), *how))


def test_a_folder_dropped_on_the_start_page_becomes_a_project(qtbot, photo_folder):
    with open_window(qtbot) as window:
        drop(window, photo_folder)
        wait_until_open(qtbot, window.session)
        assert [folder.path for folder in window.session.project.folders()] == [photo_folder]


def test_a_folder_dropped_on_an_open_project_can_become_part_of_it(qtbot, tmp_path, photo_folder, ward):
    more = tmp_path / "more"
    more.mkdir()
    shutil.copy(photo_folder / "drum_0.jpg", more / "another.jpg")
    with open_window(qtbot) as window:
        window.open_folder(ward)
        wait_until_read(qtbot, window)
        drop(window, more)
        click(qtbot, window, "drop_into_project")
        wait_until_read(qtbot, window)
        assert len(window.page().findChild(PhotoGrid).photos()) == 25


def test_an_unfinished_learning_is_offered_again(qtbot, ward):
    with Project.open(ward) as project:
        project.runs.set_state(run_of_ten_epochs(project), "stopped")
    with open_window(qtbot) as window:
        open_project(qtbot, window.session, ward)
        assert find(window, "resume_learning").isVisible()
        click(qtbot, window, "not_now")
        assert not window.notice.isVisible()


def test_a_folder_that_is_no_project_is_said_in_one_line(qtbot, monkeypatch, tmp_path):
    answer_folder(monkeypatch, tmp_path)
    with open_window(qtbot) as window:
        window.findChild(QAction, "open_project").trigger()
        wait_until_open(qtbot, window.session)
        assert "is not a Prism-H project" in window.notice.text()
        assert window.page().objectName() == "start_page"


def test_the_window_comes_back_as_it_was_left(qtbot):
    with open_window(qtbot) as window:
        window.resize(960, 650)  # Qt keeps what it restores on the screen, and the one of the tests is small
    with open_window(qtbot) as window:
        assert (window.width(), window.height()) == (960, 650)


def test_a_first_window_leaves_room_for_its_title_above_the_foot_of_the_screen(qtbot):
    with open_window(qtbot) as window:
        assert window.height() + 40 <= max(window.screen().availableGeometry().height(), 660)  # 620 is the smallest


def test_the_window_fits_a_small_screen_with_every_verdict_shown(qtbot, ward):
    with Project.open(ward) as project:
        from prismh_engine.project.photo_catalogue import Judgement

        verdicts = ("blurry", "dark", "duplicate", "outlier", "invalid")
        photos = project.photos.all()
        project.photos.judge(
            Judgement(photo.id, verdict, "Because.") for photo, verdict in zip(photos, verdicts, strict=False)
        )
    with open_window(qtbot) as window:
        window.open_folder(ward)
        wait_until_read(qtbot, window)
        window.resize(1024, 700)
        qtbot.waitUntil(lambda: window.width() == 1024)
        assert window.height() == 700


def test_the_theme_and_text_size_change_at_once_and_are_kept(qtbot):
    from app import theme

    with open_window(qtbot) as window:
        click_action(window, "show_settings")
        find(window, "theme_choice").setCurrentIndex(2)
        find(window, "text_size_choice").setCurrentIndex(2)
        assert theme.colours().name == "dark"
        click(qtbot, window, "close_settings")
    kept = AppSettings()
    assert (kept.theme, kept.text_size) == ("dark", 1.3)
    theme.apply("system", 1.0)


def test_help_opens_beside_the_window(qtbot):
    with open_window(qtbot) as window:
        click_action(window, "show_help")
        assert "Take back" in find(window, "help_text").toPlainText()
        block, headings = find(window, "help_text").document().begin(), []
        while block.isValid():
            headings += [block.text()] if block.blockFormat().headingLevel() else []
            block = block.next()
        assert headings[1:4] == ["1. Photos", "2. Explore", "3. Export"]
        assert "Keyboard" in headings


def click_action(window, object_name):
    window.findChild(QAction, object_name).trigger()


def test_every_control_has_a_name_for_people_who_cannot_see_it(qtbot, ward):
    from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QComboBox

    with open_window(qtbot) as window:
        open_project(qtbot, window.session, ward)
        for page in ("start", "photos", "export"):
            window.show_page(page)
            wait_until_read(qtbot, window)
            for kind in (QAbstractButton, QLineEdit, QComboBox, QAbstractItemView):
                for control in window.page().findChildren(kind):
                    own = not control.objectName().startswith("qt_") and control.isVisible()
                    if own and type(control).__module__.startswith(("app", "PySide6")) and control.objectName():
                        assert control.accessibleName() or control.text(), control.objectName()
