from __future__ import annotations

import csv
import shutil

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QDialog, QLabel, QScrollArea, QWidget

from app.export_choices import COLUMNS, ExportChoices
from app.pages.export import ExportPage
from prismh_engine import jobs
from prismh_engine.core.look_at_photos import look_at_project
from prismh_engine.project import Project
from prismh_engine.project.feature_sets import Encoder

from .opening import open_project
from .windows import MS_TO_READ, click, find, open_window, trigger, wait_until_read


@pytest.fixture
def named(mapped):
    """The mapped project, two groups of which have a name, one like a formula."""
    with Project.open(mapped) as project:
        grouping = project.groupings.newest(project.features.get("starter"))
        for (_, photo_ids), name in zip(grouping.members().items(), ("=Drums", "Tyres"), strict=False):
            project.labels.name_group(photo_ids.tolist(), name)
    return mapped


def open_export(qtbot, window, project):
    open_project(qtbot, window.session, project)
    window.show_page("export")
    wait_until_read(qtbot, window)


def save(qtbot, monkeypatch, window, file):
    monkeypatch.setattr("app.pages.export.choose_new_file", lambda *_: file)
    click(qtbot, window, "save_as")
    qtbot.waitUntil(lambda: find(window, "export_said").isVisible(), timeout=30_000)
    return find(window, "export_said").text()


def header(window):
    model = find(window, "export_preview").model()
    return [model.headerData(i, Qt.Orientation.Horizontal) for i in range(model.columnCount())]


def facts(window, card):
    rows = find(window, card).findChildren(QWidget)
    return [row.accessibleName().split(": ", 1) for row in rows if row.isVisible() and ": " in row.accessibleName()]


def cells(window, column):
    model = find(window, "export_preview").model()
    return [model.index(row, header(window).index(column)).data() for row in range(model.rowCount())]


def test_the_file_has_the_ticked_columns_and_begins_like_the_preview(qtbot, monkeypatch, tmp_path, named):
    with open_window(qtbot) as window:
        open_export(qtbot, window, named)
        for name in COLUMNS:
            box = find(window, f"with_{name}")
            if box.isEnabled():
                box.setChecked(name in ("group", "camera"))
        assert header(window) == ["file_path", "cluster", "cluster_name", "camera"]
        assert "'=Drums" in cells(window, "cluster_name")
        shown = {name: cells(window, name) for name in header(window)}
        save(qtbot, monkeypatch, window, tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == list(shown)
    for name, texts in shown.items():
        assert [row[name] for row in rows][: len(texts)] == texts


@pytest.mark.parametrize("suffix", ["parquet", "npz", "geojson", "gpkg"])
def test_every_format_says_who_opens_it_and_is_saved_with_its_suffix(qtbot, monkeypatch, tmp_path, named, suffix):
    with open_window(qtbot) as window:
        open_export(qtbot, window, named)
        page, before = window.page(), window.page().why.text()
        click(qtbot, window, f"chip_{suffix}")
        assert "Opens in" in page.why.text() != before
        assert "=Drums" in cells(window, "cluster_name")  # no spreadsheet will run it
        (told,) = [size for name, size in facts(window, "columns_card") if name == "Size"]
        said = save(qtbot, monkeypatch, window, tmp_path / "t")
        assert f"t.{suffix}" in said
    size = (tmp_path / f"t.{suffix}").stat().st_size
    about = float(told.split()[1]) * {"kB": 1e3, "MB": 1e6}[told.split()[2]]
    assert size / 1.6 < about < size * 1.6


def test_a_map_format_without_positions_says_what_is_missing(qtbot, named):
    with open_window(qtbot) as window:
        open_export(qtbot, window, named)
        click(qtbot, window, "with_location")
        assert not find(window, "location_warning").isVisible()
        assert not find(window, "rounded_location").isEnabled()
        click(qtbot, window, "chip_gpkg")
        assert "nothing to draw" in find(window, "location_warning").text()
        assert find(window, "location_warning").isVisible()


def test_positions_are_warned_of_only_where_a_photo_that_is_used_has_one(qtbot, named):
    with Project.open(named) as project:
        used = project.photos.used()
        project.photos.overrule([used[0].id], "set aside")
        with project._database.writing() as db:
            db.execute("UPDATE photos SET latitude = NULL, longitude = NULL WHERE id != ?", (used[0].id,))
    with open_window(qtbot) as window:
        open_export(qtbot, window, named)
        assert not find(window, "location_warning").isVisible()
        click(qtbot, window, "chip_geojson")
        assert "No photo says where it was taken" in find(window, "location_warning").text()
        click(qtbot, window, "chip_folders")
        wait_until_read(qtbot, window)
        assert not find(window, "copies_note").isVisible()
    with Project.open(named) as project:
        project.photos.overrule([used[0].id], "used")
    with open_window(qtbot) as window:
        open_export(qtbot, window, named)
        assert "Positions can show where people live" in find(window, "location_warning").text()
        assert find(window, "location_warning").isVisible()
        click(qtbot, window, "chip_folders")
        wait_until_read(qtbot, window)
        assert "can show where people live" in find(window, "copies_note").text()
        assert find(window, "copies_note").isVisible()


def test_the_number_of_a_group_in_the_file_is_told_beside_that_in_the_window(qtbot, named):
    with open_window(qtbot) as window:
        open_export(qtbot, window, named)
        told = find(window, "with_group").accessibleDescription()
        assert told == "numbered from 0: Group 1 is 0"
        assert told in [label.text() for label in find(window, "columns_card").findChildren(QLabel)]
        assert "0" in cells(window, "cluster")


def test_after_a_file_was_saved_all_of_the_columns_card_is_in_sight(qtbot, monkeypatch, tmp_path, named):
    with open_window(qtbot) as window:
        window.resize(1280, 780)  # 800 less the title bar
        open_export(qtbot, window, named)
        save(qtbot, monkeypatch, window, tmp_path / "t.csv")
        assert find(window, "location_warning").isVisible()
        assert "Last time" in dict(facts(window, "columns_card"))
        bar = find(window, "columns_card").findChild(QScrollArea).verticalScrollBar()
        qtbot.waitUntil(lambda: bar.maximum() == 0)


def test_what_was_exported_last_time_is_proposed_again(qtbot, monkeypatch, tmp_path, named):
    with open_window(qtbot) as window:
        open_export(qtbot, window, named)
        assert find(window, "with_features").isChecked()
        click(qtbot, window, "chip_geojson")
        assert not find(window, "with_features").isChecked(), "a thousand columns a point are a burden on a map"
        find(window, "with_camera").click()
        click(qtbot, window, "rounded_location")
        save(qtbot, monkeypatch, window, tmp_path / "ward.geojson")
    with open_window(qtbot) as window:
        open_export(qtbot, window, named)
        assert find(window, "chip_geojson").isChecked()
        assert find(window, "rounded_location").isChecked()
        assert header(window)[-1] == "camera"
        asked = []
        monkeypatch.setattr("app.pages.export.choose_new_file", lambda *question: asked.append(question))
        click(qtbot, window, "save_as")
        click(qtbot, window, "chip_csv")
        assert find(window, "with_features").isChecked()
        click(qtbot, window, "save_as")
        assert [proposal for _, _, proposal, _ in asked] == [tmp_path / "ward.geojson", tmp_path / "ward.csv"]


def test_a_stopped_export_leaves_no_file(qtbot, tmp_path, named):
    with open_window(qtbot) as window:
        open_export(qtbot, window, named)
        window.page().save(tmp_path / "out" / "t.gpkg")
        find(window, "export_stop").click()  # at once, before the first rows are written
        qtbot.waitUntil(lambda: find(window, "export_said").isVisible())
        assert find(window, "export_said").text() == "Stopped. Nothing was saved."
        assert find(window, "save_as").isEnabled()
    assert not list(tmp_path.glob("out/*"))


def test_photos_of_the_ticked_names_are_copied_into_folders_by_keyboard(qtbot, monkeypatch, tmp_path, named):
    with Project.open(named) as project:
        names = project.labels.of_groups(project.groupings.newest(project.features.get("starter")).members())
        expected = len(project.photos.used())
    assert len(names) >= 2
    monkeypatch.setattr("app.pages.export.choose_folder", lambda *_: tmp_path / "out")
    with open_window(qtbot) as window:
        open_export(qtbot, window, named)
        find(window, "chip_folders").setFocus()
        qtbot.keyClick(find(window, "chip_folders"), Qt.Key.Key_Space)
        wait_until_read(qtbot, window)
        table = find(window, "names_to_copy")
        texts = [table.model().index(row, 0).data() for row in range(table.model().rowCount())]
        assert texts[-1] == "No name" or set(texts) == {"=Drums", "Tyres"}
        qtbot.keyClick(find(window, "no_names"), Qt.Key.Key_Space)
        assert not find(window, "save_as").isEnabled()
        table.setFocus()
        table.setCurrentIndex(table.model().index(texts.index("=Drums"), 2))
        qtbot.keyClick(table, Qt.Key.Key_Space)
        click(qtbot, window, "place_in_copies")
        assert "pixels stay" in find(window, "copies_note").text()
        qtbot.keyClick(find(window, "save_as"), Qt.Key.Key_Space)
        qtbot.waitUntil(lambda: find(window, "export_said").isVisible(), timeout=30_000)
        assert find(window, "export_said").text().startswith("Copied: ")
    folders = [path.name for path in (tmp_path / "out").iterdir() if path.is_dir()]
    assert folders == ["_=Drums"]
    with (tmp_path / "out" / "manifest.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert 0 < len(rows) < expected
    assert {row["latitude"] for row in rows} == {""}
    assert all((tmp_path / "out" / row["file"]).is_file() for row in rows)
    with open_window(qtbot) as window:
        open_export(qtbot, window, named)
        wait_until_read(qtbot, window)
        assert find(window, "chip_folders").isChecked()
        assert not find(window, "place_in_copies").isChecked()
        asked = []
        monkeypatch.setattr("app.pages.export.choose_folder", lambda *question: asked.append(question))
        click(qtbot, window, "save_as")
        assert asked[0][-1] == tmp_path / "out"


def test_while_the_disk_of_the_photos_is_away_it_is_said_why_nothing_can_be_exported(qtbot, tmp_path, photo_folder):
    photos = shutil.copytree(photo_folder, tmp_path / "photos")
    with open_window(qtbot) as window:
        window.open_folder(photos)
        wait_until_read(qtbot, window)
        window.show_page("export")
        wait_until_read(qtbot, window)
        told = find(window, "nothing_to_export")
        assert not told.isVisible()
        photos.rename(tmp_path / "unplugged")
        trigger(window, "look_again")
        qtbot.waitUntil(told.isVisible, timeout=MS_TO_READ)
        assert "24 photos are not where they were" in told.text()
        click(qtbot, window, "chip_folders")
        wait_until_read(qtbot, window)
        assert not find(window, "copies_note").isVisible(), "nobody said that there are no names"
        (tmp_path / "unplugged").rename(photos)
        trigger(window, "look_again")
        qtbot.waitUntil(lambda: not told.isVisible(), timeout=MS_TO_READ)


def test_without_any_name_the_way_to_names_is_told(qtbot, mapped):
    with open_window(qtbot) as window:
        open_export(qtbot, window, mapped)
        click(qtbot, window, "chip_folders")
        wait_until_read(qtbot, window)
        assert "No photo has a name yet" in find(window, "copies_note").text()
        assert not find(window, "save_as").isEnabled()
        for kind in (QAbstractButton, QAbstractItemView):
            for control in window.page().findChildren(kind):
                if control.isVisible() and control.objectName() and not control.objectName().startswith("qt_"):
                    assert control.accessibleName() or control.text(), control.objectName()


def test_choices_of_another_version_are_passed_over():
    kept = ExportChoices.kept(
        {"format": ".xlsx", "ticked": ["label", "colour"], "rounded": "yes", "file": 3, "further": [1]}
    )
    assert kept == ExportChoices(ticked=frozenset({"file", "label"}))
    assert ExportChoices.kept(kept.as_values()) == kept


def test_while_a_file_is_saved_the_keyboard_is_at_stop_and_then_where_it_was(qtbot, monkeypatch, tmp_path, named):
    def choose_new_file(parent, *_):
        dialog = QDialog(parent)  # while it is open the window is not the active one, and a moment longer
        QTimer.singleShot(50, dialog.accept)
        dialog.exec()
        return tmp_path / "t.csv"

    monkeypatch.setattr("app.pages.export.choose_new_file", choose_new_file)
    with open_window(qtbot) as window:
        open_export(qtbot, window, named)
        find(window, "save_as").setFocus()
        qtbot.keyClick(find(window, "save_as"), Qt.Key.Key_Space)
        assert window.focusWidget() is find(window, "export_stop")
        qtbot.waitUntil(find(window, "export_said").isVisible, timeout=30_000)
        assert window.focusWidget() is find(window, "save_as")
        qtbot.keyClick(find(window, "save_as"), Qt.Key.Key_Space)
        find(window, "with_camera").setFocus()  # a person goes on meanwhile
        qtbot.waitUntil(lambda: not find(window, "export_stop").isVisible(), timeout=30_000)
        wait_until_read(qtbot, window)
        assert window.focusWidget() is find(window, "with_camera")


def test_tab_leaves_the_preview_at_once_and_does_not_go_through_its_thousand_columns(qtbot, named):
    with open_window(qtbot) as window:
        open_export(qtbot, window, named)
        preview = find(window, "export_preview")
        preview.setFocus()
        qtbot.keyClick(preview, Qt.Key.Key_Tab)
        assert window.focusWidget() is not preview
        preview.setFocus()
        qtbot.keyClick(preview, Qt.Key.Key_Right)
        assert preview.currentIndex().isValid(), "the arrow keys go through it"


def test_while_there_is_no_map_none_is_told_of_and_without_groups_the_features_of_a_run_are_learned_ones(
    qtbot, session, project, photo_folder
):
    project.add_folder(photo_folder)
    jobs.run(look_at_project(project))
    page = ExportPage(session)
    qtbot.addWidget(page)
    session.project = project

    def told():
        page.shown()
        qtbot.waitUntil(page.loaded)
        rows = find(page, "columns_card").findChildren(QWidget)
        return [row.accessibleName() for row in rows if row.accessibleName().startswith(("Photos: ", "Map: "))]

    assert told() == ["Photos: 24 used"]
    run = project.runs.new()
    project.features.ensure(run.name, Encoder("resnet18", "0" * 64, 96, 32), run)
    assert told() == ["Photos: 24 used", "Map: learned"]
    session.project = None
