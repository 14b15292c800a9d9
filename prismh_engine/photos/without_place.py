"""A photo without anything that may tell where it was taken, for those who share it."""

from __future__ import annotations

import io
from collections.abc import Iterator

from PIL import Image
from PIL.ExifTags import IFD, Base

from .decode import decode
from .exif import Facts

_KEPT = (Base.Make, Base.Model, Base.DateTime, Base.Orientation)
_KEPT_OF_SHOT = (Base.DateTimeOriginal, Base.DateTimeDigitized, Base.OffsetTimeOriginal)
_QUALITY = 95  # of a JPEG made from a photo of another kind

_EXIF, _ICC, _JFIF, _ADOBE = b"Exif\0\0", b"ICC_PROFILE\0", b"JFIF\0", b"Adobe"
_START, _END, _SCAN, _COMMENT = 0xD8, 0xD9, 0xDA, 0xFE
_APP_0, _APP_1, _APP_15 = 0xE0, 0xE1, 0xEF


class _NoWholeJpegError(ValueError):
    """The bytes do not follow the format to its end."""


def without_place(data: bytes) -> tuple[bytes, bool] | None:
    """A JPEG of the photo whose metadata are no more than its time, camera, orientation and colour profile.

    A JPEG keeps its pixels bit by bit, and True comes with it; a photo of another kind is made into one (False). What
    else phones write - GPS, XMP, captions, maker's notes, a film behind the picture - is left out, not searched. None
    where the photo cannot be read.
    """
    try:
        return b"".join(_clean(data)), True
    except _NoWholeJpegError:
        pass
    found = decode(data)
    if found.image is None:
        return None
    found.image.info.clear()  # Pillow would write a comment and XMP of the file again
    made = io.BytesIO()
    found.image.save(made, "JPEG", quality=_QUALITY, exif=_exif_of(found.facts))
    return made.getvalue(), False


def _clean(data: bytes) -> Iterator[bytes]:
    """The segments of a JPEG (ITU-T T.81, annex B) from its start to its first end, without those that tell more."""
    if data[:2] != bytes((0xFF, _START)):
        raise _NoWholeJpegError
    yield data[:2]
    segments = list(_segments(data))
    jfif = [segment for marker, segment in segments if marker == _APP_0 and segment[4:].startswith(_JFIF)]
    exif = next((s[4:] for marker, s in segments if marker == _APP_1 and s[4:].startswith(_EXIF)), b"")
    yield from jfif[:1]
    short = _short_exif(exif)
    yield bytes((0xFF, _APP_1)) + (len(short) + 2).to_bytes(2, "big") + short
    for marker, segment in segments:
        told = _APP_0 <= marker <= _APP_15 and not segment[4:].startswith((_ICC, _ADOBE))
        if not told and marker != _COMMENT:
            yield segment


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and bytes of each segment behind the start; a scan is one with the coded pixels that follow it."""
    place = 2
    while True:
        while data[place : place + 2] == b"\xff\xff":  # fill bytes
            place += 1
        if len(data) < place + 2 or data[place] != 0xFF:
            raise _NoWholeJpegError
        marker = data[place + 1]
        if marker == _END:
            yield marker, data[place : place + 2]
            return
        end = place + 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        if end < place + 4 or end > len(data):
            raise _NoWholeJpegError
        if marker == _SCAN:
            end = _end_of_scan(data, end)
        yield marker, data[place:end]
        place = end


def _end_of_scan(data: bytes, place: int) -> int:
    """Where coded pixels end: at the first marker that is none of theirs (a stuffed zero, or a restart)."""
    while True:
        place = data.find(b"\xff", place)
        if place < 0 or place + 1 >= len(data):
            raise _NoWholeJpegError
        following = data[place + 1]
        if following == 0xFF:
            place += 1
        elif following == 0 or 0xD0 <= following <= 0xD7:
            place += 2
        else:
            return place


def _short_exif(exif: bytes) -> bytes:
    """EXIF data with no more than time, camera and orientation of these."""
    whole, short = Image.Exif(), Image.Exif()
    try:
        whole.load(exif)
        short.update({tag: whole[tag] for tag in _KEPT if tag in whole})
        shot = whole.get_ifd(IFD.Exif)
        short.get_ifd(IFD.Exif).update({tag: shot[tag] for tag in _KEPT_OF_SHOT if tag in shot})
        return short.tobytes()
    except Exception:  # whatever damaged data make Pillow stumble over
        return Image.Exif().tobytes()


def _exif_of(facts: Facts) -> Image.Exif:
    """EXIF data that tell time and camera; the picture is upright already."""
    made = Image.Exif()
    if facts.camera is not None:
        made[Base.Model] = facts.camera
    if facts.taken_at is not None:
        moment, offset = facts.taken_at[:19], facts.taken_at[19:]
        shot = made.get_ifd(IFD.Exif)
        shot[Base.DateTimeOriginal] = moment.replace("-", ":").replace("T", " ")
        if offset:
            shot[Base.OffsetTimeOriginal] = offset
    return made
