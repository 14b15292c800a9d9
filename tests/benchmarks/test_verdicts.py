"""The calibration of verdicts: photos are spoiled by as much as it says, and counted as it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from prismh_engine.photos.scenes import draw_scene

from . import near_duplicates, outliers, spoiled
from .verdicts import main


@pytest.fixture(scope="module")
def image() -> Image.Image:
    return draw_scene("drum", 0, (320, 240))


def test_a_stop_halves_the_light_a_photo_holds() -> None:
    light_grey = Image.new("RGB", (8, 8), (188, 188, 188))  # half of the light that white has

    assert spoiled.darkened(Image.new("RGB", (8, 8), "white"), 1).getpixel((0, 0)) == light_grey.getpixel((0, 0))
    assert spoiled.darkened(light_grey, 0).getpixel((0, 0)) == (188, 188, 188)


def test_a_moved_camera_smears_along_the_long_side_only() -> None:
    for size, along, across in (((320, 240), (158, 120), (160, 118)), ((240, 320), (120, 158), (118, 160))):
        point = Image.new("RGB", size)
        point.putpixel((size[0] // 2, size[1] // 2), (255, 255, 255))
        smeared = spoiled.shaken(point, 4.0)
        assert smeared.getpixel(along) != (0, 0, 0)
        assert smeared.getpixel(across) == (0, 0, 0)


def test_blur_is_a_share_of_the_photo_whatever_its_size(image: Image.Image) -> None:
    """Brought to one size, a photo blurred when it was large shows what the small one shows."""
    large = image.resize((1280, 960), Image.Resampling.BICUBIC)

    one = np.asarray(spoiled.blurred(large, 2.0).resize(image.size, Image.Resampling.BOX), dtype=float)
    other = np.asarray(spoiled.blurred(image, 2.0), dtype=float)

    assert np.abs(one - other).mean() < 1.0


def test_recall_and_precision_count_photos_below_the_threshold() -> None:
    assert spoiled.recall_and_precision([10, 60, 70, 80], [10, 20, 30, 90], 50) == (0.75, 0.75)
    assert spoiled.recall_and_precision([60, 70], [80, 90], 50) == (0.0, None)


def test_a_turned_photo_has_no_empty_corners() -> None:
    turned = near_duplicates.turned(Image.new("RGB", (320, 240), "white"))

    assert np.asarray(turned).min() == 255
    assert turned.width > 290


def test_a_copy_is_found_in_its_originals_group_and_wrong_in_anothers() -> None:
    rows = {
        "originals/1.jpg": {"duplicate_of": ""},
        "copies/1.jpg": {"duplicate_of": "originals/1.jpg"},
        "originals/2.jpg": {"duplicate_of": ""},
        "copies/2.jpg": {"duplicate_of": ""},
        "originals/3.jpg": {"duplicate_of": "copies/2.jpg"},
        "copies/3.jpg": {"duplicate_of": "copies/2.jpg"},
    }

    assert near_duplicates.found_and_wrong(rows) == (2, 2)


def test_outliers_are_counted_among_both_kinds() -> None:
    distances = {"own/1.jpg": 0.3, "own/2.jpg": 0.7, "other/1.jpg": 0.7, "other/2.jpg": 0.6, "other/3.jpg": 0.9}

    assert outliers.found_and_wrong(distances, 0.68) == [2, 3, 1, 2]


def test_spoiled_photos_are_told_of_in_a_table_for_each_size(
    photo_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["spoiled", "--photos", str(photo_folder), "--count", "2", "--short_sides", "96", "0"]) == 0

    said = capsys.readouterr().out
    assert "2 photos, 96 px on the short side" in said
    assert "2 photos, their own size" in said
    darkest = next(line for line in said.splitlines() if line.startswith("8 stops less light"))
    assert darkest.split()[4:] == ["1.00"] * 8


def test_outliers_without_other_pictures_are_refused_in_a_sentence(
    photo_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["outliers", "--photos", str(photo_folder)])

    assert ended.value.code == 2
    assert "outliers need --others" in capsys.readouterr().err
