"""Verdicts on photos by what was measured of them and by the starter's features; no photo is read for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import PrismhError
from ..jobs import StopToken
from ..photos.cache import PhotoCache
from ..photos.duplicates import find_duplicates
from ..photos.record import Look
from ..photos.verdicts import Thresholds, Verdict, judge
from ..project import Project
from ..project.feature_sets import STARTER
from ..project.photo_catalogue import Judgement

JUDGING = "Comparing photos"


def judge_project(
    project: Project,
    thresholds: Thresholds | None = None,
    *,
    use_starter: bool = True,
    stop: StopToken | None = None,
    cache_folder: Path | None = None,
) -> None:
    """Judge all photos that are in place by what was measured, and find duplicates: by starter features where the
    project has them, else by equal bytes and hash. What a person overruled stays so. thresholds: None for the
    project's own.
    """
    thresholds = thresholds or project.thresholds
    photos = [photo for photo in project.photos.all() if not photo.missing]
    looks, names = [photo.look for photo in photos], [photo.file_path for photo in photos]
    starter = project.features.find(STARTER) if use_starter else None
    features: dict[str, NDArray[np.float32]] = {}
    if starter is not None:
        present, embeddings = starter.read(photos)
        features = {photo.look.content_hash: row for photo, row in zip(present, embeddings, strict=True)}
    paths = [photo.path for photo in photos]
    with PhotoCache(cache_folder or project.cache_folder) as cache:
        verdicts = judge_looks(looks, names, paths, features, cache, thresholds, stop)
    project.photos.judge(
        Judgement(
            photo.id,
            verdict.kind,
            verdict.reason,
            None if verdict.duplicate_of is None else photos[verdict.duplicate_of].id,
        )
        for photo, verdict in zip(photos, verdicts, strict=True)
    )


def judge_looks(
    looks: Sequence[Look],
    names: Sequence[str],
    paths: Sequence[Path],
    features: Mapping[str, NDArray[np.float32]],
    cache: PhotoCache,
    thresholds: Thresholds,
    stop: StopToken | None,
) -> list[Verdict]:
    """A verdict for each of N photos. names: how they are called in the reasons. features: content hash -> starter
    embedding [D], empty where the starter pass was left out.
    """
    duplicates = find_duplicates(
        looks,
        names,
        features=features,
        thumbnail=lambda index: _thumbnail(cache, paths[index], looks[index].content_hash),
        ccthreshold=thresholds.ccthreshold,
        stop=stop,
    )
    return judge(looks, names, duplicates, thresholds)


def _thumbnail(cache: PhotoCache, path: Path, content_hash: str) -> Image.Image | None:
    try:
        with Image.open(cache.thumbnail(path, content_hash)) as image:
            image.load()
            return image
    except (PrismhError, OSError):  # gone since it was looked at
        return None
