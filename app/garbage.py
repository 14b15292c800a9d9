"""When Python looks for garbage that refers to itself, and when what was freed goes back to the system.

It looks through all objects there are, and while it does the window stands still: half a second in a project of
100,000 photos, several times while they are read.
"""

from __future__ import annotations

import ctypes
import gc
import sys

_YOUNG, _MIDDLE, _ALL = 700, 10, 1000
"""Python's own thresholds but for the last, which is 10: looking through everything is made that rare."""
MANY = 12_000_000
"""More pieces of memory than the program and a project of 100,000 photos take; some two million of them stay."""

# Other systems' C libraries, and others of Linux than glibc, give it back by themselves and have no such call.
_trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None


def look_rarely() -> None:
    """Look through everything a hundred times more rarely than Python does by itself; young objects as ever."""
    gc.set_threshold(_YOUNG, _MIDDLE, _ALL)


def pass_over_what_is_there() -> None:
    """Look through none of the objects that there are now, until `look_through_what_is_left`. Takes no time."""
    gc.freeze()


def look_through_what_is_left(if_more_than: int = MANY) -> None:
    """For when much was let go of: a project was closed. Its photos go without a search, as nearly all does.

    So a search, of half a second, is made only where more is left than there can be: some hundred objects that refer
    to each other stay with each project. To count what Python looks through would itself take a tenth of that.
    """
    if sys.getallocatedblocks() > if_more_than:
        gc.unfreeze()
        gc.collect()


def give_back_what_was_freed() -> None:
    """For the thread of a job that used much memory, at its end; takes a twentieth of a second after a learning.

    The C library of Linux keeps what each thread freed: up to a gigabyte once the Learn page was seen, for good.
    """
    if _trim is not None:
        _trim(0)
