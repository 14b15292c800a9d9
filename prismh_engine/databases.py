"""One way to open an SQLite file that several threads and several programs write to."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

SECONDS_TO_WAIT = 60.0
"""How long a writer waits for another program that writes."""

_SECONDS_BETWEEN_TRIES = 0.02
# File systems of drives in the net, on which the memory that WAL's writers share does not work.
_NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afpfs", "davfs", "webdav", "fuse.sshfs", "macfuse", "osxfuse"}


def connect(path: Path) -> sqlite3.Connection:
    """A connection to a database file, made where it is missing, that any thread may use, one at a time.

    Transactions are begun and ended by the caller. The journal is a write-ahead log, on a network drive a rollback
    journal. Raises `sqlite3.Error`.
    """
    connection = sqlite3.connect(path, timeout=SECONDS_TO_WAIT, isolation_level=None, check_same_thread=False)
    try:
        _set_journal(connection, "DELETE" if on_network_drive(path) else "WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def on_network_drive(path: Path) -> bool:
    """Whether a file lies, or would lie, on a drive of another machine."""
    import psutil

    place = os.path.realpath(path)
    if place.startswith("\\\\"):
        return True
    holding = [part for part in psutil.disk_partitions(all=True) if _lies_below(place, part.mountpoint)]
    if not holding:
        return False
    mounted = max(enumerate(holding), key=lambda one: (len(one[1].mountpoint), one[0]))[1]  # of two the later covers
    return mounted.fstype.lower() in _NETWORK or "remote" in mounted.opts.split(",")


def _lies_below(place: str, mount_point: str) -> bool:
    return os.path.normcase(place).startswith(os.path.normcase(mount_point).rstrip(os.sep) + os.sep)


def _set_journal(connection: sqlite3.Connection, mode: str) -> None:
    """Change the journal; SQLite does not wait for other programs there, so this does."""
    give_up = time.monotonic() + SECONDS_TO_WAIT
    while True:
        try:
            connection.execute(f"PRAGMA journal_mode = {mode}")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > give_up:
                raise
        time.sleep(_SECONDS_BETWEEN_TRIES)
