"""Makes `import torchvision` and `import timm` work where torchvision's compiled part does not fit the torch beside it.

The torchvision of the package index is built for CUDA; beside a CPU build of torch its import ends in "operator
torchvision::nms does not exist". Nothing here uses its operators: declaring their names is enough.
"""

from __future__ import annotations

import os
import sys
import threading
from types import ModuleType

import torch

_lock = threading.Lock()
# The declarations last as long as this object.
_library: torch.library.Library | None = None


def import_torchvision() -> ModuleType:
    """Import torchvision and return it. Call this before the first `import torchvision` or `import timm`."""
    # timm brings a client of a model hub along: it shall never look for a network.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    with _lock:
        try:
            import torchvision
        except RuntimeError as error:
            if "torchvision::" not in str(error):
                raise
            _declare()
            _forget_half_import()
            import torchvision
        return torchvision


def _declare() -> None:
    global _library
    if _library is None:
        _library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            _library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")


def _forget_half_import() -> None:
    for name in [name for name in sys.modules if name == "torchvision" or name.startswith("torchvision.")]:
        del sys.modules[name]
