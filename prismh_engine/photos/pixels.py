"""The pixels of one picture as they should be seen, by Pillow, in the process that asks; `decode` is for others."""

from __future__ import annotations

import functools
import io
import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFile, UnidentifiedImageError

from . import exif
from .colours import flatten, profile_of, to_srgb

ENOUGH_ROWS = 0.4
"""The share of its rows that a cut-short picture must have to be used."""

IN_THREADS = ("JPEG", "PNG", "GIF", "WEBP", "BMP")
"""Formats whose decoders can be trusted with any bytes; the others are for `guarded`. JPEG includes MPO."""

# Formats that run another program (EPS), ask the system to draw (WMF), or hold no pixels Pillow can read.
_REFUSED = {"EPS", "WMF", "MPEG", "BUFR", "GRIB", "HDF5"}

# Of a picture that is brought down: what is kept of it is a JPEG, which ends at 65,500 pixels.
_LONGEST_SIDE = 16_384

# How errors begin, or what they hold, of what was written well but is not read, and of what ends too early.
_UNKNOWN_KIND = ("unsupported", "unimplemented", "unknown", "unrecognized image mode")
_CUT_SHORT = ("truncated", "not enough image data", "expected to read", "end of file", "eof")

_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# In others zeros are black pixels.
_NEVER_ENDS_IN_ZEROS = {"JPEG", "MPO", "PNG", "GIF", "WEBP", "JPEG2000", "HEIF", "AVIF"}

# A picture this large without a smaller way to decode it takes 150 MB and more: one at a time.
_LARGE_PIXELS = 40_000_000
_one_large_picture = threading.Lock()
# No compression of a photo comes near this; a file that claims it keeps a decoder busy for nothing.
_MOST_PIXELS_A_BYTE = 10_000

# A progressive JPEG of a camera or an editor has some ten scans. Each goes over the whole picture, so that a small
# file of many thousands keeps the decoder busy for hours.
_MOST_SCANS = 100
_START_OF_SCAN = b"\xff\xda"


class NeedsGuardError(Exception):
    """A picture of a trusted format that may take for ever all the same."""


@dataclass(frozen=True)
class Decoded:
    """A picture as it should be seen: RGB and upright, or None and `invalid_reason`, a sentence.

    width, height: of the whole picture, upright, in pixels; None where even that is unknown. truncated: the file is
    cut short, and `image` is the part that is there. facts: what its EXIF tells.
    """

    image: Image.Image | None
    invalid_reason: str = ""
    truncated: bool = False
    width: int | None = None
    height: int | None = None
    facts: exif.Facts = exif.NO_EXIF


def open_picture(data: bytes, short_side: int | None, in_thread: bool) -> Decoded:
    """What `decode` gives; never raises for what is in `data`, but `NeedsGuardError` where `in_thread` is asked for.

    in_thread: open trusted formats alone, in a time that the size of the file limits.
    """
    prepare_pillow()
    try:
        with Image.open(io.BytesIO(data), formats=IN_THREADS if in_thread else _formats()) as picture:
            if in_thread and picture.info.get("progressive") and data.count(_START_OF_SCAN) > _MOST_SCANS:
                raise NeedsGuardError
            return _decode(picture, data, short_side)
    except NeedsGuardError:
        raise
    except Exception as error:  # Pillow's plugins raise whatever a broken file makes them stumble over
        return Decoded(None, _why(error, data))


def is_trusted(start: bytes) -> bool:
    """Whether a file that begins so (16 bytes) is of a format for threads, if it is a picture at all."""
    prepare_pillow()
    return any(accept is not None and bool(accept(start)) for accept in (Image.OPEN[kind][1] for kind in IN_THREADS))


@functools.cache
def prepare_pillow() -> None:
    """Make Pillow know HEIC and all its own formats, and keep it quiet about files that are not as they should be."""
    import pi_heif

    Image.init()
    pi_heif.register_heif_opener()
    warnings.filterwarnings("ignore", module=r"PIL\.")
    logging.getLogger("PIL").addHandler(logging.NullHandler())


@functools.cache
def _formats() -> tuple[str, ...]:
    return tuple(name for name in Image.OPEN if name not in _REFUSED)


def _decode(picture: Image.Image, data: bytes, short_side: int | None) -> Decoded:
    full_size, kind = picture.size, picture.format
    pixels = full_size[0] * full_size[1]
    if pixels > _LARGE_PIXELS and pixels > _MOST_PIXELS_A_BYTE * len(data):
        reason = f"The picture says it has {pixels // 10**6} million pixels, which its {len(data)} bytes cannot hold."
        return Decoded(None, reason, width=full_size[0], height=full_size[1])
    if short_side is not None and picture.format in ("JPEG", "MPO"):
        picture.draft(None, _reduced(full_size, short_side))
    damage: Exception | None = None
    with _one_large_picture if picture.size[0] * picture.size[1] > _LARGE_PIXELS else _nothing():
        try:
            picture.load()
        except Exception as error:
            damage = error
            picture, full_size = _what_is_there(picture, data, short_side)
        tags = _tags(picture)
        orientation = tags.get(_ORIENTATION_TAG) if tags is not None else None
        facts = exif.read(tags)
        image = flatten(picture)
        truncated = damage is not None
        if damage is not None or (kind in _NEVER_ENDS_IN_ZEROS and _ends_in_zeros(data)):
            first, last = _rows_there(image)
            if last - first < max(1, ENOUGH_ROWS * image.height):
                reason = "The end of the file is lost: too little of the picture is there."
                reason = _why(damage, data) if damage is not None else reason
                return Decoded(None, reason, width=full_size[0], height=full_size[1], facts=facts)
            truncated = truncated or last - first < image.height
            image = image.crop((0, first, image.width, last))
        if short_side is not None and image.size != (reduced := _reduced(image.size, short_side)):
            image = image.resize(reduced, Image.Resampling.BICUBIC, reducing_gap=2.0)
    image = to_srgb(image, profile_of(picture))
    if orientation in _UPRIGHT:
        image = image.transpose(_UPRIGHT[orientation])
        if orientation >= 5:
            full_size = full_size[1], full_size[0]
    return Decoded(image, truncated=truncated, width=full_size[0], height=full_size[1], facts=facts)


def _reduced(size: tuple[int, int], short_side: int) -> tuple[int, int]:
    scale = min(1.0, short_side / min(size), _LONGEST_SIDE / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _what_is_there(picture: Image.Image, data: bytes, short_side: int | None) -> tuple[Image.Image, tuple[int, int]]:
    """The picture with the rows that could be decoded; the others are of one colour. Raises where there are none."""
    if picture.format in ("JPEG", "MPO"):
        # With the end mark the decoder gives all it has, of a progressive file the whole picture less sharp.
        mended = Image.open(io.BytesIO(data + b"\xff\xd9"), formats=("JPEG",))
        size = mended.size
        if short_side is not None:
            mended.draft(None, _reduced(size, short_side))
        mended.load()
        return mended, size
    size = picture.size
    if isinstance(picture, ImageFile.ImageFile):
        picture.tile = []  # so that what was decoded before the damage counts as loaded
    picture.load()
    return picture, size


def _tags(picture: Image.Image) -> Image.Exif | None:
    try:
        tags = picture.getexif()
        tags.get(_ORIENTATION_TAG)
        return tags
    except Exception:  # damaged EXIF does not make the picture unusable
        return None


def _rows_there(image: Image.Image) -> tuple[int, int]:
    """The first row that was decoded, and one past the last: a decoder leaves one single colour where data ends.

    That is black at the top where rows are stored from the bottom up (BMP, TGA).
    """
    pixels = np.asarray(image)
    missing = (pixels == pixels[-1, -1]).all(axis=(1, 2))
    if missing.all():
        return 0, 0
    below = int(np.argmin(missing[::-1]))
    if below:
        return 0, len(pixels) - below
    return int(np.argmax(pixels.any(axis=(1, 2)))), len(pixels)


def _ends_in_zeros(data: bytes) -> bool:
    """Whether the file ends in a long run of zeros: what a memory card leaves of a photo it lost the end of.

    Zeros after the end mark of a JPEG are what some cameras fill up with.
    """
    return len(data) > 512 and not data[-512:].strip(b"\0") and not data.rstrip(b"\0").endswith(b"\xff\xd9")


def _why(error: Exception, data: bytes) -> str:
    """The sentence for a picture that could not be decoded."""
    if isinstance(error, Image.DecompressionBombError):
        return f"The picture says it has more than {2 * (Image.MAX_IMAGE_PIXELS or 0) // 10**6} million pixels."
    if isinstance(error, MemoryError):
        return "The picture needs more memory than is free."
    if isinstance(error, UnidentifiedImageError):
        if is_trusted(data[:16]):
            return "The picture is damaged: its beginning cannot be read."
        return "The file is not a picture, or one of an unknown kind."
    # What Pillow says is for its makers; only which of these it is can be told from it.
    text = str(error).lower()
    if any(words in text for words in _CUT_SHORT):
        return "The file is cut short: too little of the picture is there."
    if isinstance(error, NotImplementedError) or text.startswith(_UNKNOWN_KIND):
        return "The picture is of a kind that this program does not read."
    return "The picture is damaged: its data cannot be decoded."


@contextmanager
def _nothing() -> Iterator[None]:
    yield
