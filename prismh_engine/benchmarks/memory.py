"""The memory a training takes: beside the bare step's process, and with ever more photos in the catalogue."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path

from .. import jobs
from ..jobs import Job, Progress
from ..models.simclr.run import train
from ..models.simclr.settings import TrainSettings
from ..models.simclr.sitting import LEARNING
from ..photos.cache import PhotoCache
from ..photos.folder import list_photos
from ..photos.record import FoundPhoto
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


def rows(
    conditions: Conditions, cases: tuple[tuple[str, int], ...] = _CASES, photos: tuple[int, ...] = PHOTOS
) -> Job[list[Row]]:
    """The most memory each process takes, in megabytes, each in a process of its own."""
    found, total = [], 2 * len(cases) + len(photos)
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
            make_project(Path(temporary), conditions.photos, count)
            taken.append(call(taken_by_project, project=str(Path(temporary, "project"))))
        for when in ("while it learns", "at its peak") if number else ():
            case, ours, first = f"{count:,} photos, {when}", taken[-1][when] / 1e6, taken[0][when] / 1e6
            beside = f"{photos[0]:,} photos"
            found.append(Row(NAME, case, "MB", [ours], beside, [first], "lowest", (AT_MOST, _GROWTH)))
    return found


def make_project(temporary: Path, folder: Path, count: int) -> None:
    """A project in `temporary` whose catalogue has `count` photos; their contents are those of the folder's few."""
    with Project.create(temporary / "project") as project:
        with PhotoCache(project.cache_folder) as cache:
            listed = jobs.run(list_photos(folder, cache))
        photos = temporary / "photos"
        photos.mkdir()
        looks = [look for _, look in listed]
        # Training reads copies by content, so that no file has to lie under these names.
        project.photos.record(
            project.add_folder(photos).id,
            (
                (FoundPhoto(photos / name, name, number, number, number), looks[number % len(looks)])
                for number in range(count)
                for name in [f"IMG_{number:06d}.jpg"]
            ),
        )


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
