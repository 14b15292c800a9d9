"""The whole road in the real window: from a folder of photos to a CSV with a name in it.

Nothing stands in for anything but the two file dialogs.
"""

from __future__ import annotations

import csv
import shutil

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QWidget

from app import theme
from app.main_window import MainWindow
from app.settings import AppSettings

from .opening import wait_until_open

MS = 120_000
"""Longest wait for a step; only a machine that hangs ever waits so long."""


@pytest.fixture
def photos(photo_folder, tmp_path):
    folder = tmp_path / "Ward 14"
    shutil.copytree(photo_folder, folder)
    return folder


@pytest.fixture
def window(qtbot):
    theme.apply(theme.LIGHT, 1.0)
    made = MainWindow(AppSettings())
    qtbot.addWidget(made)
    made.resize(1280, 800)
    with qtbot.waitExposed(made):
        made.show()
    yield made
    made.close()


def find(window, name, kind=QWidget):
    """The widget of this name on the page in sight, else anywhere in the window."""
    found = window.page().findChild(kind, name) or window.findChild(kind, name)
    assert found is not None, name
    return found


def click(qtbot, window, name):
    button = find(window, name, QAbstractButton)
    assert button.isVisible(), f"{name} is not in sight"
    assert button.isEnabled(), f"{name} cannot be pressed"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def write(qtbot, window, name, text):
    line = find(window, name, QLineEdit)
    line.selectAll()
    qtbot.keyClicks(line, text)
    qtbot.keyClick(line, Qt.Key.Key_Return)


def facts(window):
    card = find(window, "facts_card")
    return {row.accessibleName() for row in card.findChildren(QWidget) if row.accessibleName()}


def test_from_a_folder_of_photos_to_a_csv_with_a_name(window, photos, qtbot, monkeypatch, tmp_path):
    session = window.session
    failures = []
    session.failed.connect(failures.append)
    monkeypatch.setattr("app.pages.start.choose_folder", lambda *_: photos)
    output = tmp_path / "ward.csv"
    monkeypatch.setattr("app.pages.export.choose_new_file", lambda *_: output)

    # Two clicks: the photos are read and laid out.
    click(qtbot, window, "choose_folder")
    wait_until_open(qtbot, session)
    assert session.running_kind == "reading"
    click(qtbot, window, "step_explore")
    qtbot.waitUntil(lambda: session.running_kind is None, timeout=MS)
    explore = window.page()
    qtbot.waitUntil(explore.loaded, timeout=MS)
    starter = session.project.features.get("starter")
    assert len(session.project.maps.newest(starter).photo_ids) == session.project.photos.counts()["used"] >= 20

    # A group is chosen on the map and named.
    surface = find(window, "embedding_map")
    grouping = session.project.groupings.newest(starter)
    index = int((explore._ids == grouping.members()[0][0]).argmax())
    viewport = surface._graphics.viewport()
    place = viewport.mapFrom(surface, surface.pixel_of(index).toPoint())
    qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=place)
    assert sorted(photo.id for photo in find(window, "selection_grid").photos()) == sorted(grouping.members()[0])
    write(qtbot, window, "name_field", "Oil drums")
    qtbot.waitUntil(explore.loaded, timeout=MS)
    assert session.project.labels.of_groups(grouping.members()) == {0: "Oil drums"}
    assert find(window, "selection_title").text() == "Oil drums"
    assert not find(window, "chip_learned").isEnabled()

    # A short training, paused and resumed.
    click(qtbot, window, "step_training")
    click(qtbot, window, "choice_quick")
    click(qtbot, window, "choice_advanced")
    for name, value in {"epochs": "3", "image_size": "64", "batch_size": "8"}.items():
        write(qtbot, window, f"setting_{name}", value)
    click(qtbot, window, "start_button")
    qtbot.waitUntil(lambda: session.running_kind == "learning", timeout=MS)
    qtbot.waitUntil(lambda: session.progress is not None and "loss" in session.progress.metrics, timeout=MS)
    click(qtbot, window, "pause_button")
    assert find(window, "health_note").text().startswith("Pausing")
    qtbot.waitUntil(lambda: session.progress.what == "Paused", timeout=MS)
    assert find(window, "health_note").text().startswith("Paused. All is saved")
    qtbot.waitUntil(lambda: "Last saved: at this pause" in facts(window))
    run = session.project.runs.newest()
    assert (run.folder / "checkpoints" / "last.pt").is_file()
    with qtbot.waitSignal(session.learning_finished, timeout=MS) as learned:
        click(qtbot, window, "resume_button")
    assert learned.args[0].finished
    qtbot.waitUntil(lambda: session.running_kind is None, timeout=MS)
    assert session.project.runs.newest().state == "finished"

    # The learned map, and what learning changed; the name is still there, and nothing was replaced.
    summary = session.project.runs.newest().summary
    assert find(window, "what_learning_changed").text() == summary != ""
    click(qtbot, window, "see_learned_map_button")
    assert window.page() is explore
    qtbot.waitUntil(lambda: explore.loaded() and explore._contents.features == run.name, timeout=MS)
    assert find(window, "chip_learned").isChecked()
    assert find(window, "learning_summary").text() == summary
    click(qtbot, window, "chip_instant")
    qtbot.waitUntil(lambda: explore.loaded() and explore._contents.features == "starter", timeout=MS)
    assert "Oil drums" in [row.text for row in explore._side.groups.rows()]

    # The table.
    click(qtbot, window, "step_export")
    qtbot.waitUntil(find(window, "save_as").isEnabled, timeout=MS)
    click(qtbot, window, "save_as")
    qtbot.waitUntil(output.is_file, timeout=MS)
    qtbot.waitUntil(window.loaded, timeout=MS)
    with output.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == session.project.photos.counts()["used"]
    named = {row["file_path"] for row in rows if "Oil drums" in (row["cluster_name"], row["label"])}
    assert named
    assert failures == []
