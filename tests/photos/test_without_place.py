from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from prismh_engine.photos.without_place import without_place

PLACE = b"Nairobi 36.8167"


def _picture(mode: str = "RGB") -> Image.Image:
    noise = np.random.default_rng(0).integers(0, 255, (70, 90, 3), dtype=np.uint8)
    return Image.fromarray(noise).convert(mode)


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Orientation], exif[Base.ImageDescription] = "Nokia", 6, PLACE.decode()
    shot = exif.get_ifd(IFD.Exif)
    shot[Base.DateTimeOriginal], shot[Base.OffsetTimeOriginal] = "2024:05:01 10:11:12", "+03:00"
    shot[Base.UserComment], shot[Base.MakerNote] = PLACE, PLACE * 50
    exif.get_ifd(IFD.GPSInfo).update(
        {GPS.GPSLatitudeRef: "S", GPS.GPSLatitude: (1, 17, 0), GPS.GPSAreaInformation: PLACE}
    )
    return exif


def _jpeg(mode: str = "RGB", **how: object) -> bytes:
    """A JPEG with its place in every corner where phones and programs put it."""
    made = io.BytesIO()
    _picture(mode).save(made, "JPEG", exif=_exif(), comment=PLACE, xmp=PLACE, icc_profile=b"profile" * 30, **how)
    data = made.getvalue()
    caption = b"Photoshop 3.0\0" + PLACE
    behind = b"\xff\xd8" + PLACE + b"\xff\xd9"  # another picture, or a film, behind the first one
    return data[:2] + b"\xff\xed" + (len(caption) + 2).to_bytes(2, "big") + caption + data[2:] + behind


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("how", [{}, {"progressive": True}, {"restart_marker_blocks": 2}])
def test_a_jpeg_loses_its_place_and_no_pixel(mode: str, how: dict[str, object]) -> None:
    data = _jpeg(mode, **how)
    cleaned, as_it_was = without_place(data) or (b"", False)
    assert as_it_was
    assert data.count(PLACE) > 50
    assert PLACE not in cleaned
    with Image.open(io.BytesIO(cleaned)) as after, Image.open(io.BytesIO(data)) as before:
        assert after.mode == before.mode == mode
        assert after.tobytes() == before.tobytes()
        assert after.info["icc_profile"] == before.info["icc_profile"]
        exif = after.getexif()
        assert dict(exif) == {Base.Make: "Nokia", Base.Orientation: 6, IFD.Exif: exif[IFD.Exif]}
        assert exif.get_ifd(IFD.Exif) == {
            Base.DateTimeOriginal: "2024:05:01 10:11:12",
            Base.OffsetTimeOriginal: "+03:00",
        }


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_a_photo_of_another_kind_is_made_into_an_upright_jpeg(kind: str) -> None:
    made = io.BytesIO()
    _picture().save(made, kind, exif=_exif())
    cleaned, as_it_was = without_place(made.getvalue()) or (b"", True)
    assert not as_it_was
    assert PLACE not in cleaned
    with Image.open(io.BytesIO(cleaned)) as after:
        assert after.format == "JPEG"
        assert after.size == (70, 90)
        exif = after.getexif()
        assert Base.Orientation not in exif
        assert exif[Base.Model] == "Nokia"
        assert exif.get_ifd(IFD.Exif) == {
            Base.DateTimeOriginal: "2024:05:01 10:11:12",
            Base.OffsetTimeOriginal: "+03:00",
        }


def test_damaged_exif_data_are_left_out() -> None:
    data = _jpeg()
    place = data.index(b"Exif\0\0") + 6
    cleaned, as_it_was = without_place(data[:place] + b"\xff" * 40 + data[place + 40 :]) or (b"", False)
    assert as_it_was
    assert PLACE not in cleaned
    with Image.open(io.BytesIO(cleaned)) as after:
        assert after.size == (90, 70)


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.9])
def test_a_jpeg_cut_short_gives_nothing_of_its_place(share: float) -> None:
    data = _jpeg()
    made = without_place(data[: int(share * len(data))])
    assert made is None or (PLACE not in made[0] and not made[1])
