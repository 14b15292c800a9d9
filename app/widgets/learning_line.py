"""The line above the map: what a learning changed and, where there are several, which of them it was."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from .. import theme
from .buttons import text_button
from .card import label


class LearningLine(QWidget):
    """A button that opens a menu of the learnings, and a sentence; in sight while one of them has something to say."""

    chosen = Signal(str)
    """The name of the learning to see, as it was given to `show_learnings`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._menu = QMenu(self)
        self._group = QActionGroup(self)
        self._group.triggered.connect(self._triggered)
        self._which = text_button("which_learning", "", "action")
        self._which.setMenu(self._menu)
        self._summary = label("", "small")
        self._summary.setObjectName("learning_summary")
        self._summary.setWordWrap(True)
        self._summary.hide()  # else the line would be in sight for a moment, as a window of its own
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.ROW_GAP)
        row.addWidget(self._which, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._summary, 1)
        self.show_learnings([], "", is_open=False)
        self.say("")

    def show_learnings(self, learnings: Sequence[tuple[str, str]], told_of: str, *, is_open: bool) -> None:
        """Offer learnings, each by its name and its title, none where there is no choice.

        told_of: the name of the one that the sentence is about; is_open: whether its map is the one that is seen.
        """
        if [(action.data(), action.text()) for action in self._menu.actions()] != list(learnings):
            self._offer(learnings)  # else it stays as it is, since it may be open
        for action in self._menu.actions():
            action.setChecked(is_open and action.data() == told_of)
        text = self.tr("Learned {0}").format(dict(learnings).get(told_of, ""))
        self._which.setText(f"{text} ▾")
        self._which.setAccessibleName(text)
        self._which.setVisible(bool(learnings))
        self._fit()

    def say(self, sentence: str) -> None:
        """What the learning changed, "" where that is not known."""
        self._summary.setText(sentence)
        self._summary.setVisible(bool(sentence))
        self._fit()

    def _offer(self, learnings: Sequence[tuple[str, str]]) -> None:
        for action in self._group.actions():
            self._group.removeAction(action)
            action.deleteLater()
        self._menu.clear()
        for name, title in learnings:
            action = QAction(title, self._menu)
            action.setObjectName(f"learning_{name}")
            action.setData(name)
            action.setCheckable(True)
            self._group.addAction(action)
            self._menu.addAction(action)

    def _fit(self) -> None:
        self.setVisible(not self._which.isHidden() or not self._summary.isHidden())

    def _triggered(self, action: QAction) -> None:
        self.chosen.emit(str(action.data()))
