"""The kinds of photos a person can ask for, and the orders they can be shown in. Without Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from prismh_engine.project import Photo

ALL, USED, BY_HAND, TAKEN_BACK, MISSING = "all", "used", "by_hand", "taken_back", "missing"
VERDICTS = ("blurry", "dark", "duplicate", "outlier", "invalid")

NEWEST, OLDEST, NAME = "newest", "oldest", "name"
BLURRIEST, DARKEST, UNUSUAL = "blurriest", "darkest", "unusual"


def groups_of(photo: Photo) -> tuple[str, ...]:
    """The filters a photo falls under besides "all": "used", or why it is not; others come on top."""
    first = USED if photo.used else photo.verdict if photo.verdict in VERDICTS else BY_HAND
    groups = (first,)
    if photo.overruled == "used" and photo.verdict != "clean" and photo.used:
        groups += (TAKEN_BACK,)
    return (*groups, MISSING) if photo.missing else groups


def _newest_first(photo: Photo) -> Any:
    return photo.look.taken_at or "", photo.file_path


def _oldest_first(photo: Photo) -> Any:
    # Photos without a date come last here too.
    return photo.look.taken_at is None, photo.look.taken_at or "", photo.file_path


def _by_name(photo: Photo) -> Any:
    return photo.file_path.casefold()


def _blurriest_first(photo: Photo) -> Any:
    return photo.look.sharpness is None, photo.look.sharpness or 0.0


def _darkest_first(photo: Photo) -> Any:
    return photo.look.brightness is None, photo.look.brightness or 0.0


def _most_unusual_first(photo: Photo) -> Any:
    return photo.outlier_distance is None, -(photo.outlier_distance or 0.0)


SORTS: dict[str, tuple[Callable[[Photo], Any], bool]] = {
    NEWEST: (_newest_first, True),
    OLDEST: (_oldest_first, False),
    NAME: (_by_name, False),
    BLURRIEST: (_blurriest_first, False),
    DARKEST: (_darkest_first, False),
    UNUSUAL: (_most_unusual_first, False),
}
"""Name of an order -> the key to sort by, and whether the largest comes first."""
