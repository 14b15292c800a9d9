"""Which photo of a project a table means, whether it gives a path as in our outputs, a path or a bare file name."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable

from ..project import Photo

_NAMED_AT_MOST = 3


class PhotoNames:
    """The names of photos, to be asked one by one; capitals and the two ways to write an accent make no difference."""

    def __init__(self, photos: Iterable[Photo]) -> None:
        self._whole: dict[str, list[Photo]] = defaultdict(list)
        self._below: dict[str, list[Photo]] = defaultdict(list)
        self._bare: dict[str, list[Photo]] = defaultdict(list)
        for photo in photos:
            below = photo.file_path.partition("/")[2]
            self._whole[_folded(photo.file_path)].append(photo)
            self._below[_folded(below)].append(photo)
            self._bare[_folded(below.rpartition("/")[2])].append(photo)

    def find(self, text: str) -> tuple[Photo | None, str]:
        """The photo that `text` names, and "", or None and a sentence that says why not.

        Tried in this order: the file_path as it stands in outputs, the path below a photo folder, the bare file name.
        """
        text = text.strip().replace("\\", "/").removeprefix("./")
        if not text:
            return None, "The row names no photo."
        folded = _folded(text)
        for names in (self._whole, self._below, self._bare):
            found = _meant(text, names.get(folded, []))
            if len(found) == 1:
                return found[0], ""
            if found:
                named = ", ".join(photo.file_path for photo in found[:_NAMED_AT_MOST])
                more = f" and {len(found) - _NAMED_AT_MOST:,} more" if len(found) > _NAMED_AT_MOST else ""
                return None, f"{len(found):,} photos are called so: {named}{more}. Give the path of the one you mean."
        return None, "No photo of the project is called so."


def _meant(text: str, photos: list[Photo]) -> list[Photo]:
    """Of photos of like names those that are meant first: in place rather than missing, then the same capitals."""
    present = [photo for photo in photos if not photo.missing] or photos
    return [photo for photo in present if photo.file_path.endswith(text)] or present


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
