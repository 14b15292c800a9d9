"""The newest training of a project, and who is at it: nobody, or another program. Without Qt and torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prismh_engine.project import Project, Run


def newest(project: Project) -> Run | None:
    """The newest run that began to learn, or is getting ready to; one that came to no more hides none before it, nor
    does one that failed with nothing to go on from.

    One that finished stays the newest where its folder was deleted: the project has what it learned.
    """
    from prismh_engine.models.simclr.lock import is_held
    from prismh_engine.models.simclr.run_files import RunFiles
    from prismh_engine.project.runs import FAILED, FINISHED

    for run in reversed(project.runs.all()):
        has_begun = run.state != FAILED and RunFiles(run.folder).begun
        if run.state == FINISHED or has_begun or is_held(run.folder):
            return run
    return None


def failed(project: Project) -> Run | None:
    """The newest run of all where it failed with nothing to go on from, and is known why."""
    from prismh_engine.project.runs import FAILED

    run = project.runs.newest()
    return run if run is not None and run.state == FAILED and run.failure else None


def has_map(project: Project, run: Run) -> bool:
    """Whether what a run learned can be seen on a map."""
    features = project.features.find(run.name)
    return features is not None and project.maps.newest(features) is not None


def learned_elsewhere(project: Project) -> Run | None:
    """The newest run where another program is learning into it at this moment; this one must not be at it."""
    from prismh_engine.models.simclr.lock import is_held

    run = newest(project)
    return run if run is not None and is_held(run.folder) else None


def unfinished(project: Project) -> Run | None:
    """The newest run where it was stopped before its end, or its program was killed, and nobody is at it now.

    It is the one with which the engine goes on.
    """
    from prismh_engine.models.simclr.run_files import run_to_resume
    from prismh_engine.project.runs import RUNNING, STOPPED

    run = run_to_resume(project)
    if run is None or run.state not in (RUNNING, STOPPED) or learned_elsewhere(project) is not None:
        return None
    return run if run == newest(project) else None
