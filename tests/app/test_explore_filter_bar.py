"""The filter bar: what it offers, what it says, and setting and taking back filters by mouse and keyboard."""

from __future__ import annotations

import dataclasses
import math
from datetime import datetime, timezone

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPushButton

from app.explore_filters import PLACE, TIME, UNNAMED, VERDICT, Column, Filters, PhotoFacts, PlaceBox
from app.time_bins import calendar_parts
from app.widgets.explore_filter_bar import ExploreFilterBar, box_around
from prismh_engine.analysis.hot_spots import HotSpot
from tests.app.windows import find


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()


JULY = (at("2026-07-01"), at("2026-08-01"))


@pytest.fixture
def facts():
    """Ten photos: five drums, two of them tyres too; eight of July and August; three without a place."""
    times = np.array([at("2026-07-03")] * 5 + [at("2026-08-09")] * 3 + [math.nan] * 2)
    places = np.append(np.linspace(13.0, 13.06, 7), [math.nan] * 3)
    return PhotoFacts(
        photo_ids=np.arange(10), times=times, latitudes=places, longitudes=places + 67,
        names=("Drums", "Tyres & tubes"),
        name_photos=np.array([0, 1, 2, 3, 4, 0, 1], np.int32), name_codes=np.array([0] * 5 + [1] * 2, np.int32),
        first_names=np.full(10, -1, np.int32), columns={VERDICT: Column.of(["clean"] * 9 + ["blurry"])},
        groups=np.zeros(10, np.int32),
        categories={
            "Team & trap": Column.of(["A"] * 4 + ["B & C"] * 3 + [None] * 3),
            "ward": Column.of(["7"] * 5 + ["8"] * 5),
        },
    )  # fmt: skip


@pytest.fixture
def shown(qtbot, facts):
    made = ExploreFilterBar()
    qtbot.addWidget(made)
    made.resize(900, 60)
    made.set_facts(facts)
    made.show_count(10, 10)
    with qtbot.waitExposed(made):
        made.show()
    return made


@pytest.fixture
def told(shown):
    filters = []
    shown.changed.connect(filters.append)
    return filters


def opened(shown, name):
    """The menu of a filter as it is when a person opens it; its actions by name."""
    menu = find(shown, f"filter_{name}").menu()
    menu.aboutToShow.emit()
    return {action.objectName(): action for action in menu.actions() if not action.isSeparator()}


def lit(shown):
    return [
        name
        for name in ("names", "verdicts", "dates", "places", "columns")
        if find(shown, f"filter_{name}").isChecked()
    ]


def test_menus_offer_what_the_photos_have_with_their_numbers(shown):
    assert [action.text() for action in opened(shown, "names").values()] == [
        "All names", "Drums  (5)", "Tyres && tubes  (2)", "No name  (5)",
    ]  # fmt: skip
    assert [action.text() for action in opened(shown, "dates").values()] == [
        "All dates", "July 2026  (5)", "August 2026  (3)", "Without a date  (2)",
    ]  # fmt: skip
    assert [action.text() for action in opened(shown, "verdicts").values()] == [
        "All verdicts", "Nothing found  (9)", "Blurry, taken back  (1)",
    ]  # fmt: skip
    assert [action.text() for action in opened(shown, "places").values()] == [
        "All places", "With a place  (7)", "Without a place  (3)",
    ]  # fmt: skip


def test_filters_cross_and_the_buttons_say_what_lets_photos_through(shown, told, facts):
    opened(shown, "names")["filter_name_0"].trigger()
    opened(shown, "dates")["filter_dates_0"].trigger()
    opened(shown, "verdicts")["filter_verdict_clean"].trigger()
    assert told[-1] == Filters(times=JULY, names=frozenset({"Drums"}), verdicts=frozenset({"clean"}))
    assert told[-1].mask(facts).sum() == 5
    assert lit(shown) == ["names", "verdicts", "dates"]
    assert find(shown, "filter_names").accessibleName() == "Names: Drums"
    assert find(shown, "filter_dates").accessibleName() == "Dates: July 2026"


def test_several_names_can_be_ticked_and_unticked(shown, told):
    opened(shown, "names")["filter_name_0"].trigger()
    opened(shown, "names")["filter_no_name"].trigger()
    assert told[-1].names == {"Drums", UNNAMED}
    ticked = {name for name, action in opened(shown, "names").items() if action.isChecked()}
    assert ticked == {"filter_name_0", "filter_no_name"}
    opened(shown, "names")["filter_name_0"].trigger()
    assert told[-1].names == {UNNAMED}
    opened(shown, "names")["filter_all_names"].trigger()
    assert told[-1] == Filters()
    assert lit(shown) == []


def test_a_menu_stays_open_while_names_are_ticked(shown, told, qtbot):
    button = find(shown, "filter_names")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    menu = button.menu()
    assert menu.isVisible()
    for name in ("Drums", "Tyres && tubes"):
        action = next(action for action in menu.actions() if action.text().startswith(name))
        qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())
        assert menu.isVisible()
    qtbot.keyClick(menu, Qt.Key.Key_Space)
    assert told[-1].names == {"Drums"}, "the space bar unticks the one just ticked"
    assert [action.text() for action in menu.actions() if action.isChecked()] == ["Drums  (5)"]
    qtbot.keyClick(menu, Qt.Key.Key_Escape)
    assert not menu.isVisible()
    assert lit(shown) == ["names"]


def test_photos_of_which_date_or_place_is_unknown_can_be_asked_for(shown, told, facts):
    opened(shown, "dates")["filter_no_date"].trigger()
    assert told[-1] == Filters(without=frozenset({TIME}))
    opened(shown, "places")["filter_no_place"].trigger()
    assert told[-1] == Filters(without=frozenset({TIME, PLACE}))
    assert told[-1].mask(facts).sum() == 2
    opened(shown, "dates")["filter_dates_1"].trigger()
    assert told[-1].without == {PLACE}
    opened(shown, "places")["filter_all_places"].trigger()
    assert told[-1].without == frozenset()


def test_a_hot_spot_is_a_place_to_choose(shown, told, facts):
    spot = HotSpot(np.array([0, 1]), 13.005, 80.005, 900.0, 3.2)
    shown.set_hot_spots([spot])
    action = opened(shown, "places")["filter_place_0"]
    assert action.text() == "2 photos within 900 m around 13.0050° N, 80.0050° E"
    action.trigger()
    assert told[-1] == Filters(place=box_around(spot))
    assert np.flatnonzero(told[-1].mask(facts)).tolist() == [0, 1]
    assert find(shown, "filter_places").accessibleName() == "Place: 2 photos within 900 m"


def test_filters_set_elsewhere_are_shown_and_can_be_taken_back(shown, told, qtbot):
    chosen = Filters(times=(at("2026-07-03"), at("2026-07-06")), place=PlaceBox(13, 14, 80, 81))
    shown.show_filters(chosen)
    assert told == []
    assert find(shown, "filter_dates").accessibleName() == "Dates: 3 to 5 July 2026"
    assert find(shown, "filter_places").accessibleName() == "Place: part of the map"
    assert opened(shown, "dates")["filter_dates_chosen"].isChecked()
    assert opened(shown, "places")["filter_place_chosen"].isChecked()
    qtbot.mouseClick(find(shown, "filter_show_all_button"), Qt.MouseButton.LeftButton)
    assert told == [Filters()]
    assert not find(shown, "filter_show_all_button").isVisible()


@pytest.mark.parametrize(
    ("passing", "of", "said"),
    [(312, 775, "312 of 775 photos"), (775, 775, "775 photos"), (0, 775, "None of 775 photos passes"), (0, 0, "")],
)
def test_it_says_how_many_photos_pass(shown, passing, of, said):
    shown.show_count(passing, of)
    assert find(shown, "filter_count").text() == said


def test_what_the_photos_do_not_have_cannot_be_chosen(shown):
    nothing = np.full(2, math.nan)
    shown.set_facts(PhotoFacts(np.arange(2), nothing, nothing, nothing, columns={VERDICT: Column.of(["clean"] * 2)}))
    for name in ("names", "dates", "places"):
        assert not find(shown, f"filter_{name}").isEnabled()
        assert find(shown, f"filter_{name}").toolTip()
    assert not find(shown, "filter_verdicts").isVisible(), "all verdicts are the same"


def test_every_control_can_be_reached_and_has_a_name(shown):
    for button in shown.findChildren(QPushButton):
        assert button.objectName()
        assert button.accessibleName()
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_of_many_months_the_years_are_offered():
    times = at("2020-02-10") + np.arange(0, 6 * 365, 20) * 86_400.0
    years = calendar_parts(np.append(times, math.nan))
    assert [part for part, _ in years][:2] == [
        (at("2020-01-01"), at("2021-01-01")), (at("2021-01-01"), at("2022-01-01")),
    ]  # fmt: skip
    assert sum(count for _, count in years) == len(times)
    assert calendar_parts(np.array([math.nan])) == []


def test_photos_that_have_a_place_can_be_asked_for(shown, told, facts):
    opened(shown, "places")["filter_any_place"].trigger()
    assert told[-1].mask(facts).tolist() == [True] * 7 + [False] * 3
    assert find(shown, "filter_places").accessibleName() == "Place: known"
    assert opened(shown, "places")["filter_any_place"].isChecked()
    assert "filter_place_chosen" not in opened(shown, "places")


def values(shown, column):
    """The menu of the values of a column, as it is when a person opens it."""
    part = list(opened(shown, "columns").values())[1 + column].menu()
    return {action.text(): action for action in part.actions()}


def test_columns_of_a_table_cross_and_of_each_several_values_can_be_ticked(shown, told, facts):
    assert [action.text() for action in opened(shown, "columns").values()] == ["All values", "Team && trap", "ward"]
    assert list(values(shown, 0)) == ["A  (4)", "B && C  (3)", "Unknown  (3)"]
    values(shown, 0)["B && C  (3)"].trigger()
    menu = find(shown, "filter_columns").menu()
    assert find(shown, "filter_columns").accessibleName() == "Columns: Team & trap: B & C"
    assert np.flatnonzero(told[-1].mask(facts)).tolist() == [4, 5, 6]
    assert [action.isChecked() for action in menu.actions() if action.text()] == [False, True, False]
    values(shown, 0)["Unknown  (3)"].trigger()
    assert np.flatnonzero(told[-1].mask(facts)).tolist() == [4, 5, 6, 7, 8, 9]
    values(shown, 1)["7  (5)"].trigger()
    assert np.flatnonzero(told[-1].mask(facts)).tolist() == [4]
    assert find(shown, "filter_columns").accessibleName() == "Columns: 3 chosen"
    assert lit(shown) == ["columns"]
    assert all(action.isChecked() for action in list(opened(shown, "columns").values())[1:])
    opened(shown, "columns")["filter_all_values"].trigger()
    assert told[-1] == Filters()
    shown.set_facts(PhotoFacts())
    assert not find(shown, "filter_columns").isVisible(), "no table brought any"


@pytest.fixture
def with_remarks(shown, facts):
    """The same ten photos with a remark on each but the last, and a number on each but the first."""
    remarks = Column.of([*(f"{thing} {n}" for n, thing in enumerate(["Brick heap", "brick wall", "Tank"] * 3)), None])
    larvae = np.array([math.nan, *np.arange(1.5, 10)])
    own = {"ward": facts.categories["ward"], "re & mark": remarks, "larvae": larvae, "same": Column.of(["x"] * 10)}
    made = dataclasses.replace(facts, own=own)
    shown.set_facts(made)
    return made


def written(shown, part, line):
    """A line in the menu of a column, as it is when a person opens that."""
    return opened(shown, "columns")[part].menu().findChild(QLineEdit, line)


def test_a_column_of_very_many_values_is_searched_by_text(shown, told, with_remarks, qtbot):
    assert [action.text() for action in opened(shown, "columns").values()] == [
        "All values", "Team && trap", "ward", "re && mark", "larvae",
    ]  # fmt: skip
    line = written(shown, "filter_search_0", "filter_text_0")
    assert line.accessibleName() == "re & mark: Contains"
    qtbot.keyClicks(line, " BRICK ")
    qtbot.waitUntil(lambda: len(told) > 0)
    assert told[-1].mask(with_remarks).tolist() == [True, True, False] * 3 + [False]
    assert find(shown, "filter_columns").accessibleName() == "Columns: re & mark: “BRICK”"
    menu = opened(shown, "columns")
    assert menu["filter_search_0"].isChecked()
    assert not menu["filter_all_values"].isChecked()
    line = written(shown, "filter_search_0", "filter_text_0")
    assert line.text() == "BRICK"
    qtbot.keyClicks(line, " h")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert told[-1].mask(with_remarks).tolist() == [True, False, False] * 3 + [False], "Enter waits for nothing"
    opened(shown, "columns")["filter_all_values"].trigger()
    assert not told[-1].active


def test_a_column_of_very_many_numbers_lets_through_what_lies_between_two(shown, told, with_remarks, qtbot):
    qtbot.keyClicks(written(shown, "filter_search_1", "filter_least_1"), "3.5")
    qtbot.waitUntil(lambda: len(told) > 0)
    assert told[-1].mask(with_remarks).tolist() == [False] * 3 + [True] * 7
    assert find(shown, "filter_columns").accessibleName() == "Columns: larvae: 3.5 or more"
    line = written(shown, "filter_search_1", "filter_most_1")
    qtbot.keyClicks(line, "5.5")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert told[-1].mask(with_remarks).tolist() == [False] * 3 + [True] * 3 + [False] * 4
    assert find(shown, "filter_columns").accessibleName() == "Columns: larvae: 3.5 to 5.5"
    line = written(shown, "filter_search_1", "filter_least_1")
    assert line.text() == "3.5"
    line.clear()
    qtbot.keyClicks(line, "4,5")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert find(shown, "filter_columns").accessibleName() == "Columns: larvae: 4.5 to 5.5", "whoever writes a comma"
    line = written(shown, "filter_search_1", "filter_least_1")
    line.clear()
    qtbot.keyClicks(line, "many")
    assert not line.text(), "that is no number"
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert find(shown, "filter_columns").accessibleName() == "Columns: larvae: 5.5 or less"


def test_what_was_searched_for_goes_with_the_table_it_came_with(shown, told, with_remarks, facts, qtbot):
    for part, name, text in (("filter_search_0", "filter_text_0", "tank"), ("filter_search_1", "filter_most_1", "9")):
        line = written(shown, part, name)
        qtbot.keyClicks(line, text)
        qtbot.keyClick(line, Qt.Key.Key_Return)
    shown.set_facts(facts)
    assert told[-1].mask(facts).sum() == 0, "none of them has such a remark"
    assert find(shown, "filter_columns").isVisible()
    find(shown, "filter_show_all_button").click()
    assert told[-1].mask(facts).all()
