"""What is known of one photo after one pass over its bytes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

LOOK_VERSION = 4
"""To be raised whenever the same bytes give another `Look`, so that kept ones are made anew."""


_LARGEST = (1 << 63) - 1  # what an SQLite column holds; some drives have longer inodes, broken clocks later times


def file_facts(status: os.stat_result) -> tuple[int, int, int]:
    """The size, mtime_ns and inode by which an unchanged file is told, each below 2^63."""
    return status.st_size, min(status.st_mtime_ns, _LARGEST), status.st_ino & _LARGEST


@dataclass(frozen=True, slots=True)
class FoundPhoto:
    """A file that looks like a picture, as the scan found it; nothing of it has been opened.

    relative: path below the scanned folder as `paths.to_text` writes it. size in bytes, mtime_ns in nanoseconds, inode:
    as `file_facts` gives them.
    """

    path: Path
    relative: str
    size: int
    mtime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class Look:
    """What one pass over a photo's bytes found: measures and EXIF, or why it cannot be used.

    content_hash: sha256 of the bytes in hex, "" where they could not be read. invalid_reason: a sentence, "" where
    the photo can be used. width, height: upright, in pixels. brightness: mean grey, 0 to 255; contrast: standard
    deviation of grey; sharpness: variance of the Laplacian at the scale of `measures`. difference_hash: 64-bit dHash.
    taken_at: ISO 8601, with offset only where known; taken_at_source: "exif" or "file_name". latitude, longitude:
    WGS 84 degrees; position_note: why there is none.
    """

    content_hash: str
    invalid_reason: str = ""
    truncated: bool = False
    width: int | None = None
    height: int | None = None
    brightness: float | None = None
    contrast: float | None = None
    sharpness: float | None = None
    difference_hash: int | None = None
    taken_at: str | None = None
    taken_at_source: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    position_note: str | None = None
    camera: str | None = None

    @property
    def usable(self) -> bool:
        return not self.invalid_reason
