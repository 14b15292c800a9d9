"""Names for files on a disk that may take `A.jpg` and `a.jpg` for one."""

from __future__ import annotations

import os
import tempfile
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from ..files import cannot_write


def takes_names_for_one(folder: Path) -> bool:
    """Whether the disk under a folder does not tell capitals from small letters. Raises `PrismhError` where it refuses
    to be written.
    """
    try:
        with tempfile.NamedTemporaryFile(prefix=".case-", dir=folder) as file:
            path = Path(file.name)
            return os.path.lexists(path.with_name(path.name.upper()))
    except OSError as error:
        raise cannot_write(folder, error) from error


def distinct(places: Sequence[Path]) -> list[Path]:
    """The same relative paths, no two of which such a disk takes for one.

    The first of several keeps its name, each further one gets the lowest free number: `a-2.jpg`. Folders are spelled as
    where they come first.
    """
    folders: dict[str, Path] = {}
    spelled = []
    for place in places:
        folder = Path()
        for part in place.parts[:-1]:
            folder = folders.setdefault(_key(folder / part), folder / part)
        spelled.append(folder / place.name)
    first = {_key(place): position for position, place in reversed(list(enumerate(spelled)))}
    taken = set(first)
    for position, place in enumerate(spelled):
        if first[_key(place)] != position:
            number = 2
            while _key(named := place.with_name(f"{place.stem}-{number}{place.suffix}")) in taken:
                number += 1
            taken.add(_key(named))
            spelled[position] = named
    return spelled


def _key(path: Path) -> str:
    """The same for all names that some disk takes for one: by capitals, or by how it spells an accent."""
    return unicodedata.normalize("NFC", str(path)).casefold()
