"""The choices of the Learn page: three plain ones with their times on this computer, and what a person changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QWidget

from prismh_engine.errors import PrismhError
from prismh_engine.models.simclr.settings import PRESETS, TrainSettings
from prismh_engine.settings import resolve

from .. import theme, words
from ..widgets.learn_choice import LearnChoice
from .learn_times import LearnTimes
from .starting_point import start_words

_FIRST_CHOICE = "quick"


class LearnChoices(QWidget):
    """A row of cards of which one is chosen, and one that opens the Advanced settings."""

    chosen = Signal()
    advanced_toggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choices = {
            "quick": LearnChoice("choice_quick", self.tr("Quick"), self.tr("A light touch")),
            "standard": LearnChoice("choice_standard", self.tr("Standard"), self.tr("For a season of photos")),
            "thorough": LearnChoice("choice_thorough", self.tr("Thorough"), self.tr("Over lunch or overnight")),
        }
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.CARD_GAP)
        for choice in self._choices.values():
            self._group.addButton(choice)
            row.addWidget(choice, 3)
        self._choices[_FIRST_CHOICE].setChecked(True)
        self._group.buttonClicked.connect(self.chosen)
        self._advanced = LearnChoice("choice_advanced", self.tr("Advanced"), "")
        self._advanced.toggled.connect(self.advanced_toggled)
        row.addWidget(self._advanced, 2)

    def choice(self) -> str:
        """The name of the chosen preset."""
        return next(name for name, choice in self._choices.items() if choice.isChecked())

    def choose(self, preset: str) -> None:
        """As a person does; nobody is told."""
        self._choices[preset].setChecked(True)

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
            choice.say(self._time(times, name, given if choice.isChecked() else {}, complaint))
        try:
            settings = resumed or resolve(TrainSettings, {**fixed, **given}, environment={}).settings
        except PrismhError:
            self._advanced.say("", self.tr("a value cannot be used"))
            return
        changed = self.tr("\n{count} changed").format(count=len(given)) if given and resumed is None else ""
        parts = [
            start_words(settings), f"{settings.image_size} px", f"batch {settings.batch_size}",
            f"temperature {settings.temperature:g}",
        ]  # fmt: skip
        # A line breaks between two parts, not within one.
        self._advanced.say("", " · ".join(part.replace(" ", "\u00a0") for part in parts) + changed)

    def _time(self, times: LearnTimes, name: str, given: Mapping[str, Any], complaint: str) -> str:
        seconds = times.seconds(name)
        if given:
            other_length = set(given) == {"epochs"} and not complaint and seconds is not None
            if not other_length:
                return self.tr("with your changes: time shown as it learns")
            seconds = float(seconds or 0) * float(given["epochs"]) / PRESETS[name]["epochs"]
        if seconds is not None:
            return self.tr("about {time} on this computer").format(time=words.duration(seconds))
        return self.tr("measuring this computer …") if times.measuring else ""
