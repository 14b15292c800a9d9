"""Checkpoints: plain tensors and plain values, written whole or not at all, read without running anything in them."""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path
from typing import IO, Any

import torch

from ...errors import PrismhError
from ...files import cannot_write, write_whole

FORMAT = 1
_NEEDED = ("model_state_dict", "optimizer_state_dict", "model", "epoch", "step")


def write(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint. The previous file of this name stays until the new one has been read back from the disk.

    Raises `PrismhError` where the disk refuses.
    """
    with write_whole(path, "w+b") as stream:
        try:
            torch.save({"format": FORMAT, **state}, stream)
        except RuntimeError as error:  # how torch reports a full disk
            raise PrismhError(
                f"Cannot write {path}: {str(error).splitlines()[0]}. What was there before is unchanged."
            ) from error
        stream.flush()
        damaged = _damaged_part(stream)
        if damaged is not None:
            raise PrismhError(f"{path} did not read back as it was written ({damaged}): the disk may be failing.")


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
    Raises `PrismhError` where the file is missing, damaged or no checkpoint of a training.
    """
    try:
        if whole:
            with path.open("rb") as stream:
                damaged = _damaged_part(stream)
            if damaged is not None:
                raise PrismhError(_sentence(path))
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=not whole)
    except PrismhError:
        raise
    except FileNotFoundError as error:
        raise PrismhError(f"There is no checkpoint {path}: check the name.") from error
    except Exception as error:  # a damaged file makes torch raise nearly anything
        raise PrismhError(_sentence(path)) from error
    if not isinstance(state, dict) or any(key not in state for key in _NEEDED):
        raise PrismhError(f"{path} is not a checkpoint of a training: it may be a file of bare weights.")
    return state


def newest_good(folder: Path) -> tuple[Path, dict[str, Any]] | None:
    """The checkpoint of a folder that has learned longest among those that can be read whole, and its state."""
    by_age = sorted(steps(folder).items(), key=lambda item: (item[1], item[0].name == "last.pt"), reverse=True)
    for path, _ in by_age:
        state = _read_if_good(path, whole=True)
        if state is not None:
            return path, state
    return None


def steps(folder: Path) -> dict[Path, int]:
    """Checkpoint -> optimizer steps done, of every checkpoint in a folder that can be opened."""
    states = {path: _read_if_good(path, whole=False) for path in sorted(folder.glob("*.pt"))}
    return {path: int(state["step"]) for path, state in states.items() if state is not None}


def _read_if_good(path: Path, *, whole: bool) -> dict[str, Any] | None:
    try:
        return read(path, whole=whole)
    except PrismhError:
        return None


def _damaged_part(stream: IO[bytes]) -> str | None:
    """What of a checkpoint does not match its checksum; torch writes a zip archive with one for each tensor."""
    try:
        stream.seek(0)
        with zipfile.ZipFile(stream) as archive:
            return archive.testzip()
    except zipfile.BadZipFile as error:
        return str(error)


def _sentence(path: Path) -> str:
    return (
        f"{path} is damaged or not a checkpoint: it cannot be read. Go on from another one, or let "
        "--resume_from auto find the newest good one."
    )
