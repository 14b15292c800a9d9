"""What EXIF tells of a photo: when, where, by which camera; and the date that its file name holds.

Phones and editing programs write every field wrongly somewhere, so each is read on its own and doubted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

# (time, its offset from UTC), the moment of the shot first; DateTime is that of the last change.
_TIMES = (
    (Base.DateTimeOriginal, Base.OffsetTimeOriginal),
    (Base.DateTimeDigitized, Base.OffsetTimeDigitized),
    (Base.DateTime, Base.OffsetTime),
)
_TIME = re.compile(r"\s*(\d{4})[:/.-](\d\d)[:/.-](\d\d)[ T]+(\d\d):(\d\d):(\d\d)")
_OFFSET = re.compile(r"[+-](?:0\d|1[0-4]):[0-5]\d")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
_EARLIEST_YEAR = 1900

# What a camera can have; anything else is not believed.
_SECONDS, _F_NUMBERS, _ISO, _MILLIMETRES = (1e-6, 86_400.0), (0.5, 128.0), (1.0, 1e7), (0.5, 10_000.0)

# IMG_20240501_101112.jpg, PXL_20240501_101112345.jpg, IMG-20240501-WA0001.jpg, "2024-05-01 10.11.12.jpg"
_NAME_DATE = re.compile(
    r"(?<!\d)((?:19|20)\d\d)([-_.]?)(\d\d)\2(\d\d)"
    r"(?:(?:[-_ T.]|[-_ ]at[-_ ])?([01]\d|2[0-3])([-_.:]?)([0-5]\d)\6([0-5]\d)\d{0,3})?(?!\d)"
)


@dataclass(frozen=True)
class Facts:
    """taken_at: ISO 8601, with offset only where the file says it. latitude, longitude: WGS 84 degrees, both or none.

    position_note: why there is no position, or why the one there is should be doubted. exposure: seconds. aperture: the
    f-number. iso: sensitivity. focal_length: millimetres; focal_length_on_film: of the lens that shows as much on 35 mm
    film. camera, lens: one line of at most 100 characters.
    """

    taken_at: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    position_note: str | None = None
    camera: str | None = None
    exposure: float | None = None
    aperture: float | None = None
    iso: int | None = None
    focal_length: float | None = None
    focal_length_on_film: float | None = None
    lens: str | None = None


NO_EXIF = Facts(position_note="The photo has no EXIF data.")


def read(exif: Image.Exif | None) -> Facts:
    """The facts in a photo's EXIF; never raises for what is in it."""
    if not exif:
        return NO_EXIF
    latitude, longitude, note = _position(exif)
    tags = dict(exif) | _block(exif, IFD.Exif)
    iso = _within(tags.get(Base.ISOSpeedRatings), _ISO)
    lens = _device(tags.get(Base.LensMake), tags.get(Base.LensModel))
    return Facts(
        _taken_at(tags),
        latitude,
        longitude,
        note,
        _device(exif.get(Base.Make), exif.get(Base.Model)),
        exposure=_within(tags.get(Base.ExposureTime), _SECONDS)
        or _apex(tags.get(Base.ShutterSpeedValue), -1, _SECONDS),
        aperture=_within(tags.get(Base.FNumber), _F_NUMBERS) or _apex(tags.get(Base.ApertureValue), 0.5, _F_NUMBERS),
        iso=None if iso is None else round(iso),
        focal_length=_within(tags.get(Base.FocalLength), _MILLIMETRES),
        focal_length_on_film=_within(tags.get(Base.FocalLengthIn35mmFilm), _MILLIMETRES),
        lens=lens if any(c.isalnum() for c in lens or "") else None,  # "----" says that it is not known
    )


def date_in_name(name: str) -> str | None:
    """The moment or day that a file name holds ("2024-05-01T10:11:12", "2024-05-01"), as phones and chats write it."""
    for match in _NAME_DATE.finditer(name):
        year, _, month, day, hour, _, minute, second = match.groups()
        try:
            if hour is None:
                return datetime(int(year), int(month), int(day)).date().isoformat()
            moment = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second))
            return moment.isoformat()
        except ValueError:  # 20249901: some number, no date
            continue
    return None


def _taken_at(tags: Mapping[int, Any]) -> str | None:
    for time_tag, offset_tag in _TIMES:
        match = _TIME.match(_text(tags.get(time_tag)))
        if not match or int(match[1]) < _EARLIEST_YEAR:
            continue
        try:
            moment = datetime(*(int(part) for part in match.groups()))  # type: ignore[arg-type]
        except ValueError:  # 0000:00:00 and the like
            continue
        offset = _text(tags.get(offset_tag))
        return moment.isoformat() + (offset if _OFFSET.fullmatch(offset) else "")
    return None


def _device(make: Any, model: Any) -> str | None:
    make, model = _text(make), _text(model)
    if make and model.lower().startswith(make.lower()):
        make = ""
    return " ".join(part for part in (make, model) if part)[:100] or None


def _within(value: Any, limits: tuple[float, float]) -> float | None:
    """A number, the first of several, that can be what it says it is; cameras write 0 for "unknown"."""
    number = _number(value[0] if isinstance(value, (tuple, list)) and value else value)
    return number if limits[0] <= number <= limits[1] else None


def _apex(value: Any, power: float, limits: tuple[float, float]) -> float | None:
    """Two to the power of what EXIF writes as a number of stops."""
    stops = _number(value)
    return _within(2.0 ** (power * stops), limits) if abs(stops) < 50 else None


def _position(exif: Image.Exif) -> tuple[float | None, float | None, str | None]:
    if IFD.GPSInfo not in exif:
        return None, None, "The EXIF data has no GPS part."
    gps = _block(exif, IFD.GPSInfo)
    if GPS.GPSLatitude not in gps or GPS.GPSLongitude not in gps:
        return None, None, "The GPS part of the EXIF data holds no position."
    degrees = [_degrees(gps[GPS.GPSLatitude]), _degrees(gps[GPS.GPSLongitude])]
    if degrees[0] is None or degrees[1] is None:
        return None, None, "The position in the EXIF data is empty or damaged."
    signs = [_sign(gps.get(GPS.GPSLatitudeRef), "NS"), _sign(gps.get(GPS.GPSLongitudeRef), "EW")]
    if signs[0] is None or signs[1] is None:
        return None, None, "The EXIF data does not say whether the position is north or south, east or west."
    # A negative number of degrees says south or west already, whatever letter stands beside it.
    latitude = round(math.copysign(degrees[0], min(signs[0], degrees[0])), 9) + 0.0
    longitude = round(math.copysign(degrees[1], min(signs[1], degrees[1])), 9) + 0.0
    if abs(latitude) > 90 or abs(longitude) > 180:
        return None, None, f"The position in the EXIF data does not exist: {latitude:g}, {longitude:g}."
    note = "0, 0 is what many phones write when they know no position." if latitude == longitude == 0 else None
    return latitude, longitude, note


def _degrees(value: Any) -> float | None:
    """Degrees from degrees, minutes and seconds; None where the degrees are unknown."""
    if isinstance(value, (str, bytes)):
        # Text is not allowed here, but written: the first three numbers count, as ExifTool reads it.
        value = _NUMBER.findall(_text(value))[:3]
    parts = [_number(part) for part in (value if isinstance(value, (tuple, list)) else [value])][:3]
    if not parts or not math.isfinite(parts[0]):
        return None
    # A minute or second of 0/0 is one that the phone did not know.
    minutes, seconds = ([part if math.isfinite(part) else 0.0 for part in parts[1:]] + [0.0, 0.0])[:2]
    return math.copysign(abs(parts[0]) + minutes / 60 + seconds / 3600, parts[0])


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return math.nan


def _sign(reference: Any, letters: str) -> float | None:
    letter = _text(reference)[:1].upper()
    return None if not letter or letter not in letters else -1.0 if letter == letters[1] else 1.0


def _block(exif: Image.Exif, block: IFD) -> dict[int, Any]:
    try:
        return dict(exif.get_ifd(block))
    except Exception:  # whatever a damaged block makes Pillow stumble over
        return {}


def _text(value: Any) -> str:
    """A field as one line of printable text; "" where it is something else."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return ""
    value = value.split("\0", 1)[0]
    return " ".join("".join(c if c.isprintable() else " " for c in value).split())
