"""The labels that teach, as the numbers a loss takes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from .supervised_loss import NO_LABEL


class LabelCodes:
    """The label of each photo as a place in the sorted labels. labels: number of a photo -> its label."""

    def __init__(self, labels: Mapping[int, str]) -> None:
        _, codes = np.unique(list(labels.values()), return_inverse=True)
        self._of_number = np.full(max(labels) + 1, NO_LABEL, dtype=np.int64)
        self._of_number[list(labels)] = codes

    def of(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Of the photos of these numbers, int64 [N]: 0 to C - 1, or -1 where a photo teaches none."""
        known = numbers < len(self._of_number)
        return np.where(known, self._of_number[np.where(known, numbers, 0)], NO_LABEL)
