"""What a figure has to be read with: the machine and the libraries it was measured on."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from ..version import __version__

_LIBRARIES = ("torch", "torchvision", "onnxruntime", "numpy", "pillow")


def facts() -> dict[str, Any]:
    """Versions, processor, cores, memory in bytes, torch's threads, GPU; plain values."""
    import torch

    gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else None
    return {
        "prism_h": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "load_at_start": None if sys.platform == "win32" else os.getloadavg()[0],
        "torch_threads": torch.get_num_threads(),
        "gpu": gpu,
        "libraries": {name: version(name) for name in _LIBRARIES},
    }


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
