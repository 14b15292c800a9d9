"""The card with the map, or why there is nothing to see; and the photo at the pointer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QStackedWidget

from .. import words
from ..session import Session
from ..widgets.card import Card
from ..widgets.embedding_map import LASSO, EmbeddingMap
from ..widgets.map_notice import MapNotice
from ..widgets.photo_card import PhotoCard
from . import why_no_map
from .explore_colours import Colouring

if TYPE_CHECKING:
    from prismh_engine.project import Photo

    from .why_no_map import Reason


class Views(Card):
    """One of its views at a time; `card` shows the photo that lies under the pointer."""

    hovered = Signal(int)
    """The row of the photo under the pointer, -1 where there is none."""
    selection_changed = Signal(object)
    """The rows that the user selected, int64 in rising order."""
    make_map_wanted = Signal()
    photos_page_wanted = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__("map_card")
        self._session = session
        self.map = EmbeddingMap()
        self.map.setMinimumSize(320, 200)
        self.map.set_tool(LASSO)
        self.map.hovered.connect(self.hovered)
        self.map.selection_changed.connect(self.selection_changed)
        self._notice = MapNotice()
        self._notice.pressed.connect(self._notice_pressed)
        self._leads_to = ""
        self._card = PhotoCard(self.map)
        self._card_photo: Photo | None = None
        self._stack = QStackedWidget()
        for view in (self._notice, self.map):
            self._stack.addWidget(view)
        self.body.setContentsMargins(1, 1, 1, 1)
        self.body.addWidget(self._stack)
        session.project_changed.connect(self._project_changed)
        self._project_changed()

    def show_map(self) -> None:
        self._stack.setCurrentWidget(self.map)

    def set_tool(self, tool: str) -> None:
        self.map.set_tool(tool)

    def show_groups_of_points(self, groups: NDArray[np.int32]) -> None:
        """Give the points other groups, int32 [N]; the selection is taken back."""
        self.map.set_points(self.map.positions, groups)

    def preview_groups(self, groups: NDArray[np.int32], colours: Sequence[QColor]) -> None:
        """Colour the points by groups that are not kept yet; names stay where they are."""
        self.map.set_colouring(groups, colours)

    def show_colouring(self, colouring: Colouring | None) -> None:
        """Colour the points; None: by their group."""
        if colouring is None:
            self.map.set_colouring(None)
        else:
            self.map.set_colouring(colouring.codes, [colour for _, colour, _ in colouring.entries])

    def show_only(self, mask: NDArray[np.bool_] | None) -> None:
        """Show only these points, bool [N]; None: all."""
        self.map.set_shown(mask)

    def select(self, rows: NDArray[np.int64]) -> None:
        self.map.select(rows)

    def say_nothing(self) -> None:
        """Show an empty card, while it is not known yet what there is to see."""
        self._notice.say("", "")
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
        at = self.map.pixel_of(row).toPoint()
        self._card.show_photo(at, self._session.thumbnails.whole(photo), title or photo.path.name, caption)

    def _notice_pressed(self) -> None:
        if self._leads_to == why_no_map.MAKE_IT:
            self.make_map_wanted.emit()
        else:
            self.photos_page_wanted.emit()

    def _project_changed(self) -> None:
        self._card.hide()
        if self._session.thumbnails is not None:
            self._session.thumbnails.arrived.connect(self._thumbnail_arrived)

    def _thumbnail_arrived(self) -> None:
        if self._card.isVisible() and self._session.thumbnails is not None and self._card_photo is not None:
            self._card.set_pixmap(self._session.thumbnails.whole(self._card_photo))
