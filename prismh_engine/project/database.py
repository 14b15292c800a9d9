"""One SQLite file used from several threads: a connection a thread, one writer at a time."""

from __future__ import annotations

import getpass
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..errors import PrismhError
from . import schema


class Database:
    """The catalogue's connections. Close it when every thread that used it has ended."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._write_lock = threading.RLock()
        self._opened: list[sqlite3.Connection] = []
        schema.prepare(self._connection(), path)

    def rows(self, sql: str, parameters: Any = ()) -> list[sqlite3.Row]:
        return list(self.each(sql, parameters))

    def each(self, sql: str, parameters: Any = ()) -> Iterator[sqlite3.Row]:
        """The rows one by one, where all at once would take much memory. Drain it at once: others may wait to write."""
        try:
            with closing(self._connection().execute(sql, parameters)) as cursor:
                yield from cursor
        except sqlite3.DatabaseError as error:
            raise schema.unusable(self.path, error) from error

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of the block or, where it raises, nothing of it."""
        connection = self._connection()
        with self._write_lock:
            if connection.in_transaction:
                yield connection
                return
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except sqlite3.DatabaseError as error:
                raise schema.unusable(self.path, error) from error
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def close(self) -> None:
        for connection in self._opened:
            connection.close()
        self._opened.clear()
        self._local = threading.local()

    def _connection(self) -> sqlite3.Connection:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            if self._opened and not self.path.is_file():
                raise PrismhError(  # SQLite would make an empty one
                    f"The project {self.path.parent} is not there any more: bring the folder back and open it again."
                )
            connection = self._local.connection = schema.connect(self.path)
            self._opened.append(connection)
        return connection


def now() -> str:
    """This moment in UTC, ISO 8601 to the second."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def this_person() -> str:
    """Who is at the keyboard, for "who said so"; the account's name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # an account without a name
        return "unknown"
