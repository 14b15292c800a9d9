"""One SQLite file used from several threads: a connection a thread, one writer at a time."""

from __future__ import annotations

import getpass
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..errors import PrismhError
from . import schema

_COUNT = "INSERT INTO meta VALUES ('written', '1') ON CONFLICT(key) DO UPDATE SET value = value + 1"


class Database:
    """The catalogue's connections. A thread that reads while it is closed reads on, and closes its own when it ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._write_lock = threading.RLock()
        self._opened: weakref.WeakSet[_OfThread] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._is_prepared = False
        try:
            schema.prepare(self._of_thread().connection, path)
        except sqlite3.DatabaseError as error:
            raise schema.cannot_be_opened(path, error) from error
        self._is_prepared = True
        self._written_here, self._written_before = 0, self._written()
        self._written_elsewhere = 0

    @property
    def written_elsewhere(self) -> int:
        """How many transactions of other programs, or of other `Database`s of this one, were kept since the opening.

        Never waits for a writer: while one of this program writes, it is the number known before.
        """
        if self._write_lock.acquire(blocking=False):
            try:
                self._written_elsewhere = self._written() - self._written_before - self._written_here
            finally:
                self._write_lock.release()
        return self._written_elsewhere

    def rows(self, sql: str, parameters: Any = ()) -> list[sqlite3.Row]:
        return list(self.each(sql, parameters))

    def each(self, sql: str, parameters: Any = ()) -> Iterator[sqlite3.Row]:
        """The rows one by one, where all at once would take much memory. Drain it at once: others may wait to write."""
        try:
            with self._in_use() as connection, closing(connection.execute(sql, parameters)) as cursor:
                yield from cursor
        except sqlite3.DatabaseError as error:
            raise schema.failed_in_use(self.path, error) from error

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of the block or, where it raises, nothing of it."""
        with self._write_lock, self._in_use() as connection:
            if connection.in_transaction:
                yield connection
                return
            try:
                connection.execute("BEGIN IMMEDIATE")
                before = connection.total_changes
                yield connection
                changed = connection.total_changes > before
                if changed:
                    connection.execute(_COUNT)
                connection.execute("COMMIT")
                self._written_here += changed
            except sqlite3.DatabaseError as error:
                raise schema.failed_in_use(self.path, error) from error
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def _written(self) -> int:
        """How many transactions that changed something were ever kept, by whomever."""
        return next((int(row["value"]) for row in self.rows("SELECT value FROM meta WHERE key = 'written'")), 0)

    def close(self) -> None:
        own = getattr(self._local, "kept", None)
        with self._lock:
            for kept in list(self._opened):
                # A connection that is closed while another thread is within SQLite ends the process.
                if kept is own or not kept.uses:
                    kept.connection.close()
            self._opened.clear()

    @contextmanager
    def _in_use(self) -> Iterator[sqlite3.Connection]:
        """This thread's connection, which no other thread closes meanwhile."""
        kept = self._of_thread()
        with self._lock:
            kept.uses += 1
        try:
            yield kept.connection
        finally:
            with self._lock:
                kept.uses -= 1

    def _of_thread(self) -> _OfThread:
        kept: _OfThread | None = getattr(self._local, "kept", None)
        if kept is None:
            if self._is_prepared and not self.path.is_file():
                raise PrismhError(  # SQLite would make an empty one
                    f"The project {self.path.parent} is not there any more: bring the folder back and open it again."
                )
            try:
                kept = self._local.kept = _OfThread(schema.connect(self.path))
            except sqlite3.DatabaseError as error:
                told = schema.failed_in_use if self._is_prepared else schema.cannot_be_opened
                raise told(self.path, error) from error
            with self._lock:
                self._opened.add(kept)
        return kept


class _OfThread:
    """A connection that goes with its thread: a window has thousands in a day, and each holds the file open."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.uses = 0  # statements and transactions under way

    def __del__(self) -> None:
        self.connection.close()  # its statements and it refer to each other: else the collector comes by first


def now() -> str:
    """This moment in UTC, ISO 8601 to the second."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def this_person() -> str:
    """Who is at the keyboard, for "who said so"; the account's name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # an account without a name
        return "unknown"
