"""The tables of `project.db`, and how an older file becomes a current one."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from .. import databases
from ..errors import PrismhError

APPLICATION_ID = 0x50524D48  # "PRMH"

# One entry a version, each run once, in order, in one transaction. Never edit one that was released: add the next.
MIGRATIONS = (
    """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);

    CREATE TABLE folders (
        id INTEGER PRIMARY KEY,
        alias TEXT NOT NULL UNIQUE,        -- first part of every file_path of this folder
        path TEXT NOT NULL,                -- absolute, where it was last seen; as paths.to_text writes it
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
        look_version INTEGER NOT NULL,     -- of the way in which it was looked at; an older one is looked at again
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
        overruled_by TEXT, overruled_at TEXT
    );
    -- A photo that is gone keeps the place where it was; another one may lie there now.
    CREATE UNIQUE INDEX photos_in_place ON photos(folder_id, relative_path) WHERE NOT missing;
    CREATE INDEX photos_by_place ON photos(folder_id, relative_path);
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
        id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used again: another program may still hold a replaced one
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
    """
    CREATE TABLE imported_metadata (       -- what tables said; what the photo itself says stays in its own row
        photo_id INTEGER PRIMARY KEY REFERENCES photos(id),
        taken_at TEXT,
        latitude REAL, longitude REAL,     -- both or none
        camera TEXT,
        imported_by TEXT NOT NULL,
        imported_at TEXT NOT NULL
    );
    """,
    """
    ALTER TABLE groupings ADD COLUMN leaves BLOB;  -- int32, a part of the tree for each photo; null: it has no tree
    ALTER TABLE groupings ADD COLUMN merges BLOB;  -- int32, the two that each coarser cut joins
    CREATE TABLE cuts (                    -- of a grouping's tree, finer or coarser than the grouping itself
        id INTEGER PRIMARY KEY,
        grouping_id INTEGER NOT NULL REFERENCES groupings(id) ON DELETE CASCADE,
        groups INTEGER NOT NULL,
        report TEXT NOT NULL,              -- these four as in groupings
        distances BLOB NOT NULL,
        silhouettes BLOB NOT NULL,
        separation BLOB NOT NULL,
        UNIQUE (grouping_id, groups)
    );
    CREATE TABLE shown_groupings (
        feature_set_id INTEGER PRIMARY KEY REFERENCES feature_sets(id) ON DELETE CASCADE,
        grouping_id INTEGER NOT NULL REFERENCES groupings(id) ON DELETE CASCADE,
        groups INTEGER                     -- which of its cuts; null: the grouping itself
    );
    INSERT INTO shown_groupings SELECT feature_set_id, max(id), NULL FROM groupings GROUP BY feature_set_id;

    CREATE TABLE suggestions (             -- names that a classifier would give
        feature_set_id INTEGER NOT NULL REFERENCES feature_sets(id) ON DELETE CASCADE,
        photo_id INTEGER NOT NULL REFERENCES photos(id),
        name TEXT NOT NULL,                -- '' where it is unsure
        confidence REAL NOT NULL,          -- 0 to 1
        PRIMARY KEY (feature_set_id, photo_id)
    ) WITHOUT ROWID;

    CREATE TABLE history_steps (           -- what a person did, oldest first
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        text TEXT NOT NULL,
        changes INTEGER NOT NULL,          -- how many rows of the other tables of history are its own
        undone INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE history_labels (          -- a name given or taken off, in the order in which that was done
        id INTEGER PRIMARY KEY,
        step_id INTEGER NOT NULL REFERENCES history_steps(id) ON DELETE CASCADE,
        given INTEGER NOT NULL,            -- 0: taken off
        photo_id INTEGER NOT NULL,
        name TEXT NOT NULL,
        given_to TEXT NOT NULL,
        given_by TEXT NOT NULL,
        given_at TEXT NOT NULL
    );
    CREATE TABLE history_overruled (
        id INTEGER PRIMARY KEY,
        step_id INTEGER NOT NULL REFERENCES history_steps(id) ON DELETE CASCADE,
        photo_id INTEGER NOT NULL,
        decision_before TEXT, by_before TEXT, at_before TEXT,
        decision_after TEXT, by_after TEXT, at_after TEXT
    );
    CREATE TABLE history_shown (           -- another grouping or cut was shown; null: none
        id INTEGER PRIMARY KEY,
        step_id INTEGER NOT NULL REFERENCES history_steps(id) ON DELETE CASCADE,
        feature_set_id INTEGER NOT NULL,
        grouping_before INTEGER, groups_before INTEGER,
        grouping_after INTEGER, groups_after INTEGER
    );
    CREATE INDEX history_labels_by_step ON history_labels(step_id);
    CREATE INDEX history_overruled_by_step ON history_overruled(step_id);
    CREATE INDEX history_shown_by_step ON history_shown(step_id);
    """,
    """
    CREATE TABLE history_imported (        -- a row of imported_metadata that came or went, in the order of that
        id INTEGER PRIMARY KEY,
        step_id INTEGER NOT NULL REFERENCES history_steps(id) ON DELETE CASCADE,
        came INTEGER NOT NULL,             -- 0: went
        photo_id INTEGER NOT NULL,
        taken_at TEXT,
        latitude REAL, longitude REAL,
        camera TEXT,
        imported_by TEXT NOT NULL,
        imported_at TEXT NOT NULL
    );
    CREATE INDEX history_imported_by_step ON history_imported(step_id);
    """,
    """
    ALTER TABLE groupings ADD COLUMN known_as BLOB;  -- int32, the number a person knows each cluster by; null: the same
    """,
    """
    ALTER TABLE imported_metadata ADD COLUMN own TEXT;  -- JSON, the text in each column of a team's own; null: none
    ALTER TABLE history_imported ADD COLUMN own TEXT;
    """,
    """
    ALTER TABLE runs ADD COLUMN shown_first TEXT NOT NULL DEFAULT '';  -- starter or learned; '': not known
    """,
    """
    ALTER TABLE runs ADD COLUMN failure TEXT NOT NULL DEFAULT '';  -- why it could not go on; '': it could
    """,
)


def connect(path: Path) -> sqlite3.Connection:
    """A connection to an existing or new catalogue.

    Raises `sqlite3.DatabaseError` where the file is damaged, no database, or cannot be used now.
    """
    connection = databases.connect(path)
    connection.row_factory = sqlite3.Row
    return connection


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Check a catalogue and bring it to the current version; a copy of an older one is kept beside it.

    Raises `PrismhError` where it is damaged, no project, or made by a newer program, `sqlite3.DatabaseError`
    where SQLite itself finds it so or cannot use it now.
    """
    connection.execute("BEGIN")  # one look at all three: another program may be making them
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    connection.execute("COMMIT")
    if tables and application != APPLICATION_ID:
        raise PrismhError(f"{path} is a database, but not one of a Prism-H project: choose the project's folder.")
    if version > len(MIGRATIONS):
        raise PrismhError(f"{path.parent} was made by a newer Prism-H: update the program to open it.")
    fault = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if fault != "ok":
        raise _damaged(path, fault)
    if version < len(MIGRATIONS):
        if tables:
            _back_up(connection, path.with_name(f"project.version{version}.db"))
        _migrate(connection)


def cannot_be_opened(path: Path, error: sqlite3.DatabaseError) -> PrismhError:
    """The sentence for a catalogue that is opened and cannot be read or written."""
    return _only_now(path, error) or _damaged(path, error)


def failed_in_use(path: Path, error: sqlite3.DatabaseError) -> PrismhError:
    """The sentence for a catalogue that could be opened and fails later: only the next opening tells what is lost."""
    return _only_now(path, error) or PrismhError(
        f"The project file {path} cannot be read any more ({_in_one_line(error)}): close the project and open it "
        "again, and what was saved is checked."
    )


def _only_now(path: Path, error: sqlite3.DatabaseError) -> PrismhError | None:
    """Locked, full, read-only, or changed meanwhile by another program: nothing is damaged."""
    if isinstance(error, (sqlite3.OperationalError, sqlite3.IntegrityError)):
        to_do = " Make room there, then try again." if str(error).endswith("is full") else ""
        return PrismhError(f"Cannot use the project file {path}: {error}. What was saved before is safe.{to_do}")
    return None


def _back_up(connection: sqlite3.Connection, target: Path) -> None:
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)
    with closing(sqlite3.connect(part)) as copy:
        connection.backup(copy)
    os.replace(part, target)


def _migrate(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Asked again: another program may have been first.
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        for script in MIGRATIONS[version:]:
            for statement in _statements(script):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {max(version, len(MIGRATIONS))}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _statements(script: str) -> Iterator[str]:
    """One by one, since `executescript` would end the transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _damaged(path: Path, why: object) -> PrismhError:
    why = _in_one_line(why)
    return PrismhError(f"The project file {path} cannot be read ({why}): restore it from a backup. Photos are safe.")


def _in_one_line(said: object) -> str:
    return " ".join(str(said).split())  # SQLite speaks in several lines
