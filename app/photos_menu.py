"""The menu Photos: everything the Photos page can do, for the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QWidget

from . import steps, words
from .menu_entry import add_entry
from .session import Session
from .widgets.file_dialogs import choose_folder

if TYPE_CHECKING:
    from .pages.photos import PhotosPage


class PhotosMenu(QMenu):
    """page: brings the page with the photos on screen and returns it."""

    told = Signal(str)
    """What came of looking for new photos, in words."""

    def __init__(self, session: Session, page: Callable[[], PhotosPage], parent: QWidget) -> None:
        super().__init__(parent)
        self.setTitle(self.tr("Ph&otos"))
        self._session, self._page = session, page
        self._on_page = False
        self._when_idle = [
            add_entry(self, "add_folder_action", self.tr("&Add folder…"), self._add_folder),
            add_entry(self, "look_again", self.tr("&Look for new photos"), self._look_again, "F5"),
            add_entry(self, "add_data", self.tr("Add &data from a table…"), self._add_data),
        ]
        self.addSeparator()
        self._with_project = [
            add_entry(self, "search_photos", self.tr("&Search"), self._search, "Ctrl+F"),
            add_entry(self, "show_limits_action", self.tr("L&imits…"), self._show_limits),
        ]
        self.addSeparator()
        # Space belongs to whatever has the keyboard; the grid knows what to do with it.
        large = self.tr("Show la&rge") + "\t" + self.tr("Space")
        self._on_photos = [
            add_entry(self, "show_large", large, self._show_large),
            add_entry(self, "set_aside_action", self.tr("Set asid&e"), self._set_aside, "Del"),
            add_entry(self, "take_back_action", self.tr("&Take back"), self._take_back, "Shift+Del"),
        ]
        session.job_changed.connect(self._enable)
        session.project_changed.connect(self._enable)
        self._enable()

    def say_page(self, name: str) -> None:
        """Which page is on screen."""
        self._on_page = name == "photos"
        self._enable()

    def _enable(self) -> None:
        is_open = self._session.project is not None
        for action in self._when_idle:
            action.setEnabled(is_open and self._session.running_kind is None)
        for action in self._with_project:
            action.setEnabled(is_open)
        for action in self._on_photos:
            action.setEnabled(is_open and self._on_page)

    def _add_folder(self) -> None:
        folder = choose_folder(self.parentWidget(), self.tr("Choose a folder with photos"))
        if folder is not None:
            self._session.add_folder(folder)

    def _look_again(self) -> None:
        if self._session.project is not None:
            looking = self._session.start_reading(steps.look_again, self._session.project)
            if looking is not None:
                looking.finished.connect(self._looked_again)

    def _looked_again(self, new: int) -> None:
        if self._session.project is not None:
            counts = self._session.project.photos.counts()
            here, missing = words.photos(counts["all"]), words.number(counts["missing"])
            if new:
                told = self.tr("New: {0}. The project has {1} now.").format(words.photos(new), here)
            elif counts["missing"]:
                told = self.tr("Nothing new, and {0} of {1} not found where they were.").format(missing, here)
            else:
                told = self.tr("Nothing new: the project has {0}, as before.").format(here)
            self.told.emit(told)

    def _add_data(self) -> None:
        self._page().add_data()

    def _search(self) -> None:
        self._page().focus_search()

    def _show_limits(self) -> None:
        self._page().show_limits()

    def _show_large(self) -> None:
        self._page().show_large()

    def _set_aside(self) -> None:
        self._page().set_aside()

    def _take_back(self) -> None:
        self._page().take_back()
