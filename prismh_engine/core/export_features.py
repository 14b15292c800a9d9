"""The step `export`: one CSV with a row for each photo, for GIS, spreadsheets and statistics."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..command import required, run_step
from ..errors import BadValueError
from ..jobs import Job, Progress, StopToken
from ..project import FeatureSet, Photo, Project
from ..settings import Resolved, Settings, setting
from ..tables import cell, csv_file
from . import embedding_files, photo_tables
from .sources import check_source

COLUMNS = ("file_path", "taken_at", "latitude", "longitude", "cluster", "cluster_name", "label", "x", "y")
_CHUNK = 200  # rows written at a time: a longer stretch would hold up a window in the same process
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
    output: Path | None = setting(None, "the CSV file to write")
    no_features: bool = setting(False, "leave the columns feature_0000... out")
    round_location: int | None = setting(
        None, "round positions; 2 decimals are about a kilometre", unit="decimals", minimum=0, maximum=9
    )
    no_location: bool = setting(False, "leave positions empty")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.no_location and self.round_location is not None:
            raise BadValueError("--no_location and --round_location exclude each other")
        if self.output is not None and self.output.suffix.lower() != ".csv":
            raise BadValueError(f"output must end in .csv, got {self.output}")
        for name in _FROM_PROJECT:
            if self.project is not None and getattr(self, name) is not None:
                raise BadValueError(f"--{name} and --project exclude each other: a project has its own")


@dataclass(frozen=True)
class ExportReport:
    """What was written; `unknown` tells where a given table and the photos differ, a sentence each."""

    file: Path
    photos: int
    columns: int
    unknown: tuple[str, ...] = ()

    def __str__(self) -> str:
        photos = f"{self.photos:,} photo{'s' * (self.photos != 1)}"
        return " ".join([f"{photos}, {self.columns:,} columns: {self.file}.", *self.unknown])


@dataclass(frozen=True)
class _Location:
    """How positions are written, so that a breeding place need not point to a household."""

    hidden: bool = False
    decimals: int | None = None

    def of(self, latitude: float | None, longitude: float | None) -> tuple[float | None, float | None]:
        if self.hidden or latitude is None or longitude is None:
            return None, None
        if self.decimals is None:
            return latitude, longitude
        return round(latitude, self.decimals), round(longitude, self.decimals)


def export_features(resolved: Resolved[ExportSettings], stop: StopToken | None = None) -> Job[ExportReport]:
    """Write the table of photos, from files or from a project. Raises `PrismhError` where one cannot be read."""
    settings = resolved.settings
    required(resolved, "output")
    check_source(resolved)
    assert settings.output is not None
    location = _Location(settings.no_location, settings.round_location)
    if settings.project is not None:
        with Project.open(settings.project) as project:
            return (
                yield from _export_project(project, settings.output, None, not settings.no_features, location, stop)
            )
    assert settings.embeddings is not None
    read = embedding_files.read(settings.embeddings)
    positions = photo_tables.read_positions(settings.map) if settings.map else {}
    clusters = photo_tables.read_clusters(settings.clusters) if settings.clusters else {}
    names = photo_tables.read_names(settings.names) if settings.names else {}
    labels = photo_tables.read_labels(settings.labels) if settings.labels else {}
    metadata = photo_tables.read_metadata(settings.metadata) if settings.metadata else {}

    def known(path: str) -> list[Any]:
        facts = metadata.get(path, photo_tables.Metadata())
        cluster = clusters.get(path)
        name = None if cluster is None else names.get(cluster)
        where = location.of(facts.latitude, facts.longitude)
        label = "; ".join(labels.get(path, ())) or None
        return [path, facts.taken_at, *where, cluster, name, label, *positions.get(path, (None, None))]

    rows = (known(path) for path in read.file_paths)
    features = None if settings.no_features else iter(read.embeddings)
    dimension = 0 if settings.no_features else read.embeddings.shape[1]
    columns = yield from _write(settings.output, rows, features, dimension, len(read.file_paths), stop)
    unknown = [
        f"{table} has no row for {missing} of them."
        for table, given in ((settings.map, positions), (settings.clusters, clusters), (settings.metadata, metadata))
        if table is not None and (missing := sum(path not in given for path in read.file_paths))
    ]
    if strangers := labels.keys() - set(read.file_paths):  # a name is never lost without a word
        count = "1 photo that is" if len(strangers) == 1 else f"{len(strangers):,} photos that are"
        unknown.append(f"{settings.labels} names {count} not among them, such as {min(strangers)}.")
    return ExportReport(settings.output, len(read.file_paths), columns, tuple(unknown))


def export_project(
    project: Project,
    output: Path,
    *,
    features: str | None = None,
    with_features: bool = True,
    with_location: bool = True,
    location_decimals: int | None = None,
    stop: StopToken | None = None,
) -> Job[ExportReport]:
    """Write the used photos of a project to a CSV, whole or not at all.

    features: whose map and groups are taken; None for the newest run's, else the starter's. with_location: False
    leaves positions empty; location_decimals: rounds them, 2 is about a kilometre. Raises `PrismhError` where there
    are no features of this name or the disk refuses.
    """
    location = _Location(not with_location, location_decimals)
    return (yield from _export_project(project, output, features, with_features, location, stop))


def preview_project(project: Project, rows: int = 20, features: str | None = None) -> tuple[list[str], list[list[str]]]:
    """The header and the first rows of what `export_project` writes, as text, with the first three features alone."""
    photos = project.photos.used()[:rows]
    feature_set = _feature_set(project, features)
    known = _known_rows(project, photos, feature_set, _Location())
    values = _feature_rows(photos, feature_set)
    dimension = 0 if feature_set is None else feature_set.encoder.dimension
    header = _header(dimension)[: len(COLUMNS) + _PREVIEW_FEATURES]
    table = [itertools.chain(row, more[:_PREVIEW_FEATURES]) for row, more in zip(known, values, strict=True)]
    return header, [[str(cell(value)) for value in row] for row in table]


def _export_project(
    project: Project,
    output: Path,
    features: str | None,
    with_features: bool,
    location: _Location,
    stop: StopToken | None,
) -> Job[ExportReport]:
    photos = project.photos.used()
    feature_set = _feature_set(project, features)
    rows = _known_rows(project, photos, feature_set, location)
    values = _feature_rows(photos, feature_set) if with_features and feature_set is not None else None
    dimension = feature_set.encoder.dimension if with_features and feature_set is not None else 0
    columns = yield from _write(output, rows, values, dimension, len(photos), stop)
    return ExportReport(output, len(photos), columns)


def _feature_set(project: Project, name: str | None) -> FeatureSet | None:
    if name is not None:
        return project.features.get(name)
    return project.features.newest() if project.features.all() else None


def _known_rows(
    project: Project, photos: Sequence[Photo], features: FeatureSet | None, location: _Location
) -> Iterator[list[Any]]:
    """What the catalogue knows of each photo, in the order of `COLUMNS`."""
    made = None if features is None else project.maps.newest(features)
    positions = {} if made is None else dict(zip(made.photo_ids.tolist(), made.positions, strict=True))
    grouping = None if features is None else project.groupings.newest(features)
    clusters: dict[int, int] = {}
    names: dict[int, str] = {}
    if grouping is not None:
        clusters = dict(zip(grouping.photo_ids.tolist(), grouping.clusters.tolist(), strict=True))
        names = project.labels.of_groups(grouping.members())
    labels = project.labels.of_photos()
    for photo in photos:
        look, cluster = photo.look, clusters.get(photo.id)
        name = None if cluster is None else names.get(cluster)
        label = "; ".join(labels.get(photo.id, ())) or None
        where = location.of(look.latitude, look.longitude)
        yield [photo.file_path, look.taken_at, *where, cluster, name, label, *positions.get(photo.id, (None, None))]


def _feature_rows(photos: Sequence[Photo], features: FeatureSet | None) -> Iterator[Sequence[Any]]:
    """The embedding of each photo, empty cells where it has none; a part of them in memory at a time."""
    for start in range(0, len(photos), 4096):
        part = photos[start : start + 4096]
        if features is None:
            yield from ([] for _ in part)
            continue
        present, embeddings = features.read(part)
        row_of = {photo.id: row for row, photo in enumerate(present)}
        empty = [None] * features.encoder.dimension
        for photo in part:
            yield list(embeddings[row_of[photo.id]]) if photo.id in row_of else empty


def _header(dimension: int) -> list[str]:
    return [*COLUMNS, *(f"feature_{number:04d}" for number in range(dimension))]


def _write(
    output: Path,
    rows: Iterable[list[Any]],
    features: Iterator[Sequence[Any]] | Iterator[NDArray[np.float32]] | None,
    dimension: int,
    total: int,
    stop: StopToken | None,
) -> Job[int]:
    """Write the file and return its number of columns."""
    header = _header(dimension)
    yield Progress("Writing", 0, total)
    with csv_file(output, header) as write_row:
        for done, row in enumerate(rows, start=1):
            # float32 is written in as few digits as bring the same float32 back
            write_row(row if features is None else itertools.chain(row, next(features)))
            if done % _CHUNK == 0 or done == total:
                yield Progress("Writing", done, total)
            if stop is not None:
                stop.check()
    return len(header)


def main(argv: Sequence[str] | None = None) -> int:
    return run_step(ExportSettings, export_features, argv, description="Write one CSV with a row for each photo.")


if __name__ == "__main__":
    raise SystemExit(main())
