"""The cache's SQLite file: what was seen of each photo, and the embeddings that are kept for encoders."""

from __future__ import annotations

import dataclasses
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .. import databases
from ..errors import PrismhError
from ..files import make_folder
from .record import LOOK_VERSION, FoundPhoto, Look

NAME = "cache.db"
_TRIES = 3
_IN_ONE_QUESTION = 500  # SQLite's old limit is 999 parameters

T = TypeVar("T")
_Statement = tuple[str, Sequence[tuple[object, ...]]]

_TABLES = """
    CREATE TABLE IF NOT EXISTS files (
        path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, inode INTEGER NOT NULL,
        content_hash TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS looks (
        content_hash TEXT PRIMARY KEY, version INTEGER NOT NULL, look TEXT NOT NULL   -- JSON
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS features (
        identity TEXT NOT NULL, content_hash TEXT NOT NULL, embedding BLOB NOT NULL,  -- float32, little-endian
        PRIMARY KEY (identity, content_hash)
    );
"""


class CacheDatabase:
    """The file `cache.db` of a cache's folder; every method may be called from any thread.

    Where the file was deleted or damaged, a new one is begun: nothing in it is lost for good. Every write is one
    transaction. Raises `PrismhError` where the folder cannot be written or is closed already.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._connection = self._open()

    def remembered(self, found: FoundPhoto) -> Look | None:
        """The look at a file that is as it was then, without what its name tells; None for any other."""
        rows = self._rows(
            "SELECT looks.content_hash, look FROM files JOIN looks USING (content_hash) "
            "WHERE path = ? AND size = ? AND mtime_ns = ? AND inode = ? AND version = ?",
            (os.fsencode(found.path), found.size, found.mtime_ns, found.inode, LOOK_VERSION),
        )
        return _from_row(*rows[0]) if rows else None

    def look_of(self, content_hash: str) -> Look | None:
        """The look at these bytes, wherever they lay."""
        sql = "SELECT content_hash, look FROM looks WHERE content_hash = ? AND version = ?"
        rows = self._rows(sql, (content_hash, LOOK_VERSION))
        return _from_row(*rows[0]) if rows else None

    def keep_look(self, look: Look, found: FoundPhoto | None) -> None:
        """Keep a look, and that it belongs to a file; None where the file is not any more what was found."""
        writes: list[_Statement] = [
            ("INSERT OR REPLACE INTO looks VALUES (?, ?, ?)", [(look.content_hash, LOOK_VERSION, _to_json(look))])
        ]
        if found is not None:
            key = (os.fsencode(found.path), found.size, found.mtime_ns, found.inode, look.content_hash)
            writes.append(("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)", [key]))
        self._write(writes)

    def features(self, identity: str, hashes: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        """Content hash -> embedding float32 [D] of those asked for that are kept."""
        wanted = list(dict.fromkeys(hashes))
        found = {}
        for start in range(0, len(wanted), _IN_ONE_QUESTION):
            part = wanted[start : start + _IN_ONE_QUESTION]
            marks = ",".join("?" * len(part))
            sql = f"SELECT content_hash, embedding FROM features WHERE identity = ? AND content_hash IN ({marks})"
            for name, embedding in self._rows(sql, [identity, *part]):
                found[name] = np.frombuffer(embedding, "<f4").astype(np.float32)
        return found

    def keep_features(self, identity: str, hashes: Sequence[str], embeddings: NDArray[np.float32]) -> None:
        """Keep embeddings, float32 [N, D], one a content hash."""
        rows = [
            (identity, name, np.ascontiguousarray(row, dtype="<f4").tobytes())
            for name, row in zip(hashes, embeddings, strict=True)
        ]
        self._write([("INSERT OR REPLACE INTO features VALUES (?, ?, ?)", rows)])

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _open(self) -> sqlite3.Connection:
        make_folder(self.folder)
        path = self.folder / NAME
        try:
            return _connect(path)
        except sqlite3.OperationalError as error:
            raise PrismhError(f"Cannot use the cache {path}: {error}.") from error
        except sqlite3.DatabaseError:
            # Damaged; nothing in it is lost for good.
            for suffix in ("", "-wal", "-shm"):
                path.with_name(f"{NAME}{suffix}").unlink(missing_ok=True)
        try:
            return _connect(path)
        except sqlite3.DatabaseError as error:
            raise PrismhError(f"Cannot use the cache {path}: {error}.") from error

    def _rows(self, sql: str, parameters: Sequence[object]) -> list[tuple[str, Any]]:
        return self._retried(lambda: self._connection.execute(sql, parameters).fetchall())

    def _write(self, statements: Sequence[_Statement]) -> None:
        self._retried(lambda: self._execute(statements))

    def _retried(self, action: Callable[[], T]) -> T:
        """Do something with the database; again on a new one where it was deleted or damaged while in use."""
        with self._lock:
            tries = 0
            while True:
                try:
                    return action()
                except sqlite3.ProgrammingError as error:  # noqa: PERF203 - closed: it must not come to life again
                    raise PrismhError(f"The cache in {self.folder} is closed.") from error
                except sqlite3.DatabaseError as error:
                    tries += 1
                    if tries == _TRIES:
                        raise PrismhError(f"Cannot use the cache in {self.folder}: {error}.") from error
                    self._connection.close()
                    self._connection = self._open()

    def _execute(self, statements: Sequence[_Statement]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for sql, rows in statements:
                self._connection.executemany(sql, rows)
            self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


def _connect(path: Path) -> sqlite3.Connection:
    connection = databases.connect(path)
    try:
        connection.executescript(_TABLES)
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def _to_json(look: Look) -> str:
    values: Mapping[str, object] = dataclasses.asdict(look)
    return json.dumps({key: value for key, value in values.items() if key != "content_hash"})


def _from_row(content_hash: str, look: str) -> Look:
    return Look(content_hash=content_hash, **json.loads(look))
