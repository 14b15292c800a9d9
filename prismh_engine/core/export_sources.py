"""Where an exported table comes from: the files that the steps wrote, or a project."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .. import embedding_files, photo_tables
from ..project import Photo, Project
from ..project.own_columns import OwnColumn
from .export_table import BLOCK_ROWS, COLUMNS, REAL, TEXT, Block, ExportTable, Location, all_zoned, without_embeddings
from .project_rows import ProjectRows


def table_of_files(
    embeddings: Path,
    *,
    positions: Path | None = None,
    clusters: Path | None = None,
    names: Path | None = None,
    labels: Path | None = None,
    metadata: Path | None = None,
    with_features: bool = True,
    location: Location,
) -> tuple[ExportTable, list[str]]:
    """The table of a file of embeddings, joined with other tables by file_path; and sentences on where they differ.

    Raises `PrismhError` where one of them cannot be read.
    """
    read = embedding_files.read_blocks(embeddings, BLOCK_ROWS)
    place_of = photo_tables.read_positions(positions) if positions else {}
    cluster_of = photo_tables.read_clusters(clusters) if clusters else {}
    name_of = photo_tables.read_names(names) if names else {}
    labels_of = photo_tables.read_labels(labels) if labels else {}
    facts_of = photo_tables.read_metadata(metadata) if metadata else {}

    def row(path: str) -> list[Any]:
        facts = facts_of.get(path, photo_tables.Metadata())
        cluster = cluster_of.get(path)
        name = None if cluster is None else name_of.get(cluster)
        where = location.of(facts.latitude, facts.longitude)
        label = "; ".join(labels_of.get(path, ())) or None
        return [path, facts.taken_at, *where, cluster, name, label, *place_of.get(path, (None, None))]

    def blocks() -> Iterator[Block]:
        paths = iter(read.file_paths)
        if not with_features:
            while rows := [row(path) for path in itertools.islice(paths, BLOCK_ROWS)]:
                yield without_embeddings(rows)
            return
        for part in read.blocks:
            rows = [row(path) for path in itertools.islice(paths, len(part))]
            yield Block(rows, part, np.ones(len(part), dtype=bool))

    unknown = [
        f"{table} has no row for {missing} of them."
        for table, given in ((positions, place_of), (clusters, cluster_of), (metadata, facts_of))
        if table is not None and (missing := sum(path not in given for path in read.file_paths))
    ]
    if strangers := labels_of.keys() - set(read.file_paths):  # a name is never lost without a word
        count = "1 photo that is" if len(strangers) == 1 else f"{len(strangers):,} photos that are"
        unknown.append(f"{labels} names {count} not among them, such as {min(strangers)}.")
    dimension = read.dimension if with_features else 0
    zoned = all_zoned(facts.taken_at for facts in facts_of.values())
    return ExportTable(COLUMNS, dimension, len(read.file_paths), read.roots, blocks(), zoned), unknown


def table_of_project(
    project: Project,
    *,
    features: str | None = None,
    columns: Sequence[str] = COLUMNS,
    with_features: bool = True,
    location: Location,
    own: Mapping[str, OwnColumn] | None = None,
    first: int | None = None,
) -> ExportTable:
    """The table of a project's used photos, or of the first of them.

    features: whose map, groups and embeddings are taken; None for the newest run's, else the starter's. own: those of a
    team's own columns that may be among `columns`. Raises `PrismhError` where there are no features of this name.
    """
    known = ProjectRows(project, features, own)
    feature_set = known.features
    photos = project.photos.used() if first is None else _first_used(project, first)

    def rows(part: Sequence[Photo]) -> list[list[Any]]:
        return [known.row(photo, columns, location) for photo in part]

    def blocks() -> Iterator[Block]:
        if feature_set is None or not with_features:
            for start in range(0, len(photos), BLOCK_ROWS):
                yield without_embeddings(rows(photos[start : start + BLOCK_ROWS]))
            return
        place_of = feature_set.rows()
        for start in range(0, len(photos), BLOCK_ROWS):
            part = photos[start : start + BLOCK_ROWS]
            places = np.array([place_of.get(photo.look.content_hash, -1) for photo in part])
            there = places >= 0
            embeddings = np.zeros((len(part), feature_set.encoder.dimension), dtype=np.float32)
            embeddings[there] = feature_set.at(places[there])
            yield Block(rows(part), embeddings, there)

    dimension = 0 if feature_set is None or not with_features else feature_set.encoder.dimension
    roots = {folder.alias: folder.path for folder in project.folders()}
    zoned = all_zoned(photo.look.taken_at for photo in photos)
    own_kinds = {name: TEXT if column.numbers() is None else REAL for name, column in (own or {}).items()}
    return ExportTable(tuple(columns), dimension, len(photos), roots, blocks(), zoned, own_kinds)


def _first_used(project: Project, count: int) -> list[Photo]:
    """The beginning of `used`, without keeping all of them."""
    return heapq.nsmallest(count, project.photos.each_used(), key=lambda photo: photo.file_path)
