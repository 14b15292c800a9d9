"""Which photos the grid shows and in what order. Without Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from prismh_engine.project import Photo

ALL, USED, BY_HAND, MISSING = "all", "used", "by_hand", "missing"
VERDICTS = ("blurry", "dark", "duplicate", "outlier", "invalid")

NEWEST, OLDEST, NAME, BLURRIEST, DARKEST = "newest", "oldest", "name", "blurriest", "darkest"


def groups_of(photo: Photo) -> tuple[str, ...]:
    """The filters a photo falls under besides "all": "used", or why it is not; "missing" comes on top."""
    first = USED if photo.used else photo.verdict if photo.verdict in VERDICTS else BY_HAND
    return (first, MISSING) if photo.missing else (first,)


def counts(photos: Sequence[Photo]) -> Counter[str]:
    """How many photos each filter shows."""
    found = Counter(name for photo in photos for name in groups_of(photo))
    found[ALL] = len(photos)
    return found


def select(photos: Sequence[Photo], which: str = ALL, search: str = "", sort: str = NEWEST) -> list[Photo]:
    """The photos of one filter whose name or date holds every word of `search`, sorted."""
    words = search.casefold().split()
    chosen = [
        photo
        for photo in photos
        if (which == ALL or which in groups_of(photo)) and all(w in _text(photo) for w in words)
    ]
    return sorted(chosen, key=_KEYS[sort], reverse=sort == NEWEST)


def _text(photo: Photo) -> str:
    return f"{photo.file_path} {photo.look.taken_at or ''}".casefold()


def _when(photo: Photo) -> tuple[str, str]:
    return photo.look.taken_at or "", photo.file_path


_KEYS = {
    NEWEST: _when,
    # Photos without a date come last either way.
    OLDEST: lambda photo: (photo.look.taken_at is None, *_when(photo)),
    NAME: lambda photo: photo.file_path.casefold(),
    BLURRIEST: lambda photo: (photo.look.sharpness is None, photo.look.sharpness or 0.0),
    DARKEST: lambda photo: (photo.look.brightness is None, photo.look.brightness or 0.0),
}
