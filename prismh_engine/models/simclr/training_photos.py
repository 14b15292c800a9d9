"""The photos a training takes: where they come from, which are held out, and how a changed set is noticed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import PrismhError
from ...jobs import Job, StopToken
from ...photos.cache import PhotoCache
from ...photos.folder import list_photos
from ...project import Project


@dataclass(frozen=True, slots=True)
class TrainingPhoto:
    """A photo to learn from. number: its place in the sorted order of all of them, the key of its views.

    location: of its file, as text: there may be hundreds of thousands, and a `Path` takes three times the memory.
    """

    number: int
    location: str
    file_path: str
    content_hash: str

    @property
    def path(self) -> Path:
        return Path(self.location)


def photos_of_folder(folder: Path, cache: PhotoCache, stop: StopToken | None) -> Job[list[TrainingPhoto]]:
    """Every photo below a folder that can be read, in the sorted order of relative paths."""
    if not folder.is_dir():
        raise PrismhError(f"There is no folder {folder}: --data_dir must name the folder with the photos.")
    listed = yield from list_photos(folder, cache, stop)
    return [
        TrainingPhoto(number, os.fspath(found.path), found.relative, look.content_hash)
        for number, (found, look) in enumerate(listed)
    ]


def photos_of_project(project: Project) -> list[TrainingPhoto]:
    """The photos a project uses, in the sorted order of file paths."""
    kept = sorted(
        (photo.file_path, os.fspath(photo.path), photo.look.content_hash) for photo in project.photos.each_used()
    )
    return [
        TrainingPhoto(number, location, file_path, content_hash)
        for number, (file_path, location, content_hash) in enumerate(kept)
    ]


def hold_out(
    photos: Sequence[TrainingPhoto], fraction: float, seed: int, alike: NDArray[np.int64] | None = None
) -> tuple[list[TrainingPhoto], list[TrainingPhoto]]:
    """Split into photos to learn from and photos to measure the loss on, each in the given order.

    alike: a number for each photo, equal for those that must stay on one side (`validation.alike`); None where only
    photos of equal bytes must. Who is held out hangs on content and seed, so that adding photos moves few. As many are
    held out as `fraction` says at most: fewer where many photos are alike. Two photos at least are needed on either
    side, to learn from and to measure on: else none is held out.
    """
    groups: dict[Any, list[str]] = {}
    for place, photo in enumerate(photos):
        groups.setdefault(photo.content_hash if alike is None else int(alike[place]), []).append(photo.content_hash)
    wanted, held, count = round(len(photos) * fraction), set(), 0
    for contents in sorted(groups.values(), key=lambda contents: _place_in_draw(seed, min(contents))):
        if count + len(contents) <= wanted:
            held.update(contents)
            count += len(contents)
    if count < 2 or len(photos) - count < 2:
        return list(photos), []
    return [p for p in photos if p.content_hash not in held], [p for p in photos if p.content_hash in held]


def _place_in_draw(seed: int, content_hash: str) -> bytes:
    return hashlib.sha256(f"{seed} {content_hash}".encode()).digest()


def drawn(photos: Sequence[TrainingPhoto], most: int) -> list[TrainingPhoto]:
    """At most so many of the photos, in their order; which ones hangs on their content alone."""
    if len(photos) <= most:
        return list(photos)
    kept = sorted(range(len(photos)), key=lambda place: (photos[place].content_hash, place))[:most]
    return [photos[place] for place in sorted(kept)]


def fingerprint(photos: Sequence[TrainingPhoto]) -> str:
    """What the photos and their order are, wherever they lie: a sha256 of their contents' hashes."""
    return hashlib.sha256("\n".join(photo.content_hash for photo in photos).encode()).hexdigest()


def describe(photos: Sequence[TrainingPhoto]) -> dict[str, Any]:
    """What a checkpoint keeps of the list, to tell later what changed."""
    return {
        "fingerprint": fingerprint(photos),
        "file_paths": [photo.file_path for photo in photos],
        "contents": [photo.content_hash[:16] for photo in photos],
    }


def what_changed(before: dict[str, Any], photos: Sequence[TrainingPhoto]) -> str:
    """What is different from the photos a run began with, in words with names; "" where nothing is."""
    if before["fingerprint"] == fingerprint(photos):
        return ""
    old = dict(zip(before["file_paths"], before["contents"], strict=True))
    new = {photo.file_path: photo.content_hash[:16] for photo in photos}
    added = [path for path, content in new.items() if path not in old and content not in old.values()]
    gone = [path for path, content in old.items() if path not in new and content not in new.values()]
    other = [path for path, content in new.items() if old.get(path, content) != content]
    parts = [
        f"{len(paths)} {word} ({', '.join(paths[:3])}{', ...' if len(paths) > 3 else ''})"
        for paths, word in ((added, "added"), (gone, "gone"), (other, "changed"))
        if paths
    ]
    return ", ".join(parts) or "their names or their order changed"
