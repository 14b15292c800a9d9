"""The card with the map, the map by place, or why there is none; with the photo at the pointer and a legend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from prismh_engine.analysis.hot_spots import HotSpot
from prismh_engine.jobs import StopToken

from .. import palette, theme, words
from ..explore_filters import PhotoFacts
from ..session import Session
from ..widgets.card import Card
from ..widgets.embedding_map import LASSO, EmbeddingMap
from ..widgets.file_dialogs import choose_new_file
from ..widgets.focus import holds_focus
from ..widgets.legend import Legend, LegendEntry
from ..widgets.map_notice import MapNotice
from ..widgets.map_thumbnails import SIDE
from ..widgets.photo_card import PhotoCard
from ..widgets.place_view import PlaceView
from . import why_no_map
from .explore_colours import Colouring

if TYPE_CHECKING:
    from prismh_engine.project import Photo

    from .why_no_map import Reason

_WIDEST_LEGEND = 260
_SHOW_ALL = "show_all"
_KEPT_SQUARES = 500
MANY_PHOTOS = 5000
"""From so many on, reading them takes long enough to say so."""


class Views(Card):
    """Map and map by place show the same photos in the same colours with the same selection, one of them at a time."""

    hovered = Signal(int)
    """The row of the photo under the pointer, -1 where there is none."""
    selection_changed = Signal(object)
    """The rows that the user selected, int64 in rising order."""
    hidden_changed = Signal(object)
    """The codes of the colours that the legend hides, a set."""
    area_chosen = Signal(object)
    """A `PlaceBox` whose photos alone are to be seen."""
    make_map_wanted = Signal()
    photos_page_wanted = Signal()
    told = Signal(str)
    """What was done, to be said to the user."""
    show_all_wanted = Signal()
    """No photo passes the filters, and the user wants to see all again."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__("map_card", parent)
        self._session = session
        self._legend_panel = QWidget(self)
        self._legend = Legend(self._legend_panel)
        self._stack = QStackedWidget(self)
        self.map = EmbeddingMap(self._stack)
        self.map.setMinimumSize(320, 200)
        self.map.hovered.connect(self.hovered)
        self.map.selection_changed.connect(self.selection_changed)
        self.map.set_thumbnails(self._thumbnail)
        self._place: PlaceView | None = None
        self._for_place: dict[str, Callable[[PlaceView], None]] = {}
        self._legend.shown_changed.connect(self.hidden_changed)
        self._meanings: dict[int, tuple[str, QColor]] = {}
        self._photos: Sequence[Photo | None] = ()
        self._squares: dict[str, QPixmap] = {}
        self._groups = np.empty(0, np.int32)
        self._titles: Sequence[str] = ()
        self._group_colours: Sequence[QColor] = ()
        self._places: tuple[NDArray[np.float64], NDArray[np.float64]] = (np.empty(0), np.empty(0))
        self._notice = MapNotice(self._stack)
        self._notice.pressed.connect(self._notice_pressed)
        self._leads_to = ""
        self._by_place = self._none_passes = False
        self._card = PhotoCard(self)
        self._card_photo: Photo | None = None
        self._stack.addWidget(self._notice)
        self._stack.addWidget(self.map)
        self.body.setContentsMargins(1, 1, 1, 1)
        self._legend_panel.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        panel = QVBoxLayout(self._legend_panel)
        panel.setContentsMargins(12, 10, 0, 10)
        panel.addWidget(self._legend)
        panel.addStretch(1)
        self._legend_panel.hide()
        beside = QHBoxLayout()
        beside.setSpacing(0)
        beside.addWidget(self._legend_panel)
        beside.addWidget(self._stack, 1)
        self.body.addLayout(beside)
        theme.changed.connect(self._fit)
        self._fit()
        self.set_tool(LASSO)
        session.project_changed.connect(self._project_changed)
        self._project_changed()

    @property
    def place(self) -> PlaceView:
        """The map by place, made when it is first asked for."""
        if self._place is None:
            self._place = PlaceView()
            self._place.hovered.connect(self.hovered)
            self._place.selection_changed.connect(self.selection_changed)
            self._place.area_chosen.connect(self.area_chosen)
            self._place.set_thumbnails(self._thumbnail)
            self._stack.addWidget(self._place)
        return self._place

    def show_map(self, *, by_place: bool) -> None:
        """Show the map by look or by place."""
        self._by_place = by_place
        self._bring_place_up_to_date()
        if self._none_passes:
            self._leads_to = _SHOW_ALL
            sentence = self.tr("The filters, the dates or the legend hide every photo.")
            self._notice.say(self.tr("No photo passes"), sentence, button=self.tr("Show all"))
            self._stack.setCurrentWidget(self._notice)
        else:
            self._stack.setCurrentWidget(self._seen())
        self._card.hide()

    def fit(self) -> None:
        """Show all of the map that is seen."""
        self._seen().fit()

    def fit_selection(self) -> None:
        """Show what is selected as large as it fits, on the map that is seen."""
        self._seen().fit_selection()

    def _seen(self) -> EmbeddingMap | PlaceView:
        return self.place if self._by_place else self.map

    def set_tool(self, tool: str) -> None:
        self.map.set_tool(tool)
        self._on_place("tool", lambda place: place.set_tool(tool))

    def show_photos(self, photos: Sequence[Photo | None], facts: PhotoFacts, spots: Sequence[HotSpot]) -> None:
        """What each point is, where it was taken, and the hot spots among those places."""
        self._photos = photos
        places = facts.latitudes, facts.longitudes
        if not all(map(_are_equal, places, self._places)):
            self._places = places
            for what in ("shown", "selected", "coloured"):  # are those of other photos
                self._for_place.pop(what, None)
            self._on_place("places", lambda place: place.set_places(*places))
            self._on_place("spots", lambda place: place.set_hot_spots(spots))

    def show_groups(self, groups: NDArray[np.int32], titles: Sequence[str], colours: Sequence[QColor]) -> None:
        """The group of each point, int32 [N], and what each group is called and its colour."""
        self._groups, self._titles, self._group_colours = groups, titles, colours
        self.map.set_groups(titles, colours)

    def preview_groups(self, groups: NDArray[np.int32], titles: Sequence[str], colours: Sequence[QColor]) -> None:
        """Colour the points by groups that are not kept yet, with what those would be called."""
        self._legend_panel.hide()
        self.map.preview_groups(groups, titles, colours)
        self._colour_places(groups, colours)

    def show_colouring(self, title: str, colouring: Colouring | None) -> None:
        """Colour the points, with a legend under a title; None: by their groups, which are listed elsewhere."""
        self._legend_panel.setVisible(colouring is not None)
        self._meanings = {}
        if colouring is None:
            self._legend.set_entries([])
            self._colour(self._groups, self._group_colours)
            self.map.set_colouring(None)
            return
        entries = [(code, *entry) for code, entry in enumerate(colouring.entries)]
        rest = int((colouring.codes < 0).sum())
        if rest:
            entries.append((-1, colouring.rest, palette.unknown(), rest))
        self._meanings = {code: (text, colour) for code, text, colour, _ in entries}
        self._legend.set_entries([LegendEntry(*entry) for entry in entries])
        self._legend.set_title(title)
        self._colour(colouring.codes, [colour for _, colour, _ in colouring.entries])

    def show_only(self, mask: NDArray[np.bool_] | None) -> None:
        """Show only these points, bool [N]; None: all. Where there is none it is said in the place of the map."""
        self.map.set_shown(mask)
        self._on_place("shown", lambda place: place.set_shown(mask))
        none_passes = mask is not None and not mask.any()
        if none_passes != self._none_passes:
            self._none_passes = none_passes
            had_focus = holds_focus(self._stack)
            self.show_map(by_place=self._by_place)
            if had_focus and not none_passes:  # the button is gone
                self._seen().setFocus(Qt.FocusReason.OtherFocusReason)

    def select(self, rows: NDArray[np.int64]) -> None:
        self.map.select(rows)
        self._on_place("selected", lambda place: place.select(rows))

    def save_picture(self, folder: Path) -> None:
        """Ask for a file, beginning in a folder, and save the map that is seen into it, beside everything else."""
        kinds = self.tr("Pictures (*.png *.svg)")
        chosen = choose_new_file(self, self.tr("Save the map as a picture"), folder / self.tr("map.png"), kinds)
        if chosen is not None:
            meanings, view = self._meanings_in_sight(), self._seen()
            if view is self._place and not self._meanings:  # the names on this map are those of hot spots
                meanings = list(zip(self._titles, self._group_colours, strict=True))
            saving = self._session.run_beside(view.picture(meanings).save(chosen), StopToken())
            saving.failed.connect(self._session.failed)
            saving.finished.connect(self._say_saved)

    def _say_saved(self, path: Path) -> None:
        self.told.emit(self.tr("The map was saved as a picture: {0}").format(path))

    def _meanings_in_sight(self) -> list[tuple[str, QColor]]:
        """What the colours in sight mean; empty where the map is coloured by its groups, which bear their names."""
        return [meaning for code, meaning in self._meanings.items() if code not in self._legend.hidden()]

    def say_reading(self, photos: int) -> None:
        """Say that so many photos are being read, while it is not known yet what there is to see; 0: unknown."""
        what = self.tr("Reading {0}…").format(words.photos(photos)) if photos >= MANY_PHOTOS else ""
        self._notice.say("", what)
        self._stack.setCurrentWidget(self._notice)

    def say_why(self, reason: Reason) -> None:
        """Show why there is no map."""
        self._leads_to = reason.leads_to
        if reason.progress is not None:
            done, total = reason.progress.done, reason.progress.total
            self._notice.say_progress(reason.heading, reason.sentence, done, total)
        else:
            self._notice.say(reason.heading, reason.sentence, button=reason.button)
        self._stack.setCurrentWidget(self._notice)

    def show_photo(self, photo: Photo | None, row: int, title: str) -> None:
        """Show a photo beside its place on the map, under a title; None: no photo."""
        if photo is None or self._session.thumbnails is None:
            self._card.hide()
            return
        self._card_photo = photo
        caption = words.taken(photo.look.taken_at) if photo.look.taken_at else photo.path.name
        view = self._seen()
        at = view.mapTo(self, view.pixel_of(row).toPoint())
        self._card.show_photo(at, self._session.thumbnails.whole(photo), title or photo.path.name, caption)

    def _notice_pressed(self) -> None:
        if self._leads_to == why_no_map.MAKE_IT:
            self.make_map_wanted.emit()
        elif self._leads_to == _SHOW_ALL:
            self._legend.show_all()
            self.show_all_wanted.emit()
        else:
            self.photos_page_wanted.emit()

    def _project_changed(self) -> None:
        self._card.hide()
        self._squares.clear()
        if self._session.thumbnails is not None:
            self._session.thumbnails.arrived.connect(self._thumbnail_arrived)

    def _thumbnail_arrived(self) -> None:
        self._seen().thumbnails_changed()
        if self._card.isVisible() and self._session.thumbnails is not None and self._card_photo is not None:
            self._card.set_pixmap(self._session.thumbnails.whole(self._card_photo))

    def _thumbnail(self, row: int, times: int) -> QPixmap | None:
        """The middle of a photo. Cut out of the whole one: of squares one size a photo is kept, that of the lists."""
        photo = self._photos[row] if row < len(self._photos) else None
        if photo is None or self._session.thumbnails is None:
            return None
        content = photo.look.content_hash
        if times == 1 and content in self._squares:
            return self._squares[content]
        whole = self._session.thumbnails.whole(photo)
        if whole is None:
            return None
        square = _middle(whole, round(SIDE * max(times, self.devicePixelRatioF())))
        if times == 1:
            while len(self._squares) >= _KEPT_SQUARES:
                self._squares.pop(next(iter(self._squares)))
            self._squares[content] = square
        return square

    def _colour(self, codes: NDArray[np.int32], colours: Sequence[QColor]) -> None:
        self.map.set_colouring(codes, colours)
        self._colour_places(codes, colours)

    def _colour_places(self, codes: NDArray[np.int32], colours: Sequence[QColor]) -> None:
        if len(codes) == len(self._places[0]):
            self._on_place("coloured", lambda place: place.set_colouring(codes, colours))

    def _on_place(self, what: str, do: Callable[[PlaceView], None]) -> None:
        """Do something to the map by place: now where it is seen, else when it will be, and then the last of a kind
        alone.
        """
        self._for_place.pop(what, None)
        self._for_place[what] = do
        self._bring_place_up_to_date()

    def _bring_place_up_to_date(self) -> None:
        while self._by_place and self._for_place:
            self._for_place.pop(next(iter(self._for_place)))(self.place)

    def _fit(self) -> None:
        self._legend_panel.setMaximumWidth(theme.pixels(_WIDEST_LEGEND))


def _middle(picture: QPixmap, side: int) -> QPixmap:
    """The middle of a picture as a square."""
    ratio = Qt.AspectRatioMode.KeepAspectRatioByExpanding
    scaled = picture.scaled(side, side, ratio, Qt.TransformationMode.SmoothTransformation)
    return scaled.copy((scaled.width() - side) // 2, (scaled.height() - side) // 2, side, side)


def _are_equal(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    return np.array_equal(one, other, equal_nan=True)
