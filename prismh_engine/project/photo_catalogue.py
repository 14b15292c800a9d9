"""The photos a project knows: what was seen of each, what was judged, what a person overruled."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..paths import from_text
from ..photos.record import LOOK_VERSION, FoundPhoto, Look, file_facts
from .database import Database, now, this_person
from .imported_metadata import COLUMNS as IMPORTED_COLUMNS
from .imported_metadata import JOIN as WITH_IMPORTED
from .imported_metadata import with_imported

USED, SET_ASIDE = "used", "set aside"
IS_USED = f"invalid_reason = '' AND coalesce(overruled, iif(verdict = 'clean', '{USED}', '{SET_ASIDE}')) = '{USED}'"
"""What SQL says of a photo for which `Photo.used` holds."""
_IS_SEEN = f"NOT missing AND {IS_USED}"

_LOOK_COLUMNS = [field.name for field in dataclasses.fields(Look)]
_TRUNCATED, _HASH = _LOOK_COLUMNS.index("truncated"), _LOOK_COLUMNS.index("difference_hash")

# A hundred thousand photos are read at once: by place, since asking a row by name takes most of the time.
_COLUMNS = (
    "photos.id, folder_id, alias, photos.relative_path, size, missing, verdict, reason, duplicate_of, "
    f"outlier_distance, overruled, {', '.join(f'photos.{name}' for name in _LOOK_COLUMNS)}"
)
_FIRST_OF_LOOK = 11
_PART = 1024
_AFTER_LOOK = _FIRST_OF_LOOK + len(_LOOK_COLUMNS)
_NOTHING_IMPORTED = (None,) * 4
_RECORDED = (
    "folder_id", "relative_path", "size", "mtime_ns", "inode", "look_version", "missing", *_LOOK_COLUMNS
)  # fmt: skip
_INSERT = f"INSERT INTO photos({', '.join(_RECORDED)}) VALUES ({', '.join('?' * len(_RECORDED))}) RETURNING id"
_UPDATE = f"UPDATE photos SET {', '.join(f'{name} = ?' for name in _RECORDED)} WHERE id = ?"
_TELLING = "id, folder_id, relative_path, size, mtime_ns, inode, content_hash, taken_at, taken_at_source"
_IN_PLACE = f"SELECT {_TELLING} FROM photos WHERE folder_id = ? AND relative_path = ? ORDER BY missing, id DESC LIMIT 1"
_WITH_CONTENT = f"SELECT {_TELLING} FROM photos WHERE content_hash = ? ORDER BY missing DESC, id"


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo of a project: a row of the catalogue.

    file_path: alias/relative path, as it stands in every output; root: the folder with this alias. verdict: clean,
    invalid, duplicate, dark, blurry or outlier; overruled: "used" or "set aside" where a person decided, else None.
    See `Look` for the measures.
    """

    id: int
    folder_id: int
    file_path: str
    root: Path
    size: int
    missing: bool
    look: Look
    verdict: str
    reason: str
    duplicate_of: int | None
    outlier_distance: float | None
    overruled: str | None

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.root / from_text(self.file_path.partition("/")[2])

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

        A photo that is gone from its place while an equal one appears elsewhere was moved, also to the place of another
        and to another folder: it keeps its id and with it its labels. Other bytes in its own place are the same photo,
        edited, unless it was taken at another moment.
        """
        ids = []
        with self._database.writing() as db:
            for found, look in looks:
                ids.append(self._record_one(db, folder_id, found, look))
        return ids

    def known(self, folder_id: int) -> dict[str, tuple[int, int, int]]:
        """Relative path -> (size, mtime_ns, inode) of the photos seen in a folder, to tell what is unchanged.

        Those that could not be read, and those that were looked at in an older way, stand there as changed.
        """
        rows = self._database.rows(
            "SELECT relative_path, size, mtime_ns, inode, content_hash = '' OR look_version != ? AS doubtful "
            "FROM photos WHERE folder_id = ? AND NOT missing",
            (LOOK_VERSION, folder_id),
        )
        return {
            row["relative_path"]: (-1, -1, -1) if row["doubtful"] else (row["size"], row["mtime_ns"], row["inode"])
            for row in rows
        }

    def any_in_place(self, folder_id: int) -> bool:
        """Whether any photo of a folder was where it was when it was looked for last."""
        return bool(
            self._database.rows("SELECT 1 FROM photos WHERE folder_id = ? AND NOT missing LIMIT 1", (folder_id,))
        )

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

    def in_parts(self) -> Iterator[list[Photo]]:
        """Every photo, in no order, a thousand at a time, for those who may be stopped. Drain it at once."""
        photos = iter(self._select("", ()))
        while part := list(itertools.islice(photos, _PART)):
            yield part

    def used(self) -> list[Photo]:
        """The photos that maps, groups and training take, in the sorted order of file paths."""
        return sorted(self.each_used(), key=lambda photo: photo.file_path)

    def each_used(self) -> Iterator[Photo]:
        """The photos of `used` in no order, one by one, for those who keep little of each. Drain it at once."""
        return (photo for photo in self._select("", ()) if photo.used and not photo.missing)

    def examples(self, count: int, used: int) -> list[Photo]:
        """At most so many of the used photos, of which there are `used` by `counts`, spread evenly over the folders."""
        ids: list[int] = []
        for number in range(min(count, used)):
            at = number * used // min(count, used)
            sql = f"SELECT id FROM photos WHERE {_IS_SEEN} ORDER BY folder_id, relative_path LIMIT 1 OFFSET {at}"
            ids += [row[0] for row in self._database.rows(sql)]
        return self.some(ids)

    def used_ids(self) -> NDArray[np.int64]:
        """The ids of the photos of `used`, int64 in rising order."""
        # As texts: a hundred thousand rows take many times as long to come over one by one. Several, since to read a
        # text is one call, during which no other thread gets on.
        sql = f"SELECT group_concat(id) FROM photos WHERE {_IS_SEEN} GROUP BY id / {_PART}"
        parts = [np.fromiter(map(int, row[0].split(",")), np.int64) for row in self._database.each(sql)]
        return np.sort(np.concatenate([np.empty(0, np.int64), *parts]))

    def missing_ids(self) -> NDArray[np.int64]:
        """The ids of the photos that are not where they were, int64 in rising order."""
        rows = self._database.rows("SELECT id FROM photos WHERE missing ORDER BY id")
        return np.fromiter((row["id"] for row in rows), np.int64, len(rows))

    def overruled(self) -> dict[int, str]:
        """Photo id -> what a person decided, "used" or "set aside", of those photos on which one did."""
        return dict(map(tuple, self._database.rows("SELECT id, overruled FROM photos WHERE overruled IS NOT NULL")))

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
        """How many photos: "all", "missing", of the others "used" and "set aside", and of the latter by verdict."""
        sql = f"SELECT missing, verdict, {IS_USED}, count(*) FROM photos GROUP BY 1, 2, 3"
        counts: Counter[str] = Counter()
        for missing, verdict, used, count in self._database.rows(sql):
            counts["all"] += count
            counts["missing"] += count * missing
            if missing:
                continue
            counts[USED if used else SET_ASIDE] += count
            if not used:
                counts[verdict] += count
        return counts

    def _record_one(self, db: sqlite3.Connection, folder_id: int, found: FoundPhoto, look: Look) -> int:
        values = (
            folder_id, found.relative, found.size, found.mtime_ns, found.inode, LOOK_VERSION, 0, *_stored(look)
        )  # fmt: skip
        here = db.execute(_IN_PLACE, (folder_id, found.relative)).fetchone()
        known = here
        if here is None or here["content_hash"] != look.content_hash:
            known = self._moved(db, look) or (here if here is not None and _may_be_edited(here, look) else None)
        if here is not None and (known is None or known["id"] != here["id"]):
            db.execute("UPDATE photos SET missing = 1 WHERE id = ?", (here["id"],))
        if known is None:
            return int(db.execute(_INSERT, values).fetchone()["id"])
        db.execute(_UPDATE, (*values, known["id"]))
        return int(known["id"])

    def _moved(self, db: sqlite3.Connection, look: Look) -> sqlite3.Row | None:
        """The photo with these bytes that does not lie any more where it was, though its folder can be reached."""
        if not look.content_hash:
            return None
        for row in db.execute(_WITH_CONTENT, (look.content_hash,)):
            root = self._folder_paths()[row["folder_id"]]
            if root.is_dir() and not _holds(root / from_text(row["relative_path"]), row):
                return row
        return None

    def _select(self, where: str, parameters: Sequence[int]) -> Iterable[Photo]:
        roots = self._folder_paths()
        sql = (
            f"SELECT {_COLUMNS}, {IMPORTED_COLUMNS} FROM photos "
            f"JOIN folders ON folders.id = folder_id {WITH_IMPORTED} {where}"
        )
        for row in self._database.each(sql, parameters):
            yield _photo(row, roots[row[1]])


def _photo(row: sqlite3.Row, root: Path) -> Photo:
    identity, folder_id, alias, relative, size, missing, *judged = row[:_FIRST_OF_LOOK]
    values = list(row[_FIRST_OF_LOOK:_AFTER_LOOK])
    values[_TRUNCATED] = bool(values[_TRUNCATED])
    if values[_HASH] is not None:
        values[_HASH] &= (1 << 64) - 1
    look = Look(*values)
    if row[_AFTER_LOOK:] != _NOTHING_IMPORTED:
        look = with_imported(look, row)
    return Photo(
        identity, folder_id, f"{alias}/{relative.removeprefix('./')}", root, size, bool(missing), look, *judged
    )


def _holds(path: Path, row: sqlite3.Row) -> bool:
    """Whether the file at `path` has the bytes of a photo; it is read only where that is in doubt."""
    try:
        size, mtime_ns, inode = file_facts(path.stat())
        if size != row["size"]:
            return False
        if (mtime_ns, inode) == (row["mtime_ns"], row["inode"]):
            return True
        with path.open("rb") as stream:
            digest = hashlib.sha256()
            while part := stream.read(1 << 20):
                digest.update(part)
            return digest.hexdigest() == row["content_hash"]
    except OSError:
        return False


def _may_be_edited(row: sqlite3.Row, look: Look) -> bool:
    """Whether other bytes in a photo's place may still be that photo: editing keeps the moment of the shot."""
    moments = [(row["taken_at"], row["taken_at_source"]), (look.taken_at, look.taken_at_source)]
    return moments[0] == moments[1] or any(source != "exif" for _, source in moments)


def _stored(look: Look) -> list[object]:
    """The values of `_LOOK_COLUMNS`; SQLite's integers are signed."""
    values = [getattr(look, name) for name in _LOOK_COLUMNS]
    if look.difference_hash is not None and look.difference_hash >= 1 << 63:
        values[_HASH] = look.difference_hash - (1 << 64)
    return values
