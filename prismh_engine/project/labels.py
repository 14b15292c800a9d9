"""Names a person gave, to single photos and to groups; they hang on photos and outlive every grouping."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..errors import BadValueError
from .database import Database, now, this_person

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

    def all(self) -> list[Label]:
        rows = self._database.rows(
            "SELECT photo_id, name, given_to, given_by, given_at FROM labels ORDER BY photo_id, given_at, name"
        )
        return [Label(*row) for row in rows]

    def of_photos(self) -> dict[int, list[str]]:
        """Photo id -> the names given to the photo itself, oldest first."""
        names: dict[int, list[str]] = {}
        for label in self.all():
            if label.given_to == PHOTO:
                names.setdefault(label.photo_id, []).append(label.name)
        return names

    def of_groups(self, members: Mapping[int, Collection[int]]) -> dict[int, str]:
        """Cluster -> its name, for clusters given as cluster -> photo ids.

        The rule: a group is called what more than half of its photos were called when a group of theirs was named.
        """
        given = {label.photo_id: label.name for label in self.all() if label.given_to == GROUP}
        names = {}
        for cluster, photo_ids in members.items():
            votes = Counter(given[int(i)] for i in photo_ids if int(i) in given)
            if votes:
                name, count = votes.most_common(1)[0]
                if 2 * count > len(photo_ids):
                    names[cluster] = name
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
