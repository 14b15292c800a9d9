"""Photos to name one after the other: those whose names tell the program most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from .. import theme, words
from ..session import Session
from .buttons import text_button
from .card import ElidedLabel, label
from .flow_layout import FlowLayout
from .naming import NameEntry
from .photo_details import PhotoPreview

if TYPE_CHECKING:
    from prismh_engine.project import Photo

_NAMES_SHOWN = 8
_CHIP_WIDTH = 130


class NameNext(QWidget):
    """Shows one photo at a time; a name, new or known, leads to the next one."""

    named = Signal(int, str)
    """The id of a photo and its name."""
    photo_shown = Signal(int)
    """The id of the photo that is asked about now; -1 when all were."""
    more_wanted = Signal()
    learning_wanted = Signal()
    closed = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("name_next")
        self._photos: list[Photo] = []
        self._at = 0
        self._named: set[int] = set()
        self._suggested: Mapping[int, str] = {}
        self._known: list[str] = []
        self._order: dict[str, int] = {}
        back = text_button("name_next_back", self.tr("‹ All groups"), "link")
        back.clicked.connect(self.closed)
        self._title = label(self.tr("Name these next"), "heading")
        self._place = label("", "quiet")
        self._place.setObjectName("name_next_place")
        self._tells = self.tr(
            "These differ most from each other and from what is named: their names tell the program most."
        )
        self._why = label(self._tells, "small")
        self._why.setWordWrap(True)
        self._preview = PhotoPreview(session)
        self._file = ElidedLabel("", "small")
        self._entry = NameEntry("next_name_field", self.tr("What is on this photo?"))
        self._entry.named.connect(self._give)
        self._chips = QWidget()
        self._row = FlowLayout(self._chips, 6)
        self._names = [self._name_button(number) for number in range(_NAMES_SHOWN)]
        self._skip = text_button("skip_button", self.tr("Skip"), "action")
        self._skip.clicked.connect(self._next)
        self._more = text_button("more_to_name", self.tr("More of them"))
        self._more.clicked.connect(self.more_wanted)
        self._learn = text_button("learn_with_these_names", self.tr("Learn again with my names"))
        self._learn.clicked.connect(self.learning_wanted)
        self._learning_offered = False
        heading = QHBoxLayout()
        heading.addWidget(self._title)
        heading.addStretch(1)
        heading.addWidget(self._place)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.ROW_GAP)
        layout.addWidget(back, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addLayout(heading)
        layout.addWidget(self._why)
        layout.addWidget(self._preview, 1)
        layout.addWidget(self._file)
        layout.addWidget(self._entry)
        layout.addWidget(self._chips)
        layout.addWidget(self._skip, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self._learn, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addStretch(0)  # takes the room where no photo is shown

    def await_photos(self) -> None:
        """Be there while the photos are looked for, so that what is typed meanwhile comes here and gives no name."""
        self._photos, self._at = [], 0
        for widget in (self._preview, self._file, self._chips, self._skip, self._more, self._learn):
            widget.hide()
        self._why.setText(self._tells)
        self._place.setText(self.tr("looking for them…"))
        self._entry.show()
        self._entry.begin()

    def ask(self, photos: Sequence[Photo]) -> None:
        """Begin with the first of these photos."""
        self._photos, self._at, self._named = list(photos), 0, set()
        self._order = {name: place for place, name in enumerate(self._known)}
        self._show()

    def show_given(self, names: Mapping[int, Sequence[str]]) -> None:
        """Photo id -> its names. A photo whose name was there and is not any more is asked about again."""
        self._named |= {photo.id for photo in self._photos[: self._at] if names.get(photo.id)}
        for at, photo in enumerate(self._photos[: self._at]):
            if photo.id in self._named and not names.get(photo.id):
                self._named.discard(photo.id)
                self._at = at
                self._show()
                break

    def offer_names(self, names: Sequence[str]) -> None:
        """Names given before, the most frequent first.

        Until photos are asked about anew the buttons stay in their order: who names many in a row finds each in place.
        """
        self._known = list(names)
        for name in names:
            self._order.setdefault(name, len(self._order))
        self._entry.offer(names)
        self._show_names()

    def offer_learning(self, offered: bool) -> None:
        """Whether the names given so far are worth a learning; it is offered when all photos were asked about."""
        self._learning_offered = offered
        self._learn.setVisible(offered and self._more.isVisibleTo(self))

    def suggest(self, suggested: Mapping[int, str]) -> None:
        """What the program would call photos, by their ids."""
        self._suggested = suggested
        self._show_names()

    def photo(self) -> Photo | None:
        """The photo that is asked about."""
        return self._photos[self._at] if self._at < len(self._photos) else None

    def _show(self) -> None:
        photo = self.photo()
        for widget in (self._preview, self._file, self._entry, self._chips, self._skip):
            widget.setVisible(photo is not None)
        self._more.setVisible(photo is None)
        self._learn.setVisible(photo is None and self._learning_offered)
        if photo is None:
            done = self.tr("That was all of them.") if self._photos else self.tr("Every photo has a name.")
            self._why.setText(done)
            self._place.setText("")
            self._more.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self._place.setText(
                self.tr("{0} of {1}").format(words.number(self._at + 1), words.number(len(self._photos)))
            )
            self._preview.show_photo(photo)
            self._file.setText(photo.path.name)
            self._entry.begin()
        self._show_names()
        self.photo_shown.emit(-1 if photo is None else photo.id)

    def _show_names(self) -> None:
        photo = self.photo()
        suggested = self._suggested.get(photo.id, "") if photo is not None else ""
        names = self._known[:_NAMES_SHOWN]
        if suggested and suggested not in names:
            names[_NAMES_SHOWN - 1 :] = [suggested]
        names.sort(key=lambda name: self._order.get(name, len(self._order)))
        for number, button in enumerate(self._names):
            button.setVisible(number < len(names))
            if number < len(names):
                name = names[number]
                text = button.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, theme.pixels(_CHIP_WIDTH))
                button.setText((f"{text}?" if name == suggested else text).replace("&", "&&"))
                button.setAccessibleName(self.tr("Call it {0}").format(name).replace("&", "&&"))
                button.setProperty("name", name)

    def _name_button(self, number: int) -> QPushButton:
        button = text_button(f"call_it_{number}", "", "action")
        button.clicked.connect(self._name_pressed)
        self._row.addWidget(button)
        return button

    def _name_pressed(self) -> None:
        self._give(str(self.sender().property("name")))

    def _give(self, name: str) -> None:
        photo = self.photo()
        if photo is not None:
            self.named.emit(photo.id, name)
            self._next()

    def _next(self) -> None:
        self._at += 1
        self._show()
