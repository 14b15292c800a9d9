"""The maps a project keeps, each made from one feature set."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .database import Database, now
from .feature_sets import FeatureSet
from .stored_arrays import to_bytes


@dataclass(frozen=True)
class Map:
    """2-D positions of photos: photo_ids int64 [N], positions float32 [N, 2]."""

    method: str
    parameters: Mapping[str, Any]
    photo_ids: NDArray[np.int64]
    positions: NDArray[np.float32]

    @property
    def finished(self) -> bool:
        """Whether it was made to the end; else a stop came before."""
        return bool(self.parameters.get("finished", True))


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
                    features.id, made.method, json.dumps(dict(made.parameters)), to_bytes(made.photo_ids, "<i8"),
                    to_bytes(made.positions, "<f4"), now(),
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
