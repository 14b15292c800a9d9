"""Embeddings of a feature set that are read a part at a time, so that 100,000 of them never stand in memory at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..analysis.neighbours import unit_rows
from .feature_sets import FeatureSet


class UnitRows:
    """The rows of a feature set at N places, scaled to unit length; a slice of them is read when it is asked for.

    places: int64 [N]; -1 where a photo has no row, which reads as zeros.
    """

    def __init__(self, features: FeatureSet, places: NDArray[np.int64]) -> None:
        self._features = features
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, part: slice, /) -> NDArray[np.float32]:
        places = self._places[part]
        there = places >= 0
        if there.all():
            return unit_rows(self._features.at(places))
        rows = np.zeros((len(places), self._features.encoder.dimension), dtype=np.float32)
        rows[there] = unit_rows(self._features.at(places[there]))
        return rows
