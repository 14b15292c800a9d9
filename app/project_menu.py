"""The menu Project: another project is made or opened, or this one closed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from .menu_entry import add_entry
from .pages.start import StartPage
from .session import Session
from .widgets.file_dialogs import choose_folder


class ProjectMenu(QMenu):
    """start: the Start page. may_leave: asks where leaving the open project would cost something. window: what Quit
    closes.
    """

    def __init__(
        self, session: Session, start: Callable[[], StartPage], may_leave: Callable[[], bool], window: QWidget
    ) -> None:
        super().__init__(window)
        self.setTitle(self.tr("&Project"))
        self._session, self._start, self._may_leave = session, start, may_leave
        add_entry(self, "new_project", self.tr("&New project…"), self._new, "Ctrl+N")
        add_entry(self, "open_project", self.tr("&Open project…"), self._open, "Ctrl+O")
        self._recent = self.addMenu(self.tr("&Recent"))
        self._recent.aboutToShow.connect(self._fill_recent)
        self._recent.triggered.connect(self._open_recent)
        add_entry(self, "open_samples_action", self.tr("Open &samples"), self._open_samples)
        self.addSeparator()
        self._close_action = add_entry(self, "close_project", self.tr("&Close project"), self._close, "Ctrl+W")
        add_entry(self, "quit", self.tr("&Quit"), window.close, "Ctrl+Q")
        session.project_changed.connect(self._enable)
        self._enable()

    def _enable(self) -> None:
        self._close_action.setEnabled(self._session.project is not None)

    def _new(self) -> None:
        if self._may_leave():
            self._start().new_project()

    def _open(self) -> None:
        if self._may_leave():
            folder = choose_folder(self.parentWidget(), self.tr("Choose a project's folder"))
            if folder is not None:
                self._session.open_project(folder)

    def _fill_recent(self) -> None:
        self._recent.clear()
        for project in self._session.settings.recent():
            self._recent.addAction(project.name.replace("&", "&&")).setData(project.folder)
        if self._recent.isEmpty():
            self._recent.addAction(self.tr("None yet")).setEnabled(False)

    def _open_recent(self, action: QAction) -> None:
        if self._may_leave():
            self._session.open_project(Path(action.data()))

    def _open_samples(self) -> None:
        if self._may_leave():
            self._session.open_samples()

    def _close(self) -> None:
        if self._may_leave():
            self._session.close_project()
