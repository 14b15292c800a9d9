"""Decodes pictures in a child process, so that a decoder that hangs, crashes or complains takes nothing with it.

For the kinds of picture that earn suspicion: a thread cannot be killed, and a library's complaint on file descriptor 2
cannot be caught in a process that others use. There is one child a process, started when it is first needed; it ends
with its parent, whatever that died of.
"""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
import faulthandler
import json
import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import IO

from PIL import Image

from ..errors import PrismhError
from ..jobs import StopToken
from . import exif
from .frozen_child import CHILD_FLAG
from .pixels import Decoded, open_picture, prepare_pillow

SECONDS_A_PICTURE = 20.0
"""The time limit of one attempt. There are two, since a machine may have been asleep, or out of memory."""

SECONDS_TO_START = 60.0
"""How long the child may take until it is ready; it takes less than one where nothing is wrong."""

_SECONDS_BETWEEN_STOP_CHECKS = 0.1
_READY = b"ready"
_REQUEST = struct.Struct("<qqd")  # bytes of the file, short side or 0, seconds
_REPLY = struct.Struct("<qq")  # bytes of JSON, bytes of pixels
# The child's exit codes: that of faulthandler's watchdog (and of Python itself, which is why errors have their own).
_ENDED_BY_TIME, _ENDED_BY_MEMORY, _ENDED_BY_ERROR = 1, 3, 4
_NO_MEMORY = "The picture needs more memory than is free."


class GuardedDecoder:
    """A child process that decodes one picture after the other, for any number of threads.

    seconds: the limit of an attempt. seconds_to_start: of the child's start.
    """

    def __init__(self, seconds: float = SECONDS_A_PICTURE, seconds_to_start: float = SECONDS_TO_START) -> None:
        self._seconds = seconds
        self._seconds_to_start = seconds_to_start
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._of_others: list[subprocess.Popen[bytes]] = []

    def decode(self, data: bytes, short_side: int | None, stop: StopToken | None = None) -> Decoded:
        """`photos.decode` for any kind of picture. Raises `PrismhError` where the child does not start, and `Stopped`
        soon after `stop` asks for it: the picture is given up.
        """
        with self._turn(stop):
            for _ in range(2):
                if stop is not None:
                    stop.check()
                if self._child is None or self._child.poll() is not None:
                    self._child = _start(self._seconds_to_start)
                try:
                    with _killed_at(stop, self._child):
                        return _ask(self._child, data, short_side, self._seconds)
                except (OSError, EOFError, ValueError):
                    exit_code = _end(self._child)
                    self._child = None
                except MemoryError:
                    self.close()
                    return Decoded(None, _NO_MEMORY)
                except BaseException:  # the rest of the answer would be taken for that to the next picture
                    self.close()
                    raise
        if stop is not None:
            stop.check()
        if exit_code == _ENDED_BY_MEMORY:
            return Decoded(None, _NO_MEMORY)
        if exit_code == _ENDED_BY_TIME:
            return Decoded(None, f"The picture could not be decoded within {self._seconds:g} seconds.")
        return Decoded(None, "The picture is damaged: it makes its decoder crash.")

    @contextlib.contextmanager
    def _turn(self, stop: StopToken | None) -> Iterator[None]:
        """Hold the child alone; wait for it no longer than until a stop."""
        lock = self._lock
        while not lock.acquire(timeout=_SECONDS_BETWEEN_STOP_CHECKS if stop is not None else -1):
            assert stop is not None
            stop.check()
        try:
            yield
        finally:
            lock.release()

    @property
    def process_id(self) -> int | None:
        """Of the child; None where none was started."""
        return self._child.pid if self._child is not None else None

    def close(self) -> None:
        """End the child; the next picture starts another."""
        child, self._child = self._child, None
        if child is not None:
            _end(child)

    def let_go(self) -> None:
        """After a fork: the child is the other process's, and the lock may be held by a thread that is not here."""
        child, self._child = self._child, None
        self._lock = threading.Lock()
        if child is not None:
            child.returncode = 0  # so that nobody waits for another's child
            # Its streams are led elsewhere and kept: to close them takes their locks, which may be held like ours.
            self._of_others.append(child)
            nowhere = os.open(os.devnull, os.O_RDWR)
            for stream in (child.stdin, child.stdout):
                assert stream is not None
                with contextlib.suppress(ValueError):  # closed already
                    os.dup2(nowhere, stream.fileno(), inheritable=False)
            os.close(nowhere)


_decoder = GuardedDecoder()
decode = _decoder.decode
atexit.register(_decoder.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_decoder.let_go)


def serve() -> None:
    """The child's side: decode what comes in on file descriptor 0 until that is closed."""
    try:
        _serve()
    except MemoryError:
        os._exit(_ENDED_BY_MEMORY)
    except Exception:
        os._exit(_ENDED_BY_ERROR)


def _serve() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the parent, which ends this process if it ends
    requests = open(0, "rb", closefd=False)  # noqa: SIM115 - open as long as the process
    replies = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):  # a library that prints must not print into a reply
        os.dup2(nowhere, descriptor)
    prepare_pillow()
    replies.write(_READY)
    replies.flush()
    while len(header := requests.read(_REQUEST.size)) == _REQUEST.size:
        length, short_side, seconds = _REQUEST.unpack(header)
        data = requests.read(length)
        # Its watchdog is a thread of C: it ends this process even where a decoder never lets Python run again.
        faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
        decoded = open_picture(data, short_side or None, in_thread=False)
        faulthandler.cancel_dump_traceback_later()
        _reply(replies, decoded)


def _reply(stream: IO[bytes], decoded: Decoded) -> None:
    pixels = b"" if decoded.image is None else decoded.image.tobytes()
    values = {field.name: getattr(decoded, field.name) for field in dataclasses.fields(decoded)}
    values["image"] = decoded.image.size if decoded.image is not None else None
    values["facts"] = dataclasses.asdict(decoded.facts)
    text = json.dumps(values).encode()
    stream.write(_REPLY.pack(len(text), len(pixels)))
    stream.write(text)
    stream.write(pixels)
    stream.flush()


def _ask(child: subprocess.Popen[bytes], data: bytes, short_side: int | None, seconds: float) -> Decoded:
    """The child's answer. Raises `OSError`, `EOFError` or `ValueError` where it ends before it has answered."""
    assert child.stdin is not None
    child.stdin.write(_REQUEST.pack(len(data), short_side or 0, seconds))
    child.stdin.write(data)
    child.stdin.flush()
    text_length, pixels_length = _REPLY.unpack(_read(child, _REPLY.size))
    values = json.loads(_read(child, text_length))
    pixels = _read(child, pixels_length)
    size, facts = values.pop("image"), exif.Facts(**values.pop("facts"))
    image = Image.frombytes("RGB", tuple(size), pixels) if size is not None else None
    return Decoded(image, facts=facts, **values)


def _read(child: subprocess.Popen[bytes], length: int) -> bytes:
    assert child.stdout is not None
    data = child.stdout.read(length)
    if len(data) < length:
        raise EOFError
    return data


@contextlib.contextmanager
def _killed_at(stop: StopToken | None, child: subprocess.Popen[bytes]) -> Iterator[None]:
    """Kill the child where a stop is asked for in the meantime: who waits for its answer cannot look."""
    if stop is None:
        yield
        return
    answered = threading.Event()

    def watch() -> None:
        while not answered.wait(_SECONDS_BETWEEN_STOP_CHECKS):
            if stop.stopped:
                child.kill()
                return

    watching = threading.Thread(target=watch, name="picture at stop", daemon=True)
    watching.start()
    try:
        yield
    finally:
        answered.set()
        watching.join()


@contextlib.contextmanager
def _killed_after(seconds: float, child: subprocess.Popen[bytes]) -> Iterator[threading.Event]:
    """Kill the child where it takes longer; the event tells it."""
    too_late = threading.Event()

    def give_up() -> None:
        too_late.set()
        child.kill()

    timer = threading.Timer(seconds, give_up)
    timer.start()
    try:
        yield too_late
    finally:
        timer.cancel()
        timer.join()


def _start(seconds: float) -> subprocess.Popen[bytes]:
    if getattr(sys, "frozen", False):
        command = [sys.executable, CHILD_FLAG]
    else:
        # Not `-m`: this program is found where its parent found it, whatever that did to its path.
        code = f"import sys, json; sys.path[:] = json.loads(sys.argv[1]); from {__name__} import serve; serve()"
        command = [sys.executable, "-I", "-c", code, json.dumps(sys.path)]
    child, too_late = None, threading.Event()
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},  # nothing here multiplies; it starts faster without threads
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        with _killed_after(seconds, child) as too_late:
            if _read(child, len(_READY)) != _READY:
                raise EOFError
    except (OSError, EOFError) as error:
        ended = f"it ended with code {_end(child)}" if child is not None else str(error)
        if too_late.is_set():
            ended = f"it was not ready after {seconds:g} seconds"
        raise PrismhError(
            f"The process in which pictures of rarer kinds are opened could not be started: {ended}. "
            "Close other programs, or start this one again."
        ) from error
    return child


def _end(child: subprocess.Popen[bytes]) -> int:
    """End a child that is of no more use; gives the exit code of one that ended by itself."""
    _close_pipes(child)
    try:
        return child.wait(timeout=1.0)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()


def _close_pipes(child: subprocess.Popen[bytes]) -> None:
    for stream in (child.stdin, child.stdout):
        assert stream is not None
        with contextlib.suppress(OSError):  # what was not sent any more
            stream.close()
