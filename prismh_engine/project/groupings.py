"""The groupings a project keeps, each made from one feature set, and which of them and which cut of it is shown."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..analysis.group_tree import GroupTree
from ..errors import PrismhError
from .database import Database, now
from .feature_sets import FeatureSet
from .stored_arrays import to_bytes


@dataclass(frozen=True)
class Grouping:
    """A cluster for each photo: 0, 1, ... by falling size, -1 none.

    photo_ids int64 [N], clusters int32 [N]; distances to the centre and silhouettes (centroid form), float32 [N];
    separation float32 [K]: the share of a photo's 15 neighbours in its own group, mean over the group. report: what
    `cluster_report.json` holds. tree: of which this is one cut, None where there is none. id: the same at every cut,
    0 while it is not kept.
    """

    method: str
    parameters: Mapping[str, Any]
    report: Mapping[str, Any]
    photo_ids: NDArray[np.int64]
    clusters: NDArray[np.int32]
    distances: NDArray[np.float32]
    silhouettes: NDArray[np.float32]
    separation: NDArray[np.float32]
    tree: GroupTree | None = None
    id: int = 0

    @property
    def groups(self) -> int:
        """How many there are."""
        return int(self.clusters.max(initial=-1)) + 1

    @property
    def numbers(self) -> tuple[int, ...]:
        """The number, from 0 on, by which a person knows each of the groups, in the order of the clusters.

        When groups are found they are the same; a group that is not touched keeps it when others are split or joined.
        """
        return tuple(range(self.groups)) if self.tree is None else self.tree.numbers(self.groups)

    def members(self) -> dict[int, NDArray[np.int64]]:
        """Cluster -> photo ids, without -1."""
        return {int(c): self.photo_ids[self.clusters == c] for c in np.unique(self.clusters) if c >= 0}


class Groupings:
    """The tables `groupings`, `cuts` and `shown_groupings`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, features: FeatureSet, made: Grouping) -> Grouping:
        """Keep a grouping and show it; return it with its id. Names stay on the photos.

        Another one of the same features stays only while what is done can lead back to it. `made` must be the cut of
        its tree from which that was grown.
        """
        tree = made.tree
        with self._database.writing() as db:
            identity = db.execute(
                "INSERT INTO groupings(feature_set_id, method, parameters, report, photo_ids, clusters, distances, "
                "silhouettes, separation, leaves, merges, known_as, created_at) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    features.id, made.method, json.dumps(dict(made.parameters)), json.dumps(dict(made.report)),
                    to_bytes(made.photo_ids, "<i8"), to_bytes(made.clusters, "<i4"), to_bytes(made.distances, "<f4"),
                    to_bytes(made.silhouettes, "<f4"), to_bytes(made.separation, "<f4"),
                    None if tree is None else to_bytes(tree.leaves, "<i4"),
                    None if tree is None else to_bytes(tree.merges, "<i4"),
                    None if tree is None else to_bytes(np.array(tree.known_as), "<i4"), now(),
                ),
            ).lastrowid  # fmt: skip
            assert identity is not None
            self._show(db, features, identity, None)
        return dataclasses.replace(made, id=identity)

    def newest(self, features: FeatureSet) -> Grouping | None:
        """The grouping that is shown, at the cut that is shown."""
        rows = self._database.rows(
            "SELECT groupings.*, groups, cuts.report AS cut_report, cuts.distances AS cut_distances, "
            "cuts.silhouettes AS cut_silhouettes, cuts.separation AS cut_separation "
            "FROM shown_groupings AS shown JOIN groupings ON groupings.id = shown.grouping_id "
            "LEFT JOIN cuts USING (grouping_id, groups) WHERE shown.feature_set_id = ?",
            (features.id,),
        )
        return _grouping(rows[0]) if rows else None

    def show_cut(self, features: FeatureSet, grouping: Grouping, groups: int) -> bool:
        """Show a kept grouping at another cut of its tree, if that can be shown as it is; whether it could.

        It is the one the tree was grown from, or was shown before and something can lead back to it.
        """
        assert grouping.tree is not None
        cut = None if groups == grouping.tree.trunk else groups
        with self._database.writing() as db:
            kept = "SELECT 1 FROM groupings LEFT JOIN cuts ON grouping_id = groupings.id AND groups = :cut WHERE "
            kept += "groupings.id = :id AND (:cut IS NULL OR groups IS NOT NULL)"
            if not db.execute(kept, {"id": grouping.id, "cut": cut}).fetchone():
                return False
            self._show(db, features, grouping.id, cut)
        return True

    def save_cut(self, features: FeatureSet, cut: Grouping) -> None:
        """Keep another cut of a grouping that is kept, and show it.

        Raises `PrismhError` where the grouping was replaced meanwhile.
        """
        with self._database.writing() as db:
            if not db.execute("SELECT 1 FROM groupings WHERE id = ?", (cut.id,)).fetchone():
                raise PrismhError("These groups were replaced by others meanwhile: try again.")
            db.execute(
                "INSERT OR IGNORE INTO cuts(grouping_id, groups, report, distances, silhouettes, separation) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (
                    cut.id, cut.groups, json.dumps(dict(cut.report)), to_bytes(cut.distances, "<f4"),
                    to_bytes(cut.silhouettes, "<f4"), to_bytes(cut.separation, "<f4"),
                ),
            )  # fmt: skip
            self._show(db, features, cut.id, cut.groups)

    def replace(self, features: FeatureSet, shown: Grouping, trunk: Grouping, cut: Grouping | None) -> None:
        """Show the same groups of other photos in place of those that are shown; what led to the ones leads to them.

        trunk: the grouping as `save` takes it; cut: the cut of it to show, None for itself. Nothing is done where
        something else is shown by now.
        """
        with self._database.writing() as db:
            now = self.newest(features)
            if now is None or (now.id, now.groups) != (shown.id, shown.groups):
                return
            identity, groups = self.save(features, trunk).id, None if cut is None else cut.groups
            if cut is not None:
                self.save_cut(features, dataclasses.replace(cut, id=identity))
            for side in ("before", "after"):
                db.execute(
                    f"UPDATE history_shown SET grouping_{side} = ? WHERE grouping_{side} = ? AND groups_{side} IS ?",
                    (identity, shown.id, groups),
                )
            self._show(db, features, identity, groups)  # again: nothing may lead to the older ones any more

    @staticmethod
    def _show(db: sqlite3.Connection, features: FeatureSet, identity: int, groups: int | None) -> None:
        db.execute(
            "INSERT INTO shown_groupings VALUES (?, ?, ?) ON CONFLICT(feature_set_id) "
            "DO UPDATE SET grouping_id = excluded.grouping_id, groups = excluded.groups",
            (features.id, identity, groups),
        )
        # What nothing leads to any more: it is not shown, and no step that can be undone or done again shows it.
        db.execute(
            "DELETE FROM groupings WHERE feature_set_id = ? AND id NOT IN (SELECT grouping_id FROM shown_groupings "
            "UNION SELECT grouping_before FROM history_shown WHERE grouping_before IS NOT NULL "
            "UNION SELECT grouping_after FROM history_shown WHERE grouping_after IS NOT NULL)",
            (features.id,),
        )
        db.execute(
            "DELETE FROM cuts WHERE grouping_id IN (SELECT id FROM groupings WHERE feature_set_id = ?) "
            "AND (grouping_id, groups) NOT IN "
            "(SELECT grouping_id, groups FROM shown_groupings WHERE groups IS NOT NULL "
            "UNION SELECT grouping_before, groups_before FROM history_shown WHERE groups_before IS NOT NULL "
            "UNION SELECT grouping_after, groups_after FROM history_shown WHERE groups_after IS NOT NULL)",
            (features.id,),
        )


def _grouping(row: sqlite3.Row) -> Grouping:
    """What is shown, from a row of `groupings` and its cut."""
    clusters, tree = np.frombuffer(row["clusters"], "<i4"), None
    if row["leaves"] is not None:
        leaves = np.frombuffer(row["leaves"], "<i4")
        merges = np.frombuffer(row["merges"], "<i4").reshape(-1, 2)
        known_as = tuple(np.frombuffer(row["known_as"] or b"", "<i4").tolist())
        tree = GroupTree(leaves, merges, int(clusters.max(initial=-1)) + 1, known_as)
    cut = ""
    if tree is not None and row["groups"] is not None:
        clusters, cut = tree.cut(row["groups"]), "cut_"
    return Grouping(
        row["method"],
        json.loads(row["parameters"]),
        json.loads(row[f"{cut}report"]),
        np.frombuffer(row["photo_ids"], "<i8"),
        clusters,
        np.frombuffer(row[f"{cut}distances"], "<f4"),
        np.frombuffer(row[f"{cut}silhouettes"], "<f4"),
        np.frombuffer(row[f"{cut}separation"], "<f4"),
        tree,
        row["id"],
    )
