"""What colours the photos on the map: their group, name, verdict, date, place, or what is known of them besides.

Without widgets.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QColor

from .. import palette, time_words, words
from ..explore_filters import CAMERA, FOLDER, VERDICT, Column, PhotoFacts
from ..time_bins import even_spans

BY_GROUP, BY_NAME, BY_DATE, BY_PLACE = "group", "name", "date", "place"

MOST_COLOURS = palette.NUMBERED
"""Further words share the grey: nobody tells more colours apart."""
_OWN = "own:"
"""Begins the ways by a column of a team's own, which may be called like any other."""
_STEPS, _MOST_CELLS = 5, 12
_DAY = 86_400


@dataclass(frozen=True)
class Colouring:
    """codes int32 [N]: a colour for each photo, -1 none. entries: the words, colour and number of photos of each code;
    rest: the words for -1."""

    codes: NDArray[np.int32]
    entries: Sequence[tuple[str, QColor, int]]
    rest: str


def ways(facts: PhotoFacts) -> list[tuple[str, str]]:
    """What these photos can be coloured by, each with its words; group always comes first."""
    found = [(BY_GROUP, tr("Group"))]
    if facts.names:
        found.append((BY_NAME, tr("Name")))
    if np.isfinite(facts.times).any():
        found.append((BY_DATE, tr("Date")))
    if np.isfinite(facts.latitudes).any():
        found.append((BY_PLACE, tr("Place")))
    columns = {VERDICT: tr("Verdict"), CAMERA: tr("Camera"), FOLDER: tr("Folder")}
    found += [(name, columns.get(name, name)) for name, c in facts.columns.items() if len(c.values) > 1]
    for name, values in facts.own.items():
        if _tells_apart(values):
            taken = name.casefold() in (text.casefold() for _, text in found)
            found.append((_OWN + name, tr("{0}, from a table").format(name) if taken else name))
    return found


def colouring(way: str, facts: PhotoFacts) -> Colouring:
    """The colours by one of the `ways` other than by group."""
    if way == BY_NAME:
        return _of_words(facts.names, facts.first_names, tr("No name"), facts.name_counts())
    if way == BY_DATE:
        return _of_dates(facts.times)
    if way == BY_PLACE:
        return _of_places(facts.latitudes, facts.longitudes)
    if way.startswith(_OWN):
        own = facts.own[way.removeprefix(_OWN)]
        return _of_words(own.values, own.codes, tr("Unknown")) if isinstance(own, Column) else _of_numbers(own)
    column = facts.columns[way]
    shown = [_verdict(value) for value in column.values] if way == VERDICT else column.values
    return _of_words(shown, column.codes, tr("Unknown"))


def _tells_apart(values: Column | NDArray[np.float64]) -> bool:
    """Whether photos differ in it, and not nearly each from each other, as in remarks."""
    if isinstance(values, Column):
        known, different = int((values.codes >= 0).sum()), len(values.values)
        return different + (known < len(values.codes)) > 1 and 0 < different <= max(MOST_COLOURS, known / 2)
    numbers = values[np.isfinite(values)]
    return bool(len(numbers)) and (len(numbers) < len(values) or bool(np.ptp(numbers)))


def _of_words(
    texts: Sequence[str], codes: NDArray[np.int32], rest: str, counts: NDArray[np.int64] | None = None
) -> Colouring:
    """The most frequent words first, as `facts` has them. counts: how many photos bear each, where one may bear several
    and is coloured by the first of them."""
    shown = np.where(codes < MOST_COLOURS, codes, -1).astype(np.int32)
    if counts is None:
        counts = np.bincount(shown[shown >= 0], minlength=len(texts))
    entries = [(text, palette.group_colour(code), int(counts[code])) for code, text in enumerate(texts[:MOST_COLOURS])]
    return Colouring(shown, entries, rest if len(texts) <= MOST_COLOURS else tr("Others"))


def _of_dates(times: NDArray[np.float64]) -> Colouring:
    """From the oldest to the newest, in spans of about equally many photos: a few old ones leave the others theirs."""
    spans = even_spans(times, _STEPS)
    known = np.isfinite(times)
    codes = np.where(known, np.searchsorted([end for _, end in spans[:-1]], times, side="right"), -1).astype(np.int32)
    counts = np.bincount(codes[known], minlength=len(spans)).tolist()
    if len(spans) == 1:
        spans = [_days_of(times[known])]
    colours = palette.sequence(len(spans))
    entries = [
        (time_words.range_in_words(span), colour, count)
        for span, colour, count in zip(spans, colours, counts, strict=True)
    ]
    return Colouring(codes, entries, tr("No date"))


def _days_of(times: NDArray[np.float64]) -> tuple[float, float]:
    """The whole days that hold known moments."""
    return float(times.min() // _DAY * _DAY), float((times.max() // _DAY + 1) * _DAY)


def _of_numbers(values: NDArray[np.float64]) -> Colouring:
    """From the smallest to the largest, in spans of about equally many photos; equal numbers share one."""
    known = np.isfinite(values)
    different, counts = np.unique(values[known], return_counts=True)
    up_to = np.concatenate([[0], np.cumsum(counts)])  # photos before each of the different numbers
    starts = [0]
    for left in range(_STEPS, 1, -1):
        wanted = up_to[starts[-1]] + (up_to[-1] - up_to[starts[-1]]) / left
        following = max(int(np.abs(up_to - wanted).argmin()), starts[-1] + 1)
        if following < len(different):
            starts.append(following)
    ends = [*(start - 1 for start in starts[1:]), len(different) - 1]
    codes = np.where(known, np.searchsorted(different[starts[1:]], values, side="right"), -1).astype(np.int32)
    entries = [
        (_span(float(different[start]), float(different[end])), colour, int(up_to[end + 1] - up_to[start]))
        for start, end, colour in zip(starts, ends, palette.sequence(len(starts)), strict=True)
    ]
    return Colouring(codes, entries, tr("Unknown"))


def _span(first: float, last: float) -> str:
    return words.amount(first) if first == last else tr("{0} to {1}").format(words.amount(first), words.amount(last))


def _of_places(latitudes: NDArray[np.float64], longitudes: NDArray[np.float64]) -> Colouring:
    """In cells of equal degrees, the smallest ones that are few enough."""
    known = np.isfinite(latitudes)
    places = np.column_stack([latitudes[known], longitudes[known]])
    for size in (step * 10.0**power for power in range(-4, 3) for step in (1, 2, 5)):
        rows, columns = np.floor(places / size).astype(np.int64).T
        width = columns.max() - columns.min() + 1
        # One number a cell: pairs are sorted ten times slower.
        numbers = rows * width + (columns - columns.min())
        cells, codes, counts = np.unique(numbers, return_inverse=True, return_counts=True)
        if len(cells) <= _MOST_CELLS:
            break
    order = np.argsort(-counts, kind="stable")
    found = np.full(len(latitudes), -1, np.int32)
    found[known] = np.argsort(order)[codes]
    south, west = np.divmod(cells[order], width)
    middles = (np.column_stack([south, west + columns.min()]) + 0.5) * size
    digits = max(0, 1 - math.floor(math.log10(size)))
    entries = [
        (words.place(latitude, longitude, digits), palette.group_colour(code), int(count))
        for code, ((latitude, longitude), count) in enumerate(zip(middles.tolist(), counts[order], strict=True))
    ]
    return Colouring(found, entries, tr("No place"))


def _verdict(verdict: str) -> str:
    return {
        "clean": tr("Nothing found"), "duplicate": tr("Duplicate"), "dark": tr("Dark"), "blurry": tr("Blurry"),
        "outlier": tr("Unusual"), "invalid": tr("Unreadable"),
    }.get(verdict, verdict)  # fmt: skip


def tr(text: str) -> str:
    return QCoreApplication.translate("explore_colours", text)
