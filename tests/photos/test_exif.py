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


@pytest.mark.parametrize(
    ("north", "east", "latitude", "longitude"),
    [
        ((IFDRational(193456, 10000), 0, 0), (72.2345, 0, 0), 19.3456, 72.2345),  # all in the degrees
        ((13, 4.962, 0), (80, 16.242, 0), 13.0827, 80.2707),  # all in the minutes
        ((IFDRational(12_971_600, 1_000_000), 0, IFDRational(0, 1)), (77.5946,), 12.9716, 77.5946),
        ((5, 36, 13.32), (0, 11, 13.2), 5.6037, 0.187),  # next to the meridian of Greenwich
        ((IFDRational(4294967295, 4294967295), IFDRational(30, 1), 0), (2, IFDRational(7, 0), 0), 1.5, 2),
        ((90, 0, 0), (180, 0, 0), 90, 180),
    ],
)
def test_a_position_is_read_however_its_numbers_are_spread(
    north: Any, east: Any, latitude: float, longitude: float
) -> None:
    read = gps(north, "N", east, "E")
    assert read.latitude == pytest.approx(latitude, abs=1e-6)
    assert read.longitude == pytest.approx(longitude, abs=1e-6)
    assert read.position_note is None


@pytest.mark.parametrize(
    ("north", "east", "latitude", "longitude"),
    [
        ("12,30,36", "77 deg 15' 0\"", 12.51, 77.25),
        ((-6.2088, 0, 0), (-106.8456, 0, 0), -6.2088, -106.8456),
    ],
)
def test_a_position_as_text_or_with_a_sign_is_read_though_no_standard_allows_it(
    north: Any, east: Any, latitude: float, longitude: float
) -> None:
    written = Image.Exif()
    written.get_ifd(GPS).update({1: "N", 2: north, 3: "E", 4: east})
    written[GPS] = 1  # as in one that was read from a file
    read = exif.read(written)
    assert (read.latitude, read.longitude) == (pytest.approx(latitude), pytest.approx(longitude))


def test_the_order_of_bytes_does_not_matter() -> None:
    written = Image.Exif()
    written.endian = ">"
    written[272] = "SM-A515F"
    written.get_ifd(GPS).update({1: "S", 2: (1.0, 17.0, 11.04), 3: "E", 4: (36.0, 49.0, 1.92)})
    data = written.tobytes()
    assert data[6:8] == b"MM"
    read = decode(encoded(picture(1), exif=data)).facts
    assert (read.latitude, read.longitude) == (pytest.approx(-1.2864), pytest.approx(36.8172))
    assert read.camera == "SM-A515F"


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF"])
def test_every_kind_of_picture_that_carries_exif_tells_it(kind: str) -> None:
    written = Image.Exif()
    written[271] = "Maker"
    written.get_ifd(EXIF)[36867] = "2024:05:01 10:11:12"
    written.get_ifd(GPS).update({1: "S", 2: (12.0, 30.0, 36.0), 3: "E", 4: (77.0, 15.0, 0.0)})
    read = decode(encoded(picture(1), kind, exif=written)).facts
    assert (read.taken_at, read.camera) == ("2024-05-01T10:11:12", "Maker")
    assert (read.latitude, read.longitude) == (pytest.approx(-12.51), pytest.approx(77.25))


@pytest.mark.filterwarnings("ignore")  # pytest undoes the silence that decode keeps
def test_exif_cut_off_anywhere_gives_what_is_left_and_raises_nothing() -> None:
    written = Image.Exif()
    written[271] = "Maker"
    written.get_ifd(EXIF)[36867] = "2024:05:01 10:11:12"
    written.get_ifd(GPS).update({1: "S", 2: (12.0, 30.0, 36.0), 3: "E", 4: (77.0, 15.0, 0.0)})
    whole = written.tobytes()
    for length in range(6, len(whole), 3):
        decoded = decode(encoded(picture(1, (32, 24)), exif=whole[:length]))
        assert decoded.image is not None
        assert (decoded.facts.latitude is None) == (decoded.facts.longitude is None)
        assert decoded.facts.latitude is not None or decoded.facts.position_note


def test_photos_of_real_phones_tell_when_and_by_what_they_were_taken(shared: Path) -> None:
    for name, taken_at, camera, size in (
        ("30-type_error", "2013-07-07T17:20:59", None, (3872, 2403)),
        ("67-0_length_string", "2016-09-12T10:05:31", "samsung SM-G930F", (4032, 2012)),
        ("HMD_Nokia_8.3_5G", "2022-08-14T14:12:31+03:00", "HMD Global Nokia 8.3 5G", (4608, 1976)),
        ("craft-beer", None, None, (6000, 4000)),
        ("iphone_hdr_YES", "2015-04-10T20:12:23", "Apple iPhone 6", (3264, 2448)),
        ("jolla", "2014-09-21T16:00:56", "Jolla", (3264, 2448)),
    ):
        decoded = decode(shared / "phone" / f"{name}.jpg", short_side=384)
        assert (decoded.facts.taken_at, decoded.facts.camera) == (taken_at, camera), name
        assert (decoded.width, decoded.height) == size, name


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


def test_exposure_and_lens_are_read() -> None:
    read = facts({EXIF: {33434: IFDRational(1, 60), 33437: 1.8, 34855: 100, 37386: 4.25, 41989: 26, 42036: "Wide"}})
    assert (read.exposure, read.aperture, read.iso) == (pytest.approx(1 / 60), pytest.approx(1.8), 100)
    assert (read.focal_length, read.focal_length_on_film, read.lens) == (4.25, 26, "Wide")


def test_stops_tell_exposure_and_aperture_where_nothing_else_does() -> None:
    read = facts({EXIF: {37377: IFDRational(6, 1), 37378: IFDRational(4, 1)}})
    assert (read.exposure, read.aperture) == (1 / 64, 4.0)
    read = facts({EXIF: {33434: IFDRational(1, 60), 37377: IFDRational(6, 1)}})
    assert read.exposure == pytest.approx(1 / 60)


@pytest.mark.parametrize(
    "tags",
    [
        {33434: IFDRational(0, 1), 33437: IFDRational(0, 1), 34855: 0, 37386: IFDRational(0, 1), 41989: 0},
        {33434: IFDRational(1, 0), 33437: IFDRational(0, 0), 37386: IFDRational(4, 0)},
        {33434: -1.0, 33437: 1000.0, 37386: 1e6, 37377: IFDRational(4_000_000_000, 1)},
        {33434: "fast", 33437: "wide open", 34855: "high", 37386: b"\xff\xfe", 42036: "----", 37378: "x"},
    ],
)
def test_exposure_and_lens_that_cannot_be_are_not_known(tags: dict[int, Any]) -> None:
    read = facts({EXIF: tags})
    assert (read.exposure, read.aperture, read.iso) == (None, None, None)
    assert (read.focal_length, read.focal_length_on_film, read.lens) == (None, None, None)


def test_a_lens_is_one_short_line() -> None:
    read = facts({EXIF: {42035: "Maker", 42036: "Wide\nangle \x07" + 500 * "m"}})
    assert read.lens is not None
    assert read.lens.startswith("Maker Wide angle m")
    assert len(read.lens) == 100


def test_exposure_and_lens_of_real_photos(shared: Path) -> None:
    read = decode(shared / "phone" / "iphone_hdr_NO.jpg", short_side=1).facts
    assert (read.exposure, read.aperture, read.iso, read.focal_length) == (0.025, pytest.approx(2.2), 32, 4.15)
    assert read.lens == "Apple iPhone 6 back camera 4.15mm f/2.2"
    read = decode(shared / "gps" / "immich" / "empty_gps.jpg", short_side=1).facts
    assert read.iso == 234
