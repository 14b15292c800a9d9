"""Export: one CSV with a row for each photo, shown before it is saved."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from PySide6.QtCore import QAbstractTableModel, QCoreApplication, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QProgressBar,
    QPushButton,
    QTableView,
    QWidget,
)  # fmt: skip

from prismh_engine.jobs import Job, Progress, StopToken
from prismh_engine.project import Project

from .. import theme, words
from ..jobs import RunningJob
from ..session import Session
from ..widgets.card import Card, Facts, Note, label
from ..widgets.chip import Chip, ChipRow
from ..widgets.file_dialogs import choose_new_file
from .page import Page

COLUMNS_WIDTH = 250
PREVIEW_ROWS, ROW_HEIGHT, WIDEST_COLUMN = 20, 31, 300
KILOMETRE_DECIMALS = 2

# What a row of the CSV takes, for the estimate: path, date, place, group, map; and a feature in its shortest form.
_BYTES_A_ROW, _BYTES_A_FEATURE = 110, 12.3

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Preview:
    """The first rows as they will stand in the file. photos: how many rows there will be; dimension: of a feature."""

    header: list[str]
    rows: list[list[str]]
    photos: int
    dimension: int


def _tr(text: str) -> str:
    """`tr` for what is said before the page is made."""
    return QCoreApplication.translate("ExportPage", text)


class ExportPage(Page):
    """The last step of the road."""

    def __init__(self, session: Session) -> None:
        super().__init__(
            session,
            _tr("Export"),
            _tr("One row for each photo. Opens in Excel, LibreOffice, R, pandas and QGIS."),
        )
        self.setObjectName("export_page")
        self._preview: Preview | None = None
        self._reading: RunningJob | None = None
        self._read_again = False
        self._writing: RunningJob | None = None
        self._save = self.add_action(self.tr("Save as…"), "save_as", main=True)
        self._save.clicked.connect(self._choose_file)
        self._formats = ChipRow([Chip("csv", self.tr("CSV"))])
        self._formats.setObjectName("format_chips")
        self._said = Note("export_said")
        self._said.hide()
        self._progress = QProgressBar()
        self._progress.setObjectName("export_progress")
        self._progress.setAccessibleName(self.tr("Saving"))
        self._progress.setTextVisible(False)
        self._progress.hide()
        self._stop = QPushButton(self.tr("Stop"))
        self._stop.setObjectName("export_stop")
        self._stop.setAccessibleName(self.tr("Stop saving"))
        self._stop.setProperty("role", "small")
        self._stop.hide()
        self._stop.clicked.connect(self._stop_writing)
        content = QHBoxLayout()
        content.setSpacing(theme.CARD_GAP)
        self._columns = self._column_card()
        content.addWidget(self._columns)
        content.addWidget(self._table_card(), 1)
        saving = QHBoxLayout()
        saving.addWidget(self._progress, 1)
        saving.addWidget(self._stop)
        self.body.addWidget(self._formats)
        self.body.addLayout(content, 1)
        self.body.addLayout(saving)
        self.body.addWidget(self._said)
        theme.changed.connect(self._fit)
        self._fit()
        session.project_changed.connect(self._project_changed)
        session.project_closing.connect(self._project_closing)
        for changed in (session.names_changed, session.map_changed, session.photos_changed):
            changed.connect(self._read_if_visible)

    def _fit(self) -> None:
        self._columns.setFixedWidth(theme.pixels(COLUMNS_WIDTH))
        self._view.verticalHeader().setDefaultSectionSize(theme.pixels(ROW_HEIGHT))

    def shown(self) -> None:
        self._read()

    def loaded(self) -> bool:
        return self._reading is None

    # ---- what is on the page

    def _column_card(self) -> Card:
        card = Card("columns_card")
        self._warning = Note("location_warning")
        self._warning.say(
            self.tr("Positions can show where people live. Round them or leave them out before you share the file."),
            "warning",
        )
        self._facts = Facts()
        self._location = self._box("with_location", self.tr("Latitude, longitude"))
        self._rounded = self._box("rounded_location", self.tr("rounded to about 1 km"), checked=False)
        self._features = self._box("with_features", self.tr("Features"))
        always = label(self.tr("Always: file, time taken, group and its name, labels, position on the map."), "small")
        always.setWordWrap(True)
        inset = QHBoxLayout()
        inset.setContentsMargins(22, 0, 0, 0)
        inset.addWidget(self._rounded)
        card.body.addWidget(label(self.tr("Columns"), "heading"))
        card.body.addWidget(self._location)
        card.body.addLayout(inset)
        card.body.addWidget(self._features)
        card.body.addWidget(always)
        card.body.addSpacing(6)
        card.body.addWidget(self._facts)
        card.body.addStretch(1)
        card.body.addWidget(self._warning)
        return card

    def _table_card(self) -> Card:
        card = Card("preview_card")
        card.body.setContentsMargins(1, 1, 1, 1)
        self._table = _TableModel(self)
        self._view = view = QTableView()
        view.setObjectName("export_preview")
        view.setAccessibleName(self.tr("The first rows of the file"))
        view.setModel(self._table)
        view.setShowGrid(False)
        view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setWordWrap(False)
        view.verticalHeader().hide()
        view.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        view.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        view.horizontalHeader().setMaximumSectionSize(theme.pixels(WIDEST_COLUMN))
        view.horizontalHeader().setHighlightSections(False)
        view.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        card.body.addWidget(view)
        return card

    def _box(self, object_name: str, text: str, *, checked: bool = True) -> QCheckBox:
        box = QCheckBox(text)
        box.setObjectName(object_name)
        box.setAccessibleName(text)
        box.setChecked(checked)
        box.toggled.connect(self._show_preview)
        return box

    # ---- the preview

    def _project_closing(self) -> None:
        self._reading, self._read_again, self._writing = None, False, None

    def _project_changed(self) -> None:
        self._preview = None
        self._said.hide()
        self._progress.hide()
        self._stop.hide()
        self._show_preview()
        self._read_if_visible()

    def _read_if_visible(self) -> None:
        if self.isVisible():
            self._read()

    def _read(self) -> None:
        if self.session.project is None:
            return
        if self._reading is not None:
            self._read_again = True
            return
        self._reading = self.session.run_beside(_preview(self.session.project), StopToken())
        self._reading.finished.connect(self._preview_read)
        self._reading.failed.connect(self._reading_ended)
        self._reading.stopped.connect(self._reading_ended)

    def _preview_read(self, preview: Preview) -> None:
        self._preview = preview
        self._reading_ended()
        self._show_preview()

    def _reading_ended(self, sentence: str = "") -> None:
        self._reading = None
        if sentence:
            self.session.failed.emit(sentence)
        if self._read_again:
            self._read_again = False
            self._read()

    def _show_preview(self) -> None:
        preview = self._preview
        self._rounded.setEnabled(self._location.isChecked())
        self._warning.setVisible(self._location.isChecked() and not self._rounded.isChecked())
        self._save.setEnabled(preview is not None and preview.photos > 0 and self._writing is None)
        if preview is None:
            self._table.show_rows([], [])
            self._facts.show_facts([])
            return
        self._features.setEnabled(preview.dimension > 0)
        features = self.tr("{0} features").format(words.number(preview.dimension))
        self._features.setText(features if preview.dimension else self.tr("Features (none yet)"))
        self._table.show_rows(*self._chosen_columns(preview))
        dimension = preview.dimension if self._features.isChecked() else 0
        bytes_ = preview.photos * (_BYTES_A_ROW + _BYTES_A_FEATURE * dimension)
        self._facts.show_facts(
            [
                (self.tr("Photos"), self.tr("{0} used").format(words.number(preview.photos))),
                (self.tr("Size"), self.tr("about {0}").format(words.size(bytes_))),
            ]
        )

    def _chosen_columns(self, preview: Preview) -> tuple[list[str], list[list[str]]]:
        """The preview as the boxes say; positions stay as empty columns, as in the file."""
        keep = [i for i, name in enumerate(preview.header) if self._features.isChecked() or not _is_feature(name)]
        places = {i for i, name in enumerate(preview.header) if name in ("latitude", "longitude")}
        rows = [[self._place(row[i]) if i in places else row[i] for i in keep] for row in preview.rows]
        return [preview.header[i] for i in keep], rows

    def _place(self, value: str) -> str:
        if not value or not self._location.isChecked():
            return ""
        return str(round(float(value), KILOMETRE_DECIMALS)) if self._rounded.isChecked() else value

    # ---- saving

    def _choose_file(self) -> None:
        project = self.session.project
        if project is None:
            return
        name = re.sub(r'[\\/:*?"<>|\x00-\x1f]+', "_", project.name).strip(". ") or "photos"
        documents = Path(platformdirs.user_documents_dir())
        proposal = (documents if documents.is_dir() else Path.home()) / f"{name}.csv"
        file = choose_new_file(self, self.tr("Save the table as"), proposal, self.tr("Tables (*.csv)"))
        if file is not None:
            self.save(file if file.suffix.lower() == ".csv" else file.with_name(f"{file.name}.csv"))

    def save(self, file: Path) -> None:
        """Write the CSV with the chosen columns, beside whatever else is running."""
        if self.session.project is None or self._writing is not None:
            return
        stop = StopToken()
        decimals = KILOMETRE_DECIMALS if self._rounded.isChecked() else None
        job = _export(
            self.session.project, file, self._features.isChecked(), self._location.isChecked(), decimals, stop
        )
        self._writing = self.session.run_beside(job, stop)
        self._writing.progressed.connect(self._write_progressed)
        self._writing.finished.connect(self._written)
        self._writing.failed.connect(self._write_failed)
        self._writing.stopped.connect(self._write_stopped)
        self._said.hide()
        self._progress.setValue(0)
        self._progress.show()
        self._stop.show()
        self._save.setEnabled(False)

    def _stop_writing(self) -> None:
        if self._writing is not None:
            self._writing.stop()

    def _write_progressed(self, progress: Progress) -> None:
        if progress.total:
            self._progress.setRange(0, progress.total)
            self._progress.setValue(progress.done)

    def _written(self, file: Path) -> None:
        size = words.size(file.stat().st_size) if file.exists() else ""
        self._write_ended(self.tr("Saved: {0} ({1})").format(file, size), "note")
        self.session.exported()

    def _write_failed(self, sentence: str) -> None:
        self._write_ended(sentence, "warning")

    def _write_stopped(self) -> None:
        self._write_ended(self.tr("Stopped. Nothing was saved."), "warning")

    def _write_ended(self, sentence: str, role: str) -> None:
        self._writing = None
        self._progress.hide()
        self._stop.hide()
        self._said.say(sentence, role)
        self._said.show()
        self._show_preview()


class _TableModel(QAbstractTableModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._header: Sequence[str] = ()
        self._rows: Sequence[Sequence[str]] = ()

    def show_rows(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self.beginResetModel()
        self._header, self._rows = header, rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._header)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.DisplayRole:
            return " ".join(self._rows[index.row()][index.column()].split())
        if role == Qt.ItemDataRole.TextAlignmentRole and _is_number(self._header[index.column()]):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._header[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and _is_number(self._header[section]):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None


def _is_feature(column: str) -> bool:
    return column.startswith("feature_")


def _is_number(column: str) -> bool:
    return column in ("latitude", "longitude", "cluster", "x", "y") or _is_feature(column)


# Imported in the thread that runs them, since they bring what the first frame does not need.


def _preview(project: Project) -> Job[Preview]:
    from prismh_engine.core.export_features import preview_project

    yield Progress("Reading the first rows", 0, None)
    found = preview_project(project, PREVIEW_ROWS, project.shown_features)
    kept = [i for i, name in enumerate(found.header) if name not in ("brightness", "contrast", "sharpness", "camera")]
    rows = [[row[i] for i in kept] for row in found.rows]
    return Preview([found.header[i] for i in kept], rows, found.photos, found.dimension)


def _export(
    project: Project, file: Path, with_features: bool, with_location: bool, decimals: int | None, stop: StopToken
) -> Job[Path]:
    from prismh_engine.core.export_features import export_project

    yield from export_project(
        project,
        file,
        features=project.shown_features,
        with_features=with_features,
        with_location=with_location,
        location_decimals=decimals,
        stop=stop,
    )
    return file
