"""What this program put into an output folder, so that a person's files there are told from its own."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import IO

from ..files import write_whole
from ..paths import from_text, to_text

RECORD_FILE = ".placed.jsonl"

_CLOCK_NS = 2_000_000_000  # the coarsest clock of a file system (FAT); no person edits a photo that fast
Facts = tuple[int, int]
"""A file's size in bytes and time of change in nanoseconds."""


class PlacedFiles:
    """The files below an output folder that were put there, told by their size and time of change.

    Each is noted in a line of a hidden file before it appears, so that none is forgotten whenever the program ends.
    Close it, or use `contextlib.closing`. Raises `OSError` or `PrismhError` where the disk refuses.
    """

    def __init__(self, output: Path) -> None:
        self._output = output
        self._record = output / RECORD_FILE
        self._known = self._read()
        self._stream: IO[str] | None = None

    @property
    def first_time(self) -> bool:
        """Whether nothing was ever put into this folder."""
        return not self._record.is_file()

    def holds(self, path: Path) -> bool:
        """Whether a file was put where it is by this program, and nobody changed it since."""
        known = self._known.get(to_text(path.relative_to(self._output)))
        try:
            return known is not None and alike(known, facts(path))
        except OSError:
            return False

    def put(self, source: Path, target: Path) -> None:
        """Move a file of our own (a finished copy beside the target, or an earlier one) to its place, and note it."""
        if self._stream is None:
            self._stream = self._begin()
        place, found = to_text(target.relative_to(self._output)), facts(source)
        self._stream.write(_line(place, found))
        self._stream.flush()
        os.replace(source, target)
        self._known[place] = found

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()

    def _read(self) -> dict[str, Facts]:
        known: dict[str, Facts] = {}
        try:
            lines = self._record.read_text(encoding="utf-8", errors="replace").split("\n")
        except OSError:
            return known
        for line in lines:
            try:
                place, size, mtime_ns = json.loads(line)
                path = from_text(place)
                if not path.is_absolute() and ".." not in path.parts:
                    known[place] = (int(size), int(mtime_ns))
            except (ValueError, TypeError):  # noqa: PERF203 - cut short when the power failed
                continue
        return known

    def _begin(self) -> IO[str]:
        """Written anew without files that are gone, and without a line cut short, on which no other can follow."""
        with write_whole(self._record, "w", encoding="utf-8") as stream:
            for place, known in self._known.items():
                if self.holds(self._output / from_text(place)):
                    stream.write(_line(place, known))
        return self._record.open("a", encoding="utf-8")


def _line(place: str, known: Facts) -> str:
    return json.dumps([place, *known]) + "\n"


def facts(path: Path) -> Facts:
    """Of the file, or of the link, that stands at a path. Raises `OSError` where there is none."""
    status = path.lstat()
    return status.st_size, status.st_mtime_ns


def alike(one: Facts, other: Facts) -> bool:
    """Whether two files are of one size and, as far as any disk's clock tells, of one time."""
    return one[0] == other[0] and abs(one[1] - other[1]) <= _CLOCK_NS
