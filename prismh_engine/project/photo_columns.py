"""What is known of all photos, column by column, for those who look at a hundred thousand and need little of each."""

from __future__ import annotations

import itertools
import json
import sys
from typing import Any, NamedTuple

from .database import Database
from .imported_metadata import JOIN as WITH_IMPORTED
from .own_columns import OwnColumn

# The position 0, 0, which many phones write when they know none, bears a note.
_SHOTS = f"""
    SELECT photos.id,
        alias || '/' || iif(photos.relative_path LIKE './%', substr(photos.relative_path, 3), photos.relative_path),
        coalesce(imported_metadata.taken_at, photos.taken_at),
        coalesce(imported_metadata.latitude, iif(position_note IS NULL, photos.latitude, NULL)),
        coalesce(imported_metadata.longitude, iif(position_note IS NULL, photos.longitude, NULL)),
        coalesce(imported_metadata.camera, photos.camera), verdict
    FROM photos JOIN folders ON folders.id = folder_id {WITH_IMPORTED} ORDER BY photos.id
"""
_PART = 2048
_NAMES = "SELECT photo_id, name FROM labels ORDER BY given_to = 'photo' DESC, given_at, name"


class Shots(NamedTuple):
    """Every photo in rising order of ids; what a person imported stands over what the photo says.

    taken_at: ISO 8601, None unknown. latitudes, longitudes: WGS 84 degrees, both None where unknown or no more than a
    guess. cameras: None unknown. verdicts: as in `Photo`.
    """

    photo_ids: tuple[int, ...]
    file_paths: tuple[str, ...]
    taken_at: tuple[str | None, ...]
    latitudes: tuple[float | None, ...]
    longitudes: tuple[float | None, ...]
    cameras: tuple[str | None, ...]
    verdicts: tuple[str, ...]


class GivenNames(NamedTuple):
    """Pairs of photos and names: first those given to photos themselves, then those that came with a group, each with
    the oldest first. A pair that was given both ways stands there twice.
    """

    photo_ids: tuple[int, ...]
    names: tuple[str, ...]


class PhotoColumns:
    """The tables `photos`, `imported_metadata` and `labels`, read in columns."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def shots(self) -> Shots:
        return Shots(*self._columns(_SHOTS, len(Shots._fields)))

    def names(self) -> GivenNames:
        return GivenNames(*self._columns(_NAMES, len(GivenNames._fields)))

    def own(self) -> dict[str, OwnColumn]:
        """The columns of a team's own by their names."""
        found: dict[str, tuple[list[int], list[str]]] = {}
        rows = self._columns("SELECT photo_id, own FROM imported_metadata WHERE own IS NOT NULL ORDER BY photo_id", 2)
        for photo_id, texts in zip(*rows, strict=True):
            for name, text in json.loads(texts).items():
                photo_ids, values = found.setdefault(name, ([], []))
                photo_ids.append(photo_id)
                values.append(sys.intern(text))  # few different ones, many times
        return {name: OwnColumn(*column) for name, column in found.items()}

    def _columns(self, sql: str, count: int) -> list[tuple[Any, ...]]:
        # In parts: one call over a hundred thousand rows would let no other thread get on meanwhile.
        columns: list[list[Any]] = [[] for _ in range(count)]
        rows = self._database.each(sql)
        while part := list(itertools.islice(rows, _PART)):
            for column, values in zip(columns, zip(*part, strict=True), strict=True):
                column.extend(values)
        return [tuple(column) for column in columns]
