"""The first look at a folder of large photos, beside a plain loop over its files: rate, memory, room on the disk."""

from __future__ import annotations

import functools
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from .. import jobs
from ..core.preprocess import PreprocessSettings, preprocess
from ..files import make_folder
from ..jobs import Job, Progress
from ..photos.scan import Scan
from ..settings import resolve
from .fresh_process import call, peak_bytes
from .rows import AT_LEAST, AT_MOST, Conditions, Row, in_turn

NAME = "first_look"
PHOTOS = (100, 2_000)
"""How many are looked at for the memory and the room that takes: few and many."""

_SIDE = 256
_GOAL, _GROWTH = 4.0, 1.1  # what is told of each photo is held, its pixels are not
_BYTES_TO_SPARE = 1e9


def measure(conditions: Conditions, found: list[Row], photos: tuple[int, int] = PHOTOS) -> Job[None]:
    """Find, decode, judge and cache, thumbnails too; then with the starter's features; then few and many photos."""
    files = [file.path for file in Scan(conditions.photos)]
    turns = {
        "first look": functools.partial(_rate, conditions.photos, len(files), no_starter=True),
        "with the starter": functools.partial(_rate, conditions.photos, len(files), no_starter=False),
        "a plain loop": functools.partial(_plain_rate, files),
    }
    turns["with the starter"]()  # its first use makes a file
    rates = yield from in_turn("First look", turns, conditions.rounds)
    plain, unit, goal = rates["a plain loop"], "photos/s", (AT_LEAST, _GOAL)
    found += [
        Row(NAME, "without the starter", unit, rates["first look"], "a plain loop", plain, goal=goal),
        Row(NAME, "with the starter's features", unit, rates["with the starter"], "a plain loop", plain, goal=goal),
    ]
    yield from _of_few_and_many(files, photos, found)


def taken_by_first_look(photos: str) -> dict[str, int]:
    """Bytes that the first look holds at its peak, and that its project takes on the disk, the cache in it.

    To be called in a fresh process.
    """
    with _first_look(Path(photos), no_starter=True) as (project, _):
        disk = sum(path.stat().st_size for path in project.rglob("*") if path.is_file())
        return {"memory": peak_bytes(), "disk": disk}


def _of_few_and_many(files: Sequence[Path], photos: tuple[int, int], found: list[Row]) -> Job[None]:
    few, many = photos
    needed = many * sum(path.stat().st_size for path in files) / len(files) + _BYTES_TO_SPARE
    if shutil.disk_usage(tempfile.gettempdir()).free < needed:
        why = f"the disk has no room for {many:,} photos, {needed / 1e9:.1f} GB."
        found.append(Row(NAME, f"{many:,} photos, memory", skipped=why))
        return
    taken = []
    for done, count in enumerate(photos):
        yield Progress("Memory of the first look", done, len(photos))
        with tempfile.TemporaryDirectory(prefix="prismh-") as temporary:
            _write_different(files, Path(temporary), count)
            taken.append(call(taken_by_first_look, photos=temporary))
    of_few, of_many = ([one["memory"] / 1e6] for one in taken)
    room = taken[1]["disk"] / many * 1000 / 1e6
    found += [
        Row(NAME, f"{many:,} photos, memory", "MB", of_many, f"{few:,} photos", of_few, "lowest", (AT_MOST, _GROWTH)),
        Row(NAME, "room of 1,000 photos on the disk", "MB", [room]),
    ]


def _rate(photos: Path, count: int, no_starter: bool) -> float:
    with _first_look(photos, no_starter) as (_, seconds):
        return count / seconds


@contextmanager
def _first_look(photos: Path, no_starter: bool) -> Iterator[tuple[Path, float]]:
    """A new project that has looked at a folder, and the seconds it took; it is deleted at the end."""
    with tempfile.TemporaryDirectory(prefix="prismh-") as temporary:
        project = Path(temporary, "project")
        given = {"project": project, "data_dir": photos, "no_starter": no_starter}
        began = time.perf_counter()
        jobs.run(preprocess(resolve(PreprocessSettings, given, environment={})))
        yield project, time.perf_counter() - began


def _plain_rate(files: Sequence[Path]) -> float:
    began = time.perf_counter()
    for path in files:
        with Image.open(path) as image:
            image.convert("RGB").resize((_SIDE, _SIDE))
    return len(files) / (time.perf_counter() - began)


def _write_different(files: Sequence[Path], folder: Path, count: int) -> None:
    """Fill a folder with `count` photos of which no two have equal bytes: what follows a JPEG's end is no picture."""
    make_folder(folder)
    for number in range(count):
        path = files[number % len(files)]
        (folder / f"{number:06d}{path.suffix}").write_bytes(path.read_bytes() + number.to_bytes(8, "big"))
