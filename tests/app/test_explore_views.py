"""What is seen of the photos on the Explore page: crossing filters, colours with their legend, the map by place."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel

from .explore_pages import choose_group, find, listed, open_page, press, titles, wait, write
from .opening import open_project
from .windows import click, open_window, wait_until_read


@pytest.fixture
def page(session, mapped, qtbot):
    open_project(qtbot, session, mapped)
    return open_page(session, qtbot)


def days_of(session, photo_ids):
    return {photo.look.taken_at[:10] for photo in session.project.photos.some(photo_ids)}


def choose_dates(page, qtbot, chosen):
    with qtbot.waitSignal(page._timeline.range_chosen):
        page._timeline._bars.choose(chosen)
    wait(page, qtbot)


def first_days(page):
    """A range of dates that holds about half of the photos."""
    times = page._contents.facts.times
    return float(times.min()), float(np.median(times))


def test_a_range_of_dates_acts_on_map_list_and_grid_at_once(page, session, qtbot):
    of_all = len(page._ids)
    choose_dates(page, qtbot, first_days(page))
    assert find(page, "explore_filter_bar").isVisible(), "what hides photos is in sight"
    seen = int(page._views.map._mask.sum())
    assert 0 < seen < of_all
    assert f"{seen} of {of_all}" in find(page, "filter_count").text()
    counts = [row.count for row in page._side.groups.rows()]
    assert sum(counts) == seen
    row = int(np.argmax(counts))
    choose_group(page, qtbot, row)
    photos = session.project.photos.some(listed(page))
    assert len(photos) == counts[row]
    early = page._contents.facts.photo_ids[page._contents.facts.times < first_days(page)[1]]
    assert set(listed(page)) <= set(early.tolist())
    press(page, qtbot, "filter_show_all_button")
    assert page._views.map._mask is None
    assert len(listed(page)) > counts[row]


def test_a_group_is_named_as_a_whole_though_a_filter_hides_some_of_its_photos(page, session, qtbot):
    of_group = page._contents.facts.times[page._contents.clusters == 0]
    choose_dates(page, qtbot, (float(of_group.min()), float(np.median(of_group))))
    choose_group(page, qtbot, 0)
    assert " of " in find(page, "selection_count").text()
    write(page, qtbot, "Whole")
    whole = session.project.groupings.newest(session.project.features.get("starter")).members()[0]
    assert session.project.labels.counts() == {"Whole": len(whole)}
    assert titles(page)[0] == "Whole"


def test_a_group_of_which_a_filter_hides_all_photos_is_named_neither_on_the_map_nor_in_the_list(page, qtbot):
    sizes = np.bincount(page._contents.clusters)
    choose_group(page, qtbot, 1)
    find(page, "selection_grid").select(listed(page)[:2])
    write(page, qtbot, "Two of them")
    press(page, qtbot, "all_groups_button")
    find(page, "explore_filter_bar")._set_name("Two of them", True)
    (row,) = page._side.groups.rows()
    assert (row.number, row.count, row.of) == (1, 2, sizes[1])
    spoken = find(page, "group_list").model().index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == f"Group 2, 2 of {sizes[1]} photos"
    assert f"1 of {len(sizes)} groups" in {label.text() for label in page._side.findChildren(QLabel)}
    find(page, "explore_filter_bar")._set_name("Two of them", False)
    assert [row.count for row in page._side.groups.rows()] == sizes.tolist()
    groups = find(page, "group_list")
    assert groups.currentIndex().row() == 1, "the same group is current"


def test_colours_by_name_have_a_legend_that_hides_photos(page, qtbot):
    choose_group(page, qtbot, 0)
    write(page, qtbot, "Drums")
    page._selecting.close()
    colour = find(page, "colour_by")
    colour.setCurrentIndex(colour.findData("name"))
    colour.activated.emit(colour.currentIndex())
    legend = find(page, "legend")
    assert [entry.text for entry in legend.entries()] == ["Drums", "No name"]
    drums = legend.entries()[0].count
    legend._toggle(1)
    assert page._views.map._mask.sum() == drums
    colour.setCurrentIndex(colour.findData("group"))
    colour.activated.emit(colour.currentIndex())
    assert page._views.map._mask is None
    assert not legend.isVisible()


@pytest.mark.parametrize("way", ["date", "place"])
def test_every_photo_has_a_colour_of_the_legend_or_is_counted_as_unknown(page, way):
    colour = find(page, "colour_by")
    row = colour.findData(way)
    colour.setCurrentIndex(row)
    colour.activated.emit(row)
    assert sum(entry.count for entry in find(page, "legend").entries()) == len(page._ids)


def test_the_map_by_place_shares_its_selection_with_the_map_by_look(page, qtbot):
    choose_group(page, qtbot, 0)
    of_group = set(listed(page))
    press(page, qtbot, "chip_by_place")
    place = find(page, "place_view")
    assert place.isVisible()
    assert set(page._ids[place.selection].tolist()) <= of_group
    chosen = place.selection[:2]
    place._map._user_selects(np.flatnonzero(np.isin(place._rows, chosen)))
    wait(page, qtbot)
    assert set(listed(page)) == set(page._ids[chosen].tolist())
    press(page, qtbot, "chip_instant")
    assert page._views.map.selection.tolist() == sorted(chosen.tolist())


def test_what_was_typed_stays_while_names_are_suggested(page, session, qtbot):
    choose_group(page, qtbot, 0)
    line = find(page, "name_field")
    qtbot.keyClicks(line, "Half a na")
    session.names_changed.emit()
    wait(page, qtbot)
    assert find(page, "name_field").text() == "Half a na"


def test_the_menu_explore_works_on_the_explore_page_and_nowhere_else(qtbot, mapped):
    with open_window(qtbot) as window:
        window.open_folder(mapped)
        wait_until_read(qtbot, window)
        finer = window.findChild(QAction, "explore_finer")
        assert not finer.isEnabled()
        window.show_page("explore")
        wait_until_read(qtbot, window)
        groups = len(titles(window.page()))
        window.findChild(QAction, "explore_finer").trigger()
        wait_until_read(qtbot, window)
        assert len(titles(window.page())) == groups + 1
        click(qtbot, window, "explore_undo")
        wait_until_read(qtbot, window)
        assert len(titles(window.page())) == groups
        window.findChild(QAction, "explore_near_duplicates").trigger()
        wait_until_read(qtbot, window)
        assert find(window.page(), "selection_title").text() == "Near duplicates"


def test_no_two_entries_of_the_menus_share_a_shortcut(qtbot, mapped):
    """Qt does nothing at all at a key that two of them ask for."""
    with open_window(qtbot) as window:
        actions = [action for action in window.findChildren(QAction) if not action.shortcut().isEmpty()]
        keys = Counter(action.shortcut().toString() for action in actions)
        assert len(keys) > 15
        assert not [key for key, count in keys.items() if count > 1]


def test_everything_about_a_group_can_be_done_by_keyboard_alone(page, session, qtbot):
    groups = find(page, "group_list")
    groups.setFocus()
    qtbot.keyClick(groups, Qt.Key.Key_Return)
    write(page, qtbot, "By keys")
    qtbot.keyClick(groups, Qt.Key.Key_Return)
    reached = set()
    for _ in range(40):
        focused = page.window().focusWidget()
        reached.add(focused.objectName())
        qtbot.keyClick(focused, Qt.Key.Key_Tab)
    wanted = {"rename_button", "ask_similar", "ask_unusual", "ask_near_duplicates", "ask_split", "join_button"}
    assert wanted | {"photo_tiles", "colour_by", "group_slider", "filter_button", "embedding_map"} <= reached


def test_a_moved_slider_colours_by_group_and_says_so(page, qtbot):
    colour = find(page, "colour_by")
    colour.setCurrentIndex(colour.findData("date"))
    colour.activated.emit(colour.currentIndex())
    find(page, "legend")._toggle(0)
    assert page._views.map._mask is not None
    slider = find(page, "group_slider")
    slider.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Left):  # and back before it rests: nothing is kept
        qtbot.keyClick(slider, key)
        assert colour.currentData() == "group"
        assert not find(page, "legend").isVisible()
        assert page._views.map._mask is None, "nothing is hidden by colours that are not seen"
    wait(page, qtbot)
    assert colour.currentData() == "group"


def test_filters_that_let_nothing_pass_say_so_in_the_place_of_the_map_with_a_way_back(page, qtbot):
    choose_dates(page, qtbot, (0.0, 1.0))
    notice = find(page, "map_notice")
    assert notice.isVisible()
    assert "No photo passes" in notice.accessibleName()
    assert not page._views.map.isVisible()
    find(page, "map_notice_button").click()
    wait(page, qtbot)
    assert page._views.map.isVisible()
    assert page._views.map._mask is None
    assert page._timeline.chosen_range is None


def test_a_legend_that_hides_all_is_shown_again_from_the_place_of_the_map(page, qtbot):
    page._colour_chosen("date")
    legend = page._views._legend
    for row in range(len(legend.entries())):
        legend._toggle(row)
    assert find(page, "map_notice_button").isVisible()
    find(page, "map_notice_button").click()
    wait(page, qtbot)
    assert not legend.hidden()
    assert page._views.map.isVisible()


def test_a_legend_of_short_words_leaves_the_room_to_the_map(page, qtbot):
    page.resize(1000, 700)
    page._colour_chosen("place")
    wait(page, qtbot)
    legend, of_map = page._views._legend_panel, page._views.map
    assert legend.isVisible()
    assert legend.width() < 0.4 * of_map.width()


def test_the_keyboard_goes_into_the_filters_that_are_opened_by_it_and_back_to_their_button(qtbot, mapped):
    with open_window(qtbot) as window:
        open_project(qtbot, window.session, mapped)
        window.show_page("explore")
        wait_until_read(qtbot, window)
        page, entry = window.page(), window.findChild(QAction, "explore_show_filters")
        find(page, "embedding_map").setFocus()
        entry.trigger()
        assert window.focusWidget() is find(page, "filter_dates"), "no photo has a name, so names cannot be chosen"
        entry.trigger()
        assert window.focusWidget() is find(page, "filter_button")
        entry.trigger()
        find(page, "group_list").setFocus()
        entry.trigger()
        assert not find(page, "explore_filter_bar").isVisible()
        assert window.focusWidget() is find(page, "group_list"), "it was not in the filters"


def test_what_shows_all_photos_again_leaves_the_keyboard_where_they_are_seen(qtbot, mapped):
    with open_window(qtbot) as window:
        open_project(qtbot, window.session, mapped)
        window.show_page("explore")
        wait_until_read(qtbot, window)
        page = window.page()
        for clear, then in (("filter_show_all_button", "filter_dates"), ("map_notice_button", "embedding_map")):
            choose_dates(page, qtbot, (0.0, 1.0))  # of which there is no photo
            find(page, clear).setFocus()
            qtbot.keyClick(find(page, clear), Qt.Key.Key_Space)
            wait_until_read(qtbot, window)
            assert window.focusWidget() is find(page, then)
