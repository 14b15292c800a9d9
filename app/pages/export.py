"""Export: a table with a row for each photo, or chosen photos in folders; both are shown before they are saved."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from prismh_engine.jobs import Job, Progress, StopToken
from prismh_engine.tables import cell

from .. import theme, words
from ..export_choices import FEATURES, FOLDERS, ExportChoices
from ..jobs import RunningJob
from ..session import Session
from ..widgets.card import Card, Note
from ..widgets.chip import Chip, ChipRow
from ..widgets.column_choice import ColumnChoice
from ..widgets.copy_choice import CopyChoice
from ..widgets.file_dialogs import choose_folder, choose_new_file
from ..widgets.name_table import NameTable
from ..widgets.preview_table import PreviewTable
from ..widgets.saving_line import SavingLine
from . import export_jobs
from .export_formats import estimated_bytes, formats
from .page import Page

if TYPE_CHECKING:
    from prismh_engine.core.copy_photos import CopyReport, NamedPhotos
    from prismh_engine.core.export_features import ExportPreview

    from .export_jobs import Readings

CHOICES_WIDTH = 250
TEXT_COLUMNS = ("file_path", "taken_at", "cluster_name", "label", "camera")
PLACES = ("latitude", "longitude")


def _tr(text: str) -> str:
    """`tr` for what is said before the page is made."""
    return QCoreApplication.translate("ExportPage", text)


class ExportPage(Page):
    """The last step of the road."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, _tr("Export"), "")
        self.setObjectName("export_page")
        self._choices = ExportChoices()
        self._begun = False  # whether the choices are those of this project
        self._table: ExportPreview | None = None
        self._is_learned: bool | None = None
        self._learning = ""
        self._placed = False
        self._names: list[NamedPhotos] | None = None
        self._reading: RunningJob | None = None
        self._read_again = False
        self._writing: RunningJob | None = None
        self._save = self.add_action(self.tr("Save as…"), "save_as", main=True)
        self._save.clicked.connect(self._choose_target)
        self._formats = formats()
        self._format_chips = ChipRow([Chip(one.key, one.chip) for one in self._formats.values()])
        self._format_chips.setObjectName("format_chips")
        self._format_chips.chosen.connect(self._format_chosen)
        self._columns = ColumnChoice()
        self._columns.changed.connect(self._columns_changed)
        self._copies = CopyChoice()
        self._copies.changed.connect(self._copies_changed)
        self._preview = PreviewTable("export_preview")
        self._preview.setAccessibleName(self.tr("The first rows of the file"))
        self._to_copy = NameTable()
        self._to_copy.changed.connect(self._copies_changed)
        self._copies.all_wanted.connect(self._to_copy.tick_all)
        self._left, self._right = QStackedWidget(), QStackedWidget()
        for choices, content in (
            (self._columns, _framed("preview_card", self._preview)),
            (self._copies, _framed("names_card", self._to_copy)),
        ):
            self._left.addWidget(choices)
            self._right.addWidget(content)
        self._saving = SavingLine()
        self._saving.stop_wanted.connect(self._stop_writing)
        content = QHBoxLayout()
        content.setSpacing(theme.CARD_GAP)
        content.addWidget(self._left)
        content.addWidget(self._right, 1)
        self._nothing = Note("nothing_to_export")
        self._nothing.hide()
        self.body.addWidget(self._format_chips)
        self.body.addWidget(self._nothing)
        self.body.addLayout(content, 1)
        self.body.addWidget(self._saving)
        theme.changed.connect(self._fit)
        self._fit()
        self._show_choices()
        session.project_changed.connect(self._project_changed)
        session.project_closing.connect(self._project_closing)
        for changed in (session.names_changed, session.map_changed, session.photos_changed):
            changed.connect(self._read_if_visible)

    def _fit(self) -> None:
        self._left.setFixedWidth(theme.pixels(CHOICES_WIDTH))

    def shown(self) -> None:
        self._read()

    def loaded(self) -> bool:
        return self._reading is None

    # ---- what there is to export

    def _project_closing(self) -> None:
        self._reading, self._read_again, self._writing = None, False, None

    def _project_changed(self) -> None:
        self._choices, self._begun = ExportChoices(), False
        self._table, self._placed, self._names = None, False, None
        self._saving.clear()
        self._nothing.hide()
        self._show_choices()
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
        job = export_jobs.read(self.session.project, with_names=self._choices.format == FOLDERS)
        self._reading = self.session.run_beside(job, StopToken())
        self._reading.finished.connect(self._read_done)
        self._reading.failed.connect(self._reading_ended)
        self._reading.stopped.connect(self._reading_ended)

    def _read_done(self, found: Readings) -> None:
        self._table, self._is_learned, self._learning = found.table, found.is_learned, found.learning
        self._placed, self._names = found.placed, found.names
        self._show_whether_there_is_something(found)
        if not self._begun:
            self._choices, self._begun = found.choices, True
            self._read_again |= self._choices.format == FOLDERS and found.names is None
        if found.names is not None:
            self._to_copy.show_names(found.names, self._choices.not_copied)
        self._reading_ended()
        self._show_choices()

    def _show_whether_there_is_something(self, found: Readings) -> None:
        sentence = self.tr("There is nothing to export: no photo is used. Add a folder or take some back on Photos.")
        if found.missing:
            sentence = self.tr(
                "There is nothing to export: {0} are not where they were. Say on the Photos page where they are now, "
                "or bring back their disk and look for new photos."
            ).format(words.photos(found.missing))
        self._nothing.say(sentence, "warning")
        self._nothing.setVisible(not found.table.photos)

    def _reading_ended(self, sentence: str = "") -> None:
        self._reading = None
        if sentence:
            self.session.failed.emit(sentence)
        if self._read_again:
            self._read_again = False
            self._read()

    # ---- what is chosen

    def _format_chosen(self, chip: str) -> None:
        format_ = next(one.name for one in self._formats.values() if one.key == chip)
        self._choices = dataclasses.replace(self._choices, format=format_)
        self._show_choices()
        if format_ == FOLDERS and self._names is None:
            self._read()

    def _columns_changed(self) -> None:
        wanted = self._choices.with_wanted(self._columns.ticked())
        own = self._choices.own - self._columns.own() | self._columns.own_ticked()
        self._choices = dataclasses.replace(wanted, own=own, rounded=self._columns.rounded())
        self._show_table()

    def _copies_changed(self) -> None:
        wanted = {named.name for named in self._to_copy.ticked()}
        others = {named.name for named in self._names or ()} - wanted
        not_copied = self._choices.not_copied - wanted | others
        self._choices = dataclasses.replace(self._choices, not_copied=not_copied, place_in_copies=self._copies.place())
        self._show_copies()

    def _show_choices(self) -> None:
        folders = self._choices.format == FOLDERS
        chosen = self._formats[self._choices.format]
        self.why.setText(chosen.why)
        self._format_chips.show_choice(chosen.key)
        self._save.setText(self.tr("Copy to…") if folders else self.tr("Save as…"))
        self._save.setAccessibleName(self._save.text())
        for stack in (self._left, self._right):
            stack.setCurrentIndex(int(folders))
        self._columns.show_own([] if self._table is None else list(self._table.own))
        self._columns.show_choices(self._choices)
        nobody_named = bool(self._names) and not any(named.name for named in self._names or ())
        self._copies.show_place(self._choices.place_in_copies, self._placed, nobody_named)
        self._show_table()
        self._show_copies()

    def _show_table(self) -> None:
        table, choices = self._table, self._choices
        if choices.format == FOLDERS:
            return
        self._columns.show_table(choices.format, 0 if table is None else table.dimension, self._placed)
        self._save.setEnabled(table is not None and table.photos > 0 and self._writing is None)
        if table is None:
            self._preview.show_rows([], [], ())
            self._columns.show_facts([])
            return
        header, rows = self._chosen_columns(table)
        self._preview.show_rows(header, rows, self._text_columns(table))
        features = table.dimension if FEATURES in choices.wanted() else 0
        bytes_ = estimated_bytes(choices.format, table.photos, features, table.digits)
        facts = [(self.tr("Photos"), self.tr("{0} used").format(words.number(table.photos)))]
        if self._is_learned is not None:
            facts.append((self.tr("Map"), self.tr("learned") if self._is_learned else self.tr("instant")))
        if self._learning:
            facts.append((self.tr("Learning"), self._learning))
        facts.append((self.tr("Size"), self.tr("about {0}").format(words.size(bytes_))))
        self._columns.show_facts([*facts, *self._last_time(choices.file)])

    def _chosen_columns(self, table: ExportPreview) -> tuple[list[str], list[list[str]]]:
        """The beginning of the file as the boxes say."""
        wanted, texts = self._choices.columns(table.own), self._text_columns(table)
        if FEATURES in self._choices.wanted():
            wanted += [name for name in table.header if name.startswith("feature_") and name not in table.own]
        kept = [(table.header.index(name), name) for name in wanted]
        return wanted, [[self._as_written(name, row[i], name in texts) for i, name in kept] for row in table.rows]

    def _as_written(self, column: str, value: str, is_text: bool) -> str:
        if column in PLACES:
            return self._choices.place(value)
        return str(cell(value)) if self._choices.format == ".csv" and is_text else value

    def _text_columns(self, table: ExportPreview) -> list[str]:
        """All others hold numbers."""
        return [*TEXT_COLUMNS, *(name for name, is_numeric in table.own.items() if not is_numeric)]

    def _show_copies(self) -> None:
        if self._choices.format != FOLDERS:
            return
        wanted = self._to_copy.ticked() if self._names is not None else []
        self._save.setEnabled(bool(wanted) and self._writing is None)
        facts = [
            (self.tr("Folders"), words.number(len(wanted))),
            (self.tr("Copies"), words.photos(sum(named.photos for named in wanted))),
            (self.tr("Size"), words.size(sum(named.bytes for named in wanted))),
        ]
        self._copies.show_facts([*facts, *self._last_time(self._choices.folder)])

    def _last_time(self, path: str) -> list[tuple[str, str]]:
        return [(self.tr("Last time"), Path(path).name)] if path else []

    # ---- saving

    def _choose_target(self) -> None:
        if self.session.project is None:
            return
        if self._choices.format == FOLDERS:
            last = Path(self._choices.folder)
            start = last if self._choices.folder and last.is_dir() else _documents()
            folder = choose_folder(self, self.tr("Copy the photos into"), start)
            if folder is not None:
                self.copy(folder)
            return
        suffix = self._choices.format
        files = f"{self._formats[suffix].files} (*{suffix})"
        file = choose_new_file(self, self.tr("Save the table as"), self._proposal(suffix), files)
        if file is not None:
            self.save(file if file.suffix.lower() == suffix else file.with_name(f"{file.name}{suffix}"))

    def _proposal(self, suffix: str) -> Path:
        """Where the last table went, else the person's documents."""
        last = Path(self._choices.file)
        if self._choices.file and last.parent.is_dir():
            return last.with_suffix(suffix)
        assert self.session.project is not None
        name = re.sub(r'[\\/:*?"<>|\x00-\x1f]+', "_", self.session.project.name).strip(". ") or "photos"
        return _documents() / f"{name}{suffix}"

    def save(self, file: Path) -> None:
        """Write the table with the chosen columns, beside whatever else is running."""
        if self.session.project is not None and self._table is not None and self._writing is None:
            stop = StopToken()
            columns = self._choices.columns(self._table.own)
            job = export_jobs.save_table(self.session.project, file, self._choices, columns, stop)
            self._write(job, stop).finished.connect(self._saved)

    def copy(self, folder: Path) -> None:
        """Copy the photos of the ticked names, beside whatever else is running."""
        if self.session.project is not None and self._writing is None:
            stop = StopToken()
            names = [named.name for named in self._to_copy.ticked()]
            job = export_jobs.copy_into_folders(self.session.project, folder, names, self._choices, stop)
            self._write(job, stop).finished.connect(self._copied)

    def _write(self, job: Job[Any], stop: StopToken) -> RunningJob:
        self._writing = self.session.run_beside(job, stop)
        self._writing.progressed.connect(self._write_progressed)
        self._writing.failed.connect(self._write_failed)
        self._writing.stopped.connect(self._write_stopped)
        self._saving.begin()
        # Until the end it takes no further press. Where a dialog was just closed the window is not active again yet.
        if self.window().focusWidget() is self._save:
            self._saving.take_focus()
        self._say_saving(True)
        self._save.setEnabled(False)
        return self._writing

    def _stop_writing(self) -> None:
        if self._writing is not None:
            self._writing.stop()

    def _write_progressed(self, progress: Progress) -> None:
        self._saving.show_progress(progress)

    def _saved(self, file: Path) -> None:
        size = words.size(file.stat().st_size) if file.exists() else ""
        self._choices = dataclasses.replace(self._choices, file=str(file))
        self._write_ended(self.tr("Saved: {0} ({1})").format(file, size), "note")
        self.session.exported()

    def _copied(self, report: CopyReport) -> None:
        self._choices = dataclasses.replace(self._choices, folder=str(report.manifest.parent))
        self._write_ended(self._told(report), "warning" if report.problems or report.stopped else "note")
        self.session.exported()

    def _told(self, report: CopyReport) -> str:
        """What was copied, in a sentence or two."""
        copied = self.tr("Copied: {0} into {1}.").format(words.photos(report.copies), report.manifest.parent)
        parts = [self.tr("Stopped.")] if report.stopped else []
        parts.append(copied)
        if report.already_there:
            parts.append(self.tr("Already there: {0}.").format(words.photos(report.already_there)))
        if report.made_jpeg:
            parts.append(self.tr("Made into JPEG, to lose their place: {0}.").format(words.photos(report.made_jpeg)))
        parts += report.problems[:1]
        if len(report.problems) > 1:
            parts.append(self.tr("{0} more could not be copied.").format(words.number(len(report.problems) - 1)))
        return " ".join(parts)

    def _write_failed(self, sentence: str) -> None:
        self._write_ended(sentence, "warning")

    def _write_stopped(self) -> None:
        self._write_ended(self.tr("Stopped. Nothing was saved."), "warning")

    def _write_ended(self, sentence: str, role: str) -> None:
        self._writing = None
        self._say_saving(False)
        focused = self.window().focusWidget()
        had_focus = focused is not None and self._saving.isAncestorOf(focused)
        self._saving.end(sentence, role)
        self._show_table()
        self._show_copies()
        if had_focus:  # the button to stop is gone
            self._save.setFocus()

    def _say_saving(self, saving: bool) -> None:
        self.session.saving = saving
        self.session.job_changed.emit()


def _documents() -> Path:
    documents = Path(platformdirs.user_documents_dir())
    return documents if documents.is_dir() else Path.home()


def _framed(object_name: str, content: QWidget) -> Card:
    card = Card(object_name)
    card.body.setContentsMargins(1, 1, 1, 1)
    card.body.addWidget(content)
    return card
