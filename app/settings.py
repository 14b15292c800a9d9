"""What the window remembers between two starts, and where projects are made.

Settings are an ini file in the platform's configuration folder (`PRISMH_CONFIG_HOME` names another), projects lie in
"Prism-H" below the documents folder, never among the photos (`PRISMH_PROJECTS_HOME` names another place, for the
samples too).
"""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
from PySide6.QtCore import QByteArray, QSettings

from prismh_engine.errors import PrismhError

CONFIG_VARIABLE, PROJECTS_VARIABLE = "PRISMH_CONFIG_HOME", "PRISMH_PROJECTS_HOME"
RECENT_PROJECTS = 8
TEXT_SIZES = (1.0, 1.15, 1.3, 1.5)

_APPLICATION = "prism-h"


@dataclass(frozen=True)
class RecentProject:
    """What the start page says of a project without opening it.

    opened_at, exported_at: ISO 8601, exported_at "" where nothing was saved yet. learning: how much of an unfinished
    learning is done, 0 to 1, else None. thumbnails: up to three files.
    """

    folder: str
    name: str
    photo_folders: tuple[str, ...] = ()
    photos: int = 0
    groups: int = 0
    learning: float | None = None
    opened_at: str = ""
    exported_at: str = ""
    thumbnails: tuple[str, ...] = ()


class AppSettings:
    """The settings file. Reading never fails: what cannot be read is as if it had never been set."""

    def __init__(self) -> None:
        folder = os.environ.get(CONFIG_VARIABLE) or platformdirs.user_config_dir(_APPLICATION, appauthor=False)
        self._settings = QSettings(str(Path(folder) / "window.ini"), QSettings.Format.IniFormat)

    @property
    def theme(self) -> str:
        value = self._settings.value("theme")
        return value if value in ("light", "dark") else "system"

    @theme.setter
    def theme(self, value: str) -> None:
        self._settings.setValue("theme", value)

    @property
    def text_size(self) -> float:
        """One of `TEXT_SIZES`; 1.0 as drawn."""
        try:
            value = float(str(self._settings.value("text_size", 1.0)))
        except ValueError:
            return 1.0
        return value if value in TEXT_SIZES else 1.0

    @text_size.setter
    def text_size(self, value: float) -> None:
        self._settings.setValue("text_size", value)

    @property
    def geometry(self) -> QByteArray | None:
        value = self._settings.value("geometry")
        return value if isinstance(value, QByteArray) else None

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._settings.setValue("geometry", value)

    def recent(self) -> list[RecentProject]:
        """The projects opened lately, newest first."""
        try:
            stored = json.loads(str(self._settings.value("recent", "[]")))
            return [_recent(entry) for entry in stored]
        except (ValueError, TypeError, KeyError):
            return []

    def remember(self, project: RecentProject) -> None:
        """Put a project at the top of the recent ones."""
        others = [known for known in self.recent() if known.folder != project.folder]
        self._store([project, *others][:RECENT_PROJECTS])

    def forget(self, folder: str) -> None:
        """Take a project off the recent ones; nothing of it is deleted."""
        self._store([known for known in self.recent() if known.folder != folder])

    def project_of(self, photo_folder: Path) -> Path | None:
        """The recent project that was made for this photo folder and is still there."""
        for known in self.recent():
            if str(photo_folder) in known.photo_folders and (Path(known.folder) / "project.db").is_file():
                return Path(known.folder)
        return None

    def save(self) -> None:
        self._settings.sync()

    def _store(self, projects: list[RecentProject]) -> None:
        self._settings.setValue("recent", json.dumps([dataclasses.asdict(project) for project in projects]))


def new_project_folder(photo_folder: Path) -> Path:
    """A folder that does not exist yet, named like the photos' one, for a project about them.

    Raises `PrismhError` where every place for projects lies among these photos.
    """
    for home in _project_homes():
        if not _among(home, photo_folder):
            return _free(home / (photo_folder.name or "Photos"))
    raise PrismhError(
        f"{photo_folder} also holds the place where Prism-H keeps its projects: choose a folder inside it."
    )


def samples_folder() -> Path:
    """Where the sample photos and, beside them, their project are kept."""
    override = os.environ.get(PROJECTS_VARIABLE)
    base = Path(override) if override else Path(platformdirs.user_data_dir(_APPLICATION, appauthor=False))
    return base / "samples"


def _project_homes() -> list[Path]:
    override = os.environ.get(PROJECTS_VARIABLE)
    if override:
        return [Path(override)]
    data = Path(platformdirs.user_data_dir(_APPLICATION, appauthor=False))
    return [Path(platformdirs.user_documents_dir()) / "Prism-H", data / "projects"]


def _among(home: Path, photo_folder: Path) -> bool:
    """Whether a scan of `photo_folder` would come upon `home`; it passes hidden folders by."""
    home, photo_folder = Path(os.path.abspath(home)), Path(os.path.abspath(photo_folder))
    if not home.is_relative_to(photo_folder):
        return False
    return not any(part.startswith(".") for part in home.relative_to(photo_folder).parts)


def _free(folder: Path) -> Path:
    free, number = folder, 2
    while free.exists():
        free, number = folder.with_name(f"{folder.name} {number}"), number + 1
    return free


def _recent(entry: dict[str, Any]) -> RecentProject:
    known = {field.name for field in dataclasses.fields(RecentProject)}
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items() if key in known}
    return RecentProject(**values)
