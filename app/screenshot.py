"""Draws a page at the size of the drawings, when it is fully loaded, and saves the picture."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Qt, QTimer

from .main_window import DRAWN_HEIGHT, DRAWN_WIDTH, MainWindow

MS_BETWEEN_LOOKS = 50
CALM_LOOKS = 4
SECONDS_AT_MOST = 600.0


class Screenshot(QObject):
    """Ends the application with 0 when the picture of a page is saved, 1 when it could not be."""

    def __init__(self, window: MainWindow, file: Path, page: str) -> None:
        super().__init__(window)
        self._window, self._file, self._page = window, file, page
        self._calm, self._until = 0, time.monotonic() + SECONDS_AT_MOST
        # Not on a screen, whose size and window manager would have a say.
        window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        window.setFixedSize(DRAWN_WIDTH, DRAWN_HEIGHT)
        self._timer = QTimer(self)
        self._timer.setInterval(MS_BETWEEN_LOOKS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def _look(self) -> None:
        self._calm = self._calm + 1 if self._window.loaded() else 0
        late = time.monotonic() > self._until
        if self._calm < CALM_LOOKS and not late:
            return
        self._timer.stop()
        if self._window.page().objectName() != f"{self._page}_page":
            saved = False
            print(self._window.notice.text(), file=sys.stderr)
        else:
            saved = not late and self._window.grab().save(str(self._file))
            if not saved:
                print(f"Cannot save the picture {self._file}.", file=sys.stderr)
        self._window.close()
        QCoreApplication.exit(0 if saved else 1)
