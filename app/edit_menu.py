"""The menu Edit: what was decided about photos and groups is undone and done again, in one order for all pages."""

from __future__ import annotations

from PySide6.QtWidgets import QMenu, QWidget

from .decisions import Decisions
from .menu_entry import add_entry
from .widgets.notice import Action, Notice


class EditMenu(QMenu):
    """notice: where undoing is told of."""

    def __init__(self, decisions: Decisions, notice: Notice, parent: QWidget) -> None:
        super().__init__(parent)
        self.setTitle(self.tr("&Edit"))
        self._decisions, self._notice = decisions, notice
        self._told = ""
        self._steps_when_told = ("", "")
        self._undo = add_entry(self, "undo", self.tr("&Undo"), decisions.undo, "Ctrl+Z")
        self._redo = add_entry(self, "redo", self.tr("Do a&gain"), decisions.redo, "Ctrl+Shift+Z")
        decisions.steps_changed.connect(self._say_steps)
        decisions.told.connect(self._say_done)
        decisions.undone.connect(self._say_undone)
        decisions.redone.connect(self._say_redone)
        self._say_steps()

    def _say_steps(self) -> None:
        undo, redo = _escaped(self._decisions.undo_text), _escaped(self._decisions.redo_text)
        self._undo.setText(self.tr("&Undo: {0}").format(undo) if undo else self.tr("&Undo"))
        self._redo.setText(self.tr("Do a&gain: {0}").format(redo) if redo else self.tr("Do a&gain"))
        self._undo.setEnabled(bool(undo))
        self._redo.setEnabled(bool(redo))
        if self._told and self._steps_when_told != (self._decisions.undo_text, self._decisions.redo_text):
            self._take_back_what_was_told()

    def _say_done(self, text: str) -> None:
        self._say(text, self._undoing())

    def _say_undone(self, text: str) -> None:
        again = (self.tr("Do it again"), "redo_it", self._decisions.redo)
        self._say(self.tr("Undone: {0}").format(text), again)

    def _say_redone(self, text: str) -> None:
        self._say(self.tr("Done again: {0}").format(text), self._undoing())

    def _undoing(self) -> Action:
        return self.tr("Undo"), "undo_it", self._decisions.undo

    def _say(self, sentence: str, action: Action) -> None:
        self._notice.say_of_page(sentence, action)
        self._told = sentence
        self._steps_when_told = (self._decisions.undo_text, self._decisions.redo_text)

    def _take_back_what_was_told(self) -> None:
        """What the notice offers would do something else by now, or nothing."""
        if self._notice.text() == self._told:
            self._notice.dismiss()
        self._told = ""


def _escaped(text: str) -> str:
    """A text from a person in a menu, where & marks a key."""
    return text.replace("&", "&&")
