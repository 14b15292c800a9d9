"""The filters of the Explore page that a person crosses: names, dates, own columns; and how many photos pass."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QWidget

from prismh_engine.analysis.hot_spots import EARTH_RADIUS, HotSpot

from .. import theme, time_words, words
from ..explore_filters import PLACE, TIME, UNKNOWN, UNNAMED, VERDICT, Filters, PhotoFacts, PlaceBox
from ..time_bins import calendar_parts
from .buttons import text_button
from .card import label
from .flow_layout import FlowLayout
from .place_view import spot_in_words

_LONGEST = 24
_ANYWHERE = PlaceBox(-90.0, 90.0, -180.0, 180.0)
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
        usable = (button for button in self.findChildren(_FilterButton) if button.isEnabled() and button.isVisible())
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

    def _set_times(self, times: tuple[float, float] | None) -> None:
        self._set(times=times, without=self.filters.without - {TIME})

    def _set_place(self, place: PlaceBox | None) -> None:
        self._set(place=place, without=self.filters.without - {PLACE})

    def _only_undated(self) -> None:
        self._set(times=None, without=self.filters.without | {TIME})

    def _only_unplaced(self) -> None:
        self._set(place=None, without=self.filters.without | {PLACE})

    # The menus, made when they open

    def _fill_names(self, menu: _Menu) -> None:
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

    def _fill_verdicts(self, menu: _Menu) -> None:
        column, chosen = self._facts.columns[VERDICT], self.filters.verdicts
        menu.offer(self.tr("All verdicts"), not chosen, lambda: self._set(verdicts=frozenset()), "filter_all_verdicts")
        menu.addSeparator()
        for verdict, count in zip(column.values, column.counts().tolist(), strict=True):
            text = _counted(self._verdict_in_words(verdict), count)
            menu.tick(text, verdict in chosen, self._ticking(self._set_verdict, verdict), f"filter_verdict_{verdict}")

    def _fill_dates(self, menu: _Menu) -> None:
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

    def _fill_places(self, menu: _Menu) -> None:
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

    def _fill_columns(self, menu: _Menu) -> None:
        chosen = self.filters.own
        menu.offer(self.tr("All values"), not chosen, lambda: self._set(own=frozenset()), "filter_all_values")
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
        self._columns.setVisible(bool(facts.categories or own))
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

    # Making it

    def _button(self, name: str, fill: Callable[[_Menu], None]) -> _FilterButton:
        button = _FilterButton(fill)
        button.setObjectName(f"filter_{name}")
        return button

    @staticmethod
    def _ticking(call: Callable[[Any, bool], None], value: Any) -> Callable[[bool], None]:
        return lambda wanted: call(value, wanted)

    @staticmethod
    def _calling(call: Callable[[Any], None], value: Any) -> Callable[[], None]:
        return lambda: call(value)


class _FilterButton(QPushButton):
    """Opens a menu; lit while its filter is set."""

    def __init__(self, fill: Callable[[_Menu], None]) -> None:
        super().__init__()
        self._fill = fill
        self.setProperty("role", "action")
        self.setCheckable(True)
        menu = _Menu(self)
        menu.aboutToShow.connect(self._open)
        self.setMenu(menu)

    def say(self, what: str, chosen: Sequence[str]) -> None:
        """Show what the filter is about and what it lets through, nothing where all."""
        said = ", ".join(chosen)
        if len(said) > _LONGEST:
            said = (
                words.tr("{0} chosen").format(words.number(len(chosen))) if len(chosen) > 1 else f"{said[:_LONGEST]}…"
            )
        text = f"{what}: {said}" if chosen else what
        self.setText(f"{text.replace('&', '&&')} ▾")
        self.setAccessibleName(text)
        self.setChecked(bool(chosen))

    def nextCheckState(self) -> None:
        """A click opens the menu; what is chosen there lights the button."""

    def _open(self) -> None:
        menu = self.menu()
        assert isinstance(menu, _Menu)
        menu.forget()
        self._fill(menu)


class _Menu(QMenu):
    """A menu in which several things can be ticked, one after the other, by click or space bar."""

    def offer(self, text: str, chosen: bool, call: Callable[[], None], name: str) -> None:
        """One of several things of which one is chosen; the menu closes."""
        self._add(text, chosen, name).triggered.connect(lambda _: call())

    def tick(self, text: str, ticked: bool, call: Callable[[bool], None], name: str) -> None:
        """A thing that is ticked beside others; the menu stays."""
        action = self._add(text, ticked, name)
        action.setData(True)
        action.toggled.connect(call)
        action.toggled.connect(self._show_ticks)

    def part(self, text: str, chosen: bool, name: str) -> _Menu:
        """A menu within this one; chosen: something in it is."""
        made = _Menu(text.replace("&", "&&"), self)
        self.addMenu(made)
        made.menuAction().setObjectName(name)
        made.menuAction().setCheckable(True)
        made.menuAction().setChecked(chosen)
        return made

    def forget(self) -> None:
        """Empty it."""
        self.clear()
        for part in self.findChildren(_Menu):
            part.deleteLater()

    def _show_ticks(self) -> None:
        """The first line, which is for all, is chosen where nothing else is; the line of a part where something in it
        is.
        """
        chosen = any(action.isChecked() for action in self.actions() if action.data() or action.menu())
        within = self.parent()
        if isinstance(within, _Menu):
            self.menuAction().setChecked(chosen)
            within._show_ticks()
        else:
            self.actions()[0].setChecked(not chosen)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        action = self.actionAt(event.position().toPoint())
        if action is not None and action.data():
            action.trigger()
        else:
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        action = self.activeAction()
        if event.key() == Qt.Key.Key_Space and action is not None and action.data():
            action.trigger()
        else:
            super().keyPressEvent(event)

    def _add(self, text: str, chosen: bool, name: str) -> QAction:
        action = self.addAction(text.replace("&", "&&"))
        action.setObjectName(name)
        action.setCheckable(True)
        action.setChecked(chosen)
        return action


def box_around(spot: HotSpot) -> PlaceBox:
    """The box that holds a hot spot."""
    north = float(np.degrees(spot.radius / EARTH_RADIUS))
    east = min(180.0, north / max(float(np.cos(np.radians(spot.latitude))), 1e-6))
    return PlaceBox(spot.latitude - north, spot.latitude + north, spot.longitude - east, spot.longitude + east)


def _counted(text: str, count: int) -> str:
    return f"{text}  ({words.number(count)})"
