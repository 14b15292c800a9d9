"""Which photos of a map pass the filters that a person crosses: dates, place, names, own columns. Without Qt."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from prismh_engine.jobs import Job, Progress
from prismh_engine.project import Project
from prismh_engine.project.own_columns import OwnColumn

_PART = 4096
TIME, PLACE = "time", "place"
"""What may be unknown of a photo; see `Filters.without`."""
UNNAMED = UNKNOWN = ""
"""Among the names of `Filters.names`, or the values of `Filters.own`: those photos that bear none."""
MOST_CATEGORIES = 30
"""Of a column with more different values no sorts of photos are made to choose from."""
VERDICT, CAMERA, FOLDER = "verdict", "camera", "folder"
"""The columns of `PhotoFacts`. Of photos on a map, a verdict other than "clean" was overruled by a person."""


@dataclass(frozen=True)
class Column:
    """One word a photo. values: the different words, the most frequent first; codes int32 [N] into them, -1 none."""

    values: tuple[str, ...] = ()
    codes: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))

    @classmethod
    def of(cls, words: Sequence[str | None]) -> Column:
        """Of one word a photo; None or "" is none."""
        values = tuple(word for word, _ in sorted(Counter(filter(None, words)).items(), key=lambda p: (-p[1], p[0])))
        code = {word: number for number, word in enumerate(values)}
        return cls(values, np.fromiter((code.get(word or "", -1) for word in words), np.int32, len(words)))

    def counts(self) -> NDArray[np.int64]:
        """How many photos each value has, int64 [K]."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.values))

    def among(self, wanted: frozenset[str]) -> NDArray[np.bool_]:
        """Which photos have one of these values, bool [N]; `UNKNOWN` among them: or none."""
        return np.array([*(value in wanted for value in self.values), UNKNOWN in wanted], bool)[self.codes]

    def holding(self, text: str) -> NDArray[np.bool_]:
        """Which photos have a value that holds a text, in whatever case, bool [N]."""
        text = text.casefold()
        return np.array([*(text in value for value in self._folded), False], bool)[self.codes]

    @cached_property
    def _folded(self) -> list[str]:
        return [value.casefold() for value in self.values]


@dataclass(frozen=True)
class PhotoFacts:
    """What is known of the photos of a map, in the order of `photo_ids` int64 [N].

    times float64 [N]: when they were taken by the camera's own clock, seconds since 1970 as if it showed UTC, nan
    unknown. latitudes, longitudes float64 [N]: WGS 84 degrees, nan unknown. names: the different names, the most
    frequent first; a photo may carry several, its own and those of its group: name_photos int32 [M], name_codes int32
    [M] are the pairs of rows and names; first_names int32 [N]: the one that a photo is coloured by, its own before that
    of its group, -1 none. columns: by their names; own: the columns of a team's own that came with tables, those that
    hold only numbers as float64 [N], nan unknown; categories: those of them with few different values, numbers too, as
    words. groups int32 [N]: as `with_groups` gave them, else -1.
    """

    photo_ids: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    times: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    latitudes: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    longitudes: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    names: tuple[str, ...] = ()
    name_photos: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    name_codes: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    first_names: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    columns: Mapping[str, Column] = field(default_factory=lambda: {VERDICT: Column()})
    own: Mapping[str, Column | NDArray[np.float64]] = field(default_factory=dict)
    categories: Mapping[str, Column] = field(default_factory=dict)
    groups: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))

    def __len__(self) -> int:
        return len(self.photo_ids)

    def with_groups(self, groups: NDArray[np.int32]) -> PhotoFacts:
        """The same facts with the group of each photo, int32 [N]."""
        return dataclasses.replace(self, groups=np.asarray(groups, np.int32))

    def name_counts(self) -> NDArray[np.int64]:
        """How many photos carry each name, int64 [K]."""
        return np.bincount(self.name_codes, minlength=len(self.names))

    def searched(self) -> list[str]:
        """The columns of `own` whose values are too many to choose from: those that are searched, or are from one
        number to another.
        """
        return [name for name, values in self.own.items() if name not in self.categories and _differ(values)]


@dataclass(frozen=True)
class PlaceBox:
    """A box of WGS 84 degrees, its edges included. west > east: it crosses the meridian of 180 degrees."""

    south: float
    north: float
    west: float
    east: float

    def holds(self, latitudes: NDArray[np.float64], longitudes: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which positions lie in it, bool [N]; unknown ones (nan) do not."""
        inside = (latitudes >= self.south) & (latitudes <= self.north)
        if self.east - self.west >= 360:
            return inside & np.isfinite(longitudes)
        return inside & (np.mod(longitudes - self.west, 360) <= np.mod(self.east - self.west, 360))


@dataclass(frozen=True)
class Filters:
    """What a person asked for; each filter that is set must let a photo through.

    times: seconds as in `PhotoFacts`, from the first on and before the second. place: where. names: photos that carry
    one of these, `UNNAMED` for those without; verdicts, groups: one of these; own: pairs of a column of
    `PhotoFacts.categories` and a value, of each column that is among them one of its values; texts: pairs of a column
    of words of `PhotoFacts.own` and a text that its value must hold; numbers: of columns of numbers each with the least
    and the most its value may be, infinite where it may be any; empty lets all through. without: of TIME and PLACE
    those that must be unknown.
    """

    times: tuple[float, float] | None = None
    place: PlaceBox | None = None
    names: frozenset[str] = frozenset()
    verdicts: frozenset[str] = frozenset()
    groups: frozenset[int] = frozenset()
    own: frozenset[tuple[str, str]] = frozenset()
    texts: frozenset[tuple[str, str]] = frozenset()
    numbers: frozenset[tuple[str, float, float]] = frozenset()
    without: frozenset[str] = frozenset()

    @property
    def active(self) -> bool:
        """Whether any is set."""
        return self != Filters()

    def mask(self, facts: PhotoFacts) -> NDArray[np.bool_]:
        """Which photos pass, bool [N]."""
        passing = np.ones(len(facts), bool)
        if self.times is not None:
            passing &= (facts.times >= self.times[0]) & (facts.times < self.times[1])
        if self.place is not None:
            passing &= self.place.holds(facts.latitudes, facts.longitudes)
        if self.names:
            passing &= _named(facts, self.names)
        if self.verdicts:
            passing &= facts.columns[VERDICT].among(self.verdicts)
        if self.groups:
            passing &= np.isin(facts.groups, list(self.groups))
        for name in {name for name, _ in self.own}:
            column = facts.categories.get(name, Column(codes=np.full(len(facts), -1, np.int32)))
            passing &= column.among(frozenset(value for column, value in self.own if column == name))
        for name, text in self.texts:
            words = facts.own.get(name)
            passing &= words.holding(text) if isinstance(words, Column) else False
        for name, least, most in self.numbers:
            values = facts.own.get(name)
            passing &= (values >= least) & (values <= most) if isinstance(values, np.ndarray) else False
        if TIME in self.without:
            passing &= np.isnan(facts.times)
        if PLACE in self.without:
            passing &= np.isnan(facts.latitudes)
        return passing


def _differ(values: Column | NDArray[np.float64]) -> bool:
    """Whether photos differ in what is known of them there, or in whether anything is."""
    if isinstance(values, Column):
        return len(values.values) + bool((values.codes < 0).any()) > 1
    known = values[np.isfinite(values)]
    return bool(len(known)) and (len(known) < len(values) or bool(np.ptp(known)))


def _named(facts: PhotoFacts, names: frozenset[str]) -> NDArray[np.bool_]:
    wanted = np.array([name in names for name in facts.names], bool)
    found = np.zeros(len(facts), bool)
    found[facts.name_photos[wanted[facts.name_codes]]] = True
    if UNNAMED in names:
        bare = np.ones(len(facts), bool)
        bare[facts.name_photos] = False
        found |= bare
    return found


def read_facts(project: Project, photo_ids: NDArray[np.int64]) -> Job[PhotoFacts]:
    """Read what is known of different photos, int64 [N]; of an id that the project does not know that is nothing."""
    photo_ids = np.asarray(photo_ids, np.int64)
    yield Progress("Reading dates and places", 0, None)
    shots = project.columns.shots()
    yield Progress("Reading dates and places", 1, None)
    known, at = _where(photo_ids, np.array(shots.photo_ids, np.int64))
    latitudes, longitudes = np.full((2, len(photo_ids)), np.nan)
    latitudes[known] = np.array(shots.latitudes, np.float64)[at]
    longitudes[known] = np.array(shots.longitudes, np.float64)[at]
    times = np.full(len(photo_ids), np.nan)
    times[known] = seconds(shots.taken_at)[at]
    words: dict[str, Sequence[str | None]] = {
        VERDICT: shots.verdicts,
        CAMERA: shots.cameras,
        FOLDER: [path.rpartition("/")[0] for path in shots.file_paths],
    }
    columns = {}
    for name, values in words.items():
        of_map = np.full(len(photo_ids), None, object)
        of_map[known] = np.array(values, object)[at]
        columns[name] = Column.of(of_map.tolist())
    own, categories = {}, {}
    for name, column in project.columns.own().items():
        own[name], in_words = _own(photo_ids, column)
        if _sorts(in_words):
            categories[name] = in_words
        yield Progress("Reading dates and places", 1, None)
    no_groups = np.full(len(photo_ids), -1, np.int32)
    facts = PhotoFacts(
        photo_ids, times, latitudes, longitudes, columns=columns, own=own, categories=categories,
        first_names=no_groups, groups=no_groups,
    )  # fmt: skip
    yield Progress("Reading dates and places", 2, None)
    return with_names(facts, project)


def _own(photo_ids: NDArray[np.int64], column: OwnColumn) -> tuple[Column | NDArray[np.float64], Column]:
    """A column of a team's own in the order of these photos: as numbers where it holds these alone; and as words."""
    known, at = _where(photo_ids, np.array(column.photo_ids, np.int64))
    texts = np.full(len(photo_ids), None, object)
    texts[known] = np.array(column.texts, object)[at]
    in_words = Column.of(texts.tolist())
    numbers = column.numbers()
    if numbers is None:
        return in_words, in_words
    of_map = np.full(len(photo_ids), np.nan)
    of_map[known] = np.array(numbers, np.float64)[at]
    return of_map, in_words


def _sorts(column: Column) -> bool:
    """Whether its values put photos into a few sorts; a remark, which is another for nearly each, does not."""
    different, known = len(column.values), int((column.codes >= 0).sum())
    few = different == 1 or different <= min(MOST_CATEGORIES, known / 2)
    return few and different + (known < len(column.codes)) > 1


def with_names(facts: PhotoFacts, project: Project) -> PhotoFacts:
    """The same facts with the names that the photos carry now."""
    given = project.columns.names()
    order = np.argsort(facts.photo_ids)
    known, at = _where(np.array(given.photo_ids, np.int64), facts.photo_ids[order])
    rows = order[at].astype(np.int32)
    names = Column.of([name for name, on_map in zip(given.names, known.tolist(), strict=True) if on_map])
    first = np.full(len(facts), -1, np.int32)
    first[rows[::-1]] = names.codes[::-1]  # the one that stands first is written last
    pairs = np.unique(rows.astype(np.int64) * max(1, len(names.values)) + names.codes)
    name_photos, name_codes = (part.astype(np.int32) for part in np.divmod(pairs, max(1, len(names.values))))
    return dataclasses.replace(
        facts, names=names.values, name_photos=name_photos, name_codes=name_codes, first_names=first
    )


def _where(wanted: NDArray[np.int64], rising: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """Which ids, bool [N], are among different ones in rising order, and the places there of those that are."""
    if not len(rising):
        return np.zeros(len(wanted), bool), np.empty(0, np.intp)
    at = np.searchsorted(rising, wanted).clip(0, len(rising) - 1)
    known = rising[at] == wanted
    return known, at[known]


def seconds(moments: Sequence[str | None]) -> NDArray[np.float64]:
    """ISO 8601 moments as seconds since 1970 by their own clock, whatever their offset; nan where there is none."""
    # A part at a time: while one is read no other thread gets on.
    parts = [_seconds(moments[start : start + _PART]) for start in range(0, len(moments), _PART)]
    return np.concatenate([np.empty(0), *parts])


def _seconds(moments: Sequence[str | None]) -> NDArray[np.float64]:
    texts = np.array([(moment or "NaT")[:19] for moment in moments], "U19")
    try:
        parsed = texts.astype("datetime64[s]")
    except ValueError:  # an older version of the program, or another one, wrote something else among them
        parsed = np.array([_moment(text) for text in texts.tolist()], "datetime64[s]")
    found = parsed.astype(np.float64)
    found[np.isnat(parsed)] = np.nan
    return found


def _moment(text: str) -> np.datetime64:
    try:
        return np.datetime64(text, "s")
    except ValueError:
        return np.datetime64("NaT", "s")
