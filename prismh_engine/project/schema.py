"""The tables of `project.db`, and how an older file becomes a current one."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from ..errors import PrismhError

APPLICATION_ID = 0x50524D48  # "PRMH"

# One entry a version, each run once, in order, in one transaction. Never edit one that was released: add the next.
MIGRATIONS = (
    """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);

    CREATE TABLE folders (
        id INTEGER PRIMARY KEY,
        alias TEXT NOT NULL UNIQUE,        -- first part of every file_path of this folder
        path TEXT NOT NULL,                -- absolute, where it was last seen
        relative_path TEXT                 -- from the project folder; tried first, so that both can move together
    );

    CREATE TABLE photos (
        id INTEGER PRIMARY KEY,
        folder_id INTEGER NOT NULL REFERENCES folders(id),
        relative_path TEXT NOT NULL,       -- as paths.to_text writes it
        content_hash TEXT NOT NULL,        -- sha256 of the bytes, '' where they could not be read
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        inode INTEGER NOT NULL,
        missing INTEGER NOT NULL DEFAULT 0,
        invalid_reason TEXT NOT NULL DEFAULT '',
        truncated INTEGER NOT NULL DEFAULT 0,
        width INTEGER, height INTEGER,
        brightness REAL, contrast REAL, sharpness REAL,
        difference_hash INTEGER,           -- 64 bits, as a signed number
        taken_at TEXT, taken_at_source TEXT,
        latitude REAL, longitude REAL, position_note TEXT,
        camera TEXT,
        verdict TEXT NOT NULL DEFAULT 'clean'
            CHECK (verdict IN ('clean', 'invalid', 'duplicate', 'dark', 'blurry', 'outlier')),
        reason TEXT NOT NULL DEFAULT '',
        duplicate_of INTEGER REFERENCES photos(id),
        outlier_distance REAL,
        overruled TEXT CHECK (overruled IN ('used', 'set aside')),
        overruled_by TEXT, overruled_at TEXT,
        UNIQUE (folder_id, relative_path)
    );
    CREATE INDEX photos_by_content ON photos(content_hash);

    CREATE TABLE labels (                  -- names a person gave; they hang on photos, never on a grouping
        photo_id INTEGER NOT NULL REFERENCES photos(id),
        name TEXT NOT NULL,
        given_to TEXT NOT NULL CHECK (given_to IN ('photo', 'group')),
        given_by TEXT NOT NULL,
        given_at TEXT NOT NULL,
        PRIMARY KEY (photo_id, given_to, name)
    );

    CREATE TABLE runs (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,         -- its folder below runs/
        state TEXT NOT NULL CHECK (state IN ('running', 'stopped', 'finished', 'failed')),
        created_at TEXT NOT NULL,
        summary TEXT NOT NULL DEFAULT ''   -- one sentence on what it changed
    );

    CREATE TABLE feature_sets (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,         -- its folder below features/: 'starter' or a run's name
        run_id INTEGER REFERENCES runs(id),
        encoder TEXT NOT NULL,
        weights_sha256 TEXT NOT NULL,
        image_size INTEGER NOT NULL,
        dimension INTEGER NOT NULL,
        created_at TEXT NOT NULL
    );
    CREATE TABLE feature_rows (            -- which content is which row; two photos with equal bytes share one
        feature_set_id INTEGER NOT NULL REFERENCES feature_sets(id),
        content_hash TEXT NOT NULL,
        row INTEGER NOT NULL,
        PRIMARY KEY (feature_set_id, content_hash)
    ) WITHOUT ROWID;

    CREATE TABLE maps (
        id INTEGER PRIMARY KEY,
        feature_set_id INTEGER NOT NULL REFERENCES feature_sets(id),
        method TEXT NOT NULL,
        parameters TEXT NOT NULL,          -- JSON
        photo_ids BLOB NOT NULL,           -- int64, little-endian
        positions BLOB NOT NULL,           -- float32, little-endian, x and y of each photo
        created_at TEXT NOT NULL
    );

    CREATE TABLE groupings (
        id INTEGER PRIMARY KEY,
        feature_set_id INTEGER NOT NULL REFERENCES feature_sets(id),
        parent_id INTEGER REFERENCES groupings(id),  -- the grouping this one is a finer cut of
        method TEXT NOT NULL,
        parameters TEXT NOT NULL,          -- JSON
        report TEXT NOT NULL,              -- JSON, as in cluster_report.json
        photo_ids BLOB NOT NULL,           -- int64
        clusters BLOB NOT NULL,            -- int32
        distances BLOB NOT NULL,           -- float32
        silhouettes BLOB NOT NULL,         -- float32
        separation BLOB NOT NULL,          -- float32, one a cluster, 0 to 1
        created_at TEXT NOT NULL
    );
    """,
)


def connect(path: Path) -> sqlite3.Connection:
    """A connection to an existing or new catalogue with its current schema.

    Raises `PrismhError` where the file is damaged, no project, or made by a newer program.
    """
    try:
        # Closing the project closes the connections of other threads too, when those have ended.
        connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection
    except sqlite3.DatabaseError as error:
        raise _damaged(path, error) from error


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Check a catalogue and bring it to the current version; a copy of an older one is kept beside it."""
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if tables and application != APPLICATION_ID:
            raise PrismhError(f"{path} is a database, but not one of a Prism-H project: choose the project's folder.")
        if version > len(MIGRATIONS):
            raise PrismhError(f"{path.parent} was made by a newer Prism-H: update the program to open it.")
        fault = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if fault != "ok":
            raise _damaged(path, fault)
        if tables and version < len(MIGRATIONS):
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            shutil.copy2(path, path.with_name(f"project.version{version}.db"))
        for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
            connection.executescript(
                f"BEGIN; {script} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {number}; COMMIT;"
            )
    except sqlite3.DatabaseError as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, why: object) -> PrismhError:
    why = " ".join(str(why).split())  # SQLite speaks in several lines
    return PrismhError(f"The project file {path} cannot be read ({why}): restore it from a backup. Photos are safe.")
