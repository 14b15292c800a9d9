"""The maps and groupings a project keeps, each made from one feature set."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .database import Database, now
from .feature_sets import FeatureSet


@dataclass(frozen=True)
class Map:
    """2-D positions of photos: photo_ids int64 [N], positions float32 [N, 2]."""

    method: str
    parameters: Mapping[str, Any]
    photo_ids: NDArray[np.int64]
    positions: NDArray[np.float32]


@dataclass(frozen=True)
class Grouping:
    """A cluster for each photo: 0, 1, ... by falling size, -1 none.

    photo_ids int64 [N], clusters int32 [N]; distances to the centre and silhouettes (centroid form), float32 [N];
    separation float32 [K]: the share of a photo's 15 neighbours in its own group, mean over the group. report: what
    `cluster_report.json` holds.
    """

    method: str
    parameters: Mapping[str, Any]
    report: Mapping[str, Any]
    photo_ids: NDArray[np.int64]
    clusters: NDArray[np.int32]
    distances: NDArray[np.float32]
    silhouettes: NDArray[np.float32]
    separation: NDArray[np.float32]

    def members(self) -> dict[int, NDArray[np.int64]]:
        """Cluster -> photo ids, without -1."""
        return {int(c): self.photo_ids[self.clusters == c] for c in np.unique(self.clusters) if c >= 0}


class Maps:
    """The table `maps`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, features: FeatureSet, made: Map) -> None:
        """Keep a map; an older one of the same features by the same method is replaced."""
        with self._database.writing() as db:
            db.execute("DELETE FROM maps WHERE feature_set_id = ? AND method = ?", (features.id, made.method))
            db.execute(
                "INSERT INTO maps(feature_set_id, method, parameters, photo_ids, positions, created_at) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (
                    features.id, made.method, json.dumps(dict(made.parameters)), _bytes(made.photo_ids, "<i8"),
                    _bytes(made.positions, "<f4"), now(),
                ),
            )  # fmt: skip

    def newest(self, features: FeatureSet, method: str | None = None) -> Map | None:
        """The map of these features that was made last, by one method where that is given."""
        rows = self._database.rows(
            "SELECT * FROM maps WHERE feature_set_id = ? AND (? IS NULL OR method = ?) ORDER BY id DESC LIMIT 1",
            (features.id, method, method),
        )
        return next(
            (
                Map(
                    row["method"],
                    json.loads(row["parameters"]),
                    np.frombuffer(row["photo_ids"], "<i8"),
                    np.frombuffer(row["positions"], "<f4").reshape(-1, 2),
                )
                for row in rows
            ),
            None,
        )


class Groupings:
    """The table `groupings`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, features: FeatureSet, made: Grouping) -> None:
        """Keep a grouping; an older one of the same features is replaced, names stay on the photos."""
        with self._database.writing() as db:
            db.execute("DELETE FROM groupings WHERE feature_set_id = ?", (features.id,))
            db.execute(
                "INSERT INTO groupings(feature_set_id, method, parameters, report, photo_ids, clusters, distances, "
                "silhouettes, separation, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    features.id, made.method, json.dumps(dict(made.parameters)), json.dumps(dict(made.report)),
                    _bytes(made.photo_ids, "<i8"), _bytes(made.clusters, "<i4"), _bytes(made.distances, "<f4"),
                    _bytes(made.silhouettes, "<f4"), _bytes(made.separation, "<f4"), now(),
                ),
            )  # fmt: skip

    def newest(self, features: FeatureSet) -> Grouping | None:
        rows = self._database.rows(
            "SELECT * FROM groupings WHERE feature_set_id = ? ORDER BY id DESC LIMIT 1", (features.id,)
        )
        return next(
            (
                Grouping(
                    row["method"],
                    json.loads(row["parameters"]),
                    json.loads(row["report"]),
                    np.frombuffer(row["photo_ids"], "<i8"),
                    np.frombuffer(row["clusters"], "<i4"),
                    np.frombuffer(row["distances"], "<f4"),
                    np.frombuffer(row["silhouettes"], "<f4"),
                    np.frombuffer(row["separation"], "<f4"),
                )
                for row in rows
            ),
            None,
        )


def _bytes(array: NDArray[Any], kind: str) -> bytes:
    return np.ascontiguousarray(array, dtype=kind).tobytes()
