"""A folder that is dropped on the window."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QWidget

from .session import Session
from .widgets.notice import Notice


class DroppedFolder(QObject):
    """Watches for what is dropped on a window; asks in its `notice` what a folder with photos is to become."""

    to_open = Signal(object)
    """Open the project of this folder."""
    go_to = Signal(str)
    """Ask for the page that shows what became of it."""

    def __init__(self, session: Session, notice: Notice, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._notice = session, notice
        self._folder: Path | None = None
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() not in (QEvent.Type.DragEnter, QEvent.Type.Drop):
            return super().eventFilter(watched, event)
        assert isinstance(event, QDropEvent)  # a QDragEnterEvent is one too
        folder = _folder_in(event)
        if folder is not None:
            event.acceptProposedAction()
            if event.type() == QEvent.Type.Drop:
                self._dropped(folder)
        return True

    def _dropped(self, folder: Path) -> None:
        if self._session.project is None or (folder / "project.db").is_file():
            self.to_open.emit(folder)
            return
        self._folder = folder
        self._notice.say(
            self.tr("What is {0} to become?").format(folder.name),
            (self.tr("Part of this project"), "drop_into_project", self._add),
            (self.tr("A new project"), "drop_as_project", self._open),
        )

    def _add(self) -> None:
        if self._folder is not None and self._session.add_folder(self._folder):
            self.go_to.emit("photos")

    def _open(self) -> None:
        if self._folder is not None:
            self.to_open.emit(self._folder)


def _folder_in(event: QDropEvent) -> Path | None:
    paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
    return next((path for path in paths if path.is_dir()), None)
