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
    """has_map: whether there is a map at all. learned: the newest run where it has finished and its map has not.
    behind: whether a map was not drawn to its end, or lacks photos that are used.
    """

    has_map: bool
    learned: Run | None
    behind: bool


def left_undone(project: Project) -> LeftUndone:
    """What was not done to the end when the project was closed."""
    import numpy as np

    from prismh_engine.project.feature_sets import STARTER
    from prismh_engine.project.runs import FINISHED

    maps = {found.name: project.maps.newest(found) for found in project.features.all()}
    finished = {name for name, made in maps.items() if made is not None and made.finished}
    run = newest_run.newest(project)
    is_new = run is not None and run.state == FINISHED and run.name not in finished
    used = project.photos.used_ids()
    can_follow = {STARTER, *(known.name for known in project.runs.all() if has_model(known.folder))}
    behind = any(
        name not in finished or not np.isin(used, made.photo_ids).all()
        for name, made in maps.items()
        if made is not None and name in can_follow
    )
    return LeftUndone(any(made is not None for made in maps.values()), run if is_new else None, behind)


class GoingOn(QObject):
    """Begins what the open project waits for."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session

    def go_on(self, project: Project, undone: LeftUndone) -> None:
        """Make the map of the project, or that of what was learned last, or bring all up to date; where nothing is left
        to do, see whether a photo folder went away or came back since.
        """
        if not undone.has_map:
            self._session.start_instant_map()
        elif undone.learned is None or not self.see_what_was_learned(undone.learned.folder):
            self._bring_up_to_date(project, undone)

    def see_what_was_learned(self, run_folder: Path) -> bool:
        """Begin to make the map of a run that has a model; return whether it has one."""
        if not has_model(run_folder):
            return False
        self._session.make_learned_map(run_folder.name)
        return True

    def _bring_up_to_date(self, project: Project, undone: LeftUndone) -> None:
        if undone.behind:
            self._session.start_instant_map()
        else:
            looking = self._session.run_beside(steps.folders_moved(project), StopToken())
            looking.finished.connect(self._folders_seen)

    def _folders_seen(self, moved: bool) -> None:
        session = self._session
        if moved and session.project is not None and session.running_kind is None and not session.closing:
            session.start_reading(steps.look_for_photos, session.project)
