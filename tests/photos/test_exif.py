from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from prismh_engine.photos import exif
from prismh_engine.photos.decode import decode

from .pictures import encoded, picture

BASE, EXIF, GPS = 0, 0x8769, 0x8825


def facts(tags: dict[int, dict[int, Any]]) -> exif.Facts:
    """What is read from a JPEG with these tags."""
    written = Image.Exif()
    for block, values in tags.items():
        (written if block == BASE else written.get_ifd(block)).update(values)
    return decode(encoded(picture(1), exif=written)).facts


def gps(latitude: Any, north: str | None, longitude: Any, east: str | None) -> exif.Facts:
    values = {1: north, 2: latitude, 3: east, 4: longitude}
    return facts({GPS: {tag: value for tag, value in values.items() if value is not None}})


@pytest.mark.filterwarnings("ignore:Truncated File Read")  # pytest undoes the silence that decode keeps
def test_positions_of_real_and_made_photos_are_right_to_a_millionth_of_a_degree(shared: Path) -> None:
    with (shared / "gps" / "expected.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert rows
    for row in rows:
        read = decode(shared / "gps" / row["file"], short_side=384).facts
        if row["lat"]:
            assert read.latitude == pytest.approx(float(row["lat"]), abs=1e-6), row["file"]
            assert read.longitude == pytest.approx(float(row["lon"]), abs=1e-6), row["file"]
        else:
            assert (read.latitude, read.longitude) == (None, None), row["file"]
            assert read.position_note, row["file"]


@pytest.mark.parametrize(
    ("north", "east", "signs"), [("N", "E", (1, 1)), ("S", "E", (-1, 1)), ("n", "w", (1, -1)), ("South", "W", (-1, -1))]
)
def test_the_hemisphere_gives_the_sign(north: str, east: str, signs: tuple[int, int]) -> None:
    read = gps((12, 30, 36), north, (77, 15, 0), east)
    assert read.latitude == pytest.approx(signs[0] * 12.51)
    assert read.longitude == pytest.approx(signs[1] * 77.25)
    assert read.position_note is None


def test_a_second_that_is_unknown_counts_as_zero() -> None:
    read = gps((28.0, 36.0, IFDRational(0, 0)), "N", (77.0, 12.0, IFDRational(0, 0)), "E")
    assert (read.latitude, read.longitude) == (pytest.approx(28.6), pytest.approx(77.2))


@pytest.mark.parametrize(
    ("read", "note"),
    [
        (lambda: gps((95, 0, 0), "N", (77, 0, 0), "E"), "does not exist"),
        (lambda: gps((12, 0, 0), "N", (181, 0, 0), "E"), "does not exist"),
        (lambda: gps((IFDRational(0, 0),) * 3, "N", (77, 0, 0), "E"), "empty or damaged"),
        (lambda: gps((12, 0, 0), None, (77, 0, 0), "E"), "north or south"),
        (lambda: gps((12, 0, 0), "X", (77, 0, 0), "E"), "north or south"),
        (lambda: gps((12, 0, 0), "N", None, None), "no position"),
        (lambda: facts({BASE: {271: "Maker"}}), "no GPS part"),
        (lambda: exif.read(None), "no EXIF"),
    ],
)
def test_where_there_is_no_position_a_note_says_why(read: Any, note: str) -> None:
    got = read()
    assert (got.latitude, got.longitude) == (None, None)
    assert note in got.position_note


def test_zero_zero_is_kept_and_doubted() -> None:
    read = gps((0, 0, 0), "N", (0, 0, 0), "E")
    assert (read.latitude, read.longitude) == (0, 0)
    assert read.position_note


def test_the_moment_of_the_shot_is_taken_before_that_of_the_last_change() -> None:
    read = facts({BASE: {306: "2024:06:01 00:00:00"}, EXIF: {36867: "2024:05:01 10:11:12", 36881: "+05:30"}})
    assert read.taken_at == "2024-05-01T10:11:12+05:30"


@pytest.mark.parametrize("offset", [None, "+99:00", "   :  ", "Z"])
def test_an_offset_is_written_only_where_it_is_known(offset: str | None) -> None:
    read = facts({EXIF: {36867: "2024:05:01 10:11:12", **({36881: offset} if offset else {})}})
    assert read.taken_at == "2024-05-01T10:11:12"


@pytest.mark.parametrize("time", ["0000:00:00 00:00:00", "    :  :     :  :  ", "2024:13:01 10:11:12", "yesterday"])
def test_a_time_that_does_not_exist_is_none(time: str) -> None:
    assert facts({EXIF: {36867: time}}).taken_at is None


def test_a_damaged_time_leaves_the_next_one() -> None:
    assert facts({BASE: {306: "2024:06:01 08:00:00"}, EXIF: {36867: "0000:00:00 00:00:00"}}).taken_at == (
        "2024-06-01T08:00:00"
    )


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("samsung", "SM-A515F", "samsung SM-A515F"),
        ("Canon", "Canon EOS 90D", "Canon EOS 90D"),
        ("  Nokia \0", "X\n<b>", "Nokia X <b>"),
        ("", "", None),
    ],
)
def test_the_camera_is_one_line_of_text(make: str, model: str, camera: str | None) -> None:
    assert facts({BASE: {271: make, 272: model}}).camera == camera


@pytest.mark.parametrize(
    ("name", "date"),
    [
        ("IMG_20240501_101112.jpg", "2024-05-01T10:11:12"),
        ("PXL_20240501_101112345.MP.jpg", "2024-05-01T10:11:12"),
        ("IMG-20240501-WA0001.jpg", "2024-05-01"),
        ("2024-05-01 10.11.12.jpg", "2024-05-01T10:11:12"),
        ("Screenshot_2024-05-01-10-11-12.png", "2024-05-01T10:11:12"),
        ("WhatsApp Image 2024-05-01 at 10.11.12.jpeg", "2024-05-01T10:11:12"),
        ("20249901_101112.jpg", None),
        ("123420240501.jpg", None),
        ("DSC01234.jpg", None),
        ("photo.jpg", None),
    ],
)
def test_the_date_in_a_file_name_is_found(name: str, date: str | None) -> None:
    assert exif.date_in_name(name) == date
