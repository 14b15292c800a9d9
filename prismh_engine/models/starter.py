"""The starter encoder as it is used on a CPU: EfficientNet-Lite0 with ImageNet weights by ONNX Runtime, no torch.

Its ONNX file is made once, by `python -m prismh_engine.models.starter`, which needs torch: at set-up, else in a child
process at first use, so that the calling process never imports torch. Where it cannot be made, torch serves.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadValueError, PrismhError
from ..files import make_folder
from ..jobs import StopToken
from ..photos.cache import default_cache_folder
from ..photos.decode import decode
from ..project.feature_sets import Encoder
from .pixels import prepare
from .starter_weights import weights_sha256

IMAGE_SIZE = 224
DIMENSION = 1280
# Counted up when the ONNX file changes its form, so that an older one in the cache is not taken for it.
_FILE_FORMAT = 1
# One image in eight activations of this network still fits a CPU's cache; larger batches are slower.
_BATCH = 8


def starter_features(paths: Sequence[str | Path], image_size: int = IMAGE_SIZE) -> NDArray[np.float32]:
    """The starter's embeddings of photos, float32 [N, 1280], in the given order.

    image_size: side of the square each photo is squeezed to, in pixels, >= 1. Raises `BadValueError` for one below,
    `PrismhError` where a photo cannot be read.
    """
    if image_size < 1:
        raise BadValueError(f"image_size must be >= 1, got {image_size}")
    encoder = StarterEncoder(image_size)
    embeddings = np.empty((len(paths), DIMENSION), dtype=np.float32)
    for start in range(0, len(paths), _BATCH):
        images = [_read(Path(path), image_size) for path in paths[start : start + _BATCH]]
        embeddings[start : start + _BATCH] = encoder.encode(np.stack(images))
    return embeddings


class StarterEncoder:
    """The starter at one image size, by ONNX Runtime.

    The file is made first where it is missing, which takes some seconds; `stop` ends that wait with `Stopped`.
    threads: 0 for one a core.
    """

    batch_size = _BATCH

    def __init__(self, image_size: int = IMAGE_SIZE, stop: StopToken | None = None, threads: int = 0) -> None:
        self.identity = identity(image_size)
        self._session = _session(image_size, stop, threads)
        self._torch: Any = None
        if self._session is None:
            from .encoders import TorchEncoder, build, compute_device

            self._torch = TorchEncoder(build("efficientnet_lite0", "starter"), self.identity, compute_device("cpu"))

    def encode(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """uint8 [B, H, W, 3] -> float32 [B, 1280], any B."""
        if self._session is None:
            encoded: NDArray[np.float32] = self._torch.encode(images)
            return encoded
        parts = [np.empty((0, DIMENSION), dtype=np.float32)]
        for start in range(0, len(images), _BATCH):
            parts += self._session.run(None, {"images": images[start : start + _BATCH]})
        return np.concatenate(parts)


def identity(image_size: int = IMAGE_SIZE) -> Encoder:
    """What the starter's feature sets are known by; the sha256 is that of its weights' file."""
    return Encoder("efficientnet_lite0", weights_sha256(), image_size, DIMENSION)


def onnx_file(image_size: int = IMAGE_SIZE) -> Path:
    """Where the ONNX file for an image size lies, or will: its padding is fixed, so there is one for each size."""
    return default_cache_folder() / "encoders" / f"starter-{weights_sha256()[:16]}-{image_size}px-{_FILE_FORMAT}.onnx"


def make_file(image_size: int = IMAGE_SIZE) -> Path:
    """Make the ONNX file where it is missing, whole or not at all, and return its path. Imports torch.

    It takes `images`, uint8 [B, H, W, 3], and gives `embeddings`, float32 [B, 1280].
    """
    path = onnx_file(image_size)
    if not path.exists():
        make_folder(path.parent)  # before the seconds it takes to import torch
        from . import onnx_export
        from .encoders import build

        onnx_export.write(build("efficientnet_lite0", "starter"), image_size, path)
    return path


def uses_gpu() -> bool:
    """Whether torch should run the starter: an NVIDIA driver is here and torch is built for it. Imports no torch."""
    if sys.platform == "win32":
        driver = Path(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", "nvcuda.dll").exists()
    else:
        driver = Path("/proc/driver/nvidia/version").exists()
    try:
        return driver and not importlib.metadata.version("torch").endswith("+cpu")
    except importlib.metadata.PackageNotFoundError:
        return False


def is_first_use(image_size: int = IMAGE_SIZE) -> bool:
    """Whether the ONNX file has to be made before the first photo is seen, which takes some seconds."""
    return not uses_gpu() and not onnx_file(image_size).exists()


def main(argv: Sequence[str] | None = None) -> int:
    """Make the ONNX file, for the set-up and for a first use."""
    parser = argparse.ArgumentParser(
        prog="python -m prismh_engine.models.starter", description="Make the starter encoder's ONNX file."
    )
    parser.add_argument("--image_size", type=int, default=IMAGE_SIZE, help=f"in pixels (default {IMAGE_SIZE})")
    try:
        print(make_file(parser.parse_args(argv).image_size))
    except PrismhError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _session(image_size: int, stop: StopToken | None, threads: int) -> Any:
    """An ONNX Runtime session, None where the file cannot be made or used."""
    import onnxruntime

    if sys.platform == "win32":
        onnxruntime.disable_telemetry_events()
    path = onnx_file(image_size)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    for _ in range(2):
        if not path.exists() and not _make_in_child(image_size, stop):
            return None
        try:
            return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception:  # its errors share no base; a damaged file is made once more
            path.unlink(missing_ok=True)
    return None


def _make_in_child(image_size: int, stop: StopToken | None) -> bool:
    command = [sys.executable, "-m", "prismh_engine.models.starter", "--image_size", str(image_size)]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while True:
            if stop is not None:
                stop.check()
            try:
                return child.wait(timeout=0.1) == 0
            except subprocess.TimeoutExpired:
                continue
    finally:
        child.kill()
        child.wait()


def _read(path: Path, image_size: int) -> NDArray[np.uint8]:
    decoded = decode(path, short_side=384)
    if decoded.image is None:
        raise PrismhError(f"Cannot read the photo {path}: {decoded.invalid_reason}")
    return prepare(decoded.image, image_size)


if __name__ == "__main__":
    raise SystemExit(main())
