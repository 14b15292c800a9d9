"""The one place that asks for a folder or a file name, so that a test can answer in its stead.

None of its dialogs opens a file of the folder it shows. On Linux and macOS a program that opens `project.db` and closes
it again loses its locks on it, SQLite's among them, and the next program takes the write-ahead log away under the
window (sqlite.org/howtocorrupt.html, 2.2). Qt's own dialog looks into every file for its icon, GTK's for its type.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path

from PySide6.QtCore import QFileInfo, QStandardPaths
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QFileDialog, QFileIconProvider, QToolButton, QWidget

from .. import theme

_PICTURES = {
    "backButton": "back", "forwardButton": "forward", "toParentButton": "up", "newFolderButton": "new_folder",
    "listModeButton": "list", "detailModeButton": "details",
}  # fmt: skip
"""The buttons of Qt's own dialog, whose pictures are black in the dark theme too."""

_last_folder: list[Path] = []
"""Where a person chose last, the newest at the end."""


class _IconsByName(QFileIconProvider):
    """Folders look like folders and files like files, told without opening any."""

    def icon(self, of: QFileInfo | QFileIconProvider.IconType) -> QIcon:
        if isinstance(of, QFileInfo):
            of = QFileIconProvider.IconType.Folder if of.isDir() else QFileIconProvider.IconType.File
        return super().icon(of)

    def type(self, info: QFileInfo) -> str:
        return "" if info.isDir() else info.suffix()


def choose_folder(parent: QWidget, title: str, start: Path | None = None) -> Path | None:
    """The folder a person chose, None where they thought better of it. start: the folder the dialog shows first."""
    dialog = QFileDialog(parent, title, str(start or _usual_folder()))
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    return _chosen(dialog)


def choose_file(parent: QWidget, title: str, kinds: str = "") -> Path | None:
    """The file a person chose, None where they thought better of it. kinds: "Pictures (*.jpg *.png)"."""
    dialog = QFileDialog(parent, title, str(_usual_folder()), kinds)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    return _chosen(dialog)


def choose_new_file(parent: QWidget, title: str, proposal: Path, kinds: str) -> Path | None:
    """Where to save a file, with the proposal's suffix where none was typed.

    The dialog has asked whether one that is there may be replaced.
    """
    dialog = QFileDialog(parent, title, str(proposal), kinds)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    # The dialog adds it, so that what it asks about is the file that will be written.
    dialog.setDefaultSuffix(proposal.suffix.removeprefix("."))
    return _chosen(dialog)


def _chosen(dialog: QFileDialog) -> Path | None:
    if sys.platform.startswith("linux") and not _portal():
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    dialog.setIconProvider(_icons())
    for button, picture in _PICTURES.items():
        found = dialog.findChild(QToolButton, button)
        if found is not None:
            found.setIcon(theme.icon(picture))
    accepted = dialog.exec()
    names = dialog.selectedFiles()
    shown = Path(dialog.directory().absolutePath())
    dialog.deleteLater()
    if not accepted or not names:
        return None
    _last_folder[:] = [shown]
    return Path(names[0])


@cache
def _icons() -> _IconsByName:
    """One for all dialogs, none of which keeps it alive."""
    return _IconsByName()


def _usual_folder() -> Path:
    """Where a person chose last, at first the pictures, where there is no such folder the home."""
    pictures = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
    return next((folder for folder in [*_last_folder, Path(pictures)] if folder.is_dir()), Path.home())


def _portal() -> bool:
    """Whether the desktop shows its dialogs in a program of its own, as it does for programs in a sandbox."""
    wanted = os.environ.get("QT_QPA_PLATFORMTHEME") == "xdgdesktopportal"
    return wanted or "SNAP" in os.environ or Path("/.flatpak-info").exists()
