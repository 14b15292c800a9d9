"""What every page shares: title, one sentence of why, actions at the right, and a body."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from .. import theme
from ..session import Session
from ..widgets.buttons import text_button

WHY_WIDTH = 660


class Page(QWidget):
    """A page of the road.

    A subclass fills `body` and puts its buttons into `actions`, the main one last. Name it in `objectName`.
    """

    go_to = Signal(str)
    """Ask for another page: "start", "photos", "explore", "export" or "training"."""

    def __init__(self, session: Session, title: str, why: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.setAccessibleName(title)
        self.title = QLabel(title)
        self.title.setProperty("role", "title")
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.why = QLabel(why)
        self.why.setProperty("role", "why")
        self.why.setTextFormat(Qt.TextFormat.PlainText)
        self.why.setWordWrap(True)
        self.why.setMaximumWidth(WHY_WIDTH)
        self.why.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.actions = QHBoxLayout()
        self.actions.setSpacing(theme.ROW_GAP)
        self.body = QVBoxLayout()
        self.body.setSpacing(theme.CARD_GAP)

        first = QHBoxLayout()
        first.setSpacing(theme.PAGE_MARGIN)
        first.addWidget(self.title, 1)
        first.addLayout(self.actions)
        # The sentence has a line of its own: long buttons and large text leave no room for it beside them, and where it
        # breaks must not hang on what a button is called at the moment.
        header = QVBoxLayout()
        header.setSpacing(2)
        header.addLayout(first)
        below = QHBoxLayout()  # which, other than the column, breaks its lines for the width it gets
        below.addWidget(self.why, 1)
        below.addStretch()
        header.addLayout(below)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.PAGE_MARGIN, 20, theme.PAGE_MARGIN, 20)
        whole.setSpacing(theme.CARD_GAP)
        whole.addLayout(header)
        whole.addLayout(self.body, 1)

    def add_action(self, text: str, object_name: str, *, main: bool = False) -> QPushButton:
        """Add a button at the right of the header; `main` is the one filled button of the page."""
        button = text_button(object_name, text, "main" if main else "")
        self.actions.addWidget(button)
        return button

    def shown(self) -> None:
        """Called each time the page comes on screen."""

    def loaded(self) -> bool:
        """Whether everything the page shows now is there; the screenshot waits for it."""
        return True
