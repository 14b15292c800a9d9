"""Groups on the Explore page: finer and coarser, split and joined, and what they are called meanwhile."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from app import words

from .explore_pages import choose_group, find, listed, open_page, press, titles, undo, wait, write
from .opening import open_project


@pytest.fixture
def page(session, mapped, qtbot):
    open_project(qtbot, session, mapped)
    return open_page(session, qtbot)


@pytest.fixture
def decisions(page):
    return page._decisions


def grouping(session):
    return session.project.groupings.newest(session.project.features.get("starter"))


def test_finer_groups_are_seen_at_once_and_kept_when_the_slider_rests_and_names_stay(page, session, decisions, qtbot):
    before = grouping(session)
    choose_group(page, qtbot, 0)
    write(page, qtbot, "Kept")
    choose_group(page, qtbot, 0)
    colours = len(set(_colours_on_map(page)))
    slider = find(page, "group_slider")
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_Right)
    assert len(set(_colours_on_map(page))) == colours + 1, "seen before it is kept"
    assert grouping(session).groups == before.groups
    wait(page, qtbot)
    assert grouping(session).groups == before.groups + 1
    assert len(titles(page)) == before.groups + 1
    assert "Kept" in titles(page)
    undo(page, decisions, qtbot)
    assert len(titles(page)) == before.groups
    assert slider.value() == before.groups


def test_a_group_whose_photos_are_away_is_not_listed_and_that_is_said(page, session, qtbot):
    shown = grouping(session)
    gone = session.project.photos.some(shown.photo_ids[shown.clusters == 0].tolist())
    folder = session.project.folders()[0].id
    session.project.photos.mark_missing(folder, [photo.path.name for photo in gone])
    session.photos_changed.emit()
    wait(page, qtbot)
    assert len(titles(page)) == shown.groups - 1
    assert f"{shown.groups - 1} of {shown.groups} groups" in [label.text() for label in page.findChildren(QLabel)]


def test_while_the_slider_moves_the_map_says_what_its_groups_will_be_called(page, session, qtbot):
    choose_group(page, qtbot, 0)
    write(page, qtbot, "Kept")
    choose_group(page, qtbot, 0)
    selected = listed(page)
    slider = find(page, "group_slider")
    slider.setFocus()
    for key in (Qt.Key.Key_End, Qt.Key.Key_Home):
        qtbot.keyClick(slider, key)
        previewed = _names_on_map(page)
        assert len(previewed) == slider.value()
        assert sorted(page._ids[page._views.map.selection]) == sorted(selected)
        wait(page, qtbot)
        assert previewed == _names_on_map(page)
        assert any(name.startswith("Kept") for name in previewed)


def test_parts_of_a_named_group_are_told_apart_by_numbers_the_largest_first(page, session, qtbot):
    choose_group(page, qtbot, 0)
    write(page, qtbot, "Kept")
    slider = find(page, "group_slider")
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_End)
    wait(page, qtbot)
    sizes = {row.text: row.of for row in page._side.groups.rows()}
    parts = sorted((title for title in sizes if title.startswith("Kept")), key=lambda title: int(title.split()[1]))
    assert len(parts) > 1
    assert parts == [f"Kept {number}" for number in range(1, len(parts) + 1)]
    assert [sizes[part] for part in parts] == sorted((sizes[part] for part in parts), reverse=True)
    assert set(parts) <= set(_names_on_map(page))
    names = session.project.labels.of_groups(grouping(session).members())
    assert set(names.values()) == {"Kept"}, "in the project each part has the plain name"
    choose_group(page, qtbot, titles(page).index("Kept 1"))
    find(page, "rename_button").click()
    assert find(page, "name_field").text() == "Kept"


def test_a_coarse_group_of_which_at_most_half_are_named_is_called_and_others(page, session, qtbot):
    choose_group(page, qtbot, 1)
    write(page, qtbot, "Kept")
    page._selecting.show_cut(1)
    wait(page, qtbot)
    assert titles(page) == ["Kept and others"]
    qtbot.waitUntil(lambda: (session.summary.groups, session.summary.named) == (1, 0))
    choose_group(page, qtbot, 0)
    assert find(page, "selection_title").text() == "Kept and others"
    assert find(page, "name_field").isVisible(), "as a whole it has no name yet"
    assert not find(page, "rename_button").isVisible()
    slider = find(page, "group_slider")
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_End)
    previewed = _names_on_map(page)
    wait(page, qtbot)
    assert previewed == _names_on_map(page)


def test_groups_that_are_not_touched_keep_number_colour_and_place_when_another_is_split(
    page, session, decisions, qtbot
):
    def seen():
        return [(row.text, row.colour.name(), row.of) for row in page._side.groups.rows()]

    before = seen()
    choose_group(page, qtbot, 0)
    press(page, qtbot, "ask_split")
    after = seen()
    assert after[1 : len(before)] == before[1:]
    assert after[0][:2] == before[0][:2]
    assert after[-1][0] == f"Group {len(before) + 1}"
    assert after[0][2] + after[-1][2] == before[0][2]
    undo(page, decisions, qtbot)
    assert seen() == before


def _names_on_map(page):
    return list(page._views.map._names)


def _colours_on_map(page):
    codes, colours = page._views.map._colouring or (page._views.map._groups, page._views.map._group_colours)
    return [colours[code].name() for code in codes if code >= 0]


def test_a_group_is_split_and_two_are_joined_and_both_are_undone_after_a_restart(page, session, mapped, qtbot):
    count, photos = len(titles(page)), len(page._ids)
    choose_group(page, qtbot, 0)
    press(page, qtbot, "ask_split")
    assert grouping(session).groups == count + 1
    choose_group(page, qtbot, 0)
    joined = page.findChild(type(find(page, "join_menu")), "join_menu")
    joined.actions()[0].trigger()
    wait(page, qtbot)
    assert grouping(session).groups == count
    assert sum(len(ids) for ids in grouping(session).members().values()) == photos
    session.close_project()
    open_project(qtbot, session, mapped)
    wait(page, qtbot)
    for groups in (count + 1, count):
        undo(page, page._decisions, qtbot)
        assert grouping(session).groups == groups


def test_groups_selected_together_can_be_joined(page, session, qtbot):
    count = len(titles(page))
    page._views.map._user_selects(np.flatnonzero(np.isin(page._contents.clusters, [0, 1])))
    assert find(page, "ask_join").text() == "Join these 2 groups"
    press(page, qtbot, "ask_join")
    assert grouping(session).groups == count - 1


def _join_with_first(page, qtbot):
    menu = page.findChild(type(find(page, "join_menu")), "join_menu")
    menu.actions()[0].trigger()
    wait(page, qtbot)


def test_what_was_joined_is_selected_and_a_sentence_says_so(page, session, decisions, qtbot):
    told = []
    decisions.told.connect(told.append)
    sizes = [len(group.photo_ids) for group in page._contents.groups]
    choose_group(page, qtbot, 1)
    _join_with_first(page, qtbot)
    both = sizes[0] + sizes[1]
    assert told == [f"Group 2 and Group 1 are one group now: {both} photos"]
    assert find(page, "selection_title").text() == "Group 1"
    assert len(listed(page)) == both
    assert len(page._views.map.selection) == both
    assert find(page, "ask_split").isVisible()


def test_a_split_says_how_large_the_parts_are(page, session, decisions, qtbot):
    told = []
    decisions.told.connect(told.append)
    choose_group(page, qtbot, 0)
    press(page, qtbot, "ask_split")
    rows = page._side.groups.rows()
    parts = sorted((rows[0].of, rows[-1].of), reverse=True)
    assert told == [f"Split in two: {parts[0]} and {words.photos(parts[1])}"]


def test_a_split_does_not_count_a_photo_that_was_set_aside_since(page, session, decisions, qtbot):
    told = []
    decisions.told.connect(told.append)
    choose_group(page, qtbot, 0)
    session.project.photos.overrule([int(listed(page)[0])], "set aside")
    session.photos_changed.emit()
    wait(page, qtbot)
    choose_group(page, qtbot, 0)
    left = len(listed(page))
    press(page, qtbot, "ask_split")
    larger, smaller = (int(word) for word in told[0].split() if word.isdigit())
    assert larger + smaller == left


def test_split_and_join_without_a_group_say_what_to_choose(page, session, qtbot):
    said = []
    session.failed.connect(said.append)
    for what in ("split", "join"):
        page._selecting.ask(what)
    assert len(said) == 2
    assert all(sentence.startswith("Choose") for sentence in said)
