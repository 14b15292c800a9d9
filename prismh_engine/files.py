"""Files written whole or not at all, and the plain sentence where that fails."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from .errors import PrismhError

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the disk can only be read",
    errno.EACCES: "writing there is not allowed",
    errno.EPERM: "writing there is not allowed",
    errno.ENOENT: "the folder is not there any more",
    errno.ENOTDIR: "a part of the path is a file, not a folder",
    errno.EEXIST: "a file of that name is in the way",
    errno.EISDIR: "it is a folder",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EIO: "the disk does not answer",
}
_TO_DO = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), " Make room there, then try again."),
    **dict.fromkeys((errno.EROFS, errno.EACCES, errno.EPERM), " Allow writing there, or choose another place."),
}
_WHY_UNREADABLE = {
    errno.EACCES: "reading it is not allowed",
    errno.EPERM: "reading it is not allowed",
    errno.ENOENT: "it is not there any more",
    errno.ENOTDIR: "it is not there any more",
    errno.EISDIR: "it is a folder",
    errno.EIO: "the disk does not answer",
    errno.ENXIO: "the disk does not answer",
    errno.ENODEV: "the disk does not answer",
    errno.ESTALE: "the disk does not answer",
    errno.ETIMEDOUT: "the disk does not answer",
}


def cannot_write(path: Path, error: OSError) -> PrismhError:
    """The sentence for a file or folder that could not be written; what was there before is intact."""
    reason = _REASONS.get(error.errno or 0, error.strerror or str(error))
    to_do = _TO_DO.get(error.errno or 0, "")
    return PrismhError(f"Cannot write {path}: {reason}. What was there before is unchanged.{to_do}")


def why_unreadable(error: OSError) -> str:
    """Why a file could not be read, as the end of a sentence."""
    return _WHY_UNREADABLE.get(error.errno or 0, error.strerror or str(error))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


# Asked once: the question changes the mask for a moment, for all threads.
_UMASK = _umask()


@contextmanager
def write_whole(path: Path, mode: str = "wb", *, flush: bool = True, **open_arguments: Any) -> Iterator[IO[Any]]:
    """Open `path` for writing; it appears, flushed to the disk, only when the block ends without an exception.

    Parent folders are made. flush: False for what can be made again (a cache), where waiting for the disk at each
    file would cost more than the file. Raises `PrismhError` where the disk refuses.
    """
    with place_whole(path, flush=flush) as temporary, temporary.open(mode, **open_arguments) as stream:
        yield stream


@contextmanager
def place_whole(path: Path, *, flush: bool = True) -> Iterator[Path]:
    """The path of an empty file beside `path`, for libraries that open files themselves.

    It takes the place of `path`, flushed to the disk, only when the block ends without an exception; close it before.
    Parent folders are made. Raises `PrismhError` where the disk refuses.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        if flush:
            with temporary.open("rb+") as stream:
                os.fsync(stream.fileno())
        # mkstemp makes files for their owner alone; people share results. Some drives know no such thing.
        with suppress(OSError):
            temporary.chmod(0o666 & ~_UMASK)
        os.replace(temporary, path)
        temporary = None
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        if temporary is not None:
            with suppress(OSError):  # the drive may be gone, which is told already
                temporary.unlink()


def write_json(path: Path, value: Any) -> None:
    # A path that is not UTF-8 has its bad bytes written as JSON writes any character it cannot hold: `\udcff`.
    with write_whole(path, "w", encoding="utf-8", errors="backslashreplace") as stream:
        json.dump(value, stream, indent=2, ensure_ascii=False)
        stream.write("\n")


def make_folder(path: Path) -> Path:
    """Make a folder and its parents; return it. Raises `PrismhError` where the disk refuses."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error
    return path
