"""What is said of a project in one line: in the rail, and on the start page without opening it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from prismh_engine.errors import PrismhError
from prismh_engine.jobs import Job, Progress

from . import newest_run
from .settings import RecentProject
from .teachers import Teachers, teachers_of

if TYPE_CHECKING:
    from prismh_engine.photos.cache import PhotoCache
    from prismh_engine.project import Photo, Project, Run

THUMBNAILS = 3


@dataclass(frozen=True)
class Summary:
    """photos: all that were seen. missing: those not found where they were; set_aside: of the others those not used.
    groups, named: in the groups that are shown. learned: whether a run has finished. learning: the done part of an
    unfinished run, 0 to 1; learned_elsewhere: whether another program is learning into it, as far as one can see.
    failed: whether the newest run could not go on and left nothing to go on from. exported_at: ISO 8601, "" where
    nothing was saved. thumbnails: up to three files. teachers: the names to learn from, None until they were counted.
    """

    photos: int = 0
    set_aside: int = 0
    missing: int = 0
    groups: int = 0
    named: int = 0
    learned: bool = False
    learning: float | None = None
    failed: bool = False
    learned_elsewhere: bool = False
    exported_at: str = ""
    thumbnails: tuple[str, ...] = ()
    teachers: Teachers | None = None

    @classmethod
    def remembered(cls, recent: RecentProject | None) -> Summary:
        """What the settings still know of a project, until it is counted."""
        if recent is None:
            return cls()
        return cls(
            photos=recent.photos, groups=recent.groups, learning=recent.learning, exported_at=recent.exported_at,
            thumbnails=recent.thumbnails,
        )  # fmt: skip

    def as_recent(self, project: Project) -> RecentProject:
        return RecentProject(
            folder=str(project.folder), name=project.name,
            photo_folders=tuple(str(folder.path) for folder in project.folders()), photos=self.photos,
            groups=self.groups, learning=self.learning, opened_at=_now(), exported_at=self.exported_at,
            thumbnails=self.thumbnails,
        )  # fmt: skip

    def exported_now(self) -> Summary:
        return dataclasses.replace(self, exported_at=_now())

    def with_learning_of(self, project: Project) -> Summary:
        """How far the training came that was stopped before its end, where one was."""
        return dataclasses.replace(self, learning=_share_learned(project))

    def with_export_of(self, older: Summary) -> Summary:
        return dataclasses.replace(self, exported_at=older.exported_at)


def summarise(project: Project, cache: PhotoCache) -> Job[Summary]:
    """Count what a project holds; some thumbnails of it are made where they are missing."""
    from prismh_engine.project.photo_catalogue import SET_ASIDE, USED
    from prismh_engine.project.runs import FINISHED

    yield Progress("Counting", 0, None)
    counts = project.photos.counts()
    yield Progress("Counting", 1, None)
    groups, named = _groups(project)
    yield Progress("Counting", 2, None)
    teachers = teachers_of(project)
    yield Progress("Counting", 3, None)
    runs = project.runs.all()
    elsewhere = newest_run.learned_elsewhere(project)
    examples = project.photos.examples(THUMBNAILS, counts[USED])
    yield Progress("Counting", 4, None)
    thumbnails = [name for name in (_thumbnail(cache, photo) for photo in examples) if name]
    return Summary(
        photos=counts["all"], set_aside=counts[SET_ASIDE], missing=counts["missing"],
        groups=groups, named=named, learned=any(run.state == FINISHED for run in runs),
        learning=_share_done(elsewhere) if elsewhere is not None else _share_learned(project),
        failed=newest_run.failed(project) is not None, learned_elsewhere=elsewhere is not None,
        thumbnails=tuple(thumbnails), teachers=teachers,
    )  # fmt: skip


def _share_learned(project: Project) -> float | None:
    run = newest_run.unfinished(project)
    return None if run is None else _share_done(run)


def _thumbnail(cache: PhotoCache, photo: Photo) -> str:
    try:
        return str(cache.thumbnail(photo.path, photo.look.content_hash))
    except PrismhError:  # the photo went away since
        return ""


def _groups(project: Project) -> tuple[int, int]:
    shown = project.shown_features
    grouping = project.groupings.newest(project.features.get(shown)) if shown is not None else None
    if grouping is None:
        return 0, 0
    names = project.labels.by_group(grouping.photo_ids).of_clusters(grouping.clusters)
    return grouping.groups, sum(name.of_most for name in names.values())


def _share_done(run: Run) -> float:
    """How far an unfinished run came, from its own files."""
    from prismh_engine.models.simclr.run_files import RunFiles
    from prismh_engine.models.simclr.run_settings import settings_of

    settings = settings_of(run.folder)
    try:
        rows = sum(1 for _ in RunFiles(run.folder).metrics.open(encoding="utf-8")) - 1
    except (OSError, ValueError):
        return 0.0
    return 0.0 if settings is None else min(1.0, max(0, rows) / settings.epochs)


def _now() -> str:
    return datetime.now(timezone.utc).astimezone().isoformat(timespec="seconds")
