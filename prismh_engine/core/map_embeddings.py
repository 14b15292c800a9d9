"""The step `map`: embeddings in, 2-D positions out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from .. import embedding_files, jobs
from ..analysis import mapping
from ..analysis.neighbours import Neighbours, nearest_neighbours, unit_rows
from ..command import run_step
from ..errors import PrismhError
from ..jobs import Job, Progress, StopToken
from ..project import Map, Project
from ..project.feature_sets import STARTER
from ..project.neighbour_graphs import neighbours_of_photos
from ..settings import Resolved, Settings, setting
from ..sources import check_source
from ..tables import write_csv
from .earlier_map import can_be_extended, extend, turned

TSNE, PCA, UMAP = "tsne", "pca", "umap"


@dataclass(frozen=True)
class MapSettings(Settings):
    """Settings of the step `map`."""

    step: ClassVar[str] = "map"

    embeddings: Path | None = setting(None, "the all_embeddings.npz that extract wrote")
    output_dir: Path | None = setting(None, "folder for map.csv")
    project: Path | None = setting(None, "project folder, in place of --embeddings and --output_dir")
    method: str = setting(TSNE, "t-SNE, principal components, or UMAP where it is installed", choices=(TSNE, PCA, UMAP))
    perplexity: float = setting(
        30.0, "how many neighbours t-SNE keeps together; lowered where there are few photos", above=1.0
    )
    seed: int = setting(0, "the same seed gives the same map", minimum=0, maximum=2**32 - 1)


@dataclass(frozen=True)
class MapReport:
    """What a map became; `file` is the map.csv that was written, if one was."""

    layout: mapping.Layout
    file: Path | None = None

    def __str__(self) -> str:
        method = {TSNE: "t-SNE", PCA: "principal components", UMAP: "UMAP"}[self.layout.method]
        where = f": {self.file}." if self.file else "."
        done = "Map" if self.layout.finished else "Unfinished map"
        count = len(self.layout.positions)
        return f"{done} of {count:,} photo{'s' * (count != 1)} by {method}{where} {self.layout.note}".strip()


def map_embeddings(resolved: Resolved[MapSettings], stop: StopToken | None = None) -> Job[MapReport]:
    """Map embeddings and write `map.csv` (file_path, x, y), or keep the map in the project.

    Raises `PrismhError` where the embeddings cannot be read or nothing can be written.
    """
    settings = resolved.settings
    check_source(resolved, "output_dir")
    if settings.project is not None:
        with Project.open(settings.project) as project:
            features = project.features.newest().name
            layout, made = yield from _map_project(project, features, settings, stop)
            paths = [photo.file_path for photo in project.photos.some(made.photo_ids.tolist())]
    else:
        assert settings.embeddings is not None
        read = embedding_files.read(settings.embeddings)
        layout = yield from _lay_out(read.embeddings, settings, nearest_neighbours, stop)
        paths = read.file_paths
    if settings.output_dir is None:
        return MapReport(layout)
    file = settings.output_dir / "map.csv"
    write_csv(file, ("file_path", "x", "y"), zip(paths, *layout.positions.T, strict=True))
    return MapReport(layout, file)


def map_project(
    project: Project,
    features: str = "starter",
    *,
    method: str = TSNE,
    perplexity: float = 30.0,
    seed: int = 0,
    keep_places: bool = False,
    stop: StopToken | None = None,
) -> Job[Map]:
    """Map the used photos of a project that have features of this name, and keep the map.

    The map is turned and mirrored so that it lies like the one that was there, else like the starter's. keep_places:
    where t-SNE has mapped most of these photos before, they stay where they are and the others are placed among them.
    Each `Progress` holds metrics["photo_ids"] (int64 [N]) and metrics["positions"] (float32 [N, 2]) so far. A stop
    keeps the unfinished map where there is no finished one of these photos. Raises `PrismhError` where there are no
    such features.
    """
    settings = MapSettings(method=method, perplexity=perplexity, seed=seed)
    _, made = yield from _map_project(project, features, settings, stop, keep_places=keep_places)
    return made


def _map_project(
    project: Project, name: str, settings: MapSettings, stop: StopToken | None, *, keep_places: bool = False
) -> Job[tuple[mapping.Layout, Map]]:
    features = project.features.get(name)
    photos, embeddings = features.read(project.photos.used())
    photo_ids = np.array([photo.id for photo in photos], dtype=np.int64)
    kept = project.maps.newest(features, settings.method)
    if keep_places and kept is not None and can_be_extended(kept, photo_ids):
        layout = yield from extend(kept, photo_ids, embeddings, stop)
    else:
        earlier = kept or project.maps.newest(features) or _map_by_starter(project)
        latest: dict[str, NDArray] = {}

        def with_photos(progress: Progress) -> Progress:
            # While photos are compared the map stays as it is.
            latest.update({key: turned(earlier, photo_ids, value) for key, value in progress.metrics.items()})
            return dataclasses.replace(progress, metrics={"photo_ids": photo_ids, **latest})

        neighbours_of = partial(neighbours_of_photos, features, photos)
        layout = yield from jobs.change_progress(_lay_out(embeddings, settings, neighbours_of, stop), with_photos)
        layout = dataclasses.replace(layout, positions=turned(earlier, photo_ids, layout.positions))
    parameters = {
        "seed": settings.seed, "perplexity": layout.perplexity, "finished": layout.finished, "placed": layout.placed
    }  # fmt: skip
    made = Map(layout.method, parameters, photo_ids, layout.positions)
    if layout.finished or not _finished_map_of(project.maps.newest(features), photo_ids):
        project.maps.save(features, made)
    return layout, made


def _map_by_starter(project: Project) -> Map | None:
    starter = project.features.find(STARTER)
    return None if starter is None else project.maps.newest(starter)


def _finished_map_of(kept: Map | None, photo_ids: NDArray[np.int64]) -> bool:
    return kept is not None and kept.finished and np.array_equal(kept.photo_ids, photo_ids)


def _lay_out(
    embeddings: NDArray[np.float32],
    settings: MapSettings,
    neighbours_of: Callable[[NDArray[np.float32], int], Job[Neighbours]],
    stop: StopToken | None,
) -> Job[mapping.Layout]:
    if not len(embeddings):
        raise PrismhError("There are no photos to map: none has embeddings.")
    rows = unit_rows(embeddings)
    if settings.method == PCA:
        return mapping.pca(rows, settings.seed)
    if settings.method == UMAP:
        return (yield from mapping.umap(rows, seed=settings.seed, neighbours_of=neighbours_of))
    return (
        yield from mapping.tsne(
            rows, perplexity=settings.perplexity, seed=settings.seed, neighbours_of=neighbours_of, stop=stop
        )
    )


def main(argv: Sequence[str] | None = None) -> int:
    return run_step(
        MapSettings,
        map_embeddings,
        argv,
        description="Lay photos out on a map where look-alikes lie together.",
        json_progress=True,
    )


if __name__ == "__main__":
    raise SystemExit(main())
