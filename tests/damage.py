"""What may happen to a checkpoint on a disk."""

from __future__ import annotations

from pathlib import Path


def overwrite(path: Path) -> None:
    path.write_bytes(b"rubbish" * 1000)


def flip_a_byte(path: Path) -> None:
    """Of a weight: the file still opens."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
