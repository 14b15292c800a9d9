"""Step `import`: takes times, places, cameras, labels and a team's own columns from a table somebody made of photos.

Run it with `prismh-engine import` or `python -m prismh_engine.core.import_metadata`.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from ..command import required, run_step
from ..counted import counted
from ..errors import BadValueError, PrismhError
from ..jobs import Job, Progress, StopToken
from ..photo_tables import read_rows
from ..project import Project
from ..project.imported_metadata import CAMERA, POSITION, TAKEN_AT, ShotFacts
from ..project.own_columns import MOST_COLUMNS
from ..settings import Resolved, Settings, setting
from ..tables import write_csv
from .metadata_rows import TAKEN_COLUMNS, MetadataRow, OwnNames, metadata_row, own_names
from .photo_names import PhotoNames

REPORT_COLUMNS = ("row", "file_path", "photo", "taken", "reason")

_LABEL = "label"
_WORDS = {TAKEN_AT: "a time", POSITION: "a place", CAMERA: "a camera", _LABEL: "labels"}
_READING = "Reading the table"
_ROWS_BETWEEN_PROGRESS = 1000
_ROWS_NAMED = 5


@dataclass(frozen=True)
class ImportSettings(Settings):
    """Settings of the step `import`."""

    step: ClassVar[str] = "import"

    project: Path | None = setting(None, "the project whose photos the table tells of")
    metadata: Path | None = setting(
        None,
        "CSV or JSON with file_path, in a CSV also called photo, filename or image (as in outputs, or below the photo "
        "folder, or the bare file name) and any of "
        "taken_at, latitude, longitude, label (several joined by ;), camera, and up to "
        f"{MOST_COLUMNS} columns of your own",
    )
    replace: bool = setting(False, "let the table stand over what a photo's own EXIF says")
    report: Path | None = setting(None, "CSV to write: what was taken of each row, and why something was not")


@dataclass(frozen=True)
class ImportedRow:
    """What became of one row. number: as a spreadsheet counts, the header of a CSV being row 1. photo: the file_path of
    the photo it tells of, "" where there is none. taken, stayed: of taken_at, position, camera and label those that
    were taken, and those that were not since the photo's own EXIF says them. own: the columns of a team's own that say
    something of it, by their names in the project. problems: sentences on the rest.
    """

    number: int
    file_path: str
    photo: str = ""
    taken: Sequence[str] = ()
    stayed: Sequence[str] = ()
    own: Sequence[str] = ()
    problems: Sequence[str] = ()

    @property
    def is_empty(self) -> bool:
        """Whether it tells of a photo and says nothing of it."""
        return not (self.taken or self.stayed or self.own or self.problems)


@dataclass(frozen=True)
class ImportReport:
    """What became of the rows of a table. own: what was done with columns that are not told in `taken`."""

    table: Path
    rows: Sequence[ImportedRow]
    own: OwnNames

    @property
    def unmatched(self) -> int:
        """How many rows tell of no photo of the project."""
        return sum(not row.photo for row in self.rows)

    def photos_with(self, column: str) -> int:
        """Of how many photos this was taken: taken_at, position, camera or label."""
        return len({row.photo for row in self.rows if column in row.taken})

    def sentences(self) -> list[str]:
        """What was taken, and what was not and why, in sentences for a person; five rows at most are named."""
        photos = len({row.photo for row in self.rows if row.photo})
        told = [f"{counted(len(self.rows) - self.unmatched, 'row')} of {len(self.rows):,} in {self.table.name} tell of "
                f"{counted(photos, 'photo')} of the project."]  # fmt: skip
        taken = [f"{words} for {counted(self.photos_with(name), 'photo')}" for name, words in _WORDS.items()
                 if self.photos_with(name)]  # fmt: skip
        of_photos = Counter(name for name, _ in {(name, row.photo) for row in self.rows for name in row.own})
        own = [f"{name} for {counted(of_photos[name], 'photo')}" for name in self.own.kept.values() if of_photos[name]]
        taken += [_some(own)] if own else []
        told.append(f"Taken from it: {', '.join(taken)}." if taken else "Nothing was taken from it.")
        if self.own.of_program:
            told.append(f"Left out, since the program finds these out itself: {_some(self.own.of_program)}.")
        if self.own.too_many:
            room = f"a project has room for {MOST_COLUMNS} columns of your own"
            told.append(f"Left out, since {room}: {_some(self.own.too_many)}.")
        stayed = len({row.photo for row in self.rows if row.stayed})
        if stayed:
            told.append(f"What the EXIF data of {counted(stayed, 'photo')} says itself was left as it is.")
        empty = sum(row.is_empty for row in self.rows)
        if empty:
            told.append(f"In {counted(empty, 'row')} nothing stands that could be taken.")
        faulty = [row for row in self.rows if row.problems]
        for row in faulty[:_ROWS_NAMED]:
            named = f" ({row.file_path})" if row.file_path else ""
            told.append(f"Row {row.number}{named}: {' '.join(row.problems)}")
        if len(faulty) > _ROWS_NAMED:
            told.append(f"{counted(len(faulty) - _ROWS_NAMED, 'further row')} had something that could not be taken.")
        return told

    def __str__(self) -> str:
        return " ".join(self.sentences())


def import_metadata(resolved: Resolved[ImportSettings], stop: StopToken | None = None) -> Job[ImportReport]:
    """The step: a table into a project."""
    settings = resolved.settings
    required(resolved, "project", "metadata")
    assert settings.project is not None
    assert settings.metadata is not None
    if settings.report is not None and os.path.realpath(settings.report) == os.path.realpath(settings.metadata):
        raise BadValueError(f"--report would replace the table {settings.metadata} itself: choose another file.")
    with Project.open(settings.project) as project:
        report = yield from import_into_project(project, settings.metadata, replace_exif=settings.replace, stop=stop)
    if settings.report is not None:
        write_report(settings.report, report)
    return report


def import_into_project(
    project: Project, table: Path, *, replace_exif: bool = False, stop: StopToken | None = None
) -> Job[ImportReport]:
    """Take what a table says of a project's photos; names that photos carry already stay beside the new ones.

    A fact that a photo's own EXIF says stays unless `replace_exif`; of two rows that contradict each other the first
    counts. What was taken survives further looks at the photos, and is one step of the project's history. A stop before
    all was read leaves as `Stopped` and changes nothing. Raises `PrismhError` where the file is no table, or has no
    column that can be taken.
    """
    yield Progress(_READING, 0, None)
    rows = read_rows(table)
    own = own_names(
        dict.fromkeys(name for row in rows.values() for name, value in row.items() if value not in (None, "")),
        project.columns.own(),
    )
    if rows and not (own.kept or own.too_many or any(name in row for row in rows.values() for name in TAKEN_COLUMNS)):
        raise PrismhError(
            f"{table} has no column that can be taken: give it one of your own, or call one taken_at, label or camera, "
            "or two of them latitude and longitude."
        )
    names = PhotoNames(project.photos.all())
    said = _Said()
    for done, (number, row) in enumerate(rows.items()):
        if done % _ROWS_BETWEEN_PROGRESS == 0:
            yield Progress(_READING, done, len(rows))
        if stop is not None:
            stop.check()
        said.add(number, metadata_row(row, own.kept), names)
    with project.history.step(f"data from {table.name}"):
        kept = project.imported.add(said.facts, replace_exif)
        for label, photo_ids in said.labels.items():
            project.labels.name_photos(photo_ids, label)
    yield Progress(_READING, len(rows), len(rows))
    return ImportReport(table, said.rows(kept), own)


def write_report(path: Path, report: ImportReport) -> None:
    """Write a CSV with a row for each of the table. Raises `PrismhError` where the disk refuses."""
    write_csv(
        path,
        REPORT_COLUMNS,
        (
            (row.number, row.file_path, row.photo, "; ".join([*row.taken, *row.own]), _reason(row))
            for row in report.rows
        ),
    )


def _some(names: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    further = len(names) - _ROWS_NAMED
    more = f" and {counted(further, 'further one')}" if further > 0 else ""
    return ", ".join(names[:_ROWS_NAMED]) + more


def _reason(row: ImportedRow) -> str:
    """Why something of a row, or nothing, was taken; "" where all was."""
    if row.is_empty:
        return "In this row nothing stands that could be taken."
    stays = f"What the EXIF data of the photo says itself was left as it is: {', '.join(row.stayed)}."
    return " ".join([*row.problems, *([stays] if row.stayed else [])])


class _Said:
    """What the rows of a table say, gathered by photo; the first row that says something of a photo counts."""

    def __init__(self) -> None:
        self.facts: dict[int, ShotFacts] = {}
        self.labels: dict[str, list[int]] = defaultdict(list)
        self._said_in: dict[tuple[int, str], int] = {}
        self._rows: list[tuple[ImportedRow, int | None, list[str]]] = []

    def add(self, number: int, row: MetadataRow, names: PhotoNames) -> None:
        photo, reason = names.find(row.file_path)
        problems = list(row.problems)
        if photo is None:
            self._rows.append((ImportedRow(number, row.file_path, problems=[reason, *problems]), None, []))
            return
        known = self.facts.setdefault(photo.id, ShotFacts())
        said = []
        for name in row.facts.said():
            value, before = getattr(row.facts, name), getattr(known, name)
            if before is None:
                self._said_in[photo.id, name] = number
                known = replace(known, **{name: value})
            elif before != value:
                problems.append(self._contradiction(photo.id, name))
                continue
            said.append(name)
        own = dict(known.own)
        for name, text in row.facts.own.items():
            if own.setdefault(name, text) == text:
                self._said_in.setdefault((photo.id, name), number)
            else:
                problems.append(self._contradiction(photo.id, name))
        self.facts[photo.id] = replace(known, own=own)
        for label in row.labels:
            self.labels[label].append(photo.id)
        taken = [_LABEL] if row.labels else []
        own_said = [name for name, text in row.facts.own.items() if own[name] == text]
        done = ImportedRow(number, row.file_path, photo.file_path, taken, own=own_said, problems=problems)
        self._rows.append((done, photo.id, said))

    def _contradiction(self, photo_id: int, name: str) -> str:
        where = self._said_in[photo_id, name]
        return f"Row {where} says another {name} of this photo; the first one counts."

    def rows(self, kept: Mapping[int, frozenset[str]]) -> list[ImportedRow]:
        """What became of each row. kept: photo id -> which facts the project took."""
        rows = []
        for row, photo_id, said in self._rows:
            taken = [name for name in said if photo_id is not None and name in kept.get(photo_id, ())]
            stayed = [name for name in said if name not in taken]
            rows.append(replace(row, taken=[*taken, *row.taken], stayed=stayed))
        return rows


def main(argv: Sequence[str] | None = None) -> int:
    return run_step(
        ImportSettings,
        import_metadata,
        argv,
        description="Take times, places, cameras, labels and your own columns of photos from a CSV or JSON table.",
    )


if __name__ == "__main__":
    raise SystemExit(main())
