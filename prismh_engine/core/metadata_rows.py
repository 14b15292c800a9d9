"""What one row of somebody's table says of a photo; every cell is doubted on its own."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from ..project.imported_metadata import ShotFacts
from ..project.own_columns import LONGEST_NAME, LONGEST_VALUE, MOST_COLUMNS
from ..tables import as_number
from .export_table import COLUMNS, MEASURES

TAKEN_COLUMNS = ("taken_at", "latitude", "longitude", "label", "camera")
"""The columns that are read, beside `file_path` and those of a team's own."""

# What files of the program hold beside: one may come back with columns a team added to it.
_OF_THE_PROGRAM = frozenset(
    (
        *COLUMNS, *MEASURES, *TAKEN_COLUMNS, "fid", "geom", "embeddings", "file_paths", "root", "roots", "verdict",
        "duplicate_of", "outlier_distance", "taken_at_source", "position_note",
    )
)  # fmt: skip
_FEATURE = re.compile(r"feature_\d{4,}")

# 2024-05-01, 2024-05-01T10:11:12+02:00, and as cameras write it: 2024:05:01 10:11:12
_MOMENT = re.compile(
    r"(\d{4})([-:/.])(\d\d?)\2(\d\d?)(?:[T ]\s*(\d\d?):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s*(Z|[+-]\d\d:?\d\d)?)?"
)
_EARLIEST_YEAR = 1900
_CLOCKS_APART = timedelta(days=1)  # where the offset is unknown, some place's clock may be that far ahead
_LONGEST_CAMERA = 100


@dataclass(frozen=True)
class MetadataRow:
    """One row: facts and labels that can be used, and sentences on what cannot."""

    file_path: str
    facts: ShotFacts
    labels: Sequence[str] = ()
    problems: Sequence[str] = field(default_factory=list)


@dataclass(frozen=True)
class OwnNames:
    """What is done with the columns that are not in `TAKEN_COLUMNS`. kept: the column in the table -> its name in the
    project; of_program: those that the program fills itself; too_many: those for which there is no room.
    """

    kept: Mapping[str, str]
    of_program: Sequence[str]
    too_many: Sequence[str]


def own_names(columns: Iterable[str], known: Iterable[str]) -> OwnNames:
    """Names for a table's own columns, capitals aside different from each other. known: those in the project by now;
    a column called like one of them goes on with it.
    """
    names = {name.casefold(): name for name in known}
    kept: dict[str, str] = {}
    of_program, too_many = [], []
    for column in columns:
        wanted = _text(column)[:LONGEST_NAME].rstrip()
        plain = wanted.casefold()
        if plain in _OF_THE_PROGRAM or _FEATURE.fullmatch(plain):
            if column not in ("file_path", *TAKEN_COLUMNS):
                of_program.append(column)
            continue
        if not wanted:
            continue
        numbered = (f"{wanted} {number}" for number in itertools.count(2))
        free = (name for name in itertools.chain([wanted], numbered) if names.get(name.casefold()) not in kept.values())
        name = next(free)
        if name.casefold() not in names and len(names) == MOST_COLUMNS:
            too_many.append(column)
        else:
            kept[column] = names.setdefault(name.casefold(), name)
    return OwnNames(kept, of_program, too_many)


def metadata_row(row: Mapping[str, Any], own: Mapping[str, str]) -> MetadataRow:
    """Read a row; never raises for what is in it. own: as `OwnNames.kept`."""
    problems: list[str] = []
    facts = ShotFacts(_moment(row, problems), _position(row, problems), _camera(row), _own(row, own, problems))
    return MetadataRow(str(row.get("file_path") or ""), facts, _labels(row.get("label")), problems)


def _moment(row: Mapping[str, Any], problems: list[str]) -> str | None:
    text = _text(row.get("taken_at"))
    if not text:
        return None
    match = _MOMENT.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        year, _, month, day, hour, minute, second, offset = match.groups()
        moment = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))
        if moment.year < _EARLIEST_YEAR:
            raise ValueError
        zone = "+00:00" if offset == "Z" else offset
        # Also checks the offset: +27:00 is none.
        moment = datetime.fromisoformat(moment.isoformat() + (_with_colon(zone) if zone else ""))
    except ValueError:
        problems.append(f"taken_at is {text!r}, not a time such as 2024-05-31 or 2024-05-31T14:30:00.")
        return None
    in_utc = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    if in_utc - datetime.now(timezone.utc) > _CLOCKS_APART:
        problems.append(f"taken_at is {text!r}, which lies in the future.")
        return None
    return moment.date().isoformat() if hour is None else moment.isoformat()


def _with_colon(offset: str) -> str:
    return offset if ":" in offset else f"{offset[:3]}:{offset[3:]}"


def _position(row: Mapping[str, Any], problems: list[str]) -> tuple[float, float] | None:
    texts = {name: _text(row.get(name)) for name in ("latitude", "longitude")}
    if not any(texts.values()):
        return None
    degrees = []
    for (name, text), limit in zip(texts.items(), (90, 180), strict=True):
        if not text:
            other = "longitude" if name == "latitude" else "latitude"
            problems.append(f"The row has a {other} but no {name}.")
            return None
        try:
            number = as_number(text)
        except ValueError:
            problems.append(f"{name} is {text!r}, not a number of degrees such as {limit / 8}.")
            return None
        if abs(number) > limit:
            problems.append(f"{name} is {text}, not between -{limit} and {limit} degrees.")
            return None
        degrees.append(number)
    return degrees[0], degrees[1]


def _camera(row: Mapping[str, Any]) -> str | None:
    return _text(row.get("camera"))[:_LONGEST_CAMERA] or None


def _own(row: Mapping[str, Any], own: Mapping[str, str], problems: list[str]) -> dict[str, str]:
    said = {}
    for column, name in own.items():
        value = row.get(column)
        text = _text(str(value).lower() if isinstance(value, bool) else value)
        if len(text) > LONGEST_VALUE:
            problems.append(f"{name} is longer than {LONGEST_VALUE} characters, of which the first ones are kept.")
        if text:
            said[name] = text[:LONGEST_VALUE]
    return said


def _labels(value: Any) -> list[str]:
    parts = value if isinstance(value, list) else _text(value).split(";")
    return list(dict.fromkeys(label for part in parts if (label := _text(part))))


def _text(value: Any) -> str:
    """A cell as one line of printable text; "" where it is empty, or a list or an object in JSON."""
    if value is None or isinstance(value, (bool, list, dict)):
        return ""
    text = str(value)
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(text.split())
