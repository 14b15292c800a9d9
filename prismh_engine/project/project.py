"""The project folder: what it holds and where, its photo folders and its name."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from ..errors import PrismhError
from ..files import make_folder
from ..paths import from_text, to_text
from ..photos.verdicts import Thresholds
from .database import Database
from .feature_sets import STARTER, FeatureSets
from .groupings import Groupings
from .history import History
from .imported_metadata import ImportedMetadata
from .labels import Labels
from .maps import Maps
from .photo_catalogue import PhotoCatalogue
from .photo_columns import PhotoColumns
from .runs import Runs
from .suggestions import Suggestions


@dataclass(frozen=True)
class Folder:
    """A folder with photos that belongs to a project; `alias` begins every file_path of its photos."""

    id: int
    alias: str
    path: Path


class Project:
    """A project: its photos, labels, runs, feature sets, maps and groupings. The photos themselves stay where they are.

    May be used from several threads. Use `Project.create` or `Project.open`; close it, or use it in a `with`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._database = Database(folder / "project.db")
        # Nothing here refers to the project itself: it goes, with what it kept and mapped, with its last user.
        self.photos = PhotoCatalogue(self._database, partial(_paths_of_folders, self._database, folder))
        self.labels = Labels(self._database)
        self.imported = ImportedMetadata(self._database)
        self.columns = PhotoColumns(self._database)
        self.runs = Runs(self._database, folder / "runs")
        self.features = FeatureSets(self._database, folder / "features")
        self.suggestions = Suggestions(self._database, self.labels)
        self.maps = Maps(self._database)
        self.groupings = Groupings(self._database)
        self.history = History(self._database)

    @classmethod
    def create(cls, folder: Path, name: str | None = None) -> Project:
        """Make a project in a new or empty folder. Raises `PrismhError` where the folder holds something else."""
        folder = Path(os.path.abspath(folder))
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise PrismhError(f"{folder} is not empty: choose a new folder for the project, or open the one in it.")
        make_folder(folder)
        project = cls(folder)
        project.rename(name or folder.name)
        return project

    @classmethod
    def open(cls, folder: Path) -> Project:
        """Open an existing project. Raises `PrismhError` where there is none, or it is damaged or too new."""
        folder = Path(os.path.abspath(folder))
        if not (folder / "project.db").is_file():
            raise PrismhError(f"{folder} is not a Prism-H project: it holds no project.db.")
        return cls(folder)

    @classmethod
    def open_or_create(cls, folder: Path, name: str | None = None) -> Project:
        if (folder / "project.db").is_file():
            return cls.open(folder)
        try:
            return cls.create(folder, name)
        except PrismhError:
            if (folder / "project.db").is_file():  # another program was first
                return cls.open(folder)
            raise

    @property
    def cache_folder(self) -> Path:
        """Decoded copies and thumbnails; can be deleted at any time."""
        return self.folder / "cache"

    @property
    def name(self) -> str:
        return self._fact("name") or self.folder.name

    def rename(self, name: str) -> None:
        self._keep_fact("name", name)

    @property
    def thresholds(self) -> Thresholds:
        """By what its photos are judged."""
        kept = self._fact("thresholds")
        return Thresholds(**json.loads(kept)) if kept else Thresholds()

    def set_thresholds(self, thresholds: Thresholds) -> None:
        self._keep_fact("thresholds", json.dumps(dataclasses.asdict(thresholds)))

    @property
    def shown_features(self) -> str | None:
        """The feature set whose map and groups a person looks at: what `show_features` kept, as long as it is there.

        Until then the starter where it has groups, so that nothing is replaced until a person says so, else the newest
        one that has; None where none has.
        """
        kept = self._fact("shown_features")
        if kept is not None and self.features.find(kept) is not None:
            return kept
        grouped = [found.name for found in self.features.all() if self.groupings.newest(found) is not None]
        return STARTER if STARTER in grouped else next(reversed(grouped), None)

    def show_features(self, name: str) -> None:
        """Keep which feature set a person looks at. Raises `PrismhError` where the project has none of this name."""
        self._keep_fact("shown_features", self.features.get(name).name)

    @property
    def left_run(self) -> str | None:
        """The unfinished run that a person does not want to be asked about, None for none."""
        return self._fact("left_run") or None

    def leave_run(self, name: str | None) -> None:
        """Keep that nobody is to be asked about an unfinished run any more; None: about each again."""
        self._keep_fact("left_run", name or "")

    @property
    def export_choices(self) -> dict[str, Any]:
        """What a person chose at the last export, as `keep_export_choices` was told; {} before the first one."""
        kept = json.loads(self._fact("export_choices") or "{}")
        return kept if isinstance(kept, dict) else {}

    def keep_export_choices(self, choices: Mapping[str, Any]) -> None:
        """Keep what a person chose, in values that JSON knows, for the next time."""
        self._keep_fact("export_choices", json.dumps(dict(choices)))

    @property
    def written_elsewhere(self) -> int:
        """Grows when another program, or another `Project` of this folder, changes something that is kept here.

        Cheap enough to be asked every second; see `Database.written_elsewhere`.
        """
        return self._database.written_elsewhere

    def folders(self) -> list[Folder]:
        """The photo folders, in the order they were added, each where it can be found now."""
        return _folders(self._database, self.folder)

    def add_folder(self, path: Path) -> Folder:
        """Add a photo folder, or return it where it belongs to the project already.

        Raises `PrismhError` where it is no folder, or lies in the project's own, or in or around one that was added
        before.
        """
        path = Path(os.path.abspath(path))
        if not path.is_dir():
            raise PrismhError(f"{path} is not a folder: choose the folder that holds the photos.")
        if Path(os.path.realpath(path)).is_relative_to(os.path.realpath(self.folder)):
            raise PrismhError(f"{path} lies in the project's own folder: choose the folder that holds the photos.")
        with self._database.writing() as db:
            known = self.folders()
            for folder in known:
                if os.path.realpath(folder.path) == os.path.realpath(path):
                    return folder
                if path.is_relative_to(folder.path) or folder.path.is_relative_to(path):
                    raise PrismhError(f"{path} and {folder.path}, which the project has already, lie in each other.")
            alias = _free_alias(path.name, {folder.alias for folder in known})
            identity = db.execute(
                "INSERT INTO folders(alias, path, relative_path) VALUES (?, ?, ?)",
                (alias, to_text(path), self._relative(path)),
            ).lastrowid
        assert identity is not None
        return Folder(identity, alias, path)

    def relocate_folder(self, folder_id: int, path: Path) -> None:
        """Tell where a photo folder that was moved lies now."""
        path = Path(os.path.abspath(path))
        if not path.is_dir():
            raise PrismhError(f"{path} is not a folder: choose the folder that holds the photos.")
        with self._database.writing() as db:
            db.execute(
                "UPDATE folders SET path = ?, relative_path = ? WHERE id = ?",
                (to_text(path), self._relative(path), folder_id),
            )

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Project:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _fact(self, key: str) -> str | None:
        rows = self._database.rows("SELECT value FROM meta WHERE key = ?", (key,))
        return str(rows[0]["value"]) if rows else None

    def _keep_fact(self, key: str, value: str) -> None:
        with self._database.writing() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def _relative(self, path: Path) -> str | None:
        try:
            return to_text(Path(os.path.relpath(path, self.folder)))
        except ValueError:  # another drive on Windows
            return None


def _folders(database: Database, project: Path) -> list[Folder]:
    rows = database.rows("SELECT * FROM folders ORDER BY id")
    return [Folder(row["id"], row["alias"], _where(project, row["relative_path"], row["path"])) for row in rows]


def _paths_of_folders(database: Database, project: Path) -> dict[int, Path]:
    return {folder.id: folder.path for folder in _folders(database, project)}


def _where(project: Path, relative: str | None, absolute: str) -> Path:
    if relative is not None:
        beside = Path(os.path.normpath(project / from_text(relative)))
        if beside.is_dir():
            return beside
    return from_text(absolute)


def _free_alias(name: str, taken: set[str]) -> str:
    base = re.sub(r"[/\\]", "_", to_text(Path(name or "photos")).removeprefix("./")) or "photos"
    base = base.lstrip("=+-@\t\r") or "photos"
    alias, number = base, 2
    while alias in taken:
        alias, number = f"{base}-{number}", number + 1
    return alias
