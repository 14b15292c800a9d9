"""The tables that steps and people write, read by photo: positions, clusters, names, labels, times and places."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import PrismhError
from .tables import as_number, read_csv, read_numbered_csv

PHOTO_COLUMNS = ("photo", "filename", "filepath", "file", "image", "picture", "path")
"""What people call the column `file_path` in tables of their own."""


@dataclass(frozen=True)
class Metadata:
    """When (ISO 8601) and where (WGS 84 degrees) a photo was taken, None where unknown."""

    taken_at: str | None = None
    latitude: float | None = None
    longitude: float | None = None


def read_positions(path: Path) -> dict[str, tuple[float, float]]:
    """file_path -> (x, y) of a `map.csv`. Raises `PrismhError` for what is no such table."""
    return {
        row["file_path"]: (_number(path, row, "x"), _number(path, row, "y"))
        for row in read_csv(path, ("file_path", "x", "y"))
    }


def read_clusters(path: Path) -> dict[str, int]:
    """file_path -> cluster of a `clusters.csv`. Raises `PrismhError` for what is no such table."""
    return {row["file_path"]: _whole(path, row, "cluster") for row in read_csv(path, ("file_path", "cluster"))}


def read_names(path: Path) -> dict[int, str]:
    """cluster -> name. Raises `PrismhError` for what is no such table."""
    return {_whole(path, row, "cluster"): row["name"].strip() for row in read_csv(path, ("cluster", "name"))}


def read_labels(path: Path) -> dict[str, list[str]]:
    """file_path -> its labels in the order of the file, each once. Raises `PrismhError` for what is no such table."""
    labels: dict[str, list[str]] = {}
    for row in read_csv(path, ("file_path", "label")):
        label = row["label"].strip()
        given = labels.setdefault(row["file_path"], [])
        if label and label not in given:
            given.append(label)
    return labels


def read_metadata(path: Path) -> dict[str, Metadata]:
    """file_path -> what is known of it, from a CSV or a JSON file; columns that are not there are unknown.

    JSON is a list of objects with `file_path`, or an object of objects by file path. Raises `PrismhError` for what is
    neither, and for a position that is none.
    """
    return {str(row["file_path"]): _metadata(path, row) for row in read_rows(path).values()}


def read_rows(path: Path) -> Mapping[int, Mapping[str, Any]]:
    """The rows of a CSV, or of a JSON file as `read_metadata` takes it, each with a `file_path` at least.

    In a CSV that column may also be called one of `PHOTO_COLUMNS`. By their number: that of a spreadsheet, where the
    header is row 1; in JSON the first object is row 1. Raises `PrismhError` for what is neither.
    """
    if path.suffix.lower() == ".json":
        return dict(enumerate(_json_rows(path), start=1))
    return read_numbered_csv(path, ("file_path",), PHOTO_COLUMNS)


def _metadata(path: Path, row: Mapping[str, Any]) -> Metadata:
    place = {}
    for name, limit in (("latitude", 90), ("longitude", 180)):
        if row.get(name) not in (None, ""):
            place[name] = _number(path, row, name)
            if not abs(place[name]) <= limit:
                raise PrismhError(f"{path}: {name} of {row['file_path']} is {row[name]}, not between ±{limit} degrees.")
    return Metadata(str(row.get("taken_at") or "") or None, **place)


def _json_rows(path: Path) -> Sequence[Mapping[str, Any]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise PrismhError(f"Cannot read {path}: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise PrismhError(f"{path} is not a JSON file: {error}.") from error
    if isinstance(content, dict):
        content = [{**row, "file_path": name} if isinstance(row, dict) else row for name, row in content.items()]
    if not isinstance(content, list) or not all(isinstance(row, dict) and "file_path" in row for row in content):
        raise PrismhError(f"{path} must hold a list of objects, each with a file_path.")
    return content


def _number(path: Path, row: Mapping[str, Any], name: str) -> float:
    try:
        return as_number(row[name])
    except ValueError:
        raise PrismhError(f"{path}: {name} of {row['file_path']} is {row[name]!r}, not a number.") from None


def _whole(path: Path, row: Mapping[str, Any], name: str) -> int:
    try:
        return int(row[name])
    except ValueError:
        raise PrismhError(f"{path}: {name} must be a whole number, got {row[name]!r}.") from None
