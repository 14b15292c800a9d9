"""The one place that opens a user's picture: pixels as they should be seen, or a sentence that says why not."""

from __future__ import annotations

import os
from pathlib import Path

from ..files import why_unreadable
from ..jobs import StopToken
from . import guarded
from .pixels import Decoded, NeedsGuardError, is_trusted, open_picture

MAX_BYTES = 512 * 1024 * 1024
"""A file larger than this is not read: it is no photo, and reading it whole would fill the memory."""


def decode(source: Path | bytes, short_side: int | None = None, stop: StopToken | None = None) -> Decoded:
    """Open a picture file, or its bytes; never raises for what is in it, and any thread may ask.

    short_side: the picture is brought down to this many pixels on its short side where it is larger (JPEG is decoded
    at a fraction of its size, which is several times faster), a long strip to 16,384 on its long one; None gives every
    pixel. Animations give their first frame, transparent parts are white, 16-bit and float greys are scaled to 8 bits,
    colours are those of sRGB.

    JPEG, PNG, GIF, WebP and BMP are decoded in the thread that asks. Every other kind, and a JPEG that would take very
    long, goes to a child process (see `guarded`) with a limit of time. Raises `PrismhError` where that does not start,
    and `Stopped` where `stop` asks for it while the child is busy.
    """
    if isinstance(source, Path):
        try:
            source = read_file(source)
        except OSError as error:
            return Decoded(None, unreadable(error))
    if not source:
        return Decoded(None, "The file is empty.")
    if not source.strip(b"\0"):
        return Decoded(None, "The file holds nothing but zeros.")
    if is_trusted(source[:16]):
        try:
            return open_picture(source, short_side, in_thread=True)
        except NeedsGuardError:
            pass
    return guarded.decode(source, short_side, stop)


def read_file(path: Path) -> bytes:
    """The bytes of a file. Raises `OSError` where it cannot be read or is larger than `MAX_BYTES`."""
    with path.open("rb") as stream:
        if os.fstat(stream.fileno()).st_size > MAX_BYTES:
            raise OSError(None, f"it is larger than {MAX_BYTES // 1024**2} MB")
        return stream.read()


def unreadable(error: OSError) -> str:
    """The reason for a file whose bytes could not be had."""
    return f"The file cannot be read: {why_unreadable(error)}."
