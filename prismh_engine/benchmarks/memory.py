"""The memory a training takes: beside the bare step's process, and with ever more photos in the catalogue."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from ..files import make_folder
from ..jobs import Job, Progress
from ..models.simclr.run import train
from ..models.simclr.settings import TrainSettings
from ..models.simclr.sitting import LEARNING
from ..photos.look import content_hash
from ..photos.record import FoundPhoto, Look, file_facts
from ..photos.scenes import draw_scene
from ..project import Project
from ..settings import resolve
from .fresh_process import call, peak_bytes, resident_bytes
from .rows import AT_MOST, Conditions, Row
from .training import BATCH_SIZE, Bound, TrainingPath, training_settings

NAME = "memory"
PHOTOS = (1_000, 10_000, 100_000)
"""Rows of the catalogue."""

_CASES = (("resnet18", 224), ("resnet50", 128))
_STEPS = 3
_SMALL_SIZE, _SMALL_BATCH = 64, 16
_BESIDE_BOUND, _GROWTH = 1.25, 1.05


def measure(
    conditions: Conditions,
    found: list[Row],
    cases: tuple[tuple[str, int], ...] = _CASES,
    photos: tuple[int, ...] = PHOTOS,
) -> Job[None]:
    """The most memory each process takes, in megabytes, each in a process of its own."""
    total = 2 * len(cases) + len(photos)
    for number, (base_model, image_size) in enumerate(cases):
        yield Progress("Memory of training", 2 * number, total)
        shape = {"base_model": base_model, "image_size": image_size, "batch_size": BATCH_SIZE}
        bound = call(peak_of_bound, **shape) / 1e6
        yield Progress("Memory of training", 2 * number + 1, total)
        ours = call(peak_of_training, folder=str(conditions.photos), **shape) / 1e6
        batch = 2 * BATCH_SIZE * 3 * image_size**2 * 4 / 1e6
        case, goal = f"{base_model}, {image_size} px, less the batch", (AT_MOST, _BESIDE_BOUND)
        found.append(Row(NAME, case, "MB", [ours], "the bound's process", [bound], "lowest", goal, allowed=batch))
    taken: list[dict[str, int]] = []
    for number, count in enumerate(photos):
        yield Progress("Memory of training", 2 * len(cases) + number, total)
        with tempfile.TemporaryDirectory(prefix="prismh-") as temporary:
            make_project(Path(temporary), count)
            taken.append(call(taken_by_project, project=str(Path(temporary, "project"))))
        for when in ("while it learns", "at its peak") if number else ():
            case, ours, first = f"{count:,} photos, {when}", taken[-1][when] / 1e6, taken[0][when] / 1e6
            beside = f"{photos[0]:,} photos"
            found.append(Row(NAME, case, "MB", [ours], beside, [first], "lowest", (AT_MOST, _GROWTH)))


def make_project(temporary: Path, count: int) -> None:
    """A project in `temporary` with `count` photos, small ones that look alike; the bytes of no two are equal."""
    photos = make_folder(temporary / "photos")
    stream = io.BytesIO()
    image = draw_scene("tyre", 0, (96, 72))
    image.save(stream, "JPEG")

    def written() -> Iterator[tuple[FoundPhoto, Look]]:
        for number in range(count):
            # What follows the end of a JPEG is no part of the picture.
            path, data = photos / f"IMG_{number:06d}.jpg", stream.getvalue() + number.to_bytes(8, "big")
            path.write_bytes(data)
            found = FoundPhoto(path, path.name, *file_facts(path.stat()))
            yield found, Look(content_hash(data), width=image.width, height=image.height)

    with Project.create(temporary / "project") as project:
        project.photos.record(project.add_folder(photos).id, written())


def peak_of_bound(base_model: str, image_size: int, batch_size: int) -> int:
    """Bytes. To be called in a fresh process, as the next two."""
    Bound(training_settings(base_model, image_size, batch_size).settings).advance(_STEPS)
    return peak_bytes()


def peak_of_training(folder: str, base_model: str, image_size: int, batch_size: int) -> int:
    # A checkpoint after each step: what is being written is held too.
    settings = training_settings(base_model, image_size, batch_size, checkpoint_minutes=0.0)
    with TrainingPath(Path(folder), settings, _STEPS) as path:
        path.advance(_STEPS)
    return peak_bytes()


def taken_by_project(project: str) -> dict[str, int]:
    """What a training on a project's photos holds while it learns, and held at most: imports take more for a moment."""
    given = {
        "project": project, "base_model": "resnet18", "image_size": _SMALL_SIZE, "batch_size": _SMALL_BATCH,
        "val_fraction": 0.0, "device": "cpu", "mixed_precision": "off",
    }  # fmt: skip
    with closing(train(resolve(TrainSettings, given, environment={}))) as job:
        for progress in job:
            if progress.what == LEARNING and progress.done >= _STEPS:
                break
        return {"while it learns": resident_bytes(), "at its peak": peak_bytes()}
