"""A first look at a project's photo folders: what is new or changed is looked at, recorded and judged."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import PrismhError
from ..jobs import Job, Progress, StopToken
from ..photos.cache import PhotoCache, check_cache_folder
from ..photos.folder import LOOKING, SECONDS_BETWEEN_PROGRESS
from ..photos.record import FoundPhoto, Look
from ..photos.scan import Scan
from ..project import Folder, Project
from ..project.feature_sets import STARTER
from ..project.neighbour_graphs import neighbour_graph
from .judge_photos import JUDGING, judge_project

_SECONDS_OF_SCAN_FIRST = 1.0


@dataclass
class LookReport:
    """What a look at a project's folders found: photos new or changed, seen before, gone; sentences on problems."""

    looked_at: int = 0
    unchanged: int = 0
    missing: int = 0
    other_files: int = 0
    problems: list[str] = field(default_factory=list)


def look_at_project(
    project: Project, stop: StopToken | None = None, *, cache_folder: Path | None = None
) -> Job[LookReport]:
    """Look at what is new or changed in the project's photo folders, record it, and judge all photos.

    Each `Progress` has in `metrics["photo_ids"]` the ids recorded since the last one. A photo that is not where it was
    is marked as missing; so are all of a folder that cannot be reached. A stop leaves as `Stopped`; what was looked
    at is recorded. cache_folder: None for the project's; raises `PrismhError` where it would mix with the photos.
    """
    report = LookReport()
    folders = project.folders()
    for folder in folders:
        check_cache_folder(cache_folder or project.cache_folder, folder.path)
    with PhotoCache(cache_folder or project.cache_folder) as cache:
        for folder in folders:
            yield from _look_at_project_folder(project, folder, cache, report, stop)
    yield Progress(JUDGING, 0, None)
    starter = project.features.find(STARTER)
    if starter is not None:
        yield from neighbour_graph(starter)
    judge_project(project, stop=stop, cache_folder=cache_folder)
    return report


def _look_at_project_folder(
    project: Project, folder: Folder, cache: PhotoCache, report: LookReport, stop: StopToken | None
) -> Job[None]:
    known = project.photos.known(folder.id)
    scan = Scan(folder.path, without=[project.folder, cache.folder])
    try:
        founds, rest = yield from _first_finds(scan, to_the_end=bool(known))
    except PrismhError as error:  # a drive that is not plugged in: its photos are missing, the others are looked at
        report.problems.append(str(error))
        founds, rest = [], iter(())
    gone = known.keys() - {found.relative for found in founds}
    project.photos.mark_missing(folder.id, gone)  # first, so that a photo that was moved is known again
    report.missing += len(gone)
    new = [found for found in founds if known.get(found.relative) != (found.size, found.mtime_ns, found.inode)]
    report.unchanged += len(founds) - len(new)
    total: int | None = len(new)
    pending: list[tuple[FoundPhoto, Look]] = []

    def coming() -> Iterator[FoundPhoto]:
        nonlocal total
        yield from new
        total = None
        more = 0
        for more, found in enumerate(rest, start=1):  # noqa: B007 - the last number is the count
            yield found
        total = len(new) + more

    done, last = 0, 0.0
    try:
        yield Progress(LOOKING, 0, total, {"photo_ids": []})
        with closing(cache.looks(coming(), stop=stop)) as looks:
            for pair in looks:
                pending.append(pair)
                if time.monotonic() - last >= SECONDS_BETWEEN_PROGRESS:
                    ids, pending = project.photos.record(folder.id, pending), []
                    done, last = done + len(ids), time.monotonic()
                    yield Progress(LOOKING, done, total, {"photo_ids": ids})
    finally:
        # Also at a stop: what was looked at is recorded.
        ids = project.photos.record(folder.id, pending)
        report.looked_at += done + len(ids)
    report.other_files += scan.other_files
    report.problems += scan.problems
    if ids:
        yield Progress(LOOKING, done + len(ids), total, {"photo_ids": ids})


def _first_finds(scan: Scan, to_the_end: bool) -> Job[tuple[list[FoundPhoto], Iterator[FoundPhoto]]]:
    """What a scan finds in its first second, and the rest as it comes: a slow drive must not delay the first photos.

    to_the_end: wait for all, which only a folder needs that was looked at before, to tell moved photos from new ones.
    """
    coming = iter(scan)
    founds: list[FoundPhoto] = []
    began = last = time.monotonic()
    for found in coming:
        founds.append(found)
        now = time.monotonic()
        if not to_the_end and now - began >= _SECONDS_OF_SCAN_FIRST:
            return founds, coming
        if now - last >= SECONDS_BETWEEN_PROGRESS:
            last = now
            yield Progress("Finding photos", len(founds), None)
    return founds, iter(())
