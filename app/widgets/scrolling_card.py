"""A card whose contents scroll where the window is too low for them, as with large text."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from .card import Card


class ScrollingCard(Card):
    """Put things into `body`, as into any card; into `foot` what is to be in sight however far that is scrolled."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(object_name, parent)
        frame, contents = self.body, QWidget()
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # whoever moves through the boxes scrolls along
        area.setWidgetResizable(True)
        area.setWidget(contents)
        self.body, self.foot = QVBoxLayout(contents), QVBoxLayout()
        margins = frame.contentsMargins()
        self.body.setContentsMargins(margins.left(), margins.top(), margins.right(), 0)
        self.body.setSpacing(frame.spacing())
        self.foot.setContentsMargins(margins.left(), 0, margins.right(), 0)
        frame.setContentsMargins(1, 1, 1, margins.bottom())
        frame.addWidget(area)
        frame.addLayout(self.foot)
