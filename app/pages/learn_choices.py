"""The choices of the Learn page: plain ones with their times on this computer, and what a person changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QWidget

from prismh_engine.errors import PrismhError
from prismh_engine.models.simclr.settings import NAMES_PRESET, PRESETS, TrainSettings
from prismh_engine.settings import resolve

from .. import theme, words
from ..teachers import PHOTOS_THAT_TEACH_WELL, Teachers
from ..widgets.learn_choice import LearnChoice
from .learn_times import LearnTimes
from .starting_point import start_words

_FIRST_CHOICE = "quick"


class LearnChoices(QWidget):
    """A row of cards of which one is chosen, and one that opens the Advanced settings."""

    chosen = Signal()
    names_missing = Signal()
    """To learn with names was asked for, and there are too few of them yet."""
    advanced_toggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choices = {
            "quick": LearnChoice("choice_quick", self.tr("Quick"), self.tr("A light touch, photos alone")),
            "standard": LearnChoice("choice_standard", self.tr("Standard"), self.tr("For photos unlike everyday ones")),
            "thorough": LearnChoice(
                "choice_thorough", self.tr("Thorough"), self.tr("The same, over lunch or overnight")
            ),
            NAMES_PRESET: LearnChoice("choice_names", self.tr("With my names"), ""),
        }
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.CARD_GAP)
        for choice in self._choices.values():
            self._group.addButton(choice)
            row.addWidget(choice, 1)
        self._choices[_FIRST_CHOICE].setChecked(True)
        self._group.buttonClicked.connect(self._clicked)
        self._names = self._choices[NAMES_PRESET]
        self._names_say = ""
        self.looks_at_neighbours = True
        """Whether a photo learns from those most like it too, by the settings that were told last."""
        self.offer_names(None)
        self._advanced = LearnChoice("choice_advanced", self.tr("Advanced"), "")
        self._advanced.toggled.connect(self.advanced_toggled)
        row.addWidget(self._advanced, 1)

    def choice(self) -> str:
        """The name of the chosen preset."""
        return next(name for name, choice in self._choices.items() if choice.isChecked())

    def choose(self, preset: str) -> None:
        """As a person does; nobody is told. What is no card leaves the choice as it is."""
        if preset in self._choices:
            self._choices[preset].allow_choosing(True)  # a run that goes on has its names
            self._choices[preset].setChecked(True)

    def offer_names(self, teachers: Teachers | None) -> None:
        """Tell what there is to learn from with names; None where that is not known yet. Without enough of them the
        choice falls back to the first.
        """
        enough = teachers is not None and teachers.enough
        if teachers is None:
            self._names_say = self.tr("From the names you give to photos")
        elif enough:
            self._names_say = self.tr("{photos} with {names} names").format(
                photos=words.photos(teachers.photos), names=words.number(teachers.names)
            )
            if teachers.photos < PHOTOS_THAT_TEACH_WELL * teachers.names:
                self._names_say += "; " + self.tr("better with {count} of each").format(count=PHOTOS_THAT_TEACH_WELL)
        elif teachers.photos:
            names = self.tr("1 name") if teachers.names == 1 else self.tr("{0} names").format(teachers.names)
            self._names_say = self.tr("{photos} with {names} so far; it takes two names, on five photos each").format(
                photos=words.photos(teachers.photos), names=names
            )
        else:
            self._names_say = self.tr("Name a few photos first: two names, on five photos each")
        fell_back = self._names.isChecked() and not enough
        self._names.allow_choosing(enough)
        if fell_back:
            self.choose(_FIRST_CHOICE)
            self.chosen.emit()

    def open_advanced(self, opened: bool) -> None:
        self._advanced.setChecked(opened)

    def allow(self, allowed: bool) -> None:
        """Whether anything can be chosen now."""
        for choice in (*self._choices.values(), self._advanced):
            choice.setEnabled(allowed)

    def say(
        self,
        times: LearnTimes,
        fixed: Mapping[str, Any],
        given: Mapping[str, Any],
        complaint: str,
        resumed: TrainSettings | None,
    ) -> None:
        """Tell how long each choice takes, and what the Advanced settings are.

        fixed: values decided by the page; given: those that differ from the preset's; complaint: what is wrong with
        them, "" where nothing is; resumed: the settings of a training that goes on, whatever is chosen for the next.
        """
        for name, choice in self._choices.items():
            time, is_known = self._time(times, name, given if choice.isChecked() else {}, complaint)
            choice.say(
                time if choice.isCheckable() else "",
                self.tr("on this computer") if is_known else "",
                self._names_say if choice is self._names else None,
            )
        try:
            settings = resumed or resolve(TrainSettings, {**fixed, **given}, environment={}).settings
        except PrismhError:
            self._advanced.say("", what_for=self.tr("a value cannot be used"))
            return
        self.looks_at_neighbours = settings.neighbour_share > 0
        changed = self.tr("\n{count} changed").format(count=len(given)) if given and resumed is None else ""
        numbers = [
            f"{settings.image_size} px", f"batch {settings.batch_size}", f"temperature {settings.temperature:g}",
        ]  # fmt: skip
        # A line breaks between two parts, and within what can be longer than one.
        parts = [start_words(settings), *(number.replace(" ", "\u00a0") for number in numbers)]
        self._advanced.say("", what_for="\u00a0· ".join(parts) + changed)

    def _clicked(self, card: QAbstractButton) -> None:
        (self.chosen if card.isCheckable() else self.names_missing).emit()

    def _time(self, times: LearnTimes, name: str, given: Mapping[str, Any], complaint: str) -> tuple[str, bool]:
        """How long a choice takes, in words, and whether that is known."""
        seconds = times.seconds(name)
        if given:
            other_length = set(given) == {"epochs"} and not complaint and seconds is not None
            if not other_length:
                return self.tr("with your changes: time shown as it learns"), False
            seconds = float(seconds or 0) * float(given["epochs"]) / PRESETS[name]["epochs"]
        if seconds is not None:
            return self.tr("about {time}").format(time=words.duration(seconds)), True
        return (self.tr("measuring the time…") if times.measuring else ""), False
