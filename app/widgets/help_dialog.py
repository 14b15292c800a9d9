"""The help, read from `resources/help`: one page beside the window, with headings that a screen reader can jump to."""

from __future__ import annotations

import html

from PySide6.QtWidgets import QDialog, QTextBrowser, QVBoxLayout, QWidget

from prismh_engine.version import __version__

from .. import theme
from .card import label

_BETWEEN = "   "
"""What stands between a key and what it does."""


class HelpDialog(QDialog):
    """Stays open while the window is used."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("help_dialog")
        self.setWindowTitle(self.tr("Help"))
        text = QTextBrowser()
        text.setObjectName("help_text")
        text.setAccessibleName(self.tr("Help"))
        text.setHtml(_as_html((theme.resource_folder() / "help" / "help.txt").read_text(encoding="utf-8")))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.PAGE_MARGIN, 20, theme.PAGE_MARGIN, 20)
        layout.setSpacing(theme.CARD_GAP)
        layout.addWidget(label(self.tr("Help"), "title"))
        layout.addWidget(text)
        layout.addWidget(label(f"Prism-H {__version__}", "small"))
        self.resize(theme.pixels(640), theme.pixels(560))


def _as_html(text: str) -> str:
    """Sections are parted by empty lines; the first line of each is its heading, a line with a key a row of a table."""
    return "".join(_section(*section.split("\n")) for section in text.strip().split("\n\n"))


def _section(heading: str, *lines: str) -> str:
    rows = [_row(*line.split(_BETWEEN, 1)) for line in lines if _BETWEEN in line]
    table = f"<table cellspacing=0 cellpadding=3>{''.join(rows)}</table>" if rows else ""
    paragraphs = [f"<p>{html.escape(line)}</p>" for line in lines if _BETWEEN not in line]
    return f"<h3>{html.escape(heading)}</h3>{''.join(paragraphs)}{table}"


def _row(key: str, what: str) -> str:
    return f"<tr><td width='34%'><b>{html.escape(key)}</b></td><td>{html.escape(what.strip())}</td></tr>"
