"""The card beside the map: all groups, or what is selected, one photo, or photos to name next."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from .. import theme, words
from ..session import Session
from ..widgets.buttons import text_button
from ..widgets.card import Card, label
from ..widgets.flow_layout import FlowLayout
from ..widgets.group_list import GroupList, GroupRow
from ..widgets.name_next import NameNext
from ..widgets.one_photo import OnePhoto
from ..widgets.selection_panel import DUPLICATES, UNUSUAL, SelectionPanel
from ..widgets.suggestion_line import SuggestionLine
from ..widgets.working import Working

WIDTH = 330


class ExploreSide(Card):
    """Shows one of its four parts at a time."""

    asked_of_all = Signal(str)
    """UNUSUAL or DUPLICATES, of all photos."""
    suggestions_wanted = Signal()
    learning_wanted = Signal()
    """To learn again with the names was asked for."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__("side_card", parent)
        self._stack = QStackedWidget(self)
        self.groups = GroupList(session)
        self.selection = SelectionPanel(session, self._stack)
        self.photo = OnePhoto(session, self._stack)
        self.naming = NameNext(session, self._stack)
        self._all_groups = self._make_groups()
        for part in (self._all_groups, self.selection, self.photo, self.naming):
            self._stack.addWidget(part)
        self.naming.learning_wanted.connect(self.learning_wanted)
        self.working = Working()
        self.body.addWidget(self._stack)
        self.body.addWidget(self.working)
        theme.changed.connect(self._fit)
        self._fit()

    def show_part(self, part: QWidget) -> None:
        """Show `selection`, `photo` or `naming`."""
        self._stack.setCurrentWidget(part)

    def show_groups(self) -> None:
        self._stack.setCurrentWidget(self._all_groups)

    def shows(self, part: QWidget) -> bool:
        return self._stack.currentWidget() is part

    def shows_groups(self) -> bool:
        return self._stack.currentWidget() is self._all_groups

    def leave_part(self) -> None:
        """What the button does that every part but all groups begins with."""
        if not self.shows_groups():
            self._stack.currentWidget().closed.emit()  # type: ignore[attr-defined]

    def set_rows(self, rows: Sequence[GroupRow], groups: int) -> None:
        """List these groups, of so many."""
        self.groups.set_rows(rows)
        named = sum(row.named for row in rows)
        self._title.setText(words.groups_of(len(rows), groups) if groups else self.tr("Groups"))
        self._fit_learn()
        hint = self.tr("Choose one here or on the map to see its photos and give it a name.")
        if not groups:
            hint = self.tr("They appear here as soon as there is a map.")
        elif len(rows) < groups:
            hint = self.tr("Of the others, no photo is shown now.") if rows else self.tr("No photo is shown now.")
        elif named:
            hint = self.tr("{named} named. Choose one here or on the map to see its photos.").format(named=named)
        self._hint.setText(hint)
        self._actions.setVisible(bool(groups))

    def suggest(self, sentence: str) -> None:
        """What stands at the foot of all groups, "" for nothing."""
        self._suggestion.say(sentence)

    def offer_learning(self, offered: bool) -> None:
        """Whether there are names that are worth a learning and were not learned from yet."""
        self._learn.setVisible(offered)
        self.naming.offer_learning(offered)

    def offer_names(self, names: Sequence[str]) -> None:
        """Names given before, the most frequent first."""
        self.selection.offer_names(names)
        self.photo.offer_names(names)
        self.naming.offer_names(names)

    def loading(self) -> bool:
        return self.groups.loading()

    def _make_groups(self) -> QWidget:
        self._title = label("", "heading")
        self._learn = text_button("learn_with_names", self.tr("Learn again with my names"), "action")
        self._learn.setToolTip(self.tr("May bring photos of one name closer together on a map of their own"))
        self._learn.setAccessibleDescription(self._learn.toolTip())
        self._learn.clicked.connect(self.learning_wanted)
        # It comes into a place that is kept for it: nothing moves, and nothing else was there to be clicked.
        room = self._learn.sizePolicy()
        room.setRetainSizeWhenHidden(True)
        self._learn.setSizePolicy(room)
        self._learn.hide()
        heading = QHBoxLayout()
        heading.setSpacing(theme.ROW_GAP)
        heading.addWidget(self._title, 1)
        heading.addWidget(self._learn)
        self._hint = label("", "small")
        self._hint.setWordWrap(True)
        self._actions = QWidget()
        row = FlowLayout(self._actions, 6)
        row.addWidget(self._action(UNUSUAL, self.tr("Unusual"), self.tr("The photos that are least like any other")))
        row.addWidget(
            self._action(DUPLICATES, self.tr("Near duplicates"), self.tr("Photos that show the same thing twice"))
        )
        self._suggestion = SuggestionLine("all_suggestions")
        self._suggestion.pressed.connect(self.suggestions_wanted)
        part = QWidget(self._stack)
        layout = QVBoxLayout(part)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.ROW_GAP)
        layout.addLayout(heading)
        layout.addWidget(self._hint)
        layout.addWidget(self._actions)
        layout.addWidget(self.groups, 1)
        layout.addWidget(self._suggestion)
        return part

    def _action(self, what: str, text: str, tip: str) -> QPushButton:
        button = text_button(f"all_{what}", text)
        button.setAccessibleDescription(tip)
        button.setToolTip(tip)
        button.setProperty("role", "action")
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.clicked.connect(self._asked)
        return button

    def _asked(self) -> None:
        self.asked_of_all.emit(self.sender().objectName().removeprefix("all_"))

    def _fit(self) -> None:
        self.setFixedWidth((WIDTH + theme.pixels(WIDTH)) // 2)
        self._fit_learn()

    def _fit_learn(self) -> None:
        """In few words where there is no room for more beside the title."""
        margins = self.body.contentsMargins()
        room = self.width() - margins.left() - margins.right() - self._title.sizeHint().width() - theme.ROW_GAP
        self._learn.setText(self._learn.accessibleName())
        if self._learn.sizeHint().width() > room:
            self._learn.setText(self.tr("Learn with names"))
