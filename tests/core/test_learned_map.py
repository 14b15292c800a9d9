"""The map of what was learned: made from a run's model, and brought up to date when photos come and go."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from prismh_engine import jobs
from prismh_engine.core.instant_map import instant_map
from prismh_engine.core.learned_map import learned_map, learned_maps_follow
from prismh_engine.jobs import Progress
from prismh_engine.models.simclr.lock import run_folder_lock
from prismh_engine.models.simclr.run import train
from prismh_engine.models.simclr.run_files import RunFiles
from prismh_engine.models.simclr.settings import TrainSettings
from prismh_engine.photos import scenes
from prismh_engine.project import Grouping, Map, Project
from prismh_engine.settings import resolve

from ..damage import flip_a_byte, overwrite

RUN = "run-1"
TINY = {"base_model": "resnet18", "image_size": 32, "batch_size": 8, "epochs": 1, "preset": "scratch"}


@pytest.fixture
def photos(tmp_path: Path, photo_folder: Path) -> Path:
    """A folder of 24 photos of its own."""
    shutil.copytree(photo_folder, tmp_path / "photos")
    return tmp_path / "photos"


@pytest.fixture
def learned(project: Project, photos: Path) -> Project:
    """A project that has learned from these, with the map of what it learned."""
    project.add_folder(photos)
    jobs.run(instant_map(project))
    jobs.run(train(resolve(TrainSettings, {"project": project.folder, **TINY}, environment={})))
    jobs.run(learned_map(project, RUN))
    return project


def add(photos: Path, count: int) -> None:
    for number in range(100, 100 + count):
        scenes.draw_scene("tyre", number, (320, 240)).save(photos / f"new_{number}.jpg", quality=90)


def shown(project: Project) -> tuple[Map, Grouping]:
    features = project.features.get(RUN)
    made, grouping = project.maps.newest(features), project.groupings.newest(features)
    assert made is not None
    assert grouping is not None
    return made, grouping


def places(made: Map) -> dict[int, tuple[float, ...]]:
    return dict(zip(made.photo_ids.tolist(), map(tuple, made.positions.tolist()), strict=True))


def test_photos_added_later_are_on_the_learned_map_too_and_nothing_else_moves(learned: Project, photos: Path) -> None:
    before, grouped = shown(learned)
    said = learned.runs.get(RUN)
    add(photos, 3)
    jobs.run(instant_map(learned))
    told: list[Progress] = []
    jobs.run(learned_maps_follow(learned), told.append)
    after, regrouped = shown(learned)
    used = learned.photos.used_ids()
    assert len(used) == len(before.photo_ids) + 3
    assert np.array_equal(np.sort(after.photo_ids), used)
    assert np.array_equal(np.sort(regrouped.photo_ids), used)
    assert places(before).items() <= places(after).items()
    cluster_of = dict(zip(regrouped.photo_ids.tolist(), regrouped.clusters.tolist(), strict=True))
    assert [cluster_of[i] for i in grouped.photo_ids.tolist()] == grouped.clusters.tolist()
    assert learned.runs.get(RUN) == said, "what learning changed is told of the photos it learned from"
    assert told
    assert not any(progress.metrics for progress in told)
    again: list[Progress] = []
    jobs.run(learned_maps_follow(learned), again.append)
    assert not again, "it is all there"


def test_photos_set_aside_leave_the_learned_map(learned: Project) -> None:
    gone = int(shown(learned)[0].photo_ids[0])
    learned.photos.overrule([gone], "set aside")
    jobs.run(learned_maps_follow(learned))
    made, grouping = shown(learned)
    assert gone not in made.photo_ids
    assert gone not in grouping.photo_ids


def test_without_its_model_or_while_it_learns_a_run_keeps_the_map_it_has(learned: Project, photos: Path) -> None:
    before = places(shown(learned)[0])
    files = RunFiles(learned.runs.get(RUN).folder)
    add(photos, 3)
    jobs.run(instant_map(learned))
    with run_folder_lock(files.folder):
        jobs.run(learned_maps_follow(learned))
    assert places(shown(learned)[0]) == before
    files.best.unlink()
    jobs.run(learned_maps_follow(learned))
    assert places(shown(learned)[0]) == before


@pytest.mark.parametrize("damage", [overwrite, flip_a_byte])
def test_a_run_whose_model_is_damaged_keeps_its_map_and_holds_up_no_other(
    learned: Project, photos: Path, damage: Callable[[Path], object]
) -> None:
    before, grouped = shown(learned)
    run = learned.runs.get(RUN)
    other = learned.runs.new()
    shutil.copytree(run.folder, other.folder, dirs_exist_ok=True)
    jobs.run(learned_map(learned, other.name))
    damage(RunFiles(run.folder).best)
    learned.show_features(RUN)  # its map is the first to follow
    add(photos, 3)
    jobs.run(instant_map(learned))
    jobs.run(learned_maps_follow(learned))
    after, regrouped = shown(learned)
    assert places(after) == places(before)
    assert regrouped.id == grouped.id
    followed = learned.maps.newest(learned.features.get(other.name))
    assert followed is not None
    assert np.array_equal(np.sort(followed.photo_ids), learned.photos.used_ids())


def stops_drawing(stop: jobs.StopToken) -> Callable[[Progress], None]:
    def look(progress: Progress) -> None:
        if progress.what == "Drawing the map":
            stop.stop()

    return look


def test_a_learned_map_whose_drawing_was_stopped_is_drawn_to_its_end(learned: Project, photos: Path) -> None:
    before = places(shown(learned)[0])
    add(photos, 40)
    jobs.run(instant_map(learned))
    stop = jobs.StopToken()
    with pytest.raises(jobs.Stopped):
        jobs.run(learned_maps_follow(learned, stop), stops_drawing(stop), stop)
    assert places(shown(learned)[0]) == before, "a finished map is not given up for an unfinished one"
    stop = jobs.StopToken()
    with pytest.raises(jobs.Stopped):
        jobs.run(learned_map(learned, RUN, stop), stops_drawing(stop), stop)
    assert not shown(learned)[0].finished
    jobs.run(learned_maps_follow(learned))
    made = shown(learned)[0]
    assert made.finished
    assert np.array_equal(np.sort(made.photo_ids), learned.photos.used_ids())
