"""One photo of what is selected on the Explore page: shown large, named, set aside."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from ..decisions import SET_ASIDE, Decisions
from .explore_edits import Edits
from .explore_side import ExploreSide
from .map_contents import MapContents


class OpenedPhoto(QObject):
    """Fills the part `photo` of the side card."""

    closed = Signal()
    similar_wanted = Signal()

    def __init__(self, side: ExploreSide, decisions: Decisions, edits: Edits) -> None:
        super().__init__(side)
        self._side, self._decisions, self._edits = side, decisions, edits
        self._contents = MapContents()
        self._titles: Sequence[str] = ()
        card = side.photo
        card.closed.connect(self.closed)
        card.named.connect(self._name)
        card.name_removed.connect(self._take_off)
        card.similar_wanted.connect(self.similar_wanted)
        card.set_aside.connect(self._set_aside)

    def show(self, contents: MapContents, titles: Sequence[str]) -> None:
        """Bring what is shown up to date. titles: what each group is called."""
        self._contents, self._titles = contents, titles
        if self._side.shows(self._side.photo):
            self._show(*self.ids().tolist())

    def open(self, photo_id: int) -> None:
        if photo_id in self._contents.photos:
            self._show(photo_id)
            self._side.show_part(self._side.photo)
            self._side.photo.focus_back()

    def ids(self) -> NDArray[np.int64]:
        """The id of the photo, [1], or [0] where there is none."""
        photo = self._side.photo.photo
        return np.array([] if photo is None else [photo.id], np.int64)

    def _show(self, photo_id: int) -> None:
        photo = self._contents.photos.get(photo_id)
        if photo is None:
            return
        own = self._contents.names.get(photo_id, ())
        names = self._contents.names_of(photo_id)
        number = int(self._contents.clusters_of(np.array([photo_id]))[0])
        sentence = self.tr("In {0}").format(self._titles[number]) if number >= 0 else ""
        with_group = [name for name in names if name not in own]
        if with_group:
            sentence += self.tr(". The name {0} came with the group: × takes it off this photo alone.").format(
                ", ".join(with_group)
            )
        self._side.photo.show_photo(photo, sentence, names)

    def _name(self, name: str) -> None:
        self._edits.name_photos(self.ids(), name)

    def _take_off(self, name: str) -> None:
        self._edits.remove_name(self.ids(), name)

    def _set_aside(self) -> None:
        photo = self._side.photo.photo
        if photo is not None:
            self._decisions.overrule([photo], SET_ASIDE)
            self.closed.emit()
