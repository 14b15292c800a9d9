"""The photos of a folder, for steps that work without a project."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from ..errors import PrismhError
from ..jobs import Job, Progress, StopToken
from .cache import PhotoCache
from .record import FoundPhoto, Look
from .scan import Scan

LOOKING = "Looking at photos"
SECONDS_BETWEEN_PROGRESS = 0.1


def check_apart(photos: Path, output: Path) -> None:
    """Raise `PrismhError` where copies written below `output` would come to lie among the photos they were made from,
    and be taken for new ones at the next look.
    """
    if Path(os.path.realpath(output)).is_relative_to(os.path.realpath(photos)):
        raise PrismhError(f"{output} lies among the photos in {photos}: choose a folder outside of it.")


def list_photos(folder: Path, cache: PhotoCache, stop: StopToken | None = None) -> Job[list[tuple[FoundPhoto, Look]]]:
    """Every photo below a folder that can be used, in the sorted order of relative paths.

    Raises `PrismhError` where the folder cannot be read.
    """
    looked = yield from look_at_folder(folder, cache, stop)
    return [pair for pair in looked if pair[1].usable]


def look_at_folder(
    folder: Path, cache: PhotoCache, stop: StopToken | None = None
) -> Job[list[tuple[FoundPhoto, Look]]]:
    """Every file below a folder that looks like a picture, usable or not, in the sorted order of relative paths.

    Raises `PrismhError` where the folder cannot be read.
    """
    founds = yield from find_pictures(Scan(folder, without=[cache.folder]))
    return (yield from look_at_pictures(founds, cache, stop))


def look_at_pictures(
    founds: Sequence[FoundPhoto], cache: PhotoCache, stop: StopToken | None = None
) -> Job[list[tuple[FoundPhoto, Look]]]:
    """Look at the pictures that a scan found; sorted by relative path."""
    looked: list[tuple[FoundPhoto, Look]] = []
    yield Progress(LOOKING, 0, len(founds))
    last = time.monotonic()
    with closing(cache.looks(founds, stop=stop)) as looks:
        for found, look in looks:
            looked.append((found, look))
            if time.monotonic() - last >= SECONDS_BETWEEN_PROGRESS or len(looked) == len(founds):
                last = time.monotonic()
                yield Progress(LOOKING, len(looked), len(founds))
    return sorted(looked, key=lambda pair: pair[0].relative)


def find_pictures(scan: Scan) -> Job[list[FoundPhoto]]:
    """Drain a scan, telling how many pictures it has found."""
    founds: list[FoundPhoto] = []
    last = time.monotonic()
    for found in scan:
        founds.append(found)
        if time.monotonic() - last >= SECONDS_BETWEEN_PROGRESS:
            last = time.monotonic()
            yield Progress("Finding photos", len(founds), None)
    return founds
