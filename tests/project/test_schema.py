"""Projects that an older version of the program made."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from prismh_engine.errors import PrismhError
from prismh_engine.project import Project, schema

from ..invented import fill, fill_with_embeddings, look


def test_an_older_project_is_brought_up_to_date_and_a_copy_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = len(schema.MIGRATIONS)
    with Project.create(tmp_path / "p", "Old") as project, Project.open(tmp_path / "p"):
        fill(project, tmp_path / "photos", {"a.jpg": look(1)})
        monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, "CREATE TABLE later (x); -- one; more\n"))
        with Project.open(tmp_path / "p") as newer:
            assert len(newer.photos.all()) == 1
    with contextlib.closing(sqlite3.connect(tmp_path / "p" / f"project.version{version}.db")) as copy:
        assert copy.execute("SELECT count(*) FROM photos").fetchone() == (1,)


def test_groups_of_an_older_project_are_still_the_ones_that_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:2])
    with Project.create(tmp_path / "p") as project:
        ids = [photo.id for photo in fill_with_embeddings(project, tmp_path / "photos", np.eye(4))]
        keep = "INSERT INTO groupings VALUES (NULL, 1, NULL, 'kmeans', '{}', '{\"k\": 2}', ?, ?, ?, ?, ?, '')"
        numbers, some = np.array(ids, "<i8").tobytes(), np.ones(4, "<f4").tobytes()
        with contextlib.closing(sqlite3.connect(tmp_path / "p" / "project.db")) as older, older:
            for clusters in ([0, 0, 0, 0], [0, 1, 0, 1]):
                older.execute(keep, (numbers, np.array(clusters, "<i4").tobytes(), some, some, some[:8]))
    monkeypatch.undo()
    with Project.open(tmp_path / "p") as project:
        shown = project.groupings.newest(project.features.get("starter"))
        assert shown is not None
        assert (shown.photo_ids.tolist(), shown.clusters.tolist(), shown.tree) == (ids, [0, 1, 0, 1], None)
        assert (tmp_path / "p" / "project.version2.db").is_file()


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Project.create(tmp_path / "p").close()
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, "CREATE TABLE later (x);\nCREATE TABLE later (x);\n"))
        with pytest.raises(PrismhError, match="later already exists"):
            Project.open(tmp_path / "p")
    Project.open(tmp_path / "p").close()
