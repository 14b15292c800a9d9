"""Names that a classifier would give to photos without one; a person accepts them, or they go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .database import Database
from .feature_sets import FeatureSet
from .labels import Labels
from .photo_catalogue import IS_USED


@dataclass(frozen=True)
class Suggestion:
    """name: "" where the classifier is unsure. confidence: how likely the likeliest name is, 0 to 1."""

    name: str
    confidence: float


class Suggestions:
    """The table `suggestions`: one for a photo and feature set."""

    def __init__(self, database: Database, labels: Labels) -> None:
        self._database = database
        self._labels = labels

    def keep(self, features: FeatureSet, suggested: Iterable[tuple[int, Suggestion]]) -> None:
        """Keep suggestions by photo id; older ones by the same features are replaced."""
        with self._database.writing() as db:
            self.clear(features)
            db.executemany(
                "INSERT INTO suggestions(feature_set_id, photo_id, name, confidence) VALUES (?, ?, ?, ?)",
                ((features.id, photo_id, one.name, one.confidence) for photo_id, one in suggested),
            )

    def all(self, features: FeatureSet) -> dict[int, Suggestion]:
        """Photo id -> what is suggested for it, of used photos in place that bear no name.

        One that got a name meanwhile has no suggestion, and has it again when that name is taken off.
        """
        found = self._database.rows(
            "SELECT photo_id, suggestions.name, confidence FROM suggestions JOIN photos ON photos.id = photo_id "
            f"WHERE feature_set_id = ? AND NOT missing AND {IS_USED} "
            "AND NOT EXISTS (SELECT 1 FROM labels WHERE labels.photo_id = suggestions.photo_id)",
            (features.id,),
        )
        return {photo_id: Suggestion(name, confidence) for photo_id, name, confidence in found}

    def accept(self, photo_ids: Iterable[int], features: FeatureSet) -> int:
        """Give photos the names suggested for them, as names of photos; return how many got one.

        Where the classifier is unsure, or nothing is suggested any more, a photo gets none.
        """
        by_name: dict[str, list[int]] = {}
        with self._database.writing():
            suggested = self.all(features)
            for photo_id in dict.fromkeys(map(int, photo_ids)):
                if photo_id in suggested and suggested[photo_id].name:
                    by_name.setdefault(suggested[photo_id].name, []).append(photo_id)
            for name, named in by_name.items():
                self._labels.name_photos(named, name)
        return sum(map(len, by_name.values()))

    def clear(self, features: FeatureSet) -> None:
        with self._database.writing() as db:
            db.execute("DELETE FROM suggestions WHERE feature_set_id = ?", (features.id,))
