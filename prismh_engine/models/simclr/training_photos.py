"""The photos a training takes: where they come from, which are held out, and how a changed set is noticed."""

from __future__ import annotations

import hashlib
import os
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from ...errors import PrismhError
from ...jobs import Job, StopToken
from ...photos.cache import PhotoCache
from ...photos.folder import list_photos
from ...project import Project

_PATHS_END = "\0"  # no file system lets it into a name
_KEPT_OF_HASH = 16  # hex digits: enough to tell which photos changed


@dataclass(frozen=True, slots=True)
class TrainingPhoto:
    """A photo to learn from. number: its place in the sorted order of all of them, the key of its views.

    content_hash: sha256 of its bytes, 64 hex digits.
    """

    number: int
    path: Path
    file_path: str
    content_hash: str


class TrainingPhotos(Sequence[TrainingPhoto]):
    """Photos in an order, packed: a hundred thousand take some 15 MB, as objects with their texts 50.

    numbers: int64 [N]. contents: uint8 [N, 32], the sha256 of each photo's bytes.
    """

    def __init__(self, photos: Iterable[TrainingPhoto] = ()) -> None:
        texts, hashes, ends, numbers = bytearray(), bytearray(), array("q", [0]), array("q")
        for photo in photos:
            texts += os.fsencode(f"{photo.file_path}{_PATHS_END}{photo.path}")
            hashes += bytes.fromhex(photo.content_hash)
            ends.append(len(texts))
            numbers.append(photo.number)
        self.numbers: NDArray[np.int64] = np.array(numbers, dtype=np.int64)
        self.contents: NDArray[np.uint8] = np.frombuffer(bytes(hashes), dtype=np.uint8).reshape(-1, 32)
        self._texts = bytes(texts)
        self._spans: NDArray[np.int64] = np.column_stack([ends[:-1], ends[1:]]).astype(np.int64)

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, place: int) -> TrainingPhoto: ...
    @overload
    def __getitem__(self, place: slice) -> TrainingPhotos: ...
    def __getitem__(self, place: int | slice) -> TrainingPhoto | TrainingPhotos:
        if isinstance(place, slice):
            return self.take(np.arange(len(self))[place])
        start, end = self._spans[place].tolist()
        file_path, location = os.fsdecode(self._texts[start:end]).split(_PATHS_END)
        return TrainingPhoto(int(self.numbers[place]), Path(location), file_path, self.contents[place].tobytes().hex())

    def take(self, places: NDArray[np.integer] | NDArray[np.bool_]) -> TrainingPhotos:
        """The photos at these places, in their order, or those a mask is true for."""
        taken = TrainingPhotos()
        taken._texts, taken._spans = self._texts, self._spans[places]
        taken.numbers, taken.contents = self.numbers[places], self.contents[places]
        return taken

    def numbered(self) -> TrainingPhotos:
        """All of them in the sorted order of file paths, each numbered by its place in it."""
        paths = [photo.file_path for photo in self]
        taken = self.take(np.array(sorted(range(len(paths)), key=paths.__getitem__), dtype=np.int64))
        taken.numbers = np.arange(len(taken))
        return taken

    def by_content(self) -> NDArray[np.int64]:
        """The places in the order of contents, of equal ones in the order of the list: int64 [N]."""
        return np.lexsort(self.contents.view(">u8").T[::-1])


def photos_of_folder(folder: Path, cache: PhotoCache, stop: StopToken | None) -> Job[TrainingPhotos]:
    """Every photo below a folder that can be read, in the sorted order of relative paths."""
    if not folder.is_dir():
        raise PrismhError(f"There is no folder {folder}: --data_dir must name the folder with the photos.")
    listed = yield from list_photos(folder, cache, stop)
    return TrainingPhotos(
        TrainingPhoto(number, found.path, found.relative, look.content_hash)
        for number, (found, look) in enumerate(listed)
    )


def photos_of_project(project: Project) -> TrainingPhotos:
    """The photos a project uses, in the sorted order of file paths."""
    return TrainingPhotos(
        TrainingPhoto(0, photo.path, photo.file_path, photo.look.content_hash) for photo in project.photos.each_used()
    ).numbered()


def hold_out(
    photos: TrainingPhotos,
    fraction: float,
    seed: int,
    alike: NDArray[np.int64] | None = None,
    teaching: NDArray[np.bool_] | None = None,
) -> tuple[TrainingPhotos, TrainingPhotos]:
    """Split into photos to learn from and photos to measure the loss on, each in the given order.

    alike: a number for each photo, equal for those that must stay on one side (`validation.alike`), those of equal
    bytes among them; None where only these must. Who is held out hangs on content and seed, so that adding photos moves
    few. teaching: for each photo whether its label teaches; it is then learned from, with those like it. As many of the
    others are held out as `fraction` says at most: fewer where many photos are alike. Two photos at least are needed on
    either side, to learn from and to measure on: else none is held out.
    """
    order = photos.by_content()
    if alike is None:
        changes = (photos.contents[order][1:] != photos.contents[order][:-1]).any(axis=1)
        alike = np.empty(len(photos), dtype=np.int64)
        alike[order] = np.concatenate([[0], np.cumsum(changes)])[: len(photos)]
    # A group is known by the first of its contents.
    _, first, group, sizes = np.unique(alike[order], return_index=True, return_inverse=True, return_counts=True)
    draws = [_place_in_draw(seed, photos.contents[order[place]].tobytes().hex()) for place in first]
    taught = np.zeros(len(first), dtype=bool)
    if teaching is not None:
        taught[group[teaching[order]]] = True
    wanted, count, held = round(int(sizes[~taught].sum()) * fraction), 0, np.zeros(len(first), dtype=bool)
    for chosen in sorted(range(len(first)), key=draws.__getitem__):
        if not taught[chosen] and count + sizes[chosen] <= wanted:
            held[chosen] = True
            count += sizes[chosen]
    if count < 2 or len(photos) - count < 2:
        return photos, photos[:0]
    mask = np.empty(len(photos), dtype=bool)
    mask[order] = held[group]
    return photos.take(~mask), photos.take(mask)


def _place_in_draw(seed: int, content_hash: str) -> bytes:
    return hashlib.sha256(f"{seed} {content_hash}".encode()).digest()


def drawn(photos: TrainingPhotos, most: int) -> TrainingPhotos:
    """At most so many of the photos, in their order; which ones hangs on their content alone."""
    return photos.take(np.sort(photos.by_content()[:most]))


def fingerprint(photos: TrainingPhotos) -> str:
    """What the photos and their order are, wherever they lie: a sha256 of their contents' hashes."""
    lines = hashlib.sha256()
    for place, content in enumerate(photos.contents):
        lines.update(("\n" * (place > 0) + content.tobytes().hex()).encode())
    return lines.hexdigest()


def describe(photos: TrainingPhotos) -> dict[str, Any]:
    """What a checkpoint keeps of the list, to tell later what changed; one text for all names takes little memory."""
    return {
        "fingerprint": fingerprint(photos),
        "count": len(photos),
        "file_paths": _PATHS_END.join(photo.file_path for photo in photos),
        "contents": photos.contents[:, : _KEPT_OF_HASH // 2].tobytes().hex(),
    }


def what_changed(before: dict[str, Any], photos: TrainingPhotos) -> str:
    """What is different from the photos a run began with, in words with names; "" where nothing is.

    before: as of `describe`.
    """
    if before["fingerprint"] == fingerprint(photos):
        return ""
    places = range(0, before["count"] * _KEPT_OF_HASH, _KEPT_OF_HASH)
    contents = [before["contents"][place : place + _KEPT_OF_HASH] for place in places]
    old = dict(zip(before["file_paths"].split(_PATHS_END), contents, strict=True))
    new = {photo.file_path: photo.content_hash[:_KEPT_OF_HASH] for photo in photos}
    kept_before, kept_now = set(old.values()), set(new.values())
    added = [path for path, content in new.items() if path not in old and content not in kept_before]
    gone = [path for path, content in old.items() if path not in new and content not in kept_now]
    other = [path for path, content in new.items() if old.get(path, content) != content]
    parts = [
        f"{len(paths)} {word} ({', '.join(paths[:3])}{', ...' if len(paths) > 3 else ''})"
        for paths, word in ((added, "added"), (gone, "gone"), (other, "changed"))
        if paths
    ]
    return ", ".join(parts) or "their names or their order changed"
