"""Opening a project in a test, which takes its time as it does for a person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.session import Session

MS = 60_000


def open_project(qtbot: Any, session: Session, folder: Path) -> None:
    """Open a project and wait until it is open."""
    with qtbot.waitSignal(session.project_opened, timeout=MS):
        session.open_project(folder)


def wait_until_open(qtbot: Any, session: Session) -> None:
    """Wait until no project is being opened any more, whether that worked or not."""
    qtbot.waitUntil(lambda: not session.opening, timeout=MS)
