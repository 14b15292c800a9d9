"""Pictures for the tests of this folder: textured, so that they are neither blurred nor alike."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from prismh_engine.photos.record import FoundPhoto


def picture(seed: int, size: tuple[int, int] = (160, 120)) -> Image.Image:
    """Coarse and fine random patches, RGB; another seed gives a picture that looks different."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(40, 216, (6, 8, 3), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
    fine = random.integers(-20, 21, (size[1], size[0], 1))
    return Image.fromarray(np.clip(np.asarray(coarse).astype(int) + fine, 0, 255).astype(np.uint8))


def encoded(image: Image.Image, kind: str = "JPEG", **arguments: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **arguments)
    return stream.getvalue()


def write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def found(path: Path, root: Path | None = None) -> FoundPhoto:
    status = path.stat()
    relative = path.relative_to(root or path.parent).as_posix()
    return FoundPhoto(path, relative, status.st_size, status.st_mtime_ns, status.st_ino)


def overwrite_secretly(path: Path, data: bytes) -> None:
    """Change a file's bytes so that size, time and inode stay: only who reads it again can notice."""
    before = path.stat()
    with path.open("r+b") as stream:
        stream.write(data[: before.st_size].ljust(before.st_size, b"\0"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
