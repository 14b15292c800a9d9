"""The pictures of a cache on the disk, told by the photo's content: its small copy and its thumbnail."""

from __future__ import annotations

import io
import re
from pathlib import Path

from PIL import Image

from ..errors import PrismhError
from ..files import write_whole

THUMBNAIL_SIDE = 256
_COPIES, _THUMBNAILS = "copies", "thumbnails"
_TRIES = 5
_COPY_QUALITY, _THUMBNAIL_QUALITY = 90, 82


def holds_kept_pictures(name: str) -> bool:
    """Whether a folder of this name in a cache is one of those that `KeptPictures` makes."""
    return re.fullmatch(rf"{_COPIES}(-\d+)?|{_THUMBNAILS}", name, re.IGNORECASE) is not None


class KeptPictures:
    """JPEGs below a folder, each written whole or not at all; every method may be called from any thread.

    Copies have the size of the picture that is given, thumbnails a longest side <= 256 pixels. A file that is not
    there, or was cut short by a power failure, counts as none. Writing raises `PrismhError` where the disk refuses.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def copy(self, name: str) -> Image.Image | None:
        """The copy of the photo of this content hash."""
        return _opened(self._copy_path(name))

    def packed(self, name: str, short_side: int) -> Image.Image | None:
        """The still smaller copy of that short side."""
        return _opened(self._packed_path(name, short_side))

    def thumbnail(self, name: str) -> Path | None:
        path = self._thumbnail_path(name)
        try:
            return path if path.stat().st_size else None
        except OSError:
            return None

    def keep(self, image: Image.Image, name: str) -> Image.Image:
        """Write copy and thumbnail; gives the copy as it reads from now on, whatever JPEG does to its pixels."""
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=_COPY_QUALITY)
        _write(self._copy_path(name), stream)
        self.keep_thumbnail(image, name)
        return Image.open(stream)

    def keep_packed(self, image: Image.Image, name: str, short_side: int) -> Image.Image:
        """Write a copy brought down to a short side; gives it as it reads from now on, `image` where it is smaller."""
        scale = short_side / min(image.size)
        if scale >= 1:
            return image
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        small = image.resize(size, Image.Resampling.BICUBIC)
        # A JPEG takes a twelfth of the room of bare pixels and opens nearly as fast. The usual copy holds colours at
        # half its resolution; a copy half as large keeps all of them.
        stream = io.BytesIO()
        small.save(stream, "JPEG", quality=_COPY_QUALITY, subsampling=0)
        _write(self._packed_path(name, short_side), stream)
        return Image.open(stream)

    def keep_thumbnail(self, image: Image.Image, name: str) -> Path:
        scale = min(1.0, THUMBNAIL_SIDE / max(image.size))
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        # Halved by the mean of four pixels first where it can be: a sixth of the time, and no eye sees it at this size.
        small = image.resize(size, Image.Resampling.BICUBIC, reducing_gap=1.0)
        stream = io.BytesIO()
        small.save(stream, "JPEG", quality=_THUMBNAIL_QUALITY)
        path = self._thumbnail_path(name)
        _write(path, stream)
        return path

    def _copy_path(self, name: str) -> Path:
        return self._folder / _COPIES / name[:2] / f"{name}.jpg"

    def _packed_path(self, name: str, short_side: int) -> Path:
        return self._folder / f"{_COPIES}-{short_side}" / name[:2] / f"{name}.jpg"

    def _thumbnail_path(self, name: str) -> Path:
        return self._folder / _THUMBNAILS / name[:2] / f"{name}.jpg"


def _write(path: Path, stream: io.BytesIO) -> None:
    for tries_left in reversed(range(_TRIES)):
        try:
            with write_whole(path, flush=False) as file:
                file.write(stream.getvalue())
            return
        except PrismhError as error:  # noqa: PERF203 - the loop ends at once but for a deleted cache
            # The whole cache may be deleted at any moment, also between the making of a folder and of a file in it.
            if not tries_left or not isinstance(error.__cause__, (FileNotFoundError, FileExistsError)):
                raise


def _opened(path: Path) -> Image.Image | None:
    try:
        image = Image.open(io.BytesIO(path.read_bytes()))
        image.load()
        return image
    except Exception:  # whatever a file that was cut short makes Pillow stumble over
        return None
