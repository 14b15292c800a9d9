"""Checkpoints: plain tensors and plain values, written whole or not at all, read without running anything in them."""

from __future__ import annotations

import errno
import os
import pickle
import shutil
import sys
import threading
import zipfile
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

import torch
from torch import Tensor, nn

from ...errors import PrismhError
from ...files import cannot_write, write_whole

FORMAT = 2
_LOWEST_PRIORITY = 19
_NEARLY_FULL = 2**20
"""Bytes free beside an unfinished file, where the disk is to blame that it stayed so."""

_NEEDED = {"model_state_dict": Mapping, "optimizer_state_dict": Mapping, "model": Mapping, "epoch": int, "step": int}
_ELSE = "Go on from another one, or let --resume_from auto find the newest good one."


class NewerFormatError(PrismhError):
    """A checkpoint that only a later version of this program can read."""


class CheckpointWriter:
    """Writes checkpoints in a thread beside the training, in order, each from a snapshot taken when it is asked for.

    An error of the disk is raised by the next call. Memory for one snapshot at most: a save waits for the one before.
    Close it, or use it in a `with`; both wait.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="checkpoints", initializer=_step_back)
        self._writing: Future[None] | None = None

    def save(self, state: Mapping[str, Any], path: Path, also: Sequence[Path] = ()) -> None:
        """Begin to write `state`; it may change as soon as this returns. also: further names for the same file.

        Raises `PrismhError` where the save before this one failed; this one is then not begun.
        """
        self.wait()
        self._writing = self._thread.submit(_write_all, _snapshot(state), path, tuple(also))

    def wait(self) -> None:
        """Wait until all is on the disk. Raises `PrismhError` where the disk refused."""
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()

    def close(self) -> None:
        """`wait`, and end the thread."""
        try:
            self.wait()
        finally:
            self._thread.shutdown()

    def __enter__(self) -> CheckpointWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self.close()
        except PrismhError:
            if kind is None:  # else what ended the training is told, and not what came of it
                raise


def write(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint. The previous file of this name stays until the new one has been read back from the disk.

    Raises `PrismhError` where the disk refuses.
    """
    with write_whole(path, "w+b") as stream:
        try:
            torch.save({"format": FORMAT, **state}, stream)
        except RuntimeError as error:  # how torch reports a full disk
            if shutil.disk_usage(path.parent).free < _NEARLY_FULL:
                raise cannot_write(path, OSError(errno.ENOSPC, "")) from error
            raise PrismhError(
                f"Cannot write {path}: the disk took a part of it only. What was there before is unchanged."
            ) from error
        stream.flush()
        stream.seek(0)
        if _fault(stream, whole=True) is not None:
            raise PrismhError(f"{path} did not read back as it was written: the disk may be failing.")


def copy(source: Path, target: Path) -> None:
    """Give a checkpoint a second name. One file serves both where the disk allows it: none is ever written in place."""
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)
    try:
        os.link(source, part)
        os.replace(part, target)
    except OSError:
        try:
            with write_whole(target) as stream, source.open("rb") as original:
                shutil.copyfileobj(original, stream)
        except OSError as error:
            raise cannot_write(target, error) from error


def read(path: Path, *, whole: bool = True) -> dict[str, Any]:
    """The state in a checkpoint, tensors on the CPU.

    whole: check every byte and hold the tensors in memory; otherwise they stay on the disk until they are used.
    Raises `PrismhError` that says what the file is where it is missing, cut off, damaged, of another kind, or holds
    more than tensors and plain values (nothing in it is run); `NewerFormatError` where a later version wrote it.
    """
    try:
        with path.open("rb") as stream:
            fault = _fault(stream, whole=whole)
        if fault is not None:
            raise PrismhError(f"{path} {fault}")
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=not whole)
    except PrismhError:
        raise
    except FileNotFoundError as error:
        raise PrismhError(f"There is no checkpoint {path}: check the name.") from error
    except OSError as error:
        raise PrismhError(f"Cannot read the checkpoint {path}: {error.strerror or error}.") from error
    except pickle.UnpicklingError as error:
        raise PrismhError(
            f"{path} holds more than the tensors and plain values of a checkpoint. Nothing in it was run: do not use "
            "it, and ask where it comes from."
        ) from error
    except Exception as error:  # a made-up file makes torch raise nearly anything
        raise PrismhError(f"{path} {_foreign('an archive of another kind')}") from error
    if isinstance(state, dict) and isinstance(state.get("format"), int) and state["format"] > FORMAT:
        raise NewerFormatError(f"{path} was made by a newer version of Prism-H: update this one to go on with it.")
    if not isinstance(state, dict) or any(not isinstance(state.get(key), kind) for key, kind in _NEEDED.items()):
        raise PrismhError(f"{path} {_foreign('perhaps a file of bare weights, which --weights takes')}")
    return _upgraded(state)


def _upgraded(state: dict[str, Any]) -> dict[str, Any]:
    """The state as the present format has it: the first listed photos one by one."""
    photos = state.get("photos")
    if state.get("format") == 1 and isinstance(photos, dict):
        count, names, contents = len(photos["contents"]), "\0".join(photos["file_paths"]), "".join(photos["contents"])
        state["photos"] = {**photos, "count": count, "file_paths": names, "contents": contents}
    return state


def load_model(model: nn.Module, state: Mapping[str, Any], path: Path) -> None:
    """Load the weights of a checkpoint that was read from `path`.

    Raises `PrismhError` where they belong to another network; a `SimCLRModel` is then named beside the checkpoint's.
    """
    for name, text in (("base_model", "{}"), ("output_dim", "output_dim {}")):
        held, wanted = state["model"].get(name), getattr(model, name, None)
        if held is not None and wanted is not None and held != wanted:
            raise PrismhError(
                f"{path} holds a model with {text.format(held)}, but this one has {text.format(wanted)}: build the "
                "model like the one in the checkpoint, or start from another checkpoint."
            )
    try:
        model.load_state_dict(state["model_state_dict"])
    except (RuntimeError, TypeError, AttributeError) as error:
        reason = " ".join(str(error).split("\n\t")[1:2]) or str(error)
        raise PrismhError(f"{path} does not fit this model: {reason.strip()}") from error


def newest_good(folder: Path) -> tuple[tuple[Path, dict[str, Any]] | None, list[Path]]:
    """The checkpoint of a folder that has learned longest among those that can be read whole, and its state; and those
    that cannot be read, of which older ones are looked at only as far as they have to be opened.
    """
    done = steps(folder)
    damaged = [path for path in folder.glob("*.pt") if path not in done]
    for path in sorted(done, key=lambda path: (done[path], path.name == "last.pt"), reverse=True):
        state = _read_if_good(path, whole=True)
        if state is not None:
            return (path, state), sorted(damaged)
        damaged.append(path)
    return None, sorted(damaged)


def steps(folder: Path) -> dict[Path, int]:
    """Checkpoint -> optimizer steps done, of every checkpoint in a folder that can be opened."""
    states = {path: _read_if_good(path, whole=False) for path in sorted(folder.glob("*.pt"))}
    return {path: int(state["step"]) for path, state in states.items() if state is not None}


def _read_if_good(path: Path, *, whole: bool) -> dict[str, Any] | None:
    try:
        return read(path, whole=whole)
    except NewerFormatError:  # all that was learned may be in it: nobody should start afresh instead
        raise
    except PrismhError:
        return None


def _step_back() -> None:
    """Let this thread compute when nothing else wants to: a step on all cores would wait for the one it takes."""
    if sys.platform == "linux":  # elsewhere a priority belongs to the whole program
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWEST_PRIORITY)


def _write_all(state: dict[str, Any], path: Path, also: Sequence[Path]) -> None:
    write(path, state)
    for name in also:
        copy(path, name)


def _snapshot(value: Any) -> Any:
    """The same plain values with tensors of their own, in the computer's memory."""
    if isinstance(value, Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, Mapping):
        return {key: _snapshot(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(_snapshot, value))
    return value


def _fault(stream: IO[bytes], *, whole: bool) -> str | None:
    """What is wrong with a file before anything in it is looked at, None where it can be loaded.

    torch writes a zip archive with a checksum for each tensor, and never compresses: what is compressed may be a small
    file that unfolds to more than the memory.
    """
    begin = stream.read(2)
    if not begin:
        return f"is empty: writing it was cut off. {_ELSE}"
    if begin != b"PK":
        return _foreign("a file of another kind")
    try:
        with zipfile.ZipFile(stream) as archive:
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
                return _foreign("an archive of another kind")
            damaged = archive.testzip() if whole else None
    except zipfile.BadZipFile:
        return f"is cut off or damaged: it cannot be read. {_ELSE}"
    return None if damaged is None else f"is damaged: it cannot be read. {_ELSE}"


def _foreign(what: str) -> str:
    return f"is not a checkpoint of a training ({what}). {_ELSE}"
