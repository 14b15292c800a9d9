"""What is selected on the map: its name, how well separated it is, what can be done with it, its photos."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from .. import theme, words
from ..photos_by_id import ids_of
from ..session import Session
from .buttons import text_button
from .card import label
from .flow_layout import FlowLayout
from .name_chips import NameChips
from .naming import Naming
from .photo_grid import PhotoGrid
from .separation import Separation
from .suggestion_line import SuggestionLine

if TYPE_CHECKING:
    from prismh_engine.project import Photo

_TILE = 88
_NAMES_SHOWN = 6

SIMILAR, UNUSUAL, DUPLICATES, SPLIT, JOIN = "similar", "unusual", "near_duplicates", "split", "join"


@dataclass(frozen=True)
class ShownGroup:
    """name: "" where it has none; names: those in it, or in what it is called for lack of one. separation: 0 to 1, None
    where it is unknown. others: the groups it can be joined with, by number.
    """

    number: int
    colour: QColor
    name: str
    names: Sequence[str]
    separation: float | None
    others: Sequence[tuple[int, str]] = ()


@dataclass(frozen=True)
class Shown:
    """What the panel shows: a whole group, or photos.

    all_photos: how many there are where filters hide some. names: asked with ids of photos, int64 [N], it tells each
    name they bear and how many of them do, the most frequent first. captions: photo id -> a word on its tile. joinable:
    how many whole groups are selected. accept: the words of the button that accepts what is suggested for these photos,
    "" for none. suggestion: the words of the line at the foot.
    """

    title: str
    photos: Sequence[Photo]
    all_photos: int
    group: ShownGroup | None = None
    names: Callable[[NDArray[np.int64]], Sequence[tuple[str, int]]] = lambda _: ()
    captions: Mapping[int, str] = field(default_factory=dict)
    joinable: int = 0
    accept: str = ""
    suggestion: str = ""


class SelectionPanel(QWidget):
    """Tells what a person wants to do with the photos it shows, or with those chosen among them."""

    named = Signal(str)
    unnamed = Signal()
    """The name of the group is to be taken off."""
    name_removed = Signal(str)
    """A name is to be taken off the photos."""
    asked = Signal(str)
    """SIMILAR, UNUSUAL, DUPLICATES, SPLIT, or JOIN of all groups that are selected."""
    join_chosen = Signal(int)
    """The number of the group to join this one with."""
    accepted = Signal()
    suggestion_wanted = Signal()
    photo_opened = Signal(int)
    closed = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = Shown("", [], 0)
        self._back = QPushButton(self.tr("‹ All groups"))
        self._back.setObjectName("all_groups_button")
        self._back.setAccessibleName(self.tr("All groups"))
        self._back.setProperty("role", "link")
        self._back.clicked.connect(self.closed)
        self._details = QPushButton(self.tr("Details ›"))
        self._details.setObjectName("details_button")
        self._details.setAccessibleName(self.tr("Details of the photo"))
        self._details.setProperty("role", "link")
        self._details.clicked.connect(self._open_chosen)
        self._naming = Naming()
        self._naming.named.connect(self.named)
        self._naming.removed.connect(self.unnamed)
        self._separation = Separation()
        self._names = NameChips()
        self._names.removed.connect(self.name_removed)
        self.grid = PhotoGrid(session, tile=_TILE, on_card=True)
        self.grid.setObjectName("selection_grid")
        self.grid.selection_changed.connect(self._show_chosen)
        self.grid.activated.connect(self.photo_opened)
        self._nothing = label(self.tr("None of these photos is shown now."), "small")
        self._accept = QPushButton()
        self._accept.setObjectName("accept_button")
        self._accept.clicked.connect(self.accepted)
        self._suggestion = SuggestionLine("more_like_these")
        self._suggestion.pressed.connect(self.suggestion_wanted)
        top = QHBoxLayout()
        top.setContentsMargins(0, 0, 0, 0)
        top.addWidget(self._back)
        top.addStretch(1)
        top.addWidget(self._details)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.ROW_GAP)
        layout.addLayout(top)
        self._asking = self._make_actions()
        for widget in (self._naming, self._separation, self._names, self._asking, self._nothing):
            layout.addWidget(widget)
        layout.addWidget(self.grid, 1)
        layout.addWidget(self._accept)
        layout.addWidget(self._suggestion)

    def show_selection(self, shown: Shown) -> None:
        """Show a group or photos; what is chosen among them and is still there stays chosen."""
        self._shown = shown
        self.grid.set_photos(shown.photos)
        self.grid.set_captions(shown.captions)
        group = shown.group
        self._separation.setVisible(group is not None and group.separation is not None)
        if group is not None and group.separation is not None:
            self._separation.show_share(group.separation, group.colour)
        for widget in (self._naming, self._asking):
            widget.setEnabled(bool(shown.photos))
        self._nothing.setVisible(not shown.photos)
        self._split.setVisible(group is not None)
        self._join.setVisible(group is not None and bool(group.others))
        self._join_menu.clear()
        for number, title in group.others if group is not None else ():
            self._join_menu.addAction(title.replace("&", "&&")).setData(number)
        self._join_selected.setVisible(shown.joinable > 1)
        self._join_selected.setText(self.tr("Join these {0}").format(words.groups(shown.joinable)))
        self._join_selected.setAccessibleName(self._join_selected.text())
        self._suggestion.say(shown.suggestion)
        self._show_chosen()

    def chosen_ids(self) -> NDArray[np.int64]:
        """The ids of the photos chosen in the grid, int64 [N]; of all that are shown where none is."""
        return ids_of(self.grid.selected() or self._shown.photos)

    def has_chosen(self) -> bool:
        """Whether some photos are chosen in the grid."""
        return bool(self.grid.selected_ids())

    def choose_none(self) -> None:
        """No photo is chosen in the grid any more."""
        self.grid.select([])

    def offer_names(self, names: Sequence[str]) -> None:
        """Names to complete while typing."""
        self._naming.offer(names)

    def begin_naming(self) -> None:
        self._naming.begin()

    def open_join(self) -> None:
        """Offer the groups to join this one with."""
        self._join.showMenu()

    def focus_back(self) -> None:
        """Put the keyboard where the space bar leads to the other groups."""
        self._back.setFocus(Qt.FocusReason.OtherFocusReason)

    def _make_actions(self) -> QWidget:
        row = QWidget()
        self._actions = FlowLayout(row, 6)
        self._ask(SIMILAR, self.tr("Similar"), self.tr("The photos that are most like these"))
        self._ask(UNUSUAL, self.tr("Unusual"), self.tr("Those among them that are least like any other"))
        self._ask(DUPLICATES, self.tr("Near duplicates"), self.tr("Those of them that show the same thing twice"))
        self._split = self._ask(SPLIT, self.tr("Split"), self.tr("Make two groups of this one"))
        self._join = self._action("join_button", self.tr("Join…"), self.tr("Make one group of this and another"))
        self._join_menu = QMenu(self._join)
        self._join_menu.setObjectName("join_menu")
        self._join_menu.triggered.connect(self._join_triggered)
        self._join_menu.aboutToHide.connect(self._join_left)
        self._join.setMenu(self._join_menu)
        self._join_selected = self._ask(JOIN, "", self.tr("Make one group of those that are selected"))
        return row

    def _ask(self, what: str, text: str, tip: str) -> QPushButton:
        button = self._action(f"ask_{what}", text, tip)
        button.clicked.connect(self._asked)
        return button

    def _action(self, object_name: str, text: str, tip: str) -> QPushButton:
        button = text_button(object_name, text)
        button.setAccessibleDescription(tip)
        button.setToolTip(tip)
        button.setProperty("role", "action")
        self._actions.addWidget(button)
        return button

    def _show_chosen(self) -> None:
        """Title, names and buttons are about what is chosen in the grid, else about all of it."""
        shown, chosen = self._shown, self.grid.selected()
        group = shown.group
        if chosen and len(chosen) < len(shown.photos):
            title = chosen[0].path.name if len(chosen) == 1 else self.tr("Chosen")
            count = words.photos_of(len(chosen), len(shown.photos))
            self._naming.show_selection(title, count if len(chosen) > 1 else "", None, "")
        else:
            count = words.photos_of(len(shown.photos), shown.all_photos)
            colour = None if group is None else group.colour
            self._naming.show_selection(shown.title, count, colour, "" if group is None else group.name)
        said = group.names if group is not None and not chosen else ()  # the title says it of all
        borne = [pair for pair in shown.names(self.chosen_ids()) if pair[0] not in said]
        self._names.show_names(borne[:_NAMES_SHOWN], len(chosen or shown.photos))
        self._details.setVisible(len(chosen) == 1)
        self._accept.setVisible(bool(shown.accept))
        self._accept.setText(
            self.tr("Accept the {0} chosen").format(words.number(len(chosen))) if chosen else shown.accept
        )
        self._accept.setAccessibleName(self._accept.text())

    def _asked(self) -> None:
        self.asked.emit(self.sender().objectName().removeprefix("ask_"))

    def _join_triggered(self, action: object) -> None:
        self.join_chosen.emit(int(action.data()))  # type: ignore[attr-defined]

    def _join_left(self) -> None:
        """Qt tells a button neither that the pointer left it while its menu was open, nor later."""
        self._join.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, False)
        self._join.update()

    def _open_chosen(self) -> None:
        for photo_id in self.grid.selected_ids():
            self.photo_opened.emit(photo_id)
