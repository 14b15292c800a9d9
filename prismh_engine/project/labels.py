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

    def of_photos(self) -> dict[int, list[str]]:
        """Photo id -> the names given to the photo itself, oldest first."""
        names: dict[int, list[str]] = {}
        for photo_id, name in self._database.each(
            "SELECT photo_id, name FROM labels WHERE given_to = ? ORDER BY photo_id, given_at, name", (PHOTO,)
        ):
            names.setdefault(photo_id, []).append(name)
        return names

    def of_photos_or_groups(self) -> dict[int, list[str]]:
        """Photo id -> the names given to the photo itself, else those that came with its group, oldest first."""
        by_group: dict[int, list[str]] = {}
        for photo_id, name in self._database.each(
            "SELECT photo_id, name FROM labels WHERE given_to = ? ORDER BY photo_id, given_at, name", (GROUP,)
        ):
            by_group.setdefault(photo_id, []).append(name)
        return by_group | self.of_photos()

    def of_groups(self, members: Mapping[int, Collection[int]]) -> dict[int, str]:
        """Cluster -> its name, for all clusters of a grouping, given as cluster -> photo ids.

        A group bears a name when more than half of its photos got it with a group, or when it holds more than half of
        the photos that got it. Several names are joined by " + ", the most frequent first. So a finer cut keeps the
        name on the parts, a coarser cut keeps it on the whole, and a new grouping takes over what still fits.
        """
        given: dict[int, list[str]] = {}
        for photo_id, name in self._database.each(
            "SELECT photo_id, name FROM labels WHERE given_to = ? ORDER BY given_at, name", (GROUP,)
        ):
            given.setdefault(photo_id, []).append(name)
        votes = {
            cluster: Counter(name for photo_id in photo_ids for name in given.get(int(photo_id), ()))
            for cluster, photo_ids in members.items()
        }
        holders: Counter[str] = Counter()  # photos in none of the groups, set aside since, have no say
        for of_cluster in votes.values():
            holders.update(of_cluster)
        names = {
            cluster: " + ".join(
                name
                for name, count in of_cluster.most_common()
                if 2 * count > len(members[cluster]) or 2 * count > holders[name]
            )
            for cluster, of_cluster in votes.items()
        }
        return {cluster: name for cluster, name in names.items() if name}

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
