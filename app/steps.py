"""The engine's steps as the window chains them into its long jobs.

Each is imported in the thread that runs it: torch, scikit-learn and ONNX Runtime take their time.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prismh_engine.jobs import Job, Progress, StopToken

if TYPE_CHECKING:
    from prismh_engine.project import Project

SAMPLE_PHOTOS, SAMPLES_BETWEEN_LOOKS = 300, 24


def instant_map_of(project: Project, stop: StopToken) -> Job[None]:
    """From the photo folders to the instant map."""
    from prismh_engine.core.instant_map import instant_map

    yield from instant_map(project, stop)


def folders_moved(project: Project) -> Job[bool]:
    """Whether a photo folder is gone whose photos were there, or is there again: a drive is not always plugged in."""
    yield Progress("Looking for the photo folders", 0, None)
    return any(folder.path.is_dir() != bool(project.photos.known(folder.id)) for folder in project.folders())


def look_for_photos(project: Project, stop: StopToken) -> Job[None]:
    """See which photos are where they were; a new map is made only where there are new photos."""
    from prismh_engine.core.look_at_photos import look_at_project

    report = yield from look_at_project(project, stop)
    if report.looked_at:
        yield from instant_map_of(project, stop)


def samples_to_map(project: Project, photos: Path, stop: StopToken) -> Job[None]:
    """The sample photos into their folder, where they are not there yet, and on to the instant map."""
    if sum(1 for _ in photos.iterdir()) < SAMPLE_PHOTOS:
        yield from _draw_samples(project, photos, stop)
    yield from instant_map_of(project, stop)


def _draw_samples(project: Project, photos: Path, stop: StopToken) -> Job[None]:
    """Draw the sample photos and look at them in between, so that they appear while the rest is drawn."""
    from prismh_engine.core.look_at_photos import look_at_project
    from prismh_engine.photos.scenes import write_scenes

    with closing(write_scenes(photos, SAMPLE_PHOTOS, stop)) as drawing:
        for drawn in drawing:
            yield drawn
            if drawn.done % SAMPLES_BETWEEN_LOOKS == 0:
                with closing(look_at_project(project, stop)) as looking:
                    for looked in looking:
                        yield Progress(drawn.what, drawn.done, drawn.total, looked.metrics)


def learning(resolved: Any, stop: StopToken) -> Job[Any]:
    """One training, by a `Resolved[TrainSettings]`; its result is a `TrainReport`."""
    yield Progress("Getting ready to learn", 0, None)
    from prismh_engine.models.simclr.run import train

    return (yield from train(resolved, stop))


def see_what_was_learned(project: Project, run: str, stop: StopToken) -> Job[None]:
    """From a run's model to its map, its groups and the sentence on what it changed."""
    from prismh_engine.core.cluster_embeddings import cluster_project
    from prismh_engine.core.evaluate import what_changed
    from prismh_engine.core.extract_embeddings import extract_project
    from prismh_engine.core.map_embeddings import map_project

    yield from extract_project(project, run, stop)
    yield from cluster_project(project, run, stop=stop)
    yield from map_project(project, run, stop=stop)
    yield Progress("Comparing the two maps", 0, None)
    project.runs.set_summary(project.runs.get(run), what_changed(project, run))
