"""The help, read from `resources/help`: one page of plain text beside the window."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QPlainTextEdit, QVBoxLayout, QWidget

from prismh_engine.version import __version__

from .. import theme
from .card import label


class HelpDialog(QDialog):
    """Stays open while the window is used."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("help_dialog")
        self.setWindowTitle(self.tr("Help"))
        text = QPlainTextEdit()
        text.setObjectName("help_text")
        text.setAccessibleName(self.tr("Help"))
        text.setReadOnly(True)
        text.setPlainText((theme.resource_folder() / "help" / "help.txt").read_text(encoding="utf-8"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.PAGE_MARGIN, 20, theme.PAGE_MARGIN, 20)
        layout.setSpacing(theme.CARD_GAP)
        layout.addWidget(label(self.tr("Help"), "title"))
        layout.addWidget(text)
        layout.addWidget(label(f"Prism-H {__version__}", "small"))
        self.resize(theme.pixels(640), theme.pixels(560))
