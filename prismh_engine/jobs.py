"""How a long job reports and stops.

A long job is a generator: it yields `Progress` and returns its result. Only the thread that drains it touches
it; every other thread speaks to it through a `StopToken`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Progress:
    """How far a job is.

    what: a few words a person can read, "Looking at photos". done, total: counted things, 0 <= done <= total;
    total is None while unknown. metrics: what the job measured so far, by name.
    """

    what: str
    done: int
    total: int | None
    metrics: Mapping[str, Any] = field(default_factory=dict)


Job = Generator[Progress, None, T]


class Stopped(Exception):  # noqa: N818 - an answer to a request, not an error
    """Raised inside a job whose token was set. A job that can keep part of its work catches it and returns that."""


class StopToken:
    """Asks a job in another thread to stop, or to pause and go on; every method may be called from any thread."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._stopped = False
        self._paused = False

    def stop(self) -> None:
        with self._condition:
            self._stopped = True
            self._condition.notify_all()

    def pause(self) -> None:
        with self._condition:
            self._paused = True

    def resume(self) -> None:
        with self._condition:
            self._paused = False
            self._condition.notify_all()

    @property
    def stopped(self) -> bool:
        return self._stopped

    @property
    def paused(self) -> bool:
        return self._paused

    def check(self) -> None:
        """Raise `Stopped` where a stop was asked for; for the inside of long steps."""
        if self._stopped:
            raise Stopped

    def wait_while_paused(self) -> None:
        """Return when the pause ends, or at once where there is none; raise `Stopped` on a stop."""
        with self._condition:
            self._condition.wait_for(lambda: self._stopped or not self._paused)
        self.check()


def change_progress(job: Job[T], change: Callable[[Progress], Progress]) -> Job[T]:
    """The same job, each of its `Progress` passed through `change`; a stop reaches the job inside."""
    return _relayed(job, change, lambda: None)


def pausing(job: Job[T], stop: StopToken) -> Job[T]:
    """The same job, which waits after each `Progress` for as long as it is paused; for one that has nothing to save."""
    return _relayed(job, lambda progress: progress, stop.wait_while_paused)


def _relayed(job: Job[T], change: Callable[[Progress], Progress], then: Callable[[], None]) -> Job[T]:
    try:
        progress = next(job)
        while True:
            try:
                yield change(progress)
                then()
            except Stopped as stopped:  # noqa: PERF203 - a stop may come at any of them
                progress = job.throw(stopped)
            else:
                progress = next(job)
    except StopIteration as end:
        return end.value
    finally:
        job.close()


def run(job: Job[T], on_progress: Callable[[Progress], None] | None = None, stop: StopToken | None = None) -> T:
    """Drain a job and return its result.

    A stop is thrown into the job as `Stopped` where it yields: it returns what it can keep, or `Stopped` leaves
    this call. The job is closed whatever happens, in this thread.
    """
    try:
        progress = next(job)
        while True:
            if on_progress is not None:
                on_progress(progress)
            progress = job.throw(Stopped()) if stop is not None and stop.stopped else next(job)
    except StopIteration as end:
        return end.value
    finally:
        job.close()
