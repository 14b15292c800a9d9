"""Finding the files below a folder that look like pictures; nothing is decoded here."""

from __future__ import annotations

import functools
import os
import stat
from collections import Counter
from collections.abc import Collection, Iterator
from operator import itemgetter
from pathlib import Path

from ..errors import PrismhError
from ..files import why_unreadable
from ..paths import to_text
from .record import FoundPhoto, file_facts

_MOUNT_POINT = getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", None)  # a Windows junction: a link in all but name
_HIDDEN_ATTRIBUTE = getattr(stat, "FILE_ATTRIBUTE_HIDDEN", 0)

# Told by their first bytes whatever they are called. Others have too short a mark to be told from a text or a program.
_TOLD_BY_CONTENT = ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "HEIF", "TIFF", "JPEG2000", "PSD", "QOI")
# What Pillow knows by name alone: films, weather, tables of an instrument.
_NO_PICTURES = {"MPEG", "BUFR", "GRIB", "HDF5"}
_DIB_HEADER_SIZES = (12, 40, 52, 56, 64, 108, 124)


class Scan:
    """The pictures below a folder, streamed in the sorted order of their relative paths.

    Iterate once over it; the counts and problems are complete when the iteration ends. Links are not followed: what
    they show lies elsewhere, or is found in its own place. Projects of this program and the folders `without` are left
    out, so that copies of photos are never taken for photos.

    other_files: how many files look like no picture. skipped: "hidden" and "links", how many. problems: sentences on
    folders and files that could not be read; what is moved or deleted in the meantime is none, but the whole folder
    is. Raises `PrismhError` at the start where the folder itself cannot be read.
    """

    def __init__(self, folder: Path, without: Collection[Path] = ()) -> None:
        self.folder = Path(os.path.abspath(folder))
        self.other_files = 0
        self.skipped: Counter[str] = Counter()
        self.problems: list[str] = []
        self._without = {os.path.realpath(path) for path in without}

    def __iter__(self) -> Iterator[FoundPhoto]:
        if not self.folder.is_dir():
            raise PrismhError(f"{self.folder} is not a folder that can be reached: choose the folder with the photos.")
        real = os.path.realpath(self.folder)
        # A stack, not recursion: folders may lie deeper than Python can call.
        waiting = [iter(self._entries(self.folder, top=True))]
        while waiting:
            name, entry = next(waiting[-1], ("", None))
            if entry is None:
                waiting.pop()
            elif name.endswith("/"):
                # Its real path, since no link was followed on the way.
                if real + entry.path[len(str(self.folder)) :] not in self._without:
                    waiting.append(iter(self._entries(Path(entry.path))))
            else:
                found = self._photo(entry)
                if found is not None:
                    yield found
        if not self.folder.is_dir():
            self.problems.append(f"{self.folder} could not be reached any more before all of it was searched.")

    def _entries(self, folder: Path, top: bool = False) -> list[tuple[str, os.DirEntry[str]]]:
        """What to look at in a folder, with its name (of folders with a `/`), so that whole paths come out sorted."""
        try:
            with os.scandir(folder) as scan:
                entries = list(scan)
        except FileNotFoundError:
            return []
        except OSError as error:
            if top:
                raise PrismhError(f"Cannot look into {folder}: {why_unreadable(error)}.") from error
            self.problems.append(f"Cannot look into {folder}: {why_unreadable(error)}.")
            return []
        if not top and any(entry.name == "project.db" for entry in entries):
            return []
        kept = []
        for entry in entries:
            try:
                kind = _kind_of_skip(entry)
                name = f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name
            except OSError as error:  # drives that do not tell the kind with the name are asked once more
                self.problems.append(f"Cannot look at {entry.path}: {why_unreadable(error)}.")
                continue
            if kind:
                self.skipped[kind] += 1
            else:
                kept.append((name, entry))
        return sorted(kept, key=itemgetter(0))

    def _photo(self, entry: os.DirEntry[str]) -> FoundPhoto | None:
        try:
            status = entry.stat(follow_symlinks=False)
            # A pipe or a device would block or never end.
            if stat.S_ISREG(status.st_mode) and (_has_picture_suffix(entry.name) or _begins_like_a_picture(entry.path)):
                path = Path(entry.path)
                relative = to_text(path.relative_to(self.folder))
                return FoundPhoto(path, relative, *file_facts(status))
        except FileNotFoundError:
            return None
        except OSError as error:
            self.problems.append(f"Cannot look at {entry.path}: {why_unreadable(error)}.")
            return None
        self.other_files += 1
        return None


def _kind_of_skip(entry: os.DirEntry[str]) -> str | None:
    if entry.name.startswith("."):
        return "hidden"
    if entry.is_symlink():
        return "links"
    if os.name == "nt":
        status = entry.stat(follow_symlinks=False)
        if getattr(status, "st_file_attributes", 0) & _HIDDEN_ATTRIBUTE:
            return "hidden"
        if _MOUNT_POINT is not None and getattr(status, "st_reparse_tag", 0) == _MOUNT_POINT:
            return "links"
    return None


@functools.cache
def picture_suffixes() -> frozenset[str]:
    """The suffixes, in lower case with their dot, that Pillow (with HEIC) can open; films and data are left out."""
    from PIL import Image

    kinds = Image.registered_extensions()  # fills `OPEN` too
    readable = {suffix for suffix, kind in kinds.items() if kind in Image.OPEN and kind not in _NO_PICTURES}
    return frozenset(readable | {".heic", ".heif", ".avif"})


def _has_picture_suffix(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in picture_suffixes()


def _begins_like_a_picture(path: str) -> bool:
    from PIL import Image

    from .pixels import prepare_pillow

    prepare_pillow()
    with open(path, "rb") as stream:
        start = stream.read(32)
    if start[:2] == b"BM" and int.from_bytes(start[14:18], "little") in _DIB_HEADER_SIZES:
        return True
    for kind in _TOLD_BY_CONTENT:
        accept = Image.OPEN[kind][1] if kind in Image.OPEN else None
        if accept is not None and accept(start):
            return True
    return False
