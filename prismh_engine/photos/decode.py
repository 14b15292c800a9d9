"""The one place that opens a user's picture: pixels as they should be seen, or a sentence that says why not."""

from __future__ import annotations

import functools
import io
import logging
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageFile, UnidentifiedImageError

MAX_BYTES = 512 * 1024 * 1024
"""A file larger than this is not read: it is no photo, and reading it whole would fill the memory."""

ENOUGH_ROWS = 0.4
"""The share of its rows that a cut-short picture must have to be used."""

# Formats that run another program (EPS), ask the system to draw (WMF), or hold no pixels Pillow can read.
_REFUSED = {"EPS", "WMF", "MPEG", "BUFR", "GRIB", "HDF5"}

# Of a picture that is brought down: what is kept of it is a JPEG, which ends at 65,500 pixels.
_LONGEST_SIDE = 16_384

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


@dataclass(frozen=True)
class Decoded:
    """A picture as it should be seen: RGB and upright, or None and `invalid_reason`, a sentence.

    width, height: of the whole picture, upright, in pixels; None where even that is unknown. truncated: the file is
    cut short, and `image` is the part that is there.
    """

    image: Image.Image | None
    invalid_reason: str = ""
    truncated: bool = False
    width: int | None = None
    height: int | None = None
    exif: Image.Exif | None = None


def decode(source: Path | bytes, short_side: int | None = None) -> Decoded:
    """Open a picture file, or its bytes; never raises for what is in it.

    short_side: the picture is brought down to this many pixels on its short side where it is larger (JPEG is decoded
    at a fraction of its size, which is several times faster), a long strip to 16,384 on its long one; None gives every
    pixel. Animations give their first
    frame, transparent parts are white, 16-bit and float greys are scaled to 8 bits.
    """
    if isinstance(source, Path):
        try:
            source = read_file(source)
        except OSError as error:
            return Decoded(None, unreadable(error))
    if not source:
        return Decoded(None, "The file is empty.")
    prepare_pillow()
    try:
        with Image.open(io.BytesIO(source), formats=_formats()) as picture:
            return _decode(picture, source, short_side)
    except Exception as error:  # Pillow's plugins raise whatever a broken file makes them stumble over
        return Decoded(None, _why(error, source))


def read_file(path: Path) -> bytes:
    """The bytes of a file. Raises `OSError` where it cannot be read or is larger than `MAX_BYTES`."""
    with path.open("rb") as stream:
        if os.fstat(stream.fileno()).st_size > MAX_BYTES:
            raise OSError(None, f"it is larger than {MAX_BYTES // 1024**2} MB")
        return stream.read()


def unreadable(error: OSError) -> str:
    """The reason for a file whose bytes could not be had."""
    return f"The file cannot be read: {error.strerror or error}."


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
            with _native_noise_off() if picture.format == "TIFF" else _nothing():
                picture.load()
        except Exception as error:
            damage = error
            picture, full_size = _what_is_there(picture, data, short_side)
        exif = _exif(picture)
        orientation = exif.get(_ORIENTATION_TAG) if exif is not None else None
        image = _rgb(picture)
    truncated = damage is not None
    if damage is not None or (kind in _NEVER_ENDS_IN_ZEROS and _ends_in_zeros(data)):
        first, last = _rows_there(image)
        if last - first < max(1, ENOUGH_ROWS * image.height):
            reason = "The end of the file is lost: too little of the picture is there."
            reason = _why(damage, data) if damage is not None else reason
            return Decoded(None, reason, width=full_size[0], height=full_size[1], exif=exif)
        truncated = truncated or last - first < image.height
        image = image.crop((0, first, image.width, last))
    if short_side is not None and image.size != (reduced := _reduced(image.size, short_side)):
        image = image.resize(reduced, Image.Resampling.BICUBIC, reducing_gap=2.0)
    if orientation in _UPRIGHT:
        image = image.transpose(_UPRIGHT[orientation])
        if orientation >= 5:
            full_size = full_size[1], full_size[0]
    return Decoded(image, truncated=truncated, width=full_size[0], height=full_size[1], exif=exif)


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


def _exif(picture: Image.Image) -> Image.Exif | None:
    try:
        exif = picture.getexif()
        exif.get(_ORIENTATION_TAG)
        return exif
    except Exception:  # damaged EXIF does not make the picture unusable
        return None


def _rgb(picture: Image.Image) -> Image.Image:
    """Any mode as RGB, 8 bits a channel."""
    if picture.mode == "RGB" and "transparency" not in picture.info:
        return picture.copy()
    if picture.mode.startswith(("I", "F")):
        return Image.fromarray(_eight_bits(np.asarray(picture))).convert("RGB")
    if picture.mode == "LAB":
        return _from_lab(picture)
    if picture.has_transparency_data:
        layers = picture.convert("RGBA")
        white = Image.new("RGBA", layers.size, "white")
        return Image.alpha_composite(white, layers).convert("RGB")
    return picture.convert("RGB")


def _eight_bits(grey: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Grey values of any depth [H, W] as 0 to 255: by the number of bits in use, floats by their own range."""
    values = np.nan_to_num(grey.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    if np.issubdtype(grey.dtype, np.floating):
        low, high = (0.0, 1.0) if low >= 0 and high <= 1 else (low, high)
    else:
        bits = next(b for b in (8, 10, 12, 14, 16, 32) if b == 32 or high < 1 << b)
        low, high = (0.0, float((1 << bits) - 1)) if bits < 32 and low >= 0 else (low, high)
    return np.clip((values - low) * (255.0 / max(high - low, 1e-12)), 0, 255).astype(np.uint8)


@functools.cache
def _lab_transform() -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")


def _from_lab(picture: Image.Image) -> Image.Image:
    image = ImageCms.applyTransform(picture, _lab_transform())
    assert image is not None  # it is only None for a transform in place
    return image


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
        if not data.strip(b"\0"):
            return "The file holds nothing but zeros."
        return "The file is not a picture, or one of an unknown kind."
    text = str(error).strip().rstrip(".") or type(error).__name__
    if "truncated" in text.lower():
        return "The file is cut short: too little of the picture is there."
    if isinstance(error, NotImplementedError) or text.startswith("Unsupported"):
        return f"The picture is of a kind that this program does not read ({text})."
    return f"The picture is damaged ({text})."


@contextmanager
def _nothing() -> Iterator[None]:
    yield


_noise_lock = threading.Lock()


@contextmanager
def _native_noise_off() -> Iterator[None]:
    """Keep what libtiff prints about a damaged file off the terminal; it writes to file descriptor 2 itself."""
    with _noise_lock:
        try:
            saved = os.dup(2)
        except OSError:  # a program without a terminal
            yield
            return
        try:
            with open(os.devnull, "wb") as nowhere:
                os.dup2(nowhere.fileno(), 2)
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
