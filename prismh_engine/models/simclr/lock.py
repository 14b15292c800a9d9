"""One program at a time learns into a folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ...errors import PrismhError
from ...files import cannot_write, make_folder

_NAME = ".lock"


def is_held(folder: Path) -> bool:
    """Whether a training is learning into a run's folder at this moment, in any program that sees the same disk."""
    if not (folder / _NAME).exists():
        return False
    lock = FileLock(folder / _NAME, thread_local=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return True
    except OSError:  # a folder that cannot be written: nobody learns into it
        return False
    lock.release()
    return False


@contextmanager
def run_folder_lock(folder: Path) -> Iterator[None]:
    """Hold a run's folder, which is made where it is missing; whatever ends the program, kill included, lets it go.

    Raises `PrismhError` where another training holds it, or the disk refuses.
    """
    make_folder(folder)
    lock = FileLock(folder / _NAME, thread_local=False)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise PrismhError(
            f"Another training is learning into {folder} at this moment: wait until it ends, or stop it, or choose "
            "another folder."
        ) from error
    except OSError as error:
        raise cannot_write(folder / _NAME, error) from error
    try:
        yield
    finally:
        lock.release()
