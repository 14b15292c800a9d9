"""The photos a project knows: what was seen of each, what was judged, what a person overruled."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..paths import from_text
from ..photos.record import FoundPhoto, Look
from .database import Database, now, this_person

USED, SET_ASIDE = "used", "set aside"

_LOOK_COLUMNS = [field.name for field in dataclasses.fields(Look)]


@dataclass(frozen=True)
class Photo:
    """One photo of a project: a row of the catalogue.

    file_path: alias/relative path, as it stands in every output. verdict: clean, invalid, duplicate, dark, blurry or
    outlier; overruled: "used" or "set aside" where a person decided, else None. See `Look` for the measures.
    """

    id: int
    folder_id: int
    file_path: str
    path: Path
    size: int
    missing: bool
    look: Look
    verdict: str
    reason: str
    duplicate_of: int | None
    outlier_distance: float | None
    overruled: str | None

    @property
    def used(self) -> bool:
        """Whether maps, groups and training take it: judged clean, or taken back by a person."""
        return self.look.usable and (self.overruled or (USED if self.verdict == "clean" else SET_ASIDE)) == USED


@dataclass(frozen=True)
class Judgement:
    """A verdict on one photo; `reason` is a sentence."""

    photo_id: int
    verdict: str
    reason: str = ""
    duplicate_of: int | None = None
    outlier_distance: float | None = None


class PhotoCatalogue:
    """The table `photos`. Every write is one transaction."""

    def __init__(self, database: Database, folder_paths: Callable[[], dict[int, Path]]) -> None:
        self._database = database
        self._folder_paths = folder_paths

    def record(self, folder_id: int, looks: Iterable[tuple[FoundPhoto, Look]]) -> list[int]:
        """Add photos, or bring known ones up to date; return their ids in order.

        A photo that is gone from its place while an equal one appears elsewhere in the folder was moved: it keeps its
        id and with it its labels.
        """
        ids = []
        with self._database.writing() as db:
            for found, look in looks:
                ids.append(self._record_one(db, folder_id, found, look))
        return ids

    def known(self, folder_id: int) -> dict[str, tuple[int, int, int]]:
        """Relative path -> (size, mtime_ns, inode) of the photos seen in a folder, to tell what is unchanged."""
        rows = self._database.rows(
            "SELECT relative_path, size, mtime_ns, inode FROM photos WHERE folder_id = ? AND NOT missing",
            (folder_id,),
        )
        return {row["relative_path"]: (row["size"], row["mtime_ns"], row["inode"]) for row in rows}

    def mark_missing(self, folder_id: int, relative_paths: Iterable[str]) -> None:
        """Note that photos are not where they were; they are shown as missing and never dropped."""
        with self._database.writing() as db:
            db.executemany(
                "UPDATE photos SET missing = 1 WHERE folder_id = ? AND relative_path = ?",
                [(folder_id, relative) for relative in relative_paths],
            )

    def all(self) -> list[Photo]:
        """Every photo, in the sorted order of file paths."""
        return sorted(self._select("", ()), key=lambda photo: photo.file_path)

    def used(self) -> list[Photo]:
        """The photos that maps, groups and training take, in the sorted order of file paths."""
        return [photo for photo in self.all() if photo.used and not photo.missing]

    def some(self, ids: Sequence[int]) -> list[Photo]:
        """The photos with these ids, in this order; unknown ids are left out."""
        by_id: dict[int, Photo] = {}
        for start in range(0, len(ids), 500):  # SQLite's old limit is 999 parameters
            part = [int(i) for i in ids[start : start + 500]]
            marks = ",".join("?" * len(part))
            by_id.update({photo.id: photo for photo in self._select(f"WHERE photos.id IN ({marks})", part)})
        return [by_id[int(i)] for i in ids if int(i) in by_id]

    def judge(self, judgements: Iterable[Judgement]) -> None:
        """Store verdicts. What a person overruled stays overruled."""
        with self._database.writing() as db:
            db.executemany(
                "UPDATE photos SET verdict = ?, reason = ?, duplicate_of = ?, outlier_distance = ? WHERE id = ?",
                [(j.verdict, j.reason, j.duplicate_of, j.outlier_distance, j.photo_id) for j in judgements],
            )

    def overrule(self, photo_ids: Iterable[int], decision: str | None) -> None:
        """Let a person's decision ("used", "set aside") stand over the verdict; None lets the verdict stand again."""
        who, when = (this_person(), now()) if decision else (None, None)
        with self._database.writing() as db:
            db.executemany(
                "UPDATE photos SET overruled = ?, overruled_by = ?, overruled_at = ? WHERE id = ?",
                [(decision, who, when, int(photo_id)) for photo_id in photo_ids],
            )

    def counts(self) -> Counter[str]:
        """How many photos: "all", "used", "set aside", "missing", and of those not used by verdict."""
        counts: Counter[str] = Counter()
        for photo in self.all():
            counts["all"] += 1
            counts["missing"] += photo.missing
            counts[USED if photo.used else SET_ASIDE] += 1
            if not photo.used:
                counts[photo.verdict] += 1
        return counts

    def _record_one(self, db: sqlite3.Connection, folder_id: int, found: FoundPhoto, look: Look) -> int:
        photo_id = self._moved_from(db, folder_id, found, look)
        values = [found.size, found.mtime_ns, found.inode, *(_stored(look, name) for name in _LOOK_COLUMNS)]
        columns = ["size", "mtime_ns", "inode", *_LOOK_COLUMNS]
        if photo_id is not None:
            assignments = ", ".join(f"{name} = ?" for name in columns)
            db.execute(
                f"UPDATE photos SET missing = 0, relative_path = ?, {assignments} WHERE id = ?",
                [found.relative, *values, photo_id],
            )
            return photo_id
        updates = ", ".join(f"{name} = excluded.{name}" for name in columns)
        return int(
            db.execute(
                f"INSERT INTO photos(folder_id, relative_path, {', '.join(columns)}) "
                f"VALUES (?, ?, {', '.join('?' * len(columns))}) "
                f"ON CONFLICT(folder_id, relative_path) DO UPDATE SET missing = 0, {updates} RETURNING id",
                [folder_id, found.relative, *values],
            ).fetchone()["id"]
        )

    def _moved_from(self, db: sqlite3.Connection, folder_id: int, found: FoundPhoto, look: Look) -> int | None:
        if (
            not look.content_hash
            or db.execute(
                "SELECT 1 FROM photos WHERE folder_id = ? AND relative_path = ?", (folder_id, found.relative)
            ).fetchone()
        ):
            return None
        row = db.execute(
            "SELECT id FROM photos WHERE folder_id = ? AND content_hash = ? AND missing ORDER BY id LIMIT 1",
            (folder_id, look.content_hash),
        ).fetchone()
        return None if row is None else int(row["id"])

    def _select(self, where: str, parameters: Sequence[int]) -> Iterable[Photo]:
        roots = self._folder_paths()
        sql = f"SELECT photos.*, folders.alias FROM photos JOIN folders ON folders.id = folder_id {where}"
        for row in self._database.rows(sql, parameters):
            yield _photo(row, roots[row["folder_id"]])


def _photo(row: sqlite3.Row, root: Path) -> Photo:
    values = {name: row[name] for name in _LOOK_COLUMNS}
    values["truncated"] = bool(values["truncated"])
    if values["difference_hash"] is not None:
        values["difference_hash"] &= (1 << 64) - 1
    relative = row["relative_path"]
    return Photo(
        id=row["id"],
        folder_id=row["folder_id"],
        file_path=f"{row['alias']}/{relative.removeprefix('./')}",
        path=root / from_text(relative),
        size=row["size"],
        missing=bool(row["missing"]),
        look=Look(**values),
        verdict=row["verdict"],
        reason=row["reason"],
        duplicate_of=row["duplicate_of"],
        outlier_distance=row["outlier_distance"],
        overruled=row["overruled"],
    )


def _stored(look: Look, name: str) -> object:
    value = getattr(look, name)
    if name == "difference_hash" and value is not None and value >= 1 << 63:
        return value - (1 << 64)  # SQLite's integers are signed
    return value
