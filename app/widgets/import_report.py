"""What became of a table whose data was taken into the project, in sentences, and all of it as a table to save."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from prismh_engine.errors import PrismhError

from .. import theme
from .buttons import text_button
from .card import Note, label
from .file_dialogs import choose_new_file

if TYPE_CHECKING:
    from prismh_engine.core.import_metadata import ImportReport

WIDTH, HEIGHT = 560, 380


class ImportReportDialog(QDialog):
    """Stays beside the window until it is closed; nothing waits for it."""

    def __init__(self, report: ImportReport, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("import_report")
        self.setWindowTitle(self.tr("Data from a table"))
        self._report = report
        inside = QWidget()
        lines = QVBoxLayout(inside)
        lines.setContentsMargins(0, 0, theme.ROW_GAP, 0)
        lines.setSpacing(theme.ROW_GAP)
        for place, sentence in enumerate(report.sentences()):
            line = label(sentence, "" if place < 2 else "why")
            line.setWordWrap(True)
            line.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            lines.addWidget(line)
        lines.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        self._said = Note("import_report_saved")
        self._said.hide()
        save = text_button("save_import_report", self.tr("Save what became of each row…"))
        save.clicked.connect(self._save)
        close = text_button("close_import_report", self.tr("Close"))
        close.setDefault(True)
        close.clicked.connect(self.accept)
        foot = QHBoxLayout()
        foot.addWidget(save)
        foot.addStretch(1)
        foot.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.PAGE_MARGIN, 20, theme.PAGE_MARGIN, 20)
        layout.setSpacing(theme.CARD_GAP)
        layout.addWidget(label(self.tr("Data from a table"), "title"))
        layout.addWidget(scroll, 1)
        layout.addWidget(self._said)
        layout.addLayout(foot)
        self.resize(theme.pixels(WIDTH), theme.pixels(HEIGHT))

    def _save(self) -> None:
        from prismh_engine.core.import_metadata import write_report

        proposal = self._report.table.with_name(f"{self._report.table.stem} report.csv")
        file = choose_new_file(self, self.tr("Save what became of each row"), proposal, self.tr("Tables (*.csv)"))
        if file is None:
            return
        try:
            write_report(file, self._report)
        except PrismhError as error:
            self._said.say(str(error), "warning")
        else:
            self._said.say(self.tr("Saved in {0}").format(file))
        self._said.show()
