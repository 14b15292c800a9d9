"""Which photos of a folder or of a project lack an embedding, where new ones are kept, and all of them in the end."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..analysis.neighbours import unit_rows
from ..errors import PrismhError
from ..jobs import Job, StopToken
from ..models.encode_photos import UsablePhoto, cache_key
from ..photos.cache import PhotoCache, default_cache_folder
from ..photos.folder import look_at_folder
from ..project import FeatureSet, Project
from ..project.feature_sets import Encoder


@dataclass(frozen=True)
class Embedded:
    """The embeddings [N, D] of photos, their N file_paths, and the arguments that tell a file where the photos lie.

    skipped: files that look like photos and have no embedding.
    """

    embeddings: NDArray[np.float32]
    file_paths: list[str]
    skipped: int
    place: dict[str, Any]


def join(parts: Sequence[Embedded]) -> Embedded:
    """The embeddings of several encoders side by side, each row of each scaled to unit length; a single one as it is.

    Of the photos that all have, which is what is left where a photo went meanwhile.
    """
    first, *others = parts
    if not others:
        return first
    rows_of = [dict(zip(part.file_paths, unit_rows(part.embeddings), strict=True)) for part in parts]
    shared = [path for path in first.file_paths if all(path in rows for rows in rows_of)]
    if not shared:
        raise PrismhError("No photo can be read any more by both encoders: check that the photo folder is there.")
    embeddings = np.hstack([np.stack([rows[path] for path in shared]) for rows in rows_of])
    return Embedded(embeddings, shared, first.skipped + len(first.file_paths) - len(shared), first.place)


class FolderToEmbed:
    """The photos of a folder; their embeddings are kept in the cache."""

    def __init__(self, folder: Path, encoder: Encoder, cache: PhotoCache) -> None:
        self._folder = folder
        self._key = cache_key(encoder)
        self._cache = cache
        self._photos: list[UsablePhoto] = []
        self._looked = 0
        self._known: dict[str, NDArray[np.float32]] = {}

    def look(self, stop: StopToken | None) -> Job[list[UsablePhoto]]:
        """The photos that lack an embedding, each content once. Raises `PrismhError` where no photo can be used."""
        looked = yield from look_at_folder(self._folder, self._cache, stop)
        self._looked = len(looked)
        self._photos = [UsablePhoto(f.relative, f.path, look.content_hash) for f, look in looked if look.usable]
        if not self._photos:
            raise PrismhError(f"There is no photo in {self._folder} that can be used.")
        by_content = {photo.content_hash: photo for photo in self._photos}
        self._known = self._cache.features(self._key, by_content)
        return [photo for name, photo in by_content.items() if name not in self._known]

    def keep(self, hashes: Sequence[str], embeddings: NDArray[np.float32]) -> None:
        self._cache.store_features(self._key, hashes, embeddings)
        self._known.update(zip(hashes, embeddings, strict=True))

    def all(self) -> Embedded:
        """What there is in the end. Raises `PrismhError` where every photo has gone meanwhile."""
        photos = [photo for photo in self._photos if photo.content_hash in self._known]
        if not photos:
            raise PrismhError(f"The photos in {self._folder} cannot be read any more: check that the folder is there.")
        embeddings = np.stack([self._known[photo.content_hash] for photo in photos])
        place = {"root": Path(os.path.abspath(self._folder))}
        return Embedded(embeddings, [photo.file_path for photo in photos], self._looked - len(photos), place)


class ProjectToEmbed:
    """The photos of a project; their embeddings are kept in one of its feature sets.

    For the starter these are all that can be used, since verdicts need them, for a run those that are used.
    """

    def __init__(self, project: Project, features: FeatureSet, of_run: bool, cache: PhotoCache) -> None:
        self._project = project
        self._features = features
        self._of_run = of_run
        self._cache = cache

    def missing(self) -> list[UsablePhoto]:
        """The photos that lack an embedding, each content once; what steps without a project kept is taken over."""
        photos = self._project.photos
        if self._of_run:
            candidates = photos.used()
        else:
            candidates = [photo for photo in photos.all() if photo.look.usable and not photo.missing]
        missing = self._features.missing(candidates)
        known = self._kept_elsewhere([photo.look.content_hash for photo in missing])
        if known:
            self._features.append(list(known), np.stack(list(known.values())))
        return [
            UsablePhoto(photo.file_path, photo.path, photo.look.content_hash)
            for photo in missing
            if photo.look.content_hash not in known
        ]

    def keep(self, hashes: Sequence[str], embeddings: NDArray[np.float32]) -> None:
        self._features.append(hashes, embeddings)

    def all(self) -> Embedded:
        """What there is in the end of the photos that are used."""
        photos = self._project.photos.used()
        present, embeddings = self._features.read(photos)
        place = {"roots": {folder.alias: folder.path for folder in self._project.folders()}}
        return Embedded(embeddings, [photo.file_path for photo in present], len(photos) - len(present), place)

    def _kept_elsewhere(self, hashes: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Content hash -> embedding, from this cache or the platform's."""
        key = cache_key(self._features.encoder)
        known = self._cache.features(key, hashes)
        other = default_cache_folder()
        rest = [name for name in hashes if name not in known]
        if rest and other != self._cache.folder and PhotoCache.is_in(other):
            with PhotoCache(other) as platforms:
                known.update(platforms.features(key, rest))
        return known
