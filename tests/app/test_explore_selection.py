"""What a person does with a selection on the Explore page: names, questions, suggestions; and undoing it."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app import words
from prismh_engine.project.suggestions import Suggestion

from .explore_pages import choose_group, find, listed, open_page, press, titles, undo, wait, write
from .opening import open_project


@pytest.fixture
def page(session, mapped, qtbot):
    open_project(qtbot, session, mapped)
    return open_page(session, qtbot)


@pytest.fixture
def decisions(page):
    return page._decisions


def kinds(session, photo_ids):
    return {photo.path.name.partition("_")[0] for photo in session.project.photos.some(photo_ids)}


def name_two_groups(page, qtbot):
    choose_group(page, qtbot, 0)
    write(page, qtbot, "First kind")
    choose_group(page, qtbot, 1)
    write(page, qtbot, "Second kind")


def test_what_filters_hide_is_neither_suggested_nor_accepted(page, session, decisions, qtbot):
    name_two_groups(page, qtbot)
    press(page, qtbot, "all_suggestions")
    suggested = listed(page)
    given = session.project.labels.counts()
    bar = find(page, "explore_filter_bar")
    bar._set_name("First kind", True)  # which none of them has yet
    assert not listed(page)
    assert not find(page, "accept_button").isVisible()
    assert not find(page, "name_field").isEnabled()
    assert not find(page, "ask_similar").isEnabled()
    press(page, qtbot, "all_groups_button")
    assert not find(page, "all_suggestions").isVisible()
    bar._set_name("First kind", False)
    press(page, qtbot, "all_suggestions")
    assert listed(page) == suggested
    assert find(page, "name_field").isEnabled()
    assert session.project.labels.counts() == given


def test_a_name_is_taken_off_a_group_and_off_photos(page, session, decisions, qtbot):
    labels = session.project.labels
    choose_group(page, qtbot, 0)
    write(page, qtbot, "Drums")
    choose_group(page, qtbot, 0)
    press(page, qtbot, "rename_button")
    press(page, qtbot, "remove_name_button")
    assert not labels.all()
    assert titles(page)[0] == "Group 1"
    undo(page, decisions, qtbot)
    assert set(labels.counts()) == {"Drums"}
    page._views.map._user_selects(np.array([0, 1, 2]))
    write(page, qtbot, "Shaded")
    press(page, qtbot, "name_chip_0")
    assert not labels.of_photos()


def test_undo_counts_the_photos_that_bore_the_name_and_not_all_that_were_chosen(page, decisions, qtbot):
    page._views.map._user_selects(np.array([0, 1]))
    write(page, qtbot, "Shaded")
    page._views.map._user_selects(np.arange(5))
    press(page, qtbot, "name_chip_0")
    assert decisions.undo_text == "Shaded taken off 2 photos"


def test_only_the_photos_chosen_in_the_grid_are_named(page, session, qtbot):
    choose_group(page, qtbot, 0)
    chosen = listed(page)[1:3]
    find(page, "selection_grid").select(chosen)
    assert find(page, "selection_title").text() == "Chosen"
    write(page, qtbot, "Two of them")
    assert session.project.labels.of_photos() == {key: ["Two of them"] for key in sorted(chosen)}
    assert titles(page)[0] == "Group 1"


def test_similar_photos_are_listed_without_those_that_were_asked_with(page, session, qtbot):
    choose_group(page, qtbot, 0)
    of_group = listed(page)
    find(page, "selection_grid").select(of_group[:1])
    press(page, qtbot, "ask_similar")
    assert find(page, "selection_title").text().startswith("Similar to")
    assert of_group[0] not in listed(page)
    assert kinds(session, listed(page)[:2]) == kinds(session, of_group[:1])
    assert sorted(page._ids[page._views.map.selection]) == sorted(listed(page)), "seen on the map too"


def test_photos_that_show_the_same_twice_stand_together_with_the_number_of_their_set(page, session, qtbot, mapped):
    press(page, qtbot, "all_near_duplicates")
    assert find(page, "selection_title").text() == "Near duplicates"
    duplicates = [photo.id for photo in session.project.photos.all() if photo.verdict == "duplicate"]
    assert set(duplicates) <= set(listed(page))


def test_suggested_names_are_accepted_together_and_taken_back_together(page, session, decisions, qtbot):
    name_two_groups(page, qtbot)
    given = session.project.labels.counts()
    page._selecting.close()
    press(page, qtbot, "all_suggestions")
    suggested = listed(page)
    assert find(page, "accept_button").text() == ("Accept" if len(suggested) == 1 else f"Accept all {len(suggested)}")
    told = []
    decisions.told.connect(told.append)
    press(page, qtbot, "accept_button")
    assert set(session.project.labels.of_photos()) == set(suggested)
    of_photos = Counter(name for names in session.project.labels.of_photos().values() for name in names)
    most_first = sorted(of_photos.items(), key=lambda item: (-item[1], item[0]))
    assert told == [", ".join(f"{words.photos(count)} named {name}" for name, count in most_first)]
    assert set(session.project.labels.counts()) == set(given), "no other names than those that were given"
    undo(page, decisions, qtbot)
    assert session.project.labels.counts() == given
    assert find(page, "all_suggestions").isVisible(), "they are suggested again"


def test_where_one_name_alone_is_suggested_a_person_is_told_which(page, session, qtbot):
    name_two_groups(page, qtbot)
    features, suggestions = session.project.features.get("starter"), session.project.suggestions
    suggestions.keep(features, [(i, Suggestion("First kind", 0.9)) for i in suggestions.all(features)])
    page._selecting.suggest(names_are_new=False)
    wait(page, qtbot)
    page._selecting.close()
    press(page, qtbot, "all_suggestions")
    assert find(page, "selection_title").text() == "Like First kind"


def test_one_photo_is_shown_with_what_is_known_of_it_and_named_there(page, session, qtbot):
    choose_group(page, qtbot, 0)
    first = listed(page)[0]
    find(page, "selection_grid").select([first])
    press(page, qtbot, "details_button")
    (photo,) = session.project.photos.some([first])
    assert find(page, "one_photo_name").accessibleName() == photo.path.name
    assert find(page, "one_photo_group").text() == "In Group 1"
    write(page, qtbot, "Odd one", "photo_name_field")
    assert session.project.labels.of_photos() == {first: ["Odd one"]}
    assert find(page, "name_chip_0").text() == "Odd one"
    press(page, qtbot, "photo_back_button")
    assert first in listed(page)


def test_a_photo_set_aside_from_its_card_leaves_selection_and_map(page, session, decisions, qtbot):
    choose_group(page, qtbot, 0)
    first = listed(page)[0]
    find(page, "selection_grid").select([first])
    press(page, qtbot, "details_button")
    press(page, qtbot, "photo_set_aside")
    assert first not in listed(page)
    assert first not in page._ids
    undo(page, decisions, qtbot)
    assert first in page._ids


def test_photos_to_name_next_come_one_after_the_other_and_known_names_are_one_press_away(page, session, qtbot):
    page._views.map._user_selects(np.array([0, 1, 2]))
    press(page, qtbot, "name_these_next")
    asked = find(page, "name_next").photo()
    write(page, qtbot, "Water", "next_name_field")
    second = find(page, "name_next").photo()
    assert second.id != asked.id
    assert page._ids[page._views.map.selection].tolist() == [second.id], "the map shows which one is asked about"
    assert find(page, "call_it_0").text() == "Water"
    press(page, qtbot, "call_it_0")
    third = find(page, "name_next").photo()
    press(page, qtbot, "skip_button")
    names = session.project.labels.of_photos()
    assert names == {photo_id: ["Water"] for photo_id in sorted([asked.id, second.id])}
    assert third.id not in names


def test_the_buttons_of_names_stay_where_they_are_while_photos_are_named(page, session, qtbot):
    press(page, qtbot, "name_these_next")
    for name in ("Water", "Sand", "Sand", "Tyre"):
        write(page, qtbot, name, "next_name_field")
    buttons = [find(page, f"call_it_{number}").text().rstrip("?") for number in range(3)]
    assert buttons == ["Water", "Sand", "Tyre"], "not Sand first, which was given more often since or is suggested"


def test_what_is_typed_while_photos_are_looked_for_goes_into_the_line_and_names_nothing(page, session, qtbot):
    find(page, "name_these_next").click()
    line = find(page, "next_name_field")
    assert line.isVisible(), "at once, so that keys go nowhere else"
    qtbot.keyClicks(line, "Glass")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    wait(page, qtbot)
    assert find(page, "name_next").photo() is not None
    assert line.text() == ""
    assert session.project.labels.counts() == {}


def test_the_name_of_its_group_is_taken_off_one_photo(page, session, decisions, qtbot):
    choose_group(page, qtbot, 0)
    write(page, qtbot, "Drums")
    choose_group(page, qtbot, 0)
    first, count = listed(page)[0], len(listed(page))
    assert not find(page, "name_chips").isVisible(), "the title says it of all"
    find(page, "selection_grid").select([first])
    press(page, qtbot, "details_button")
    assert find(page, "one_photo_group").text() == (
        "In Drums. The name Drums came with the group: × takes it off this photo alone."
    )
    press(page, qtbot, "name_chip_0")
    assert find(page, "one_photo_group").text() == "In Drums"
    assert session.project.labels.counts() == {"Drums": count - 1}
    assert first not in session.project.labels.given()
    undo(page, decisions, qtbot)
    assert session.project.labels.counts() == {"Drums": count}
    press(page, qtbot, "photo_back_button")
    find(page, "selection_grid").select(listed(page)[:2])
    press(page, qtbot, "name_chip_0")
    assert session.project.labels.counts() == {"Drums": count - 2}, "off those that are chosen in the grid"


@pytest.mark.parametrize(
    ("part", "pressed_in", "then"),
    [
        ("details_button", "to_export_button", "selection_grid"),
        ("name_these_next", "next_name_field", "group_list"),
        ("name_these_next", "explore_undo", "group_list"),
    ],
)
def test_escape_leads_back_from_anywhere_on_the_page(page, qtbot, part, pressed_in, then):
    choose_group(page, qtbot, 0)
    write(page, qtbot, "Drums")
    choose_group(page, qtbot, 0)
    find(page, "selection_grid").select(listed(page)[:1])
    press(page, qtbot, part)
    assert not find(page, then).isVisible()
    qtbot.keyClick(find(page, pressed_in), Qt.Key.Key_Escape)
    assert find(page, then).isVisible()


def test_a_name_given_from_the_map_leads_back_to_the_map(page, qtbot):
    page._views.map._user_selects(np.array([0, 1, 2]))
    page._views.map.setFocus()
    page._selecting.begin_naming()
    write(page, qtbot, "Shaded")
    assert page._views.map.hasFocus()


def test_space_chooses_a_group_and_a_group_is_renamed_where_the_keyboard_is_in_the_list(page, session, qtbot):
    groups = find(page, "group_list")
    groups.setFocus()
    groups.setCurrentIndex(groups.model().index(1, 0))
    qtbot.keyClick(groups, Qt.Key.Key_Space)
    wait(page, qtbot)
    assert find(page, "selection_title").text() == "Group 2"
    write(page, qtbot, "Drums")
    assert groups.hasFocus()
    page._selecting.begin_naming()
    assert find(page, "name_field").hasFocus()
    assert find(page, "name_field").text() == "Drums"
    find(page, "name_field").selectAll()
    write(page, qtbot, "Oil drums")
    assert set(session.project.labels.counts()) == {"Oil drums"}
    assert groups.hasFocus()


def test_that_no_names_are_suggested_is_said(page, session, qtbot):
    said = []
    session.failed.connect(said.append)
    page._selecting.show_suggested()
    page._selecting.accept()
    assert len(said) == 2
    assert "two different names" in said[0]


def test_a_photo_whose_name_was_undone_is_asked_about_again(page, session, decisions, qtbot):
    press(page, qtbot, "name_these_next")
    first = find(page, "name_next").photo()
    write(page, qtbot, "Water", "next_name_field")
    second = find(page, "name_next").photo()
    write(page, qtbot, "Sand", "next_name_field")
    undo(page, decisions, qtbot)
    assert find(page, "name_next").photo().id == second.id
    assert page._ids[page._views.map.selection].tolist() == [second.id]
    undo(page, decisions, qtbot)
    assert find(page, "name_next").photo().id == first.id
