"""The instant map: from folders to a map with groups, without torch, each part done once."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from prismh_engine import jobs
from prismh_engine.core.groups import split_group
from prismh_engine.core.instant_map import instant_map
from prismh_engine.core.judge_photos import JUDGING
from prismh_engine.jobs import Progress, Stopped, StopToken
from prismh_engine.project import Project


def test_a_folder_of_photos_becomes_a_map_with_groups(project: Project, photo_folder: Path) -> None:
    project.add_folder(photo_folder)
    seen: list[Progress] = []
    jobs.run(instant_map(project), seen.append)
    used = [photo.id for photo in project.photos.used()]
    features = project.features.get("starter")
    made, grouping = project.maps.newest(features), project.groupings.newest(features)
    assert made is not None
    assert grouping is not None
    assert made.photo_ids.tolist() == used
    assert np.isfinite(made.positions).all()
    assert sorted(grouping.photo_ids.tolist()) == sorted(used)
    told = [
        i for progress in seen for i in progress.metrics.get("photo_ids", ()) if "positions" not in progress.metrics
    ]
    assert sorted(told) == sorted(photo.id for photo in project.photos.all())
    assert any("positions" in progress.metrics for progress in seen)


def test_what_was_done_before_is_not_done_again(project: Project, photo_folder: Path) -> None:
    project.add_folder(photo_folder)
    jobs.run(instant_map(project))
    seen: list[Progress] = []
    jobs.run(instant_map(project), seen.append)
    assert not [progress for progress in seen if progress.what.startswith("Seeing") and progress.done]
    # Photos are judged once, and the neighbours that are kept are not looked for again.
    assert len([progress for progress in seen if progress.what == JUDGING and progress.total is None]) == 1
    assert not [progress for progress in seen if progress.what == JUDGING and progress.done]


def test_what_a_person_split_is_there_again_when_a_disk_comes_back(
    project: Project, photo_folder: Path, tmp_path: Path
) -> None:
    for name, kinds in (("card", ("drum", "tyre")), ("phone", ("puddle",))):
        (tmp_path / name).mkdir()
        for photo in photo_folder.iterdir():
            if photo.name.startswith(kinds):
                shutil.copy(photo, tmp_path / name)
        project.add_folder(tmp_path / name)
    jobs.run(instant_map(project))
    features = project.features.get("starter")
    split = jobs.run(split_group(project, features.name, 0))
    places = project.maps.newest(features)
    assert places is not None
    (tmp_path / "card").rename(tmp_path / "unplugged")
    jobs.run(instant_map(project))
    assert len(project.photos.used()) < len(split.photo_ids) / 2
    (tmp_path / "unplugged").rename(tmp_path / "card")
    jobs.run(instant_map(project))
    kept, after = project.groupings.newest(features), project.maps.newest(features)
    assert kept is not None
    assert after is not None
    assert np.array_equal(kept.photo_ids, split.photo_ids)
    assert np.array_equal(kept.clusters, split.clusters)
    assert np.array_equal(after.positions, places.positions)


def test_groups_that_a_person_split_stay_until_other_photos_are_used(project: Project, photo_folder: Path) -> None:
    project.add_folder(photo_folder)
    jobs.run(instant_map(project))
    features = project.features.get("starter")
    jobs.run(split_group(project, features.name, 0))
    made = jobs.run(split_group(project, features.name, 0))
    jobs.run(instant_map(project))
    kept = project.groupings.newest(features)
    assert kept is not None
    assert np.array_equal(kept.clusters, made.clusters)
    project.photos.overrule([int(made.photo_ids[0])], "set aside")
    jobs.run(instant_map(project))
    anew = project.groupings.newest(features)
    assert anew is not None
    assert len(anew.photo_ids) == len(made.photo_ids) - 1


def test_the_wait_for_the_starters_file_at_its_first_use_is_explained(
    project: Project, photo_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XDG_CACHE_HOME", "WIN_PD_OVERRIDE_LOCAL_APPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "cache"))
    project.add_folder(photo_folder)
    stop = StopToken()
    seen: list[str] = []

    def until_the_wait(progress: Progress) -> None:
        seen.append(progress.what)
        if "only this once" in progress.what:
            stop.stop()

    with pytest.raises(Stopped):
        jobs.run(instant_map(project, stop), until_the_wait, stop)
    assert seen[-1] == "Getting ready, only this once"


def test_stopped_while_it_sees_the_photos_it_goes_on_there(project: Project, photo_folder: Path) -> None:
    project.add_folder(photo_folder)
    stop = StopToken()
    with pytest.raises(Stopped):
        jobs.run(
            instant_map(project, stop), lambda p: stop.stop() if p.what.startswith("Seeing") and p.done else None, stop
        )
    assert 0 < len(project.features.get("starter").rows()) < 24
    jobs.run(instant_map(project))
    assert len(project.features.get("starter").rows()) == 24
    assert project.maps.newest(project.features.get("starter")) is not None


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_a_folder_with_hardly_a_photo_ends_without_an_error(
    project: Project, photo_folder: Path, tmp_path: Path, count: int
) -> None:
    for path in sorted(photo_folder.glob("*_0.jpg"))[:count]:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    project.add_folder(tmp_path)
    jobs.run(instant_map(project))
    made = project.maps.newest(project.features.get("starter"))
    assert (0 if made is None else len(made.photo_ids)) == count


def test_the_way_to_the_instant_map_imports_no_torch(tmp_path: Path, photo_folder: Path) -> None:
    script = f"""
import sys
from pathlib import Path
from prismh_engine import jobs
from prismh_engine.core.groups import split_group
from prismh_engine.core.instant_map import instant_map
from prismh_engine.core.judge_photos import JUDGING
from prismh_engine.project import Project
with Project.create(Path({str(tmp_path / "project")!r})) as project:
    project.add_folder(Path({str(photo_folder)!r}))
    jobs.run(instant_map(project))
    assert project.maps.newest(project.features.get("starter")) is not None
print([name for name in ("torch", "torchvision", "timm") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
