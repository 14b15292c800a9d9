"""The line below a page that says what happened and offers what to do: never a box that has to be clicked away."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from .. import theme
from .buttons import text_button
from .card import label, set_role

Action = tuple[str, str, Callable[[], None]]


class Notice(QWidget):
    """One sentence, up to two actions (text, objectName, call) and a cross. Hidden while there is nothing to say.

    It belongs below what it is about: a line that comes above would move buttons from under the pointer that is about
    to press them again.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self._box = QFrame()
        self._text: QLabel = label("", "")
        self._text.setObjectName("notice_text")
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._close = QPushButton()
        self._close.setObjectName("notice_close")
        self._close.setAccessibleName(self.tr("Dismiss"))
        self._close.setToolTip(self.tr("Dismiss"))
        self._close.setProperty("role", "link")
        self._close.setIconSize(QSize(14, 14))
        self._close.clicked.connect(self.dismiss)
        self._buttons: list[QPushButton] = []
        around = QVBoxLayout(self)
        around.setContentsMargins(theme.PAGE_MARGIN, 0, theme.PAGE_MARGIN, 12)
        around.addWidget(self._box)
        self._layout = QHBoxLayout(self._box)
        self._layout.setContentsMargins(14, 6, 8, 6)
        self._layout.setSpacing(theme.ROW_GAP)
        self._layout.addWidget(self._text, 1)
        self._layout.addWidget(self._close)
        theme.changed.connect(self._theme_changed)
        self._theme_changed()
        self._of_page = False
        self.hide()

    def say_of_page(self, sentence: str, *actions: Action) -> None:
        """Say what is gone again when `leave` is called. Not by itself after a while: that would move the page under
        the pointer of who is about to click.
        """
        self.say(sentence, *actions)
        self._of_page = True

    def leave(self) -> None:
        """Another page is shown: what was said of the one before is not about it."""
        if self._of_page:
            self.dismiss()

    def say(self, sentence: str, *actions: Action, role: str = "note") -> None:
        self.dismiss()
        self._text.setText(sentence)
        self.setAccessibleName(sentence)
        set_role(self._box, role)
        set_role(self._text, "")
        for text, object_name, call in actions:
            button = text_button(object_name, text, "small")
            button.clicked.connect(self.dismiss)
            button.clicked.connect(call)
            self._layout.insertWidget(self._layout.count() - 1, button)
            self._buttons.append(button)
        for before, after in pairwise([self._close, *self._buttons, self._close]):  # Tab goes from left to right
            QWidget.setTabOrder(before, after)
        self.show()

    def text(self) -> str:
        return self._text.text() if self.isVisibleTo(self.parentWidget()) else ""

    def dismiss(self) -> None:
        self._of_page = False
        for button in self._buttons:
            button.hide()
            button.deleteLater()
        self._buttons.clear()
        self.hide()

    def _theme_changed(self) -> None:
        self._close.setIcon(theme.icon("close"))
