"""What is missing for learning with names: said where a person asks for it while there are too few of them."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from .. import words
from ..teachers import FEWEST_NAMES, FEWEST_PHOTOS, Teachers
from ..widgets.buttons import text_button
from ..widgets.card import Card, label


class NamesMissing(Card):
    """How many names there are, how many it takes, and where to give them: to be shown when a person asks."""

    explore_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("names_missing_card", parent)
        self._text = label("", "quiet")
        self._text.setObjectName("names_missing")
        self._text.setWordWrap(True)
        go = text_button("go_to_names", self.tr("Go to Explore"))
        go.clicked.connect(self.explore_wanted)
        self.body.addWidget(label(self.tr("With my names"), "heading"))
        self.body.addWidget(self._text)
        self.body.addWidget(go)
        self.hide()

    def know(self, teachers: Teachers | None) -> None:
        """The names there are, None while they are not counted; with enough of them it goes away."""
        if teachers is not None and teachers.enough:
            self.hide()
        needed = self.tr("Learning with names takes {names} names at least, on {photos} photos each.").format(
            names=FEWEST_NAMES, photos=FEWEST_PHOTOS
        )
        where = self.tr(
            "Give names on the Explore page: choose a group or some photos there, and type what they show. A photo "
            "with several names, or one that is set aside, does not count."
        )
        self._text.setText(" ".join(part for part in (needed, self._so_far(teachers), where) if part))

    def _so_far(self, teachers: Teachers | None) -> str:
        if teachers is None:
            return ""
        if not teachers.photos:
            return self.tr("So far no photo has a name.")
        photos = words.photos(teachers.photos)
        if teachers.names == 1:
            return self.tr("So far there is 1 name, on {photos}.").format(photos=photos)
        return self.tr(
            "So far there are {names} names on {photos}, {enough} of them on {least} photos or more."
        ).format(
            names=words.number(teachers.names), photos=photos, enough=teachers.names_on_enough, least=FEWEST_PHOTOS
        )
