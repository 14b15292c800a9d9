"""The trainings of a project: one row and one folder each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import PrismhError
from .database import Database, now

RUNNING, STOPPED, FINISHED, FAILED = "running", "stopped", "finished", "failed"
LEARNED = "learned"
"""Where `Run.shown_first` says that the run's own features are to be looked at first."""


@dataclass(frozen=True)
class Run:
    """One training of one model. `folder` holds exactly what `train` writes.

    summary: in words, what it changed and what to do next. shown_first: whose features to look at first, `STARTER` or
    `LEARNED`. Both "" while that is not known. failure: why it could not go on, "" where nothing failed.
    """

    id: int
    name: str
    state: str
    created_at: str
    summary: str
    shown_first: str
    failure: str
    folder: Path


class Runs:
    """The table `runs` and the folders below `runs/`."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder

    def new(self) -> Run:
        """Start a run under the next free name; its folder is made by the one who writes into it."""
        with self._database.writing() as db:
            taken = {run.name for run in self.all()}
            number = 1
            while f"run-{number}" in taken or (self._folder / f"run-{number}").exists():
                number += 1
            name = f"run-{number}"
            db.execute("INSERT INTO runs(name, state, created_at) VALUES (?, ?, ?)", (name, RUNNING, now()))
        return self.get(name)

    def all(self) -> list[Run]:
        """Every run, oldest first."""
        rows = self._database.rows("SELECT * FROM runs ORDER BY id")
        return [
            Run(
                row["id"],
                row["name"],
                row["state"],
                row["created_at"],
                row["summary"],
                row["shown_first"],
                row["failure"],
                self._folder / row["name"],
            )
            for row in rows
        ]

    def get(self, name: str) -> Run:
        """The run of this name. Raises `PrismhError` where there is none."""
        for run in self.all():
            if run.name == name:
                return run
        raise PrismhError(f"The project has no run {name!r}.")

    def newest(self) -> Run | None:
        runs = self.all()
        return runs[-1] if runs else None

    def set_state(self, run: Run, state: str, failure: str = "") -> None:
        """state: running, stopped, finished or failed. A run left "running" by a killed program counts as stopped.

        failure: why it could not go on, in a sentence.
        """
        with self._database.writing() as db:
            db.execute("UPDATE runs SET state = ?, failure = ? WHERE id = ?", (state, failure, run.id))

    def set_summary(self, run: Run, summary: str, shown_first: str) -> None:
        """Keep what a run changed, see `Run`."""
        with self._database.writing() as db:
            db.execute("UPDATE runs SET summary = ?, shown_first = ? WHERE id = ?", (summary, shown_first, run.id))
