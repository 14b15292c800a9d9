"""The sample photos: the same every time, told apart by kind, and as odd as real field work."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from prismh_engine import jobs
from prismh_engine.errors import PrismhError
from prismh_engine.jobs import Stopped, StopToken
from prismh_engine.photos import scenes


@pytest.mark.parametrize("kind", scenes.KINDS)
def test_a_scene_is_the_same_every_time_and_differs_from_the_next(kind: str) -> None:
    first, again, other = (np.asarray(scenes.draw_scene(kind, number, (160, 120))) for number in (3, 3, 4))
    assert first.shape == (120, 160, 3)
    assert np.array_equal(first, again)
    assert np.abs(first.astype(int) - other).mean() > 5


@pytest.mark.parametrize("size", [(640, 480), (120, 160), (48, 48)])
def test_a_scene_has_the_size_asked_for(size: tuple[int, int]) -> None:
    assert scenes.draw_scene("tyre", 0, size).size == size


def test_sample_photos_tell_when_where_and_with_what_they_were_taken(tmp_path: Path) -> None:
    paths = jobs.run(scenes.write_scenes(tmp_path / "photos", 8))
    assert [path.name for path in paths] == [f"IMG_{number:04d}.jpg" for number in range(1, 9)]
    days = set()
    for path in paths:
        with Image.open(path) as image:
            exif = image.getexif()
        days.add(exif.get_ifd(0x8769)[0x9003][:10])
        assert exif[0x0110]
        degrees, minutes, seconds = (float(part) for part in exif.get_ifd(0x8825)[2])
        assert degrees + minutes / 60 + seconds / 3600 < 0.3
    assert len(days) == 2


def test_sixty_sample_photos_hold_a_dark_a_blurred_a_broken_and_two_repeated_ones(tmp_path: Path) -> None:
    paths = jobs.run(scenes.write_scenes(tmp_path, 60))
    contents = [path.read_bytes() for path in paths]
    assert len(set(contents)) == 59
    broken = [path for path in paths if path.stat().st_size < 1000]
    assert len(broken) == 1
    with pytest.raises(OSError), Image.open(broken[0]) as image:
        image.load()
    greys = []
    for path in set(paths) - set(broken):
        with Image.open(path) as image:
            greys.append(np.asarray(image.convert("L").reduce(2), float))
    assert sum(grey.mean() < 13 for grey in greys) == 1
    detail = [np.abs(np.diff(grey, axis=1)).mean() for grey in greys if grey.mean() >= 13]
    assert sum(value < 0.5 * float(np.median(detail)) for value in detail) == 1


def test_drawing_stops_when_asked(tmp_path: Path) -> None:
    stop = StopToken()
    with pytest.raises(Stopped):
        jobs.run(scenes.write_scenes(tmp_path, 300, stop), lambda progress: stop.stop(), stop)
    assert len(list(tmp_path.iterdir())) <= 1


def test_a_folder_that_cannot_be_written_is_named_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PrismhError, match="Cannot write"):
        jobs.run(scenes.write_scenes(tmp_path / "file" / "photos", 3))
