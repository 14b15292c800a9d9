"""What stands in an exported table: its columns, and its rows in blocks, so that it need not fit into memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TEXT, WHOLE, REAL = "text", "whole number", "number"

COLUMNS = ("file_path", "taken_at", "latitude", "longitude", "cluster", "cluster_name", "label", "x", "y")
MEASURES = ("brightness", "contrast", "sharpness", "camera")
"""Columns that only a project knows; they are written where they are asked for."""

KINDS = {
    "file_path": TEXT, "taken_at": TEXT, "latitude": REAL, "longitude": REAL, "cluster": WHOLE, "cluster_name": TEXT,
    "label": TEXT, "x": REAL, "y": REAL, "brightness": REAL, "contrast": REAL, "sharpness": REAL, "camera": TEXT,
}  # fmt: skip

BLOCK_ROWS = 1024


@dataclass(frozen=True)
class Block:
    """Some rows of a table. rows: n lists in the order of the columns, None where a value is unknown.

    embeddings: float32 [n, D]; known: bool [n], False where a photo has none.
    """

    rows: list[list[Any]]
    embeddings: NDArray[np.float32]
    known: NDArray[np.bool_]


@dataclass(frozen=True)
class ExportTable:
    """A table with a row for each photo. columns: names of `KINDS` or of `own_kinds`; dimension: how many features
    follow them, D.

    photos: how many rows there are. roots: alias -> photo folder, {"": folder} for a single one. blocks: the rows,
    once. zoned: whether every taken_at that is known has its offset from UTC, and at least one is known. own_kinds: the
    kinds of columns of a team's own, TEXT or REAL.
    """

    columns: tuple[str, ...]
    dimension: int
    photos: int
    roots: Mapping[str, Path]
    blocks: Iterator[Block]
    zoned: bool = False
    own_kinds: Mapping[str, str] = field(default_factory=dict)

    def kind(self, column: str) -> str:
        """TEXT, WHOLE or REAL, of one of the columns."""
        return KINDS[column] if column in KINDS else self.own_kinds[column]

    def feature_names(self) -> list[str]:
        return [f"feature_{number:04d}" for number in range(self.dimension)]

    def header(self) -> list[str]:
        return [*self.columns, *self.feature_names()]


@dataclass(frozen=True)
class Location:
    """How positions are written, so that a breeding place need not point to a household."""

    hidden: bool = False
    decimals: int | None = None

    @property
    def exact(self) -> bool:
        return not self.hidden and self.decimals is None

    def of(self, latitude: float | None, longitude: float | None) -> tuple[float | None, float | None]:
        if self.hidden or latitude is None or longitude is None:
            return None, None
        if self.decimals is None:
            return latitude, longitude
        return round(latitude, self.decimals), round(longitude, self.decimals)


def all_zoned(moments: Iterable[str | None]) -> bool:
    """Whether all known moments (ISO 8601) have their offset from UTC, and at least one is known."""
    return {in_utc(moment) is not None for moment in moments if moment} == {True}


def in_utc(moment: str) -> datetime | None:
    """A moment (ISO 8601) in UTC, None where its offset is unknown or it is none."""
    try:
        told = datetime.fromisoformat(moment.replace("Z", "+00:00"))
        return None if told.tzinfo is None else told.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None


def without_embeddings(rows: list[list[Any]]) -> Block:
    """A block of a table that has no features."""
    return Block(rows, np.empty((len(rows), 0), dtype=np.float32), np.zeros(len(rows), dtype=bool))
