"""The filters of the Explore page that a person crosses: names, dates, own columns; and how many photos pass."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from prismh_engine.analysis.hot_spots import EARTH_RADIUS, HotSpot

from .. import theme, time_words, words
from ..explore_filters import PLACE, TIME, UNKNOWN, UNNAMED, VERDICT, Column, Filters, PhotoFacts, PlaceBox
from ..time_bins import calendar_parts
from .buttons import text_button
from .card import label
from .filter_menu import FilterButton, FilterMenu
from .flow_layout import FlowLayout
from .place_view import spot_in_words

_ANYWHERE = PlaceBox(-90.0, 90.0, -180.0, 180.0)
_ANY_NUMBER = (-math.inf, math.inf)
_MOST_NAMES = 200
_MOST_SPOTS = 10


class ExploreFilterBar(QWidget):
    """Buttons with menus, one a filter; those that are set are lit and say what lets photos through."""

    changed = Signal(object)
    """The `Filters` as the person set them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("explore_filter_bar")
        self.filters = Filters()
        self._facts = PhotoFacts()
        self._spots: Sequence[HotSpot] = ()
        self._names = self._button("names", self._fill_names)
        self._verdicts = self._button("verdicts", self._fill_verdicts)
        self._dates = self._button("dates", self._fill_dates)
        self._places = self._button("places", self._fill_places)
        self._columns = self._button("columns", self._fill_columns)
        self._count = label("", "small")
        self._count.setObjectName("filter_count")
        self._all = text_button("filter_show_all_button", self.tr("Show all"), "link")
        self._all.clicked.connect(self.show_all)
        room = self._all.sizePolicy()
        room.setRetainSizeWhenHidden(True)  # the count stays where it is
        self._all.setSizePolicy(room)
        flow = FlowLayout(self, theme.ROW_GAP)
        for button in (self._names, self._verdicts, self._dates, self._places, self._columns):
            flow.addWidget(button)
        said = QWidget()
        beside = QHBoxLayout(said)
        beside.setContentsMargins(4, 0, 0, 0)
        beside.setSpacing(4)
        beside.addWidget(self._count)
        beside.addWidget(self._all)
        flow.addWidget(said)
        self.show_count(0, 0)
        self._show_words()

    def set_facts(self, facts: PhotoFacts) -> None:
        """What can be asked for: what the photos of the map have."""
        self._facts = facts
        self._show_words()

    def set_hot_spots(self, spots: Sequence[HotSpot]) -> None:
        """Places to choose from, the most important first; their rows are those of the facts."""
        self._spots = spots

    def show_filters(self, filters: Filters) -> None:
        """Show filters that were set elsewhere, as on the timeline; emits nothing."""
        self.filters = filters
        self._show_words()

    def show_count(self, passing: int, of: int) -> None:
        """Say how many photos pass the filters, of how many."""
        if passing:
            self._count.setText(words.photos_of(passing, of))
        else:
            self._count.setText(self.tr("None of {0} passes").format(words.photos(of)) if of else "")

    def take_focus(self) -> None:
        """Put the keyboard at the first filter that can be set."""
        usable = (button for button in self.findChildren(FilterButton) if button.isEnabled() and button.isVisible())
        first = next(usable, None)
        if first is not None:
            first.setFocus(Qt.FocusReason.OtherFocusReason)

    # What the user does

    def _set(self, **changes: Any) -> None:
        filters = dataclasses.replace(self.filters, **changes)
        if filters != self.filters:
            self.filters = filters
            self._show_words()
            self.changed.emit(filters)

    def show_all(self) -> None:
        """Let all photos through, as the person does."""
        had_focus = self._all.hasFocus()
        self._set(**{field.name: field.default for field in dataclasses.fields(Filters)})
        if had_focus:  # the button is gone
            self.take_focus()

    def _set_name(self, name: str, wanted: bool) -> None:
        self._set(names=self.filters.names | {name} if wanted else self.filters.names - {name})

    def _set_verdict(self, verdict: str, wanted: bool) -> None:
        verdicts = self.filters.verdicts
        self._set(verdicts=verdicts | {verdict} if wanted else verdicts - {verdict})

    def _set_own(self, pair: tuple[str, str], wanted: bool) -> None:
        self._set(own=self.filters.own | {pair} if wanted else self.filters.own - {pair})

    def _set_text(self, name: str, text: str) -> None:
        others = frozenset(pair for pair in self.filters.texts if pair[0] != name)
        self._set(texts=others | {(name, text)} if text else others)

    def _set_least(self, name: str, text: str) -> None:
        self._set_numbers(name, _number(text, -math.inf), self._numbers_of(name)[1])

    def _set_most(self, name: str, text: str) -> None:
        self._set_numbers(name, self._numbers_of(name)[0], _number(text, math.inf))

    def _set_numbers(self, name: str, least: float, most: float) -> None:
        others = frozenset(triple for triple in self.filters.numbers if triple[0] != name)
        bound = math.isfinite(least) or math.isfinite(most)
        self._set(numbers=others | {(name, least, most)} if bound else others)

    def _numbers_of(self, name: str) -> tuple[float, float]:
        return next(((least, most) for of, least, most in self.filters.numbers if of == name), _ANY_NUMBER)

    def _set_times(self, times: tuple[float, float] | None) -> None:
        self._set(times=times, without=self.filters.without - {TIME})

    def _set_place(self, place: PlaceBox | None) -> None:
        self._set(place=place, without=self.filters.without - {PLACE})

    def _only_undated(self) -> None:
        self._set(times=None, without=self.filters.without | {TIME})

    def _only_unplaced(self) -> None:
        self._set(place=None, without=self.filters.without | {PLACE})

    # The menus, made when they open

    def _fill_names(self, menu: FilterMenu) -> None:
        facts, chosen = self._facts, self.filters.names
        menu.offer(self.tr("All names"), not chosen, lambda: self._set(names=frozenset()), "filter_all_names")
        menu.addSeparator()
        counts = facts.name_counts().tolist()
        for number, (name, count) in enumerate(zip(facts.names[:_MOST_NAMES], counts, strict=False)):
            menu.tick(
                _counted(name, count), name in chosen, self._ticking(self._set_name, name), f"filter_name_{number}"
            )
        bare = len(facts) - len(np.unique(facts.name_photos))
        menu.addSeparator()
        text = _counted(self.tr("No name"), bare)
        menu.tick(text, UNNAMED in chosen, self._ticking(self._set_name, UNNAMED), "filter_no_name")

    def _fill_verdicts(self, menu: FilterMenu) -> None:
        column, chosen = self._facts.columns[VERDICT], self.filters.verdicts
        menu.offer(self.tr("All verdicts"), not chosen, lambda: self._set(verdicts=frozenset()), "filter_all_verdicts")
        menu.addSeparator()
        for verdict, count in zip(column.values, column.counts().tolist(), strict=True):
            text = _counted(self._verdict_in_words(verdict), count)
            menu.tick(text, verdict in chosen, self._ticking(self._set_verdict, verdict), f"filter_verdict_{verdict}")

    def _fill_dates(self, menu: FilterMenu) -> None:
        filters, times = self.filters, self._facts.times
        any_date = filters.times is None and TIME not in filters.without
        menu.offer(self.tr("All dates"), any_date, lambda: self._set_times(None), "filter_all_dates")
        menu.addSeparator()
        parts = calendar_parts(times)
        if filters.times is not None and filters.times not in [part for part, _ in parts]:
            menu.offer(time_words.range_in_words(filters.times), True, lambda: None, "filter_dates_chosen")
        for number, (part, count) in enumerate(parts):
            text = _counted(time_words.range_in_words(part), count)
            menu.offer(text, filters.times == part, self._calling(self._set_times, part), f"filter_dates_{number}")
        unknown = int(np.isnan(times).sum())
        if unknown or TIME in filters.without:
            menu.addSeparator()
            text = _counted(self.tr("Without a date"), unknown)
            menu.offer(text, TIME in filters.without, self._only_undated, "filter_no_date")

    def _fill_places(self, menu: FilterMenu) -> None:
        filters = self.filters
        any_place = filters.place is None and PLACE not in filters.without
        menu.offer(self.tr("All places"), any_place, lambda: self._set_place(None), "filter_all_places")
        menu.addSeparator()
        boxes = [box_around(spot) for spot in self._spots[:_MOST_SPOTS]]
        if filters.place not in (None, _ANYWHERE, *boxes):
            menu.offer(self.tr("Part of the map by place"), True, lambda: None, "filter_place_chosen")
        for number, (spot, box) in enumerate(zip(self._spots, boxes, strict=False)):
            text = self.tr("{0} around {1}").format(spot_in_words(spot), words.place(spot.latitude, spot.longitude))
            menu.offer(text, filters.place == box, self._calling(self._set_place, box), f"filter_place_{number}")
        unknown = int(np.isnan(self._facts.latitudes).sum())
        if unknown or PLACE in filters.without:
            menu.addSeparator()
            known = _counted(self.tr("With a place"), len(self._facts) - unknown)
            menu.offer(known, filters.place == _ANYWHERE, lambda: self._set_place(_ANYWHERE), "filter_any_place")
            text = _counted(self.tr("Without a place"), unknown)
            menu.offer(text, PLACE in filters.without, self._only_unplaced, "filter_no_place")

    def _fill_columns(self, menu: FilterMenu) -> None:
        chosen, texts = self.filters.own, dict(self.filters.texts)
        none = not (chosen or texts or self.filters.numbers)
        menu.offer(self.tr("All values"), none, self._any_values, "filter_all_values")
        menu.addSeparator()
        for number, (name, column) in enumerate(self._facts.categories.items()):
            part = menu.part(name, any(of == name for of, _ in chosen), f"filter_column_{number}")
            counts = dict(zip(column.values, column.counts().tolist(), strict=True))
            unknown = int((column.codes < 0).sum())
            counts |= {UNKNOWN: unknown} if unknown else {}
            for place, (value, count) in enumerate(counts.items()):
                text = _counted(value or self.tr("Unknown"), count)
                call = self._ticking(self._set_own, (name, value))
                part.tick(text, (name, value) in chosen, call, f"filter_column_{number}_{place}")
        for number, name in enumerate(self._facts.searched()):
            if isinstance(self._facts.own[name], Column):
                part = menu.part(name, name in texts, f"filter_search_{number}")
                told = self._writing(self._set_text, name)
                part.write(self.tr("Contains"), texts.get(name, ""), told, f"filter_text_{number}")
            else:
                least, most = self._numbers_of(name)
                part = menu.part(name, (least, most) != _ANY_NUMBER, f"filter_search_{number}")
                told = self._writing(self._set_least, name)
                part.write(self.tr("From"), _written(least), told, f"filter_least_{number}", a_number=True)
                told = self._writing(self._set_most, name)
                part.write(self.tr("To"), _written(most), told, f"filter_most_{number}", a_number=True)

    def _any_values(self) -> None:
        self._set(own=frozenset(), texts=frozenset(), numbers=frozenset())

    # Words

    def _show_words(self) -> None:
        filters, facts = self.filters, self._facts
        names = [name or self.tr("no name") for name in sorted(filters.names)]
        verdicts = [self._verdict_in_words(verdict) for verdict in sorted(filters.verdicts)]
        dates = [] if filters.times is None else [time_words.range_in_words(filters.times)]
        places = [] if filters.place is None else [self._place_in_words(filters.place)]
        dates += [self.tr("unknown")] if TIME in filters.without else []
        places += [self.tr("unknown")] if PLACE in filters.without else []
        self._names.say(self.tr("Names"), names)
        self._verdicts.say(self.tr("Verdict"), verdicts)
        own = [f"{name}: {value or self.tr('unknown')}" for name, value in sorted(filters.own)]
        own += [f"{name}: “{text}”" for name, text in sorted(filters.texts)]
        own += [f"{name}: {self._numbers_in_words(least, most)}" for name, least, most in sorted(filters.numbers)]
        self._columns.say(self.tr("Columns"), own)
        self._dates.say(self.tr("Dates"), dates)
        self._places.say(self.tr("Place"), places)
        self._names.setEnabled(bool(facts.names or names))
        self._names.setToolTip("" if self._names.isEnabled() else self.tr("No photo has a name yet."))
        self._dates.setEnabled(bool(np.isfinite(facts.times).any() or dates))
        self._dates.setToolTip("" if self._dates.isEnabled() else self.tr("None of the photos has a date."))
        self._places.setEnabled(bool(np.isfinite(facts.latitudes).any() or places))
        self._places.setToolTip("" if self._places.isEnabled() else self.tr("No photo says where it was taken."))
        # Where all photos were judged alike there is nothing to choose.
        several = VERDICT in facts.columns and len(facts.columns[VERDICT].values) > 1
        self._verdicts.setVisible(bool(several or verdicts))
        self._columns.setVisible(bool(facts.categories or own or facts.searched()))
        self._all.setVisible(filters.active)

    def _verdict_in_words(self, verdict: str) -> str:
        """On a map, photos with another verdict than "clean" were taken back by a person."""
        texts = {
            "clean": self.tr("Nothing found"),
            "blurry": self.tr("Blurry, taken back"), "dark": self.tr("Dark, taken back"),
            "duplicate": self.tr("Near-duplicate, taken back"), "outlier": self.tr("Unusual, taken back"),
        }  # fmt: skip
        return texts.get(verdict, verdict)

    def _place_in_words(self, place: PlaceBox) -> str:
        if place == _ANYWHERE:
            return self.tr("known")
        spot = next((spot for spot in self._spots[:_MOST_SPOTS] if box_around(spot) == place), None)
        return self.tr("part of the map") if spot is None else spot_in_words(spot)

    def _numbers_in_words(self, least: float, most: float) -> str:
        if math.isinf(most):
            return self.tr("{0} or more").format(words.amount(least))
        if math.isinf(least):
            return self.tr("{0} or less").format(words.amount(most))
        return self.tr("{0} to {1}").format(words.amount(least), words.amount(most))

    # Making it

    def _button(self, name: str, fill: Callable[[FilterMenu], None]) -> FilterButton:
        button = FilterButton(fill)
        button.setObjectName(f"filter_{name}")
        return button

    @staticmethod
    def _ticking(call: Callable[[Any, bool], None], value: Any) -> Callable[[bool], None]:
        return lambda wanted: call(value, wanted)

    @staticmethod
    def _writing(call: Callable[[Any, str], None], value: Any) -> Callable[[str], None]:
        return lambda text: call(value, text)

    @staticmethod
    def _calling(call: Callable[[Any], None], value: Any) -> Callable[[], None]:
        return lambda: call(value)


def box_around(spot: HotSpot) -> PlaceBox:
    """The box that holds a hot spot."""
    north = float(np.degrees(spot.radius / EARTH_RADIUS))
    east = min(180.0, north / max(float(np.cos(np.radians(spot.latitude))), 1e-6))
    return PlaceBox(spot.latitude - north, spot.latitude + north, spot.longitude - east, spot.longitude + east)


def _counted(text: str, count: int) -> str:
    return f"{text}  ({words.number(count)})"


def _number(text: str, otherwise: float) -> float:
    """The number that was written, as people here write it, with a point or with a comma."""
    number, is_one = words.locale().toDouble(text)
    if not is_one:
        with suppress(ValueError):
            number = float(text.replace(",", "."))
            is_one = math.isfinite(number)
    return number if is_one else otherwise


def _written(number: float) -> str:
    return words.amount(number) if math.isfinite(number) else ""
