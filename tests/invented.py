"""Embeddings with known structure, and projects that hold them without any photo file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prismh_engine.jobs import Job, Progress
from prismh_engine.photos.record import FoundPhoto, Look
from prismh_engine.project import Photo, Project
from prismh_engine.project.feature_sets import Encoder


def heaps(
    sizes: tuple[int, ...], dimension: int = 16, spread: float = 0.25, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Embeddings [N, D] in heaps of these sizes round different axes, and the heap of each."""
    heap = np.repeat(np.arange(len(sizes)), sizes)
    rng = np.random.default_rng(seed)
    embeddings = np.eye(dimension)[heap] + rng.normal(scale=spread, size=(len(heap), dimension)) / np.sqrt(dimension)
    # Lengths differ, as an encoder's do: every analysis is to scale them away.
    return (embeddings * rng.uniform(1, 9, size=(len(heap), 1))).astype(np.float32), heap


def look(number: int, **known: object) -> Look:
    return Look(content_hash=f"{number:064x}", width=640, height=480, **known)  # type: ignore[arg-type]


def found(folder: Path, relative: str) -> FoundPhoto:
    return FoundPhoto(folder / relative, relative, 1000, 1, 1)


def fill(project: Project, folder: Path, looks: dict[str, Look]) -> list[Photo]:
    """Record photos by relative path; the photos, in the order of `looks`."""
    folder.mkdir(exist_ok=True, parents=True)
    ids = project.photos.record(
        project.add_folder(folder).id, [(found(folder, relative), look) for relative, look in looks.items()]
    )
    return project.photos.some(ids)


def fill_with_embeddings(
    project: Project, folder: Path, embeddings: NDArray[np.float32], name: str = "starter"
) -> list[Photo]:
    """Photos 000.jpg, 001.jpg, ... and a feature set that holds a row of embeddings [N, D] for each."""
    photos = fill(project, folder, {f"{i:03}.jpg": look(i) for i in range(len(embeddings))})
    add_features(project, embeddings, name)
    return photos


def add_features(project: Project, embeddings: NDArray[np.float32], name: str) -> None:
    features = project.features.ensure(name, Encoder(name, "0" * 64, 224, embeddings.shape[1]))
    features.append([look(i).content_hash for i in range(len(embeddings))], embeddings)


def progress_of(job: Job[object]) -> list[Progress]:
    """What a job says while it runs to its end."""
    return list(job)
