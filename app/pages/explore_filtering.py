"""Which photos the Explore page shows: those that pass the filters, the dates, the place and the legend."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from ..explore_filters import Filters, PlaceBox
from ..widgets.explore_filter_bar import ExploreFilterBar
from ..widgets.focus import holds_focus
from ..widgets.map_tools import MapTools
from ..widgets.timeline import Timeline
from .explore_views import Views
from .map_contents import MapContents


class Filtering(QObject):
    """Keeps the bar, the timeline and the maps at the same photos."""

    changed = Signal()
    """Others may pass now: `show` them."""

    def __init__(self, tools: MapTools, bar: ExploreFilterBar, timeline: Timeline, views: Views) -> None:
        super().__init__(bar)
        self._tools, self._bar, self._timeline, self._views = tools, bar, timeline, views
        self._filters = Filters()
        self._hidden: set[int] = set()
        tools.filter_toggled.connect(bar.setVisible)
        bar.changed.connect(self._filters_changed)
        timeline.range_chosen.connect(self._dates_chosen)
        views.area_chosen.connect(self._area_chosen)
        views.hidden_changed.connect(self._colours_hidden)
        views.show_all_wanted.connect(bar.show_all)

    def toggle(self) -> None:
        """Open the filters with the keyboard in them, or close them; from within them it goes to their button."""
        self._tools.toggle_filtering(take_focus=holds_focus(self._bar))
        if self._bar.isVisible():
            self._bar.take_focus()

    def forget(self) -> None:
        """Another project is open, or none."""
        self._hidden = set()
        self._filters_changed(Filters())
        self._bar.show_filters(Filters())

    def show(
        self, contents: MapContents, photo_ids: NDArray[np.int64], codes: NDArray[np.int32] | None
    ) -> NDArray[np.bool_] | None:
        """Show the photos that pass on the map and in the timeline; return which they are, bool [N], None for all.

        photo_ids int64 [N]: those on the map; codes int32 [N]: the entry of the legend of each, None without a legend.
        """
        facts = contents.facts
        if facts is None or len(facts) != len(photo_ids):
            return None
        mask = self._filters.mask(facts.with_groups(contents.clusters))
        if codes is not None and self._hidden:
            mask &= ~np.isin(codes, list(self._hidden))
        self._timeline.set_times(facts.times, mask)
        self._bar.show_count(int(mask.sum()), len(mask))
        shown = None if mask.all() else mask
        self._views.show_only(shown)
        return shown

    def _filters_changed(self, filters: Filters) -> None:
        self._filters = filters
        self._timeline.show_range(filters.times)
        self.changed.emit()

    def _dates_chosen(self, chosen: tuple[float, float] | None) -> None:
        self._set_filters(dataclasses.replace(self._filters, times=chosen))

    def _area_chosen(self, area: PlaceBox) -> None:
        self._set_filters(dataclasses.replace(self._filters, place=area))

    def _colours_hidden(self, codes: set[int]) -> None:
        self._hidden = codes
        self.changed.emit()

    def _set_filters(self, filters: Filters) -> None:
        """Filters that were set elsewhere than in their bar, which is opened so that they can be seen."""
        self._filters = filters
        self._bar.show_filters(filters)
        if filters.active:
            self._tools.show_filtering(True)
            self._bar.show()
        self.changed.emit()
