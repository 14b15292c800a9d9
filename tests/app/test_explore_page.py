"""Explore: what is shown of a project, what can be done with it, and what is said while there is no map."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from app import theme
from app.decisions import Decisions
from app.pages.explore import ExplorePage
from app.widgets.map_notice import MapNotice
from prismh_engine.project import Project
from prismh_engine.project.labels import Labels
from prismh_engine.project.maps import Map

from .explore_pages import MS, choose_group, find, open_page, titles, wait, write
from .opening import open_project


@pytest.fixture
def page(session, mapped, qtbot):
    open_project(qtbot, session, mapped)
    return open_page(session, qtbot)


def test_the_groups_are_listed_with_their_photos_and_drawn_on_the_map(page, session):
    project = session.project
    grouping = project.groupings.newest(project.features.get("starter"))
    rows = page._side.groups.rows()
    assert [row.count for row in rows] == [len(ids) for ids in grouping.members().values()]
    assert [row.text for row in rows] == [f"Group {n + 1}" for n in range(len(rows))]
    assert all(row.typical for row in rows)
    assert len(find(page, "embedding_map").positions) == len(project.photos.used())


def test_a_group_can_be_named_by_keyboard_alone(page, session, qtbot):
    groups = find(page, "group_list")
    groups.setFocus()
    qtbot.keyClick(groups, Qt.Key.Key_Return)
    write(page, qtbot, "Water drums")
    assert groups.hasFocus(), "the next one is a key away"
    assert groups.currentIndex().row() == 0
    assert titles(page)[0] == "Water drums"
    members = session.project.groupings.newest(session.project.features.get("starter")).members()
    assert session.project.labels.of_groups(members) == {0: "Water drums"}
    qtbot.keyClick(groups, Qt.Key.Key_Down)
    qtbot.keyClick(groups, Qt.Key.Key_Return)
    write(page, qtbot, "Tyres")
    assert titles(page)[:2] == ["Water drums", "Tyres"]
    assert groups.currentIndex().row() == 1
    qtbot.keyClick(groups, Qt.Key.Key_Return)
    assert not groups.isVisible()
    qtbot.keyClick(page.window().focusWidget(), Qt.Key.Key_Escape)
    assert groups.hasFocus()
    assert groups.currentIndex().row() == 1


def test_a_name_can_be_changed_and_blanks_are_no_name(page, session, qtbot):
    choose_group(page, qtbot, 1)
    write(page, qtbot, "   ")
    assert not session.project.labels.all()
    write(page, qtbot, "Tires")
    choose_group(page, qtbot, 1)
    qtbot.mouseClick(find(page, "rename_button"), Qt.MouseButton.LeftButton)
    find(page, "name_field").selectAll()
    write(page, qtbot, "Tyres")
    assert {label.name for label in session.project.labels.all()} == {"Tyres"}
    assert find(page, "selection_title").text() == "Tyres"


def test_a_free_selection_names_its_photos_and_leaves_the_groups_alone(page, session, qtbot):
    page._views.map._user_selects(np.array([0, 1, 2]))
    ids = page._selecting._selected.photo_ids.tolist()
    write(page, qtbot, "Shaded")
    assert session.project.labels.of_photos() == {photo_id: ["Shaded"] for photo_id in ids}
    assert find(page, "name_chip_0").text() == "Shaded"
    assert not any(row.named for row in page._side.groups.rows())


def test_the_selection_is_shown_as_photos_and_survives_a_new_look(page, session, qtbot):
    page._views.map._user_selects(np.array([3, 4]))
    chosen = page._selecting._selected.photo_ids.tolist()
    assert [photo.id for photo in page._side.selection.grid.photos()] == chosen
    session.map_changed.emit()
    qtbot.waitUntil(page.loaded, timeout=MS)
    assert page._selecting._selected.photo_ids.tolist() == chosen


def test_a_photo_set_aside_leaves_the_map(page, session, qtbot):
    gone = int(page._ids[0])
    session.project.photos.overrule([gone], "set aside")
    session.photos_changed.emit()
    qtbot.waitUntil(page.loaded, timeout=MS)
    assert gone not in page._ids


def test_the_photo_under_the_pointer_is_shown_with_its_group_and_date(page, qtbot):
    shown = find(page, "embedding_map")
    surface = shown._graphics.viewport()
    qtbot.mouseMove(surface, surface.mapFrom(shown, shown.pixel_of(5).toPoint()))
    card = find(page, "photo_card")
    assert card.isVisible()
    assert card.accessibleName().startswith("Group ")
    assert not card.geometry().contains(shown.pixel_of(5).toPoint())
    qtbot.mouseMove(surface, QPoint(2, 2))
    assert not card.isVisible()


def test_the_learned_map_is_one_click_away_once_there_is_one(page, session, qtbot):
    project = session.project
    learned = find(page, "chip_learned")
    assert not learned.isEnabled()
    starter = project.features.get("starter")
    photos, embeddings = starter.read(project.photos.used())
    run = project.runs.new()
    features = project.features.ensure(run.name, starter.encoder, run)
    features.append([photo.look.content_hash for photo in photos], embeddings)
    flipped = project.maps.newest(starter)
    flipped = Map(flipped.method, flipped.parameters, flipped.photo_ids, -flipped.positions)
    project.maps.save(features, flipped)
    project.groupings.save(features, project.groupings.newest(starter))
    project.runs.set_summary(run, "Learning changed nothing.", "starter")
    before = page._views.map.positions.copy()
    session.map_changed.emit()
    qtbot.waitUntil(page.loaded, timeout=MS)
    assert np.array_equal(page._views.map.positions, before), "nothing is replaced until the user says so"
    assert find(page, "learning_summary").text() == "Learning changed nothing."
    qtbot.mouseClick(learned, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(page.loaded, timeout=MS)
    assert np.allclose(page._views.map.positions, -before)
    qtbot.mouseClick(find(page, "chip_instant"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(page.loaded, timeout=MS)
    assert np.allclose(page._views.map.positions, before)


def test_while_a_map_is_computed_its_points_are_seen_on_the_way(page, session, qtbot):
    ids = page._ids.copy()
    with session.project._database.writing() as db:
        db.execute("DELETE FROM maps")
    session.map_changed.emit()
    qtbot.waitUntil(page.loaded, timeout=MS)
    assert find(page, "map_notice").isVisible()
    assert find(page, "map_notice_button").text() == "Make the map"
    positions = np.random.default_rng(0).normal(size=(len(ids), 2)).astype(np.float32)
    for step in (1.0, 2.0):
        session.map_moved.emit(ids, positions * step)
        assert find(page, "embedding_map").isVisible()
        assert np.array_equal(page._views.map.positions, positions * np.float32(step))


def test_while_many_photos_are_read_the_page_says_how_many(session, mapped, qtbot, monkeypatch):
    monkeypatch.setattr("app.pages.explore_views.MANY_PHOTOS", 10)
    may_read, reads = threading.Event(), Labels.of_photos

    def read_slowly(labels):
        assert may_read.wait(MS / 1000)
        return reads(labels)

    monkeypatch.setattr(Labels, "of_photos", read_slowly)  # the map needs them, and not the count of the photos
    open_project(qtbot, session, mapped)
    page = ExplorePage(session, Decisions(session))
    qtbot.addWidget(page)
    try:
        with qtbot.waitExposed(page):
            page.show()
        page.shown()
        qtbot.waitUntil(lambda: "Reading 24 photos…" in find(page, "map_notice").accessibleName())
    finally:
        may_read.set()
    wait(page, qtbot)
    assert not find(page, "map_notice").isVisible()


def test_a_project_without_photos_says_what_to_do_and_leads_there(session, qtbot, tmp_path):
    Project.create(tmp_path / "empty").close()
    open_project(qtbot, session, tmp_path / "empty")
    page = open_page(session, qtbot)
    button = find(page, "map_notice_button")
    assert button.isVisible()
    with qtbot.waitSignal(page.go_to) as asked:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert asked.args == ["photos"]


def test_two_photos_make_no_map_and_the_page_says_so(page, session, qtbot):
    used = [photo.id for photo in session.project.photos.used()]
    session.project.photos.overrule(used[2:], "set aside")
    session.photos_changed.emit()
    qtbot.waitUntil(page.loaded, timeout=MS)
    assert "2 of 24 photos are used" in find(page, "map_notice").accessibleName()


def test_a_name_that_looks_like_markup_is_shown_as_it_is(page, qtbot):
    choose_group(page, qtbot, 0)
    write(page, qtbot, "<b>Pots</b> & all")
    choose_group(page, qtbot, 0)
    assert find(page, "selection_title").text() == "<b>Pots</b> & all"
    assert find(page, "selection_title").textFormat() == Qt.TextFormat.PlainText


def test_a_long_name_leaves_its_groups_colour_in_sight(page, qtbot):
    choose_group(page, qtbot, 0)
    write(page, qtbot, "Drums behind the market where water stands all the year round " * 2)
    choose_group(page, qtbot, 0)
    dot = find(page, "group_dot")
    assert dot.isVisible()
    assert (dot.width(), dot.height()) == (14, 14)


@pytest.mark.parametrize("text_size", [1.0, 1.3])
def test_what_stands_in_the_maps_place_can_be_read_to_its_end(qtbot, text_size):
    theme.apply("light", text_size)
    notice = MapNotice()
    qtbot.addWidget(notice)
    notice.resize(500, 400)
    with qtbot.waitExposed(notice):
        notice.show()
    notice.say_progress("Seeing", "1,234 / 10,000. The map appears as soon as all photos have been seen.", 3, 10)
    sentence = find(notice, "map_notice_sentence")
    qtbot.waitUntil(lambda: sentence.height() >= sentence.heightForWidth(sentence.width()) > 0)
    theme.apply("light", 1.5)
    qtbot.waitUntil(lambda: sentence.height() >= sentence.heightForWidth(sentence.width()) > 0)
    theme.apply("light", 1.0)


def test_photos_that_went_away_are_the_reason_why_there_is_no_map(page, session, qtbot):
    catalogue = session.project.photos
    for folder in session.project.folders():
        catalogue.mark_missing(folder.id, catalogue.known(folder.id))
    session.photos_changed.emit()
    qtbot.waitUntil(page.loaded, timeout=MS)
    assert "24 of 24 photos are not where they were" in find(page, "map_notice").accessibleName()
