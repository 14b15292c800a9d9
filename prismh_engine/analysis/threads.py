"""One thread for arithmetic that is small, or that must give the same bits each time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


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
