"""What a person did to a project, step by step: undone and done again, also after the project was closed.

A step holds names given and taken off, verdicts overruled, what was taken from a table, and which groups were shown.
It stands in the catalogue
itself, so that several programs at one project share one history.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from .database import Database

MOST_STEPS = 200
MOST_CHANGES = 1_000_000
"""Rows that all steps hold together; the newest step is kept whatever it holds."""

_IMPORTED = "photo_id, taken_at, latitude, longitude, camera, own, imported_by, imported_at"


def _of(row: str, columns: str) -> str:
    return ", ".join(f"{row}.{column}" for column in columns.split(", "))


# Made for as long as a step lasts and by the one connection that writes: nothing else is ever recorded.
_RECORDING = {
    "history_name_given": (
        "AFTER INSERT ON main.labels",
        "INSERT INTO history_labels(step_id, given, photo_id, name, given_to, given_by, given_at) "
        "VALUES ({step}, 1, new.photo_id, new.name, new.given_to, new.given_by, new.given_at)",
    ),
    "history_name_taken_off": (
        "AFTER DELETE ON main.labels",
        "INSERT INTO history_labels(step_id, given, photo_id, name, given_to, given_by, given_at) "
        "VALUES ({step}, 0, old.photo_id, old.name, old.given_to, old.given_by, old.given_at)",
    ),
    "history_overruling": (
        "AFTER UPDATE OF overruled ON main.photos WHEN old.overruled IS NOT new.overruled",
        "INSERT INTO history_overruled(step_id, photo_id, decision_before, by_before, at_before, decision_after, "
        "by_after, at_after) VALUES ({step}, new.id, old.overruled, old.overruled_by, old.overruled_at, "
        "new.overruled, new.overruled_by, new.overruled_at)",
    ),
    "history_imported_first": (
        "AFTER INSERT ON main.imported_metadata",
        f"INSERT INTO history_imported(step_id, came, {_IMPORTED}) VALUES ({{step}}, 1, {_of('new', _IMPORTED)})",
    ),
    "history_imported_again": (
        "AFTER UPDATE ON main.imported_metadata",
        f"INSERT INTO history_imported(step_id, came, {_IMPORTED}) "
        f"VALUES ({{step}}, 0, {_of('old', _IMPORTED)}), ({{step}}, 1, {_of('new', _IMPORTED)})",
    ),
    "history_first_shown": (
        "AFTER INSERT ON main.shown_groupings",
        "INSERT INTO history_shown(step_id, feature_set_id, grouping_after, groups_after) "
        "VALUES ({step}, new.feature_set_id, new.grouping_id, new.groups)",
    ),
    "history_shown_instead": (
        "AFTER UPDATE ON main.shown_groupings "
        "WHEN old.grouping_id IS NOT new.grouping_id OR old.groups IS NOT new.groups",
        "INSERT INTO history_shown(step_id, feature_set_id, grouping_before, groups_before, grouping_after, "
        "groups_after) VALUES ({step}, new.feature_set_id, old.grouping_id, old.groups, new.grouping_id, new.groups)",
    ),
}
_CHANGES = ("history_labels", "history_overruled", "history_imported", "history_shown")


class History:
    """The tables `history_...`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """All changes of names, overruled verdicts, what tables said and shown groups in the block become one step that
        can be undone.

        text: what was done, as a person reads it. The block is one transaction, and other writers wait for it: where
        it raises nothing of it is kept. A step inside another is part of that one; a block that changes nothing is no
        step. A new step drops what was undone, and of the oldest steps those beyond 200 or a million changes.
        """
        with self._database.writing() as db:
            if db.execute("SELECT 1 FROM temp.sqlite_master WHERE name = 'history_name_given'").fetchone():
                yield
                return
            step = db.execute("INSERT INTO history_steps(text, changes) VALUES (?, 0)", (text,)).lastrowid
            for name, (when, then) in _RECORDING.items():
                db.execute(f"CREATE TEMP TRIGGER {name} {when} BEGIN {then.format(step=step)}; END")
            yield  # where this raises the transaction is taken back, and the triggers with it
            for name in _RECORDING:
                db.execute(f"DROP TRIGGER temp.{name}")
            counted = " + ".join(f"(SELECT count(*) FROM {table} WHERE step_id = :step)" for table in _CHANGES)
            changes = db.execute(f"SELECT {counted}", {"step": step}).fetchone()[0]
            if changes:
                db.execute("UPDATE history_steps SET changes = ? WHERE id = ?", (changes, step))
                _forget(db)
            else:
                db.execute("DELETE FROM history_steps WHERE id = ?", (step,))

    @property
    def undo_text(self) -> str:
        """What `undo` would undo, "" where there is nothing."""
        return self._text("WHERE NOT undone ORDER BY id DESC", undo=True)

    @property
    def redo_text(self) -> str:
        """What `redo` would do again, "" where there is nothing."""
        return self._text("WHERE undone ORDER BY id", undo=False)

    def undo(self) -> str:
        """Undo the newest step and return its text, "" where there is none.

        What was changed since outside of any step stays where it can: groups that were found anew are not replaced by
        those that were shown before. A step of which nothing is left to undo is passed over.
        """
        return self._go("WHERE NOT undone ORDER BY id DESC", undo=True)

    def redo(self) -> str:
        """Do the step that was undone last again and return its text, "" where there is none."""
        return self._go("WHERE undone ORDER BY id", undo=False)

    def _text(self, which: str, *, undo: bool) -> str:
        steps = self._database.rows(f"SELECT id, text FROM history_steps {which}")
        return next((str(step["text"]) for step in steps if self._something_left(step["id"], undo)), "")

    def _something_left(self, step: int, undo: bool) -> bool:
        """Whether `_go` would change anything by this step."""
        edge, given = ("min", 0) if undo else ("max", 1)
        now, then = ("after", "before") if undo else ("before", "after")
        asked = (  # what tells soonest first, since a step may hold a hundred thousand names
            f"SELECT given = {given} FROM history_labels WHERE id = "
            f"(SELECT {edge}(id) FROM history_labels WHERE step_id = :step)",
            "SELECT 1 FROM history_overruled JOIN photos ON photos.id = photo_id WHERE step_id = :step LIMIT 1",
            "SELECT 1 FROM history_imported JOIN photos ON photos.id = photo_id WHERE step_id = :step LIMIT 1",
            "SELECT 1 FROM history_shown AS step LEFT JOIN shown_groupings AS shown USING (feature_set_id) "
            f"LEFT JOIN groupings ON groupings.id = step.grouping_{then} "
            "AND groupings.feature_set_id = step.feature_set_id WHERE step_id = :step "
            f"AND shown.grouping_id IS step.grouping_{now} AND shown.groups IS step.groups_{now} "
            f"AND (groupings.id IS NOT NULL OR step.grouping_{then} IS NULL) LIMIT 1",
            "SELECT 1 FROM history_labels CROSS JOIN labels USING (photo_id, given_to, name) "
            "WHERE step_id = :step LIMIT 1",
            f"SELECT 1 FROM history_labels WHERE given = {given} AND id IN "
            f"(SELECT {edge}(id) FROM history_labels WHERE step_id = :step GROUP BY photo_id, given_to, name) LIMIT 1",
        )
        return any(row[0] for question in asked for row in self._database.rows(question, {"step": step}))

    def _go(self, which: str, *, undo: bool) -> str:
        with self._database.writing() as db:
            while step := db.execute(f"SELECT id, text FROM history_steps {which} LIMIT 1").fetchone():
                before = db.total_changes
                _put_names(db, step["id"], undo)
                _put_decisions(db, step["id"], undo)
                _put_imported(db, step["id"], undo)
                _put_shown(db, step["id"], undo)
                something = db.total_changes > before
                db.execute("UPDATE history_steps SET undone = ? WHERE id = ?", (undo, step["id"]))
                if something:
                    return str(step["text"])
        return ""


def _put_names(db: sqlite3.Connection, step: int, undo: bool) -> None:
    """Names as they stood before a step or after it."""
    db.execute(
        "DELETE FROM labels WHERE (photo_id, given_to, name) IN "
        "(SELECT photo_id, given_to, name FROM history_labels WHERE step_id = ?)",
        (step,),
    )
    # What happened to a name first tells how it was before, what happened last how it was then.
    db.execute(
        "INSERT OR IGNORE INTO labels(photo_id, name, given_to, given_by, given_at) "
        "SELECT photo_id, name, given_to, given_by, given_at FROM history_labels WHERE given = ? AND id IN "
        f"(SELECT {'min' if undo else 'max'}(id) FROM history_labels WHERE step_id = ? "
        "GROUP BY photo_id, given_to, name)",
        (0 if undo else 1, step),
    )


def _put_decisions(db: sqlite3.Connection, step: int, undo: bool) -> None:
    side, which = ("before", "min") if undo else ("after", "max")
    decisions = db.execute(
        f"SELECT decision_{side}, by_{side}, at_{side}, photo_id FROM history_overruled WHERE id IN "
        f"(SELECT {which}(id) FROM history_overruled WHERE step_id = ? GROUP BY photo_id)",
        (step,),
    ).fetchall()
    db.executemany("UPDATE photos SET overruled = ?, overruled_by = ?, overruled_at = ? WHERE id = ?", decisions)


def _put_imported(db: sqlite3.Connection, step: int, undo: bool) -> None:
    """What tables said of photos before a step or after it."""
    db.execute(
        "DELETE FROM imported_metadata WHERE photo_id IN (SELECT photo_id FROM history_imported WHERE step_id = ?)",
        (step,),
    )
    db.execute(
        f"INSERT INTO imported_metadata({_IMPORTED}) SELECT {_IMPORTED} FROM history_imported WHERE came = ? AND id IN "
        f"(SELECT {'min' if undo else 'max'}(id) FROM history_imported WHERE step_id = ? GROUP BY photo_id)",
        (0 if undo else 1, step),
    )


def _put_shown(db: sqlite3.Connection, step: int, undo: bool) -> None:
    """The grouping that was shown before a step or after it, where the step's other side is what is shown now."""
    rows = db.execute("SELECT * FROM history_shown WHERE step_id = ? ORDER BY id", (step,)).fetchall()
    sides = ("after", "before") if undo else ("before", "after")
    for row in reversed(rows) if undo else rows:
        features = row["feature_set_id"]
        now, then = ((row[f"grouping_{side}"], row[f"groups_{side}"]) for side in sides)
        shown = db.execute("SELECT grouping_id, groups FROM shown_groupings WHERE feature_set_id = ?", (features,))
        if tuple(shown.fetchone() or (None, None)) != now:
            continue
        if then[0] is None:
            db.execute("DELETE FROM shown_groupings WHERE feature_set_id = ?", (features,))
        else:
            db.execute(
                "INSERT INTO shown_groupings SELECT feature_set_id, id, ? FROM groupings "
                "WHERE id = ? AND feature_set_id = ? ON CONFLICT(feature_set_id) "
                "DO UPDATE SET grouping_id = excluded.grouping_id, groups = excluded.groups",
                (then[1], then[0], features),
            )


def _forget(db: sqlite3.Connection) -> None:
    """Drop what was undone, and the oldest steps where they are too many or hold too much."""
    db.execute("DELETE FROM history_steps WHERE undone")
    held = 0
    for number, row in enumerate(db.execute("SELECT id, changes FROM history_steps ORDER BY id DESC").fetchall()):
        held += row["changes"]
        if number and (number >= MOST_STEPS or held > MOST_CHANGES):
            db.execute("DELETE FROM history_steps WHERE id <= ?", (row["id"],))
            break
