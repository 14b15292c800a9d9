"""When, where and by which camera photos were taken, and columns of a team's own, as imported tables say it.

It stands beside what the photos themselves say, so that a further look at a photo takes nothing of it away.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..photos.record import Look
from .database import Database, now, this_person

FROM_METADATA = "metadata"
"""`taken_at_source` of a moment that a table told."""

TAKEN_AT, POSITION, CAMERA = "taken_at", "position", "camera"

# Joined to `photos` by whoever reads them; the names of the columns do not meet those of the table itself.
JOIN = "LEFT JOIN imported_metadata ON imported_metadata.photo_id = photos.id"
COLUMNS = (
    "imported_metadata.taken_at AS given_taken_at, imported_metadata.latitude AS given_latitude, "
    "imported_metadata.longitude AS given_longitude, imported_metadata.camera AS given_camera"
)


@dataclass(frozen=True)
class ShotFacts:
    """What a table says of a photo, None where it says nothing. taken_at: ISO 8601; position: (latitude, longitude),
    WGS 84 degrees; own: text by the name of a column of the team's own.
    """

    taken_at: str | None = None
    position: tuple[float, float] | None = None
    camera: str | None = None
    own: Mapping[str, str] = field(default_factory=dict)

    def said(self) -> Iterator[str]:
        """Of `TAKEN_AT`, `POSITION` and `CAMERA` those that are known."""
        for name in (TAKEN_AT, POSITION, CAMERA):
            if getattr(self, name) is not None:
                yield name


class ImportedMetadata:
    """The table `imported_metadata`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def state(self) -> tuple[object, ...]:
        """Another one than before where a table was taken in meanwhile, or that was undone."""
        (row,) = self._database.rows("SELECT count(*), min(imported_at), max(imported_at) FROM imported_metadata")
        return tuple(row)

    def add(self, facts: Mapping[int, ShotFacts], replace: bool = False) -> dict[int, frozenset[str]]:
        """Keep what is said of photos, or nothing of it where the disk refuses; photo id -> which facts were kept.

        What a photo's own EXIF says stays unless `replace`; what an earlier table said is replaced by this one's,
        column by column. What a team's own columns say is always kept.
        """
        kept: dict[int, frozenset[str]] = {}
        who, when = this_person(), now()
        with self._database.writing() as db:
            for photo_id, said in facts.items():
                row = db.execute(
                    f"SELECT photos.*, {COLUMNS}, imported_metadata.own FROM photos {JOIN} WHERE photos.id = ?",
                    (photo_id,),
                ).fetchone()
                if row is None:
                    continue
                names = frozenset(name for name in said.said() if replace or not _told_by_exif(row, name))
                kept[photo_id] = names
                if names or said.own:
                    own = {**json.loads(row["own"] or "{}"), **said.own}
                    latitude, longitude = (POSITION in names and said.position) or (None, None)
                    db.execute(
                        "INSERT INTO imported_metadata"
                        "(photo_id, taken_at, latitude, longitude, camera, own, imported_by, imported_at) "
                        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
                        "ON CONFLICT(photo_id) DO UPDATE SET taken_at = coalesce(excluded.taken_at, taken_at), "
                        "latitude = coalesce(excluded.latitude, latitude), "
                        "longitude = coalesce(excluded.longitude, longitude), "
                        "camera = coalesce(excluded.camera, camera), own = excluded.own, "
                        "imported_by = excluded.imported_by, imported_at = excluded.imported_at",
                        (
                            photo_id, said.taken_at if TAKEN_AT in names else None, latitude, longitude,
                            said.camera if CAMERA in names else None,
                            json.dumps(own, ensure_ascii=False) if own else None, who, when,
                        ),
                    )  # fmt: skip
        return kept


def with_imported(look: Look, row: Any) -> Look:
    """A look in which what was imported stands over what the photo says. row: with `COLUMNS` in it."""
    said: dict[str, Any] = {}
    if row["given_taken_at"] is not None:
        said.update(taken_at=row["given_taken_at"], taken_at_source=FROM_METADATA)
    if row["given_latitude"] is not None:
        said.update(latitude=row["given_latitude"], longitude=row["given_longitude"], position_note=None)
    if row["given_camera"] is not None:
        said["camera"] = row["given_camera"]
    return dataclasses.replace(look, **said)


def _told_by_exif(row: Any, name: str) -> bool:
    """Whether the photo itself says this. A date in its name is no more than a guess, and so is the position 0, 0."""
    if name == TAKEN_AT:
        return row["taken_at_source"] == "exif"
    if name == POSITION:
        return row["latitude"] is not None and row["position_note"] is None
    return row["camera"] is not None
