"""The engine's steps as the window chains them into its long jobs.

Each is imported in the thread that runs it: torch, scikit-learn and ONNX Runtime take their time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prismh_engine.errors import PrismhError
from prismh_engine.jobs import Job, Progress, StopToken

from . import newest_run, photo_filters
from .photo_list import PhotoList

if TYPE_CHECKING:
    from prismh_engine.core.import_metadata import ImportReport
    from prismh_engine.photos.verdicts import Thresholds
    from prismh_engine.project import Photo, Project

SAMPLE_PHOTOS, SAMPLES_BETWEEN_LOOKS = 300, 24
_PART = 4096
"""So many photos are taken into a list between two looks at whether a stop was asked for."""


def instant_map_of(project: Project, stop: StopToken) -> Job[None]:
    """From the photo folders to the instant map, and the maps of what was learned before with new photos on them."""
    from prismh_engine.core.instant_map import instant_map
    from prismh_engine.core.learned_map import learned_maps_follow

    yield from instant_map(project, stop)
    yield from learned_maps_follow(project, stop)


def look_again(project: Project, stop: StopToken) -> Job[int]:
    """The same once more; how many photos came in."""
    before = project.photos.counts()["all"]
    yield from instant_map_of(project, stop)
    return project.photos.counts()["all"] - before


def folders_moved(project: Project) -> Job[bool]:
    """Whether a photo folder is gone whose photos were there, or is there again: a drive is not always plugged in."""
    yield Progress("Looking for the photo folders", 0, None)
    return any(folder.path.is_dir() != project.photos.any_in_place(folder.id) for folder in project.folders())


def look_for_photos(project: Project, stop: StopToken) -> Job[None]:
    """See which photos are where they were; a new map is made only where there are new photos."""
    from prismh_engine.core.look_at_photos import look_at_project

    report = yield from look_at_project(project, stop)
    if report.looked_at:
        yield from instant_map_of(project, stop)


def list_of_photos(project: Project, sort: str, day_words: Callable[[str], str]) -> Job[PhotoList]:
    """Every photo of the project, ready to be shown in an order."""
    yield Progress("Reading the list of photos", 0, None)
    found: list[Photo] = []
    for part in project.photos.in_parts():
        found += part
        yield Progress("Reading the list of photos", len(found), None)
    found.sort(key=lambda photo: photo.file_path)
    photos = PhotoList(day_words=day_words)
    for start in range(0, len(found), _PART):
        photos.put(found[start : start + _PART])
        yield Progress("Reading the list of photos", len(found), None)
    photos.prepare(sort)
    return photos


@dataclass(frozen=True)
class SetAside:
    """counts: how many photos would be set aside, by verdict, those that a person set aside as "by_hand". now: how
    many are set aside as things stand.
    """

    counts: Counter[str]
    now: int


def set_aside_with(project: Project, thresholds: Thresholds, stop: StopToken) -> Job[SetAside]:
    """What other limits would set aside; nothing is changed."""
    yield Progress("Counting", 0, None)
    from prismh_engine.core.judge_photos import judgements_by

    counts, now = Counter[str](), 0
    for photo, said in judgements_by(project, thresholds, stop=stop):
        now += not photo.used
        newly = replace(photo, verdict=said.verdict)
        if not newly.used:
            counts[photo_filters.groups_of(newly)[0]] += 1
    return SetAside(counts, now)


def judged_anew(project: Project, thresholds: Thresholds, stop: StopToken) -> Job[None]:
    """Judge all photos by other limits, which are kept; groups and map follow where other photos are used then."""
    from prismh_engine.core.cluster_embeddings import cluster_project
    from prismh_engine.core.judge_photos import JUDGING, judge_project
    from prismh_engine.core.learned_map import learned_maps_follow
    from prismh_engine.core.map_embeddings import map_project
    from prismh_engine.project.feature_sets import STARTER

    yield Progress(JUDGING, 0, None)
    before = {photo.id for photo in project.photos.each_used()}
    judge_project(project, thresholds, stop=stop)
    project.set_thresholds(thresholds)
    used = {photo.id for photo in project.photos.each_used()}
    if used and used != before and project.features.find(STARTER) is not None:
        yield from cluster_project(project, stop=stop)
        yield from map_project(project, stop=stop)
        yield from learned_maps_follow(project, stop)


def data_from_table(project: Project, table: Path, stop: StopToken) -> Job[ImportReport]:
    """Take times, places, cameras and labels from a table somebody made."""
    from prismh_engine.core.import_metadata import import_into_project

    return (yield from import_into_project(project, table, stop=stop))


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


def settings_to_resume(project: Project, *, allow_changed_photos: bool) -> Any:
    """The `Resolved[TrainSettings]` with which the newest unfinished run goes on. Raises `PrismhError`."""
    from prismh_engine.models.simclr.settings import TrainSettings
    from prismh_engine.settings import resolve

    if newest_run.unfinished(project) is None:  # the engine would begin one by the settings it has without a preset
        raise PrismhError(
            "The learning that was stopped cannot go on: its folder is not there any more, or another program went on "
            "with it. See on the Learn page what there is now, or start anew there."
        )
    flags: dict[str, Any] = {"project": str(project.folder), "resume_from": "auto"}
    return resolve(TrainSettings, flags | ({"allow_changed_photos": True} if allow_changed_photos else {}))


def learning(resolved: Any, stop: StopToken) -> Job[Any]:
    """One training, by a `Resolved[TrainSettings]`; its result is a `TrainReport`."""
    yield Progress("Getting ready to learn", 0, None)
    from prismh_engine.models.simclr.run import train

    return (yield from train(resolved, stop))


def see_what_was_learned(project: Project, run: str, stop: StopToken) -> Job[None]:
    """From a run's model to its map, its groups, and what is said of what it changed."""
    from prismh_engine.core.learned_map import learned_map

    yield from learned_map(project, run, stop)
