"""The photos by where they were taken: a map of latitude and longitude that needs no network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from prismh_engine.analysis.hot_spots import HotSpot

from .. import theme, words
from ..place_plane import METRES_A_UNIT, PlacePlane
from .buttons import text_button
from .card import label
from .embedding_map import EmbeddingMap
from .map_picture import MapPicture
from .map_thumbnails import Provider
from .place_layers import Graticule, GraticuleNumbers, HotSpotRings

_LEAST_METRES = 200
_NAMED_SPOTS = 12
"""So many of the hot spots are named on the map; the others bear their ring alone."""


class PlaceView(QWidget):
    """The map by place. Indices in its calls and signals are rows of the places it was given, known or not.

    Looking, pointing and selecting are those of `EmbeddingMap`; a click on the name of a hot spot takes its photos.
    """

    hovered = Signal(int)
    """The photo under the pointer, -1 where there is none."""
    selection_changed = Signal(object)
    """The selected photos, an int64 array in rising order; emitted when the user changed it."""
    area_chosen = Signal(object)
    """The `PlaceBox` in sight, whose photos alone the user wants to see everywhere."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("place_view")
        self._rows = np.empty(0, np.int64)
        self._places = np.empty((2, 0))
        self._plane = PlacePlane()
        self._spots: Sequence[HotSpot] = ()
        # What is dense is said by hot spots.
        self._map = EmbeddingMap(tinted=False, least=_LEAST_METRES / METRES_A_UNIT)
        self._map.setObjectName("place_map")
        self._map.setAccessibleName(self.tr("Photos by where they were taken"))
        self._map.hovered.connect(self._hovered)
        self._map.selection_changed.connect(self._selected)
        self._graticule, self._numbers, self._rings = Graticule(), GraticuleNumbers(), HotSpotRings()
        for layer in (self._graticule, self._rings, self._numbers):
            self._map.add_layer(layer)
        self.setFocusProxy(self._map)
        self._note = label("", "small")
        self._note.setObjectName("place_note")
        self._note.setWordWrap(True)
        self._area = text_button("place_area_button", self.tr("Only what is in sight"), "link")
        self._area.setToolTip(
            self.tr("Shows the photos taken in this part of the map alone, also elsewhere on the page.")
        )
        self._area.clicked.connect(self._choose_area)
        self._to_selection = text_button("place_to_selection_button", self.tr("Zoom to the selection"), "link")
        self._to_selection.setToolTip(self.tr("Or press Z on the map; Home shows all."))
        self._to_selection.clicked.connect(self.fit_selection)
        self._to_selection.hide()
        self._nothing = label("", "why")
        self._nothing.setObjectName("place_nothing")
        self._nothing.setWordWrap(True)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.setMargin(2 * theme.PAGE_MARGIN)
        self._foot = QWidget()
        below = QHBoxLayout(self._foot)
        below.setContentsMargins(theme.CARD_GAP, 2, theme.ROW_GAP, 4)
        below.addWidget(self._note, 1)
        below.addWidget(self._to_selection)
        below.addWidget(self._area)
        whole = QWidget()
        layout = QVBoxLayout(whole)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._map, 1)
        layout.addWidget(self._foot)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._nothing)
        self._stack.addWidget(whole)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)
        theme.changed.connect(self._name_spots)

    # What it shows

    def set_places(self, latitudes: NDArray[np.float64], longitudes: NDArray[np.float64]) -> None:
        """Show photos where they were taken: WGS 84 degrees, float64 [N], nan unknown. Colours, hot spots, what was
        selected and what was left out are forgotten; but nothing changes where these are the places shown already.
        """
        if len(latitudes) != len(longitudes):
            raise ValueError(f"there are {len(latitudes)} latitudes, but {len(longitudes)} longitudes")
        places = np.array([latitudes, longitudes])
        if np.array_equal(places, self._places, equal_nan=True):
            return
        self._places = places
        self._rows = np.flatnonzero(np.isfinite(latitudes) & np.isfinite(longitudes))
        known = latitudes[self._rows], longitudes[self._rows]
        self._plane = PlacePlane.around(*known)
        self._graticule.set_plane(self._plane)
        self._numbers.set_plane(self._plane)
        self._map.set_colouring(None)
        self._map.set_points(self._plane.flat(*known), np.full(len(self._rows), -1, np.int32))
        self._map.set_shown(None)
        self._map.fit()
        self._offer_zoom()
        self._show_spots(())
        self._stack.setCurrentIndex(1 if len(self._rows) else 0)
        self._nothing.setText(
            self.tr(
                "None of the photos says where it was taken. Phones write it where location is switched on for the "
                "camera; a table with latitude and longitude can be imported on the Photos page."
            )
            if len(latitudes)
            else ""
        )

    def set_colouring(self, codes: NDArray[np.int32] | None, colours: Sequence[QColor] = ()) -> None:
        """Colour the photos: for each the place of its colour, int [N], -1 for the quiet one. None: the quiet one, and
        another for those in hot spots.
        """
        self._map.set_colouring(None if codes is None else codes[self._rows], colours)

    def set_shown(self, mask: NDArray[np.bool_] | None) -> None:
        """Draw, find and select only the photos of a mask, bool [N]; None: all."""
        self._map.set_shown(None if mask is None else mask[self._rows])

    def set_hot_spots(self, spots: Sequence[HotSpot]) -> None:
        """Draw rings around hot spots, whose rows are those of the places, and name the largest."""
        groups = np.full(self._places.shape[1], -1, np.int32)
        for number, spot in enumerate(spots):
            groups[spot.rows] = number
        selected = self._map.selection
        self._map.set_points(self._map.positions, groups[self._rows])
        self._map.select(selected)
        self._show_spots(spots)

    @property
    def selection(self) -> NDArray[np.int64]:
        return self._rows[self._map.selection]

    def select(self, indices: NDArray[np.int64]) -> None:
        """Show a selection that was made elsewhere, as far as its photos have places; emits nothing."""
        self._map.select(np.flatnonzero(np.isin(self._rows, indices)))
        self._offer_zoom()

    # As of `EmbeddingMap`

    def set_thumbnails(self, provider: Provider | None) -> None:
        self._map.set_thumbnails(provider and (lambda point, times: provider(int(self._rows[point]), times)))

    def picture(self, meanings: Sequence[tuple[str, QColor]] = ()) -> MapPicture:
        """What is seen now, below it what colours mean; its `save` is a job."""
        return self._map.picture(meanings)

    def thumbnails_changed(self) -> None:
        self._map.thumbnails_changed()

    def set_tool(self, tool: str) -> None:
        self._map.set_tool(tool)

    def fit(self) -> None:
        self._map.fit()

    def fit_selection(self) -> None:
        self._map.fit_selection()

    def zoom(self, factor: float) -> None:
        self._map.zoom(factor)

    def pixel_of(self, index: int) -> QPointF:
        """Where a photo is shown, in pixels of this widget; its place must be known."""
        at = self._map.pixel_of(int(np.searchsorted(self._rows, index)))
        return QPointF(self._map.mapTo(self, at))

    # What the user does

    def _hovered(self, point: int) -> None:
        self.hovered.emit(int(self._rows[point]) if point >= 0 else -1)

    def _selected(self, points: NDArray[np.int64]) -> None:
        self._offer_zoom()
        self.selection_changed.emit(self._rows[points])

    def _offer_zoom(self) -> None:
        self._to_selection.setVisible(len(self._map.selection) > 0)

    def _choose_area(self) -> None:
        seen = self._map.view_rect
        self.area_chosen.emit(self._plane.box(seen.left(), seen.right(), seen.top(), seen.bottom()))

    def _show_spots(self, spots: Sequence[HotSpot]) -> None:
        self._spots = spots
        self._rings.set_spots(self._plane, spots)
        self._name_spots()

    def _name_spots(self) -> None:
        names = [spot_in_words(spot) if number < _NAMED_SPOTS else "" for number, spot in enumerate(self._spots)]
        self._map.set_groups(names, [QColor(theme.colours().warning)] * len(names))
        unknown = self._places.shape[1] - len(self._rows)
        parts = [self.tr("{0} without a place").format(words.number(unknown))] if unknown else []
        if not names and len(self._rows):
            parts.append(self.tr("No place stands out among {0}").format(words.photos(len(self._rows))))
        if names:
            spots = (
                self.tr("1 hot spot") if len(names) == 1 else self.tr("{0} hot spots").format(words.number(len(names)))
            )
            parts.append(self.tr("{0}: denser than elsewhere").format(spots))
        self._note.setText(" · ".join(parts))
        self._note.setAccessibleName(self._note.text())
        limits = self.tr(
            "A hot spot is named where five photos or more lie closer together than chance puts them. There must be "
            "photos in ten places, 100 m or more apart, to compare with."
        )
        self._foot.setToolTip(limits)
        self.setAccessibleDescription(f"{self._note.accessibleName()} {limits}" if parts else "")


def spot_in_words(spot: HotSpot) -> str:
    """ "12 photos within 200 m"."""
    return words.tr("{0} within {1}").format(words.photos(len(spot.rows)), words.distance(spot.radius))
