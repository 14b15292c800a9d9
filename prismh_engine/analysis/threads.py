"""How many threads arithmetic takes: one where it is small, or where more would add in a random order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

_FEW_POINTS = 1000  # fewer move as fast on one thread


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep numpy, scipy and scikit-learn on one thread inside the block; never hold it over a `yield` of a job.

    Products of some thousand rows take several times as long on more threads, ten times where a training computes
    beside them; and OpenMP threads add in a random order. OpenMP's limit holds for this thread alone. Of the libraries
    for matrices only OpenBLAS is held, for all threads: torch on a CPU has another one, and a training beside this
    keeps its threads and with them its last bits.
    """
    from threadpoolctl import ThreadpoolController

    libraries = ThreadpoolController()
    with libraries.select(internal_api="openblas").limit(limits=1), libraries.select(user_api="openmp").limit(limits=1):
        yield


def threads_for_moving(points: int) -> int:
    """Threads for openTSNE's gradient, whose bits are the same on any number: each point is summed by one thread.

    One more than there are cores: GNU's OpenMP then soon puts a thread that waits for another to sleep. With as many
    as cores it lets it spin, and where something else computes meanwhile a map takes six times the processor time.
    """
    return (os.cpu_count() or 1) + 1 if points >= _FEW_POINTS else 1
