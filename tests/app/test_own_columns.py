"""A team's own columns of a table: taken in, coloured by, exported, and undone."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QLineEdit, QWidget

from app.explore_filters import VERDICT, Column, PhotoFacts
from app.export_choices import ExportChoices
from app.pages.explore_colours import colouring, ways
from app.widgets.column_choice import ColumnChoice
from app.widgets.map_tools import MapTools
from prismh_engine import jobs
from prismh_engine.core.import_metadata import import_into_project
from prismh_engine.project import Project

from .opening import open_project
from .windows import MS_TO_READ, click, find, open_window, wait_until_read

TEAMS = ("=<b>A</b>", "B & C", "")


@pytest.fixture
def visits(mapped, tmp_path):
    """A table with columns of a team's own about the photos of the mapped project."""
    with Project.open(mapped) as project:
        paths = [photo.file_path for photo in project.photos.used()]
        with (tmp_path / "visits.csv").open("w", encoding="utf-8", newline="") as stream:
            table = csv.writer(stream)
            table.writerow(["photo", "team", "larvae/dip", "Folder", "remark"])
            for number, path in enumerate(paths):
                table.writerow([path, TEAMS[number % 3], str(number - 3), "", f"Remark {number}"])
    return tmp_path / "visits.csv"


def offered(window):
    box = find(window, "colour_by")
    return [box.itemText(number) for number in range(box.count())]


def colour_by(window, text):
    box = find(window, "colour_by")
    box.setCurrentIndex(offered(window).index(text))
    box.activated.emit(box.currentIndex())
    return [(entry.text, entry.count) for entry in find(window, "legend").entries()]


def own_boxes(window):
    return {box.accessibleName(): box for box in window.findChildren(QCheckBox, "with_own_column")}


def test_own_columns_colour_the_map_and_stand_in_the_export_until_the_table_is_undone(
    qtbot, monkeypatch, tmp_path, mapped, visits
):
    with open_window(qtbot) as window:
        open_project(qtbot, window.session, mapped)
        window.show_page("explore")
        wait_until_read(qtbot, window)
        assert "team" not in offered(window)
        monkeypatch.setattr("app.pages.photos.choose_file", lambda *_: visits)
        window.findChild(QAction, "add_data").trigger()
        qtbot.waitUntil(lambda: window.findChild(QWidget, "close_import_report") is not None, timeout=MS_TO_READ)
        click(qtbot, window, "close_import_report")
        window.show_page("explore")
        wait_until_read(qtbot, window)
        used = len(window.session.project.photos.used())
        third, rest = divmod(used, 3)
        legend = colour_by(window, "team")
        assert dict(legend) == {
            TEAMS[0]: third + (rest > 0), TEAMS[1]: third + (rest > 1), "Unknown": third,
        }  # fmt: skip
        spans = colour_by(window, "larvae/dip")
        assert len(spans) == 5
        assert spans[0][0].startswith("-3 to ")
        assert sum(count for _, count in spans) == used
        window.show_page("export")
        wait_until_read(qtbot, window)
        boxes = own_boxes(window)
        assert list(boxes) == ["team", "larvae/dip", "remark"]
        assert not any(box.isChecked() for box in boxes.values())
        boxes["team"].click()
        boxes["larvae/dip"].click()
        for name in ("csv", "npz"):
            window.page().save(tmp_path / f"t.{name}")
            qtbot.waitUntil((tmp_path / f"t.{name}").exists, timeout=MS_TO_READ)
            qtbot.waitUntil(find(window, "save_as").isEnabled, timeout=MS_TO_READ)
        window.findChild(QAction, "undo").trigger()
        qtbot.waitUntil(lambda: not own_boxes(window), timeout=MS_TO_READ)
        window.show_page("explore")
        wait_until_read(qtbot, window)
        qtbot.waitUntil(lambda: "team" not in offered(window), timeout=MS_TO_READ)
        window.findChild(QAction, "redo").trigger()
        qtbot.waitUntil(lambda: "team" in offered(window), timeout=MS_TO_READ)
    with (tmp_path / "t.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert "remark" not in rows[0]
    assert [(row["team"], row["larvae/dip"]) for row in rows[:3]] == [
        ("'" + TEAMS[0], "-3"),
        (TEAMS[1], "-2"),
        ("", "-1"),
    ]
    with np.load(tmp_path / "t.npz") as arrays:  # its parts are files: none lies in a folder
        assert arrays["larvae_dip"].tolist() == [number - 3.0 for number in range(used)]


def test_photos_are_shown_by_a_column_of_a_table_on_map_list_and_timeline_at_once(qtbot, mapped, visits):
    with Project.open(mapped) as project:
        jobs.run(import_into_project(project, visits))
        paths = {photo.id: photo.file_path for photo in project.photos.used()}
    with open_window(qtbot) as window:
        open_project(qtbot, window.session, mapped)
        window.show_page("explore")
        wait_until_read(qtbot, window)
        page = window.page()
        menu = find(page, "filter_columns").menu()
        menu.aboutToShow.emit()
        parts = {action.text(): action.menu() for action in menu.actions() if action.menu()}
        assert [line.accessibleName() for line in parts["remark"].findChildren(QLineEdit)] == ["remark: Contains"]
        next(action for action in parts["team"].actions() if action.text().startswith("B && C")).trigger()
        wait_until_read(qtbot, window)
        numbers = [number for number, photo_id in enumerate(paths) if TEAMS[number % 3] == "B & C"]
        wanted = {list(paths)[number] for number in numbers}
        assert set(page._contents.facts.photo_ids[page._views.map._mask].tolist()) == wanted
        assert sum(row.count for row in page._side.groups.rows()) == len(wanted)
        assert int(page._timeline._bars._passing.sum()) == len(wanted)
        find(page, "filter_show_all_button").click()
        wait_until_read(qtbot, window)
        assert page._views.map._mask is None
        menu.aboutToShow.emit()
        part = next(action for action in menu.actions() if action.text() == "remark").menu()
        qtbot.keyClicks(part.findChild(QLineEdit), "remark 1")
        qtbot.keyClick(part.findChild(QLineEdit), Qt.Key.Key_Return)
        wait_until_read(qtbot, window)
        numbers = [number for number in range(len(paths)) if str(number).startswith("1")]
        assert np.flatnonzero(np.isin(page._contents.facts.photo_ids, np.array(list(paths))[numbers])).tolist() == (
            np.flatnonzero(page._views.map._mask).tolist()
        )


def facts_with(**own):
    length = len(next(iter(own.values())))
    values = {name: Column.of(v) if isinstance(v[0], str) else np.array(v, float) for name, v in own.items()}
    return PhotoFacts(
        np.arange(length), *np.full((3, length), np.nan), columns={VERDICT: Column.of(["clean"] * length)}, own=values
    )


def test_only_columns_that_tell_photos_apart_are_offered():
    facts = facts_with(
        same=["x"] * 100,
        marked=["x", ""] * 50,
        remark=[f"Remark {number}" for number in range(100)],
        village=[f"Village {number // 2}" for number in range(100)],
        seven=[7.0] * 100,
        count=[7.0] * 99 + [8.0],
        verdict=["a", "b"] * 50,
        group=["a", "b"] * 50,
    )
    assert [text for _, text in ways(facts)] == [
        "Group",
        "marked",
        "village",
        "count",
        "verdict",
        "group, from a table",
    ]


def test_of_many_words_the_thirty_most_frequent_have_a_colour():
    words = [f"village {number:02}" for number in range(40) for _ in range(41 - number)]
    shown = colouring("own:village", facts_with(village=words))
    assert [text for text, _, _ in shown.entries] == [f"village {number:02}" for number in range(30)]
    assert ((shown.codes < 0).sum(), shown.rest) == (sum(range(2, 12)), "Others")


def test_a_long_name_is_shortened_where_it_is_chosen_and_shown_as_it_is(qtbot):
    name = "<b>Is the roof</b> of the house of tin, of tiles & or of palm leaves?"
    tools, columns = MapTools(), ColumnChoice()
    qtbot.addWidget(tools)
    qtbot.addWidget(columns)
    tools.offer_colours([("group", "Group"), ("own:roof", name)], "own:roof")
    (shown,) = offered(tools)[1:]
    assert shown.endswith("…")
    assert name.startswith(shown[:-1])
    columns.show_own([name])
    (box,) = own_boxes(columns).values()
    assert box.text().endswith("…")
    assert "&lt;b&gt;Is the roof" in box.toolTip()


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([0] * 90 + list(range(1, 11)), [("0", 90), ("1 to 2", 2), ("3 to 5", 3), ("6 to 7", 2), ("8 to 10", 3)]),
        (list(range(100)), [(f"{start} to {start + 19}", 20) for start in range(0, 100, 20)]),
        ([1.5, 1.5, 2.5, np.nan], [("1.5", 2), ("2.5", 1)]),
        ([1] + [4] * 99, [("1", 1), ("4", 99)]),
    ],
)
def test_numbers_are_split_into_spans_of_about_equally_many_photos(numbers, expected):
    shown = colouring("own:larvae", facts_with(larvae=[float(number) for number in numbers]))
    assert [(text, count) for text, _, count in shown.entries] == expected
    codes, counts = np.unique(shown.codes[shown.codes >= 0], return_counts=True)
    assert (codes.tolist(), counts.tolist()) == (list(range(len(expected))), [count for _, count in expected])


def test_however_many_columns_there_are_the_warning_about_positions_is_in_sight(qtbot):
    columns = ColumnChoice()
    qtbot.addWidget(columns)
    columns.resize(250, 420)
    columns.show_own([f"Question {number}" for number in range(12)])
    columns.show_choices(ExportChoices())
    columns.show_table(".csv", 1280, placed=True)
    with qtbot.waitExposed(columns):
        columns.show()
    warning = find(columns, "location_warning")
    assert "Positions can show where people live" in warning.text()
    assert warning.visibleRegion().boundingRect() == warning.rect()
