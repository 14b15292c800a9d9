"""What was left undone in a project, and how the window goes on with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from prismh_engine.jobs import StopToken

from . import newest_run, steps
from .learnings import has_model

if TYPE_CHECKING:
    from prismh_engine.project import Project, Run

    from .session import Session


@dataclass(frozen=True)
class LeftUndone:
    """has_map: whether there is a map at all. learned: the newest run where it has finished and has no map yet."""

    has_map: bool
    learned: Run | None


def left_undone(project: Project) -> LeftUndone:
    """What was not done to the end when the project was closed."""
    from prismh_engine.project.runs import FINISHED

    mapped = {found.name for found in project.features.all() if project.maps.newest(found) is not None}
    run = newest_run.newest(project)
    is_new = run is not None and run.state == FINISHED and run.name not in mapped
    return LeftUndone(bool(mapped), run if is_new else None)


class GoingOn(QObject):
    """Begins what the open project waits for."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session

    def go_on(self, project: Project, undone: LeftUndone) -> None:
        """Make the map of the project, or that of what was learned last; where both are there, see whether a photo
        folder went away or came back since.
        """
        if not undone.has_map:
            self._session.start_instant_map()
        elif undone.learned is None or not self.see_what_was_learned(undone.learned.folder):
            looking = self._session.run_beside(steps.folders_moved(project), StopToken())
            looking.finished.connect(self._folders_seen)

    def see_what_was_learned(self, run_folder: Path) -> bool:
        """Begin to make the map of a run that has a model; return whether it has one."""
        if not has_model(run_folder):
            return False
        self._session.make_learned_map(run_folder.name)
        return True

    def _folders_seen(self, moved: bool) -> None:
        session = self._session
        if moved and session.project is not None and session.running_kind is None and not session.closing:
            session.start_reading(steps.look_for_photos, session.project)
