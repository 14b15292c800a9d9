"""Runs one engine job on a thread of its own and tells the window about it.

Nobody else in the window meets a thread. Connect the signals of a `RunningJob` to bound methods of QObjects that live
in the GUI thread: they then run there. The job itself must never touch a widget.
"""

from __future__ import annotations

import logging
import sys
import threading
from typing import Any

from PySide6.QtCore import QObject, QThread, QTimer, Signal

from prismh_engine import jobs
from prismh_engine.errors import PrismhError
from prismh_engine.jobs import Job, Progress, StopToken

from . import garbage

MS_BETWEEN_UPDATES = 50
_SECONDS_OF_A_TURN = 0.0005
"""For so long at the most a job keeps Python to itself while the GUI thread wants it; Python's own 5 ms, which many
calls of Qt and numpy wait for one after the other, hundreds to show a map, add up to a window that stands still.
Threads that work in Python side by side get as much done as with these.
"""

_log = logging.getLogger(__name__)


def start(job: Job[Any], *, stop: StopToken, parent: QObject, is_large: bool = False) -> RunningJob:
    """Drain `job` on a new thread. `stop` is the token the job was made with.

    `parent` must outlive the job: stop it and `wait` before its parent goes. is_large: it uses much memory, which is to
    go back to the system at its end.
    """
    sys.setswitchinterval(_SECONDS_OF_A_TURN)
    garbage.look_rarely()
    return RunningJob(job, stop, parent, is_large=is_large)


class RunningJob(QObject):
    """A job under way. Of `finished`, `failed` and `stopped` exactly one is emitted, once, after the last progress."""

    progressed = Signal(object)
    """The latest `Progress`, at most 20 times a second; the metrics of those passed over are merged into it."""
    finished = Signal(object)
    """The job's result; also where it was stopped and kept part of its work."""
    failed = Signal(str)
    """One sentence fit to be shown."""
    stopped = Signal()
    """It was stopped and kept nothing it could return."""

    def __init__(self, job: Job[Any], stop: StopToken, parent: QObject, *, is_large: bool) -> None:
        super().__init__(parent)
        self._stop = stop
        self.error: PrismhError | None = None
        """What ended it, where `failed` says a sentence of the engine's; set before."""
        self._mailbox = _Mailbox()
        self._over = False
        self._timer = QTimer(self)
        self._timer.setInterval(MS_BETWEEN_UPDATES)
        self._timer.timeout.connect(self._deliver_progress)
        self._thread = _Thread(job, stop, self._mailbox, self, is_large=is_large)
        self._thread.finished.connect(self._deliver_outcome)
        self._thread.start()
        self._timer.start()

    @property
    def running(self) -> bool:
        return not self._over

    @property
    def paused(self) -> bool:
        return self._stop.paused

    def stop(self) -> None:
        """Ask the job to save what it can and end; `finished` or `stopped` follows."""
        self._stop.stop()

    def pause(self) -> None:
        self._stop.pause()

    def resume(self) -> None:
        self._stop.resume()

    def wait(self, milliseconds: int | None = None) -> bool:
        """Block until the job has ended, at most so long; return whether it has. The outcome is delivered first."""
        ended = self._thread.wait() if milliseconds is None else self._thread.wait(milliseconds)
        if ended:
            self._deliver_outcome()
        return ended

    def _deliver_progress(self) -> None:
        for progress in self._mailbox.take():
            self.progressed.emit(progress)

    def _deliver_outcome(self) -> None:
        if self._over:
            return
        self._over = True
        self._timer.stop()
        self._deliver_progress()
        # The thread has left its `run`, but may need a moment more to end; its parent may be gone by then.
        self._thread.wait()
        garbage.pass_over_what_is_there()  # a job may have brought a hundred thousand photos
        (outcome, value), self._thread.outcome = self._thread.outcome, ("stopped", None)  # whoever gets it keeps it
        if outcome == "finished":
            self.finished.emit(value)
        elif outcome == "failed":
            self.error = value if isinstance(value, PrismhError) else None
            self.failed.emit(str(value))
        else:
            self.stopped.emit()
        self.deleteLater()


class _Mailbox:
    """What a job said since the window last looked: the latest progress of each phase, nothing in it lost."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._phases: dict[str, Progress] = {}

    def put(self, progress: Progress) -> None:
        with self._lock:
            passed_over = self._phases.get(progress.what)
            if passed_over is not None and passed_over.metrics:
                progress = Progress(progress.what, progress.done, progress.total, _merged(passed_over, progress))
            self._phases[progress.what] = progress

    def take(self) -> list[Progress]:
        with self._lock:
            phases, self._phases = self._phases, {}
        return list(phases.values())


def _merged(passed_over: Progress, progress: Progress) -> dict[str, Any]:
    """Newer values win over older ones, but not over nothing; lists (of photo ids) are joined."""
    merged = dict(passed_over.metrics)
    for name, value in progress.metrics.items():
        before = merged.get(name)
        if isinstance(value, list) and isinstance(before, list):
            merged[name] = before + value
        elif value is not None or name not in merged:
            merged[name] = value
    return merged


class _Thread(QThread):
    def __init__(self, job: Job[Any], stop: StopToken, mailbox: _Mailbox, parent: QObject, *, is_large: bool) -> None:
        super().__init__(parent)
        self._job: Job[Any] | None = job
        self._stop = stop
        self._mailbox = mailbox
        self._is_large = is_large
        self.outcome: tuple[str, Any] = ("stopped", None)

    def run(self) -> None:
        # The reference goes with this call, so that the generator ends in the thread that drained it.
        job, self._job = self._job, None
        assert job is not None
        try:
            self.outcome = ("finished", jobs.run(job, self._mailbox.put, self._stop))
        except jobs.Stopped:
            self.outcome = ("stopped", None)
        except PrismhError as error:
            self.outcome = ("failed", _without_frames(error))
        except Exception as error:
            _log.exception("A job ended unexpectedly")
            self.outcome = ("failed", unexpected(error))
        if self._is_large:
            garbage.give_back_what_was_freed()


def _without_frames(error: PrismhError) -> PrismhError:
    """An error keeps all that was at hand where it was raised, a network or photos, and here itself with it."""
    error.__traceback__ = error.__cause__ = error.__context__ = None
    return error


def unexpected(error: BaseException) -> str:
    """The sentence about an error nobody foresaw: that the work is safe, and what to send."""
    if isinstance(error, PrismhError):  # in a place that did not expect it; it says itself what there is to say
        return str(error)
    if isinstance(error, MemoryError):
        return "There was not enough memory. What was done so far is saved: close other programs and try again."
    return (
        f"Something went wrong that should not have: {type(error).__name__}: {error}. "
        "What was done so far is saved: try again, and report it if it comes back."
    )
