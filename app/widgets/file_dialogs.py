"""The one place that asks for a folder or a file name, so that a test can answer in its stead."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget


def choose_folder(parent: QWidget, title: str, start: Path | None = None) -> Path | None:
    """The folder a person chose, None where they thought better of it. start: the folder the dialog shows first."""
    chosen = QFileDialog.getExistingDirectory(parent, title, "" if start is None else str(start))
    return Path(chosen) if chosen else None


def choose_file(parent: QWidget, title: str, kinds: str = "") -> Path | None:
    """The file a person chose, None where they thought better of it. kinds: "Pictures (*.jpg *.png)"."""
    chosen, _ = QFileDialog.getOpenFileName(parent, title, "", kinds)
    return Path(chosen) if chosen else None


def choose_new_file(parent: QWidget, title: str, proposal: Path, kinds: str) -> Path | None:
    """Where to save a file, with the proposal's suffix where none was typed.

    The dialog has asked whether one that is there may be replaced.
    """
    dialog = QFileDialog(parent, title, str(proposal), kinds)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    # The dialog adds it, so that what it asks about is the file that will be written.
    dialog.setDefaultSuffix(proposal.suffix.removeprefix("."))
    accepted = dialog.exec()
    chosen = dialog.selectedFiles()
    dialog.deleteLater()
    return Path(chosen[0]) if accepted and chosen else None
