"""The step `export`: one table with a row for each photo, for GIS, spreadsheets and statistics."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ..command import required, run_step
from ..errors import BadValueError
from ..jobs import Job, Progress, StopToken
from ..project import Project
from ..project.feature_sets import STARTER
from ..settings import Resolved, Settings, setting
from ..sources import check_source
from .export_csv import write_csv_table
from .export_geojson import write_geojson
from .export_geopackage import write_geopackage
from .export_npz import write_npz
from .export_parquet import write_parquet
from .export_sources import table_of_files, table_of_project
from .export_table import COLUMNS, MEASURES, TEXT, ExportTable, Location
from .feature_text import feature_text

FORMATS: dict[str, Callable[[Path, ExportTable], Generator[int, None, None]]] = {
    ".csv": write_csv_table,
    ".parquet": write_parquet,
    ".npz": write_npz,
    ".geojson": write_geojson,
    ".gpkg": write_geopackage,
}
"""Suffix -> what writes the format: it gives how many rows there are so far, and leaves nothing where it is closed."""

_PREVIEW_FEATURES = 3
_FROM_PROJECT = ("map", "clusters", "names", "labels", "metadata")


@dataclass(frozen=True)
class ExportSettings(Settings):
    """Settings of the step `export`."""

    step: ClassVar[str] = "export"

    embeddings: Path | None = setting(None, "the all_embeddings.npz that extract wrote")
    map: Path | None = setting(None, "the map.csv that map wrote")
    clusters: Path | None = setting(None, "the clusters.csv that cluster wrote")
    names: Path | None = setting(None, "CSV with names for clusters: cluster,name")
    labels: Path | None = setting(None, "CSV with names for photos: file_path,label; several rows a photo are joined")
    metadata: Path | None = setting(
        None, "CSV or JSON by file_path with taken_at, latitude and longitude; quality.csv is one"
    )
    project: Path | None = setting(None, "project folder, in place of all files above")
    output: Path | None = setting(None, "the file to write: .csv, .parquet, .npz, .geojson or .gpkg")
    no_features: bool = setting(False, "leave the columns feature_0000... out")
    round_location: int | None = setting(
        None, "round positions; 2 decimals are about a kilometre", unit="decimals", minimum=0, maximum=9
    )
    no_location: bool = setting(False, "leave positions empty")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.no_location and self.round_location is not None:
            raise BadValueError("--no_location and --round_location exclude each other")
        if self.output is not None:
            _writer(self.output)
        for name in _FROM_PROJECT:
            if self.project is not None and getattr(self, name) is not None:
                raise BadValueError(f"--{name} and --project exclude each other: a project has its own")


@dataclass(frozen=True)
class ExportReport:
    """What was written; `notes` tell where a given table and the photos differ, or whose groups a project's are, a
    sentence each.
    """

    file: Path
    photos: int
    columns: int
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        photos = f"{self.photos:,} photo{'s' * (self.photos != 1)}"
        return " ".join([f"{photos}, {self.columns:,} columns: {self.file}.", *self.notes])


@dataclass(frozen=True)
class ExportPreview:
    """The first rows as text, "" where a value is unknown, with the first three features alone.

    own: of the header the columns of a team's own, and whether each holds only numbers. photos: how many rows the whole
    has; dimension: how many features; digits: of how many signs a feature is on average, zeros being short, as far as
    these rows tell.
    """

    header: list[str]
    rows: list[list[str]]
    own: dict[str, bool]
    photos: int
    dimension: int
    digits: float


def export_features(resolved: Resolved[ExportSettings], stop: StopToken | None = None) -> Job[ExportReport]:
    """Write the table of photos, from files or from a project. Raises `PrismhError` where one cannot be read."""
    settings = resolved.settings
    required(resolved, "output")
    check_source(resolved)
    assert settings.output is not None
    location = Location(settings.no_location, settings.round_location)
    with_features = not settings.no_features
    if settings.project is not None:
        with Project.open(settings.project) as project:
            table = table_of_project(project, with_features=with_features, location=location)
            return (yield from _write(settings.output, table, stop, _whose(project)))
    assert settings.embeddings is not None
    table, unknown = table_of_files(
        settings.embeddings,
        positions=settings.map,
        clusters=settings.clusters,
        names=settings.names,
        labels=settings.labels,
        metadata=settings.metadata,
        with_features=with_features,
        location=location,
    )
    return (yield from _write(settings.output, table, stop, unknown))


def export_project(
    project: Project,
    output: Path,
    *,
    features: str | None = None,
    columns: Sequence[str] = COLUMNS,
    with_features: bool = True,
    with_location: bool = True,
    location_decimals: int | None = None,
    stop: StopToken | None = None,
) -> Job[ExportReport]:
    """Write the used photos of a project to a table, whole or not at all; the suffix of `output` says the format.

    features: whose map and groups are taken; None for the newest run's, else the starter's. columns: of `COLUMNS`,
    `MEASURES` and a team's own ones (`project.columns.own()`) those that are written, in this order. with_location:
    False leaves positions empty; location_decimals: rounds them, 2 is about a kilometre. A format for maps takes its
    points from the columns latitude and longitude. Raises `BadValueError` for another suffix or column, `PrismhError`
    where there are no features of this name or the disk refuses.
    """
    _writer(output)
    known = (*COLUMNS, *MEASURES)
    own = {} if set(columns) <= set(known) else project.columns.own()
    for column in columns:
        if column not in (*known, *own):
            raise BadValueError(f"columns must be of {', '.join((*known, *own))}, got {column!r}")
    location = Location(not with_location, location_decimals)
    table = table_of_project(
        project,
        features=features,
        columns=columns,
        with_features=with_features,
        location=location,
        own={name: column for name, column in own.items() if name in columns},
    )
    return (yield from _write(output, table, stop))


def preview_project(project: Project, rows: int = 20, features: str | None = None) -> ExportPreview:
    """The beginning of what `export_project` writes with every column there is."""
    own = project.columns.own()
    columns = (*COLUMNS, *MEASURES, *own)
    table = table_of_project(project, features=features, columns=columns, location=Location(), own=own, first=rows)
    kept = min(_PREVIEW_FEATURES, table.dimension)
    header = table.header()[: len(columns) + kept]
    shown: list[list[str]] = []
    numbers: list[str] = []
    for block in table.blocks:
        texts = iter(feature_text(block.embeddings[block.known], [" "] * table.dimension))
        for row, known in zip(block.rows, block.known.tolist(), strict=True):
            of_photo = next(texts).split() if known else []
            numbers += of_photo
            shown.append([*("" if value is None else str(value) for value in row), *(of_photo[:kept] or [""] * kept)])
    digits = sum(map(len, numbers)) / max(1, len(numbers))
    numeric = {name: table.kind(name) != TEXT for name in own}
    return ExportPreview(header, shown, numeric, project.photos.counts()["used"], table.dimension, digits)


def _whose(project: Project) -> list[str]:
    """Whose features and groups the command writes, and where the window shows others."""
    if not project.features.all():
        return []
    written, shown = project.features.newest().name, project.shown_features
    other = "" if shown is None or shown == written else f" The window shows those of {_of_whom(shown)}."
    return [f"Features and groups are those of {_of_whom(written)}.{other}"]


def _of_whom(features: str) -> str:
    return "the starter" if features == STARTER else features


def _writer(output: Path) -> Callable[[Path, ExportTable], Generator[int, None, None]]:
    writer = FORMATS.get(output.suffix.lower())
    if writer is None:
        *others, last = FORMATS
        raise BadValueError(f"output must end in {', '.join(others)} or {last}, got {output}")
    return writer


def _write(output: Path, table: ExportTable, stop: StopToken | None, notes: Sequence[str] = ()) -> Job[ExportReport]:
    yield Progress("Writing", 0, table.photos)
    with closing(_writer(output)(output, table)) as writing:
        for done in writing:
            yield Progress("Writing", done, table.photos)
            if stop is not None:
                stop.check()
    return ExportReport(output, table.photos, len(table.columns) + table.dimension, tuple(notes))


def main(argv: Sequence[str] | None = None) -> int:
    return run_step(ExportSettings, export_features, argv, description="Write one table with a row for each photo.")


if __name__ == "__main__":
    raise SystemExit(main())
