"""How a frozen program, which has no Python to start, becomes its own child process: by a flag of its own."""

from __future__ import annotations

from collections.abc import Sequence

CHILD_FLAG = "--decode-pictures-for-parent"


def be_the_child(arguments: Sequence[str]) -> bool:
    """Decode pictures for the parent until it ends, and give True, where the arguments ask for it.

    Every program that may be frozen calls this first in its `main`.
    """
    if list(arguments) != [CHILD_FLAG]:
        return False
    from .guarded import serve

    serve()
    return True
