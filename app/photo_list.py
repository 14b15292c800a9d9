"""Every photo of a project as the Photos page knows it: how many of each kind, which of them to show. Without Qt.

What changes is counted as it changes: nothing here that a person waits for goes through all photos, but a search, a
change of filter and the first use of an order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from . import photo_filters
from .photo_filters import ALL, MISSING, NAME, USED

if TYPE_CHECKING:
    from prismh_engine.project import Photo

_WITH_PLACE = "with a place"


class PhotoList:
    """day_words: a date "2026-07-14" as a person writes it, so that it can be searched for in that way too.

    May be made in another thread than the one that uses it.
    """

    def __init__(self, photos: Iterable[Photo] = (), day_words: Callable[[str], str] = str) -> None:
        self._day_words = day_words
        self._photos: list[Photo] = []
        self._groups: list[tuple[str, ...]] = []
        self._texts: list[str] = []
        self._rows: dict[int, int] = {}
        self._counts: Counter[str] = Counter()
        self._days: Counter[str] = Counter()
        self._spoken: dict[str, str] = {}
        self._orders: dict[str, list[int]] = {}
        self.put(photos)

    def __len__(self) -> int:
        return len(self._photos)

    def __iter__(self) -> Iterator[Photo]:
        return iter(self._photos)

    @property
    def counts(self) -> Counter[str]:
        """How many photos each filter shows."""
        return self._counts

    @property
    def used(self) -> int:
        return self._counts[USED]

    @property
    def placed(self) -> int:
        """How many photos carry a place."""
        return self._counts[_WITH_PLACE]

    @property
    def dated(self) -> int:
        """How many photos carry a time."""
        return self._days.total()

    def first_and_last_day(self) -> tuple[str, str] | None:
        """The days of the oldest and of the newest photo, as "2026-07-14"."""
        days = [day for day, count in self._days.items() if count]
        return (min(days), max(days)) if days else None

    def held(self) -> list[object]:
        """All that is held of the photos, for who frees it a part at a time."""
        return [*self._photos, *self._groups, *self._texts]

    def put(self, photos: Iterable[Photo]) -> list[Photo]:
        """Take in photos, or newer versions of known ones; return those that were not known."""
        new = []
        for photo in photos:
            row = self._rows.get(photo.id)
            if row is None:
                self._rows[photo.id] = len(self._photos)
                self._photos.append(photo)
                self._groups.append(photo_filters.groups_of(photo))
                self._texts.append(self._text(photo))
                self._count(len(self._photos) - 1, 1)
                new.append(photo)
            else:
                self._replace(row, photo)
        if new:
            self._orders.clear()
        return new

    def missing(self) -> Photo | None:
        """One of the photos that are not where they were."""
        return next((photo for photo in self._photos if photo.missing), None) if self._counts[MISSING] else None

    def select(self, which: str = ALL, search: str = "", sort: str = photo_filters.NEWEST) -> list[Photo]:
        """The photos of one filter whose name or date holds every word of `search`, sorted."""
        photos, groups, texts = self._photos, self._groups, self._texts
        rows: Sequence[int] = self._order(sort)
        if which != ALL:
            rows = [row for row in rows if which in groups[row]]
        for word in search.casefold().split():
            rows = [row for row in rows if word in texts[row]]
        return [photos[row] for row in rows]

    def matching(self, photos: Sequence[Photo], which: str, search: str) -> list[Photo]:
        """Those of some photos, in their order, that `select` would give."""
        words = search.casefold().split()
        rows = (self._rows[photo.id] for photo in photos)
        return [
            self._photos[row]
            for row in rows
            if (which == ALL or which in self._groups[row]) and all(word in self._texts[row] for word in words)
        ]

    def prepare(self, sort: str) -> None:
        """Work out an order, so that its first use takes no time."""
        self._order(sort)

    def _replace(self, row: int, photo: Photo) -> None:
        old = self._photos[row]
        self._count(row, -1)
        self._photos[row] = photo
        self._groups[row] = photo_filters.groups_of(photo)
        if (old.look, old.file_path, old.outlier_distance) != (photo.look, photo.file_path, photo.outlier_distance):
            self._texts[row] = self._text(photo)
            self._orders.clear()
        self._count(row, 1)

    def _count(self, row: int, change: int) -> None:
        photo = self._photos[row]
        self._counts[ALL] += change
        for name in self._groups[row]:
            self._counts[name] += change
        if photo.look.latitude is not None:
            self._counts[_WITH_PLACE] += change
        if photo.look.taken_at:
            self._days[photo.look.taken_at[:10]] += change

    def _text(self, photo: Photo) -> str:
        taken = photo.look.taken_at
        if not taken:
            return photo.file_path.casefold()
        day = taken[:10]
        spoken = self._spoken.get(day)
        if spoken is None:
            spoken = self._spoken[day] = self._day_words(day)
        return f"{photo.file_path} {taken} {spoken}".casefold()

    def _order(self, sort: str) -> list[int]:
        order = self._orders.get(sort)
        if order is None:
            key, largest_first = photo_filters.SORTS[sort]
            keys = [key(photo) for photo in self._photos]
            # Those that are alike in what is asked for follow each other by name.
            order = list(range(len(self._photos))) if sort == NAME else list(self._order(NAME))
            if largest_first:
                order.reverse()
            order.sort(key=keys.__getitem__, reverse=largest_first)
            self._orders[sort] = order
        return order
