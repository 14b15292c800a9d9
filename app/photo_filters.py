"""The kinds of photos a person can ask for, and the orders they can be shown in. Without Qt."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from prismh_engine.project import Photo

ALL, USED, BY_HAND, TAKEN_BACK, MISSING = "all", "used", "by_hand", "taken_back", "missing"
VERDICTS = ("blurry", "dark", "duplicate", "outlier", "invalid")

NEWEST, OLDEST, NAME = "newest", "oldest", "name"
BLURRIEST, DARKEST, UNUSUAL = "blurriest", "darkest", "unusual"


def groups_of(photo: Photo) -> tuple[str, ...]:
    """The filters a photo falls under besides "all": "used", or why it is not; others come on top. One that is not
    where it was takes part in nothing, as on the map and in tables, and falls under "missing" alone.
    """
    if photo.missing:
        return (MISSING,)
    # What could not be read is told before it is judged, with all others at the end.
    reason = photo.verdict if photo.verdict in VERDICTS else BY_HAND if photo.overruled else "invalid"
    first = USED if photo.used else reason
    groups = (first,)
    if photo.overruled == "used" and photo.verdict != "clean" and photo.used:
        groups += (TAKEN_BACK,)
    return groups


def _when(photo: Photo) -> str:
    return photo.look.taken_at or ""


def _when_known(photo: Photo) -> str:
    return photo.look.taken_at or "no date"  # which comes after every digit


def _name(photo: Photo) -> str:
    return photo.file_path.casefold()


def _sharpness(photo: Photo) -> float:
    return math.inf if photo.look.sharpness is None else photo.look.sharpness


def _brightness(photo: Photo) -> float:
    return math.inf if photo.look.brightness is None else photo.look.brightness


def _likeness(photo: Photo) -> float:
    return math.inf if photo.outlier_distance is None else -photo.outlier_distance


SORTS: dict[str, tuple[Callable[[Photo], Any], bool]] = {
    NEWEST: (_when, True),
    OLDEST: (_when_known, False),
    NAME: (_name, False),
    BLURRIEST: (_sharpness, False),
    DARKEST: (_brightness, False),
    UNUSUAL: (_likeness, False),
}
"""Name of an order -> the key to sort by, and whether the largest comes first, and of equal ones the last by name. What
is not known comes last in each. Keys of an order are of one type, by which they are sorted several times faster.
"""
