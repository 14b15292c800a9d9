"""What is selected on the map: its name, how well separated it is, its photos."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from .. import theme
from ..session import Session
from .naming import Naming
from .photo_grid import PhotoGrid
from .separation import Separation

if TYPE_CHECKING:
    from prismh_engine.project import Photo

_TILE = 88


class SelectionPanel(QWidget):
    """Shows a group or a free selection; tells when a name was given and when the user is done with it."""

    named = Signal(str)
    closed = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._back = QPushButton(self.tr("‹ All groups"))
        self._back.setObjectName("all_groups_button")
        self._back.setAccessibleName(self.tr("All groups"))
        self._back.setProperty("role", "link")
        self._back.clicked.connect(self.closed)
        self._naming = Naming()
        self._naming.named.connect(self.named)
        self._separation = Separation()
        self._names = QLabel()
        self._names.setObjectName("selection_names")
        self._names.setProperty("role", "small")
        self._names.setTextFormat(Qt.TextFormat.PlainText)
        self._names.setWordWrap(True)
        self.grid = PhotoGrid(session, tile=_TILE)
        self.grid.setObjectName("selection_grid")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.ROW_GAP)
        layout.addWidget(self._back, 0, Qt.AlignmentFlag.AlignLeft)
        for widget in (self._naming, self._separation, self._names):
            layout.addWidget(widget)
        layout.addWidget(self.grid, 1)

    def show_group(
        self, title: str, photos: Sequence[Photo], colour: QColor, separation: float | None, *, named: bool
    ) -> None:
        """Show a whole group. separation: 0 to 1, None where it is unknown."""
        self._naming.show_selection(title, len(photos), colour, named=named)
        self._separation.setVisible(separation is not None)
        if separation is not None:
            self._separation.show_share(separation, colour)
        self._show(photos, [])

    def show_photos(self, photos: Sequence[Photo], names: Sequence[str]) -> None:
        """Show a free selection and the names its photos carry."""
        self._naming.show_selection(self.tr("Selection"), len(photos), None, named=False)
        self._separation.hide()
        self._show(photos, names)

    def offer_names(self, names: Sequence[str]) -> None:
        """Names to complete while typing."""
        self._naming.offer(names)

    def begin_naming(self) -> None:
        self._naming.begin()

    def focus_back(self) -> None:
        """Put the keyboard where the space bar leads to the other groups."""
        self._back.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show(self, photos: Sequence[Photo], names: Sequence[str]) -> None:
        self._names.setText(self.tr("Names: {names}").format(names=", ".join(names)))
        self._names.setVisible(bool(names))
        self.grid.set_photos(photos)
