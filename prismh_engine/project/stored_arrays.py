"""How arrays lie in the catalogue: little-endian bytes, whatever the machine."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def to_bytes(array: NDArray[Any], kind: str) -> bytes:
    """The bytes of an array; kind: numpy's name of the type it is kept as, such as "<f4"."""
    return np.ascontiguousarray(array, dtype=kind).tobytes()
