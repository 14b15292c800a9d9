"""The right side of the Learn page: how it goes in words and numbers, what to know of it, and what it changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtWidgets import QLabel, QScrollArea, QVBoxLayout, QWidget

from .. import theme, words
from ..widgets.card import Card, Facts, Note, label
from .learn_names_missing import NamesMissing
from .learning_facts import facts_of

_WIDTH = 286


class LearnSide(QWidget):
    """One column of cards, each shown only while it has something to say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.names_missing = NamesMissing()
        self._health = Note("health_note")
        self._facts = Facts()
        self._facts_card = Card("facts_card")
        self._facts_card.body.addWidget(self._facts)
        self._notes = _wrapped("", "quiet", "learning_notes")
        self._notes_card = Card("learning_notes_card")
        self._notes_card.body.addWidget(_wrapped(self.tr("Worth knowing"), "heading"))
        self._notes_card.body.addWidget(self._notes)
        self._changed = _wrapped("", "quiet", "what_learning_changed")
        self._changed_card = Card("what_learning_changed_card")
        self._changed_card.body.addWidget(_wrapped(self.tr("What learning changed"), "heading"))
        self._changed_card.body.addWidget(self._changed)
        self._about = _wrapped("", "quiet", "about_learning")
        self._about_card = Card("about_learning_card")
        self._about_card.body.addWidget(_wrapped(self.tr("What learning does"), "heading"))
        self._about_card.body.addWidget(self._about)
        cards = QWidget()
        column = QVBoxLayout(cards)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.CARD_GAP)
        shown_first = (self.names_missing, self._health, self._facts_card, self._notes_card)
        for part in (*shown_first, self._about_card, self._changed_card):
            column.addWidget(part)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setObjectName("learn_side_scroll")
        scroll.setAccessibleName(self.tr("What is known of this learning"))
        scroll.setWidgetResizable(True)
        scroll.setWidget(cards)
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(scroll)
        theme.changed.connect(self._fit)
        self._fit()

    def say_health(self, text: str, role: str) -> None:
        if self._health.text() != text:
            self._health.say(text, role)
        self._health.setVisible(bool(text))

    def show_facts(self, metrics: Mapping[str, Any] | None, paused: bool) -> None:
        """The numbers of a training, None where nothing is being learned; paused: it has saved, and waits."""
        if metrics is not None:
            self._facts.show_facts(facts_of(metrics, paused))
        self._facts_card.setVisible(metrics is not None)

    def show_notes(self, notes: Sequence[str]) -> None:
        self._notes.setText("\n\n".join(words.without_flags(note) for note in notes))
        self._notes_card.setVisible(bool(notes))

    def say_about(self, changed: str, *, with_names: bool, anew: bool, neighbours: bool) -> None:
        """What learning changed, "" where that is not known, and what it does where there is not more to say.

        anew: it is about to learn with names, so that what it does then is told in any case. neighbours: whether a
        photo learns from those most like it too.
        """
        self._changed.setText(changed)
        self._changed_card.setVisible(bool(changed))
        self._about_card.setVisible(anew or (not changed and self._notes_card.isHidden()))
        learns = self.tr(
            "It looks at each photo and at those most like it, cropped and tinted by chance, and learns what they "
            "share. No names are needed."
        )
        if not neighbours:
            learns = self.tr(
                "It looks at each photo twice, cropped and tinted by chance, and learns what both views share. No "
                "names are needed."
            )
        if with_names:
            learns = self.tr(
                "Photos with the same name learn to be alike, and so do the five most like each of them. All others "
                "learn from those most like them, cropped and tinted by chance. A photo with several names teaches "
                "none. Name some of every kind: kinds without a name may suffer."
            )
        stays = self.tr("The photos stay on this computer, and the instant map stays as it is.")
        self._about.setText(f"{learns} {stays}")

    def _fit(self) -> None:
        self.setFixedWidth((_WIDTH + theme.pixels(_WIDTH)) // 2)


def _wrapped(text: str, role: str, object_name: str = "") -> QLabel:
    made = label(text, role)
    made.setObjectName(object_name)
    made.setWordWrap(True)
    return made
