"""Names a person gave, to single photos and to groups; they hang on photos and outlive every grouping."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import BadValueError
from .database import Database, now, this_person
from .group_names import NamesByGroup

PHOTO, GROUP = "photo", "group"


@dataclass(frozen=True)
class Label:
    """One name on one photo. given_to: "photo", or "group" where it came with the naming of its group."""

    photo_id: int
    name: str
    given_to: str
    given_by: str
    given_at: str


class Labels:
    """The table `labels`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def name_photos(self, photo_ids: Iterable[int], name: str) -> None:
        """Give photos a further name; a photo may carry several. Raises `BadValueError` for an empty name."""
        self._give(photo_ids, name, PHOTO)

    def name_group(self, photo_ids: Sequence[int], name: str) -> None:
        """Name the group these photos form: the name a group gave them before is replaced, names of photos stay."""
        self._check(name)
        with self._database.writing():
            self.unname_group(photo_ids)
            self._give(photo_ids, name, GROUP)

    def unname_group(self, photo_ids: Iterable[int]) -> None:
        with self._database.writing() as db:
            db.executemany(
                "DELETE FROM labels WHERE photo_id = ? AND given_to = ?", [(int(i), GROUP) for i in photo_ids]
            )

    def remove(self, photo_ids: Iterable[int], name: str) -> None:
        """Take a name off photos, however it was given."""
        with self._database.writing() as db:
            db.executemany("DELETE FROM labels WHERE photo_id = ? AND name = ?", [(int(i), name) for i in photo_ids])

    def rename(self, old: str, new: str) -> None:
        """Give every photo of one name another one in its place, however it was given.

        Photos that carry the other one already keep it once. Raises `BadValueError` for an empty name.
        """
        new = self._check(new)
        if new == old:
            return
        with self._database.writing() as db:
            db.execute(
                "INSERT OR IGNORE INTO labels(photo_id, name, given_to, given_by, given_at) "
                "SELECT photo_id, ?, given_to, ?, ? FROM labels WHERE name = ?",
                (new, this_person(), now(), old),
            )
            db.execute("DELETE FROM labels WHERE name = ?", (old,))

    def all(self) -> list[Label]:
        rows = self._database.rows(
            "SELECT photo_id, name, given_to, given_by, given_at FROM labels ORDER BY photo_id, given_at, name"
        )
        return [Label(*row) for row in rows]

    def counts(self) -> dict[str, int]:
        """Name -> how many photos carry it, however it was given; the most frequent first."""
        rows = self._database.rows("SELECT name, count(DISTINCT photo_id) FROM labels GROUP BY name ORDER BY 2 DESC, 1")
        return {row[0]: row[1] for row in rows}

    def given(self) -> dict[int, list[str]]:
        """Photo id -> the names of the photo: those given to itself, then those that came with its group, each once.

        These are what exports, copies into folders, colours and filters go by.
        """
        by_group, names = self._given_to(GROUP), self.of_photos()
        for photo_id, more in by_group.items():
            own = names.setdefault(photo_id, [])
            own += [name for name in more if name not in own]
        return names

    def of_photos(self) -> dict[int, list[str]]:
        """Photo id -> the names given to the photo itself, oldest first."""
        return self._given_to(PHOTO)

    def of_photos_or_groups(self) -> dict[int, list[str]]:
        """Photo id -> the names to learn from: those given to the photo itself, else those that came with its group.

        A photo that was named by itself in a named group is what was looked at: it teaches no other name.
        """
        return self._given_to(GROUP) | self._given_to(PHOTO)

    def of_groups(self, members: Mapping[int, Collection[int]]) -> dict[int, str]:
        """Cluster -> its name, for all clusters of a grouping, given as cluster -> photo ids.

        A name stays at every cut; where at most half of a group's photos got it, the group is called "Drums and
        others". The rule is that of `NamesByGroup.of_clusters`.
        """
        photo_ids = np.fromiter((int(i) for ids in members.values() for i in ids), np.int64)
        sizes = [len(ids) for ids in members.values()]
        places = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
        found, clusters = self.by_group(photo_ids).of_clusters(places), list(members)
        return {clusters[place]: str(name) for place, name in found.items()}

    def by_group(self, photo_ids: NDArray[np.int64]) -> NamesByGroup:
        """The names that these photos, different ones, got with a group."""
        given = [
            (photo_id, name)
            for photo_id, name in self._database.each(
                "SELECT photo_id, name FROM labels WHERE given_to = ? ORDER BY given_at, name", (GROUP,)
            )
        ]
        codes = {name: code for code, name in enumerate(dict.fromkeys(name for _, name in given))}
        place = {photo_id: row for row, photo_id in enumerate(photo_ids.tolist())}
        pairs = [(place[photo_id], codes[name]) for photo_id, name in given if photo_id in place]
        rows, of_names = np.array(pairs, np.int32).reshape(-1, 2).T
        return NamesByGroup(rows, of_names, list(codes))

    def _given_to(self, given_to: str) -> dict[int, list[str]]:
        names: dict[int, list[str]] = {}
        for photo_id, name in self._database.each(
            "SELECT photo_id, name FROM labels WHERE given_to = ? ORDER BY photo_id, given_at, name", (given_to,)
        ):
            names.setdefault(photo_id, []).append(name)
        return names

    def _give(self, photo_ids: Iterable[int], name: str, given_to: str) -> None:
        name, who, when = self._check(name), this_person(), now()
        with self._database.writing() as db:
            db.executemany(
                "INSERT OR IGNORE INTO labels VALUES (?, ?, ?, ?, ?)",
                [(int(i), name, given_to, who, when) for i in photo_ids],
            )

    @staticmethod
    def _check(name: str) -> str:
        name = " ".join(name.split())
        if not name:
            raise BadValueError("A name must hold at least one letter.")
        return name
