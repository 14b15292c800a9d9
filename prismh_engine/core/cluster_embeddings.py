"""The step `cluster`: embeddings in, groups of look-alike photos out, with a page to look at them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..analysis import clustering
from ..analysis.clustering import AUTO
from ..analysis.neighbours import Neighbours, nearest_neighbours, unit_rows
from ..command import run_step
from ..errors import BadValueError, PrismhError
from ..files import write_json
from ..jobs import Job, StopToken
from ..project import Grouping, Project
from ..project.neighbour_graphs import neighbours_of_photos
from ..settings import Resolved, Settings, setting
from ..tables import write_csv
from . import embedding_files
from .cluster_gallery import GalleryGroup, GalleryPhoto, write_gallery
from .sources import check_source


@dataclass(frozen=True)
class ClusterSettings(Settings):
    """Settings of the step `cluster`."""

    step: ClassVar[str] = "cluster"

    embeddings: Path | None = setting(None, "the all_embeddings.npz that extract wrote")
    output_dir: Path | None = setting(None, "folder for clusters.csv, cluster_report.json and cluster_gallery.html")
    project: Path | None = setting(None, "project folder, in place of --embeddings and --output_dir")
    method: str = setting("kmeans", "how groups are found", choices=("kmeans",))
    clusters: int | str = setting(
        AUTO, "how many groups; auto: the number from 2 to 15 with the highest silhouette", choices=(AUTO,), minimum=1
    )
    seed: int = setting(0, "the same seed gives the same groups", minimum=0, maximum=2**32 - 1)
    image_dir: Path | None = setting(None, "where the photos lie now, for the pictures in the gallery")


@dataclass(frozen=True)
class ClusterReport:
    """What was found; `folder` holds the files that were written, if any."""

    sizes: list[int]
    folder: Path | None = None

    def __str__(self) -> str:
        groups = f"{len(self.sizes)} group{'s' * (len(self.sizes) != 1)}"
        where = f", in {self.folder}" if self.folder else ""
        return f"{groups} of {', '.join(map(str, self.sizes))} photos{where}."


def cluster_embeddings(resolved: Resolved[ClusterSettings], stop: StopToken | None = None) -> Job[ClusterReport]:
    """Group embeddings; write the three files of the groups, or keep the grouping in the project.

    Raises `PrismhError` where the embeddings cannot be read or nothing can be written, `BadValueError` for more
    clusters than photos.
    """
    settings = resolved.settings
    check_source(resolved, "output_dir")
    if settings.project is not None:
        if settings.image_dir is not None:
            raise BadValueError("--image_dir belongs to --embeddings: a project knows where its photos lie")
        with Project.open(settings.project) as project:
            name = project.features.newest().name
            made = yield from cluster_project(project, name, clusters=settings.clusters, seed=settings.seed, stop=stop)
            known = project.photos.some(made.photo_ids.tolist())
            names = project.labels.of_groups(made.members())
        photos = [GalleryPhoto(photo.file_path, photo.path) for photo in known]
        result = _Result(made.clusters, made.distances, made.silhouettes, made.separation, made.report)
    else:
        assert settings.embeddings is not None
        read = embedding_files.read(settings.embeddings)
        if settings.image_dir is not None:
            read = read.moved_to(settings.image_dir)
        result = yield from _group(read.embeddings, settings.clusters, settings.seed, nearest_neighbours)
        names = {}
        photos = [GalleryPhoto(path, read.photo(path)) for path in read.file_paths]
    if settings.output_dir is not None:
        yield from _write(settings.output_dir, result, photos, names)
    return ClusterReport(result.report["sizes"], settings.output_dir)


def cluster_project(
    project: Project,
    features: str = "starter",
    *,
    clusters: int | str = AUTO,
    seed: int = 0,
    stop: StopToken | None = None,
) -> Job[Grouping]:
    """Group the used photos of a project that have features of this name, and keep the grouping.

    clusters: how many, or "auto". Names that a person gave stay on the photos. A stop keeps nothing. Raises
    `PrismhError` where there are no such features, `BadValueError` for more clusters than photos.
    """
    feature_set = project.features.get(features)
    photos, embeddings = feature_set.read(project.photos.used())
    found = yield from _group(embeddings, clusters, seed, partial(neighbours_of_photos, feature_set, photos))
    if stop is not None:
        stop.check()  # the grouping that is there stays
    grouping = Grouping(
        method="kmeans",
        parameters={"clusters": clusters, "seed": seed},
        report=found.report,
        photo_ids=np.array([photo.id for photo in photos], dtype=np.int64),
        clusters=found.clusters,
        distances=found.distances,
        silhouettes=found.silhouettes,
        separation=found.separation,
    )
    project.groupings.save(feature_set, grouping)
    return grouping


@dataclass(frozen=True)
class _Result:
    """What the files hold: of each photo [N] its cluster, distance and silhouette, of each cluster its separation."""

    clusters: NDArray[np.int32]
    distances: NDArray[np.float32]
    silhouettes: NDArray[np.float32]
    separation: NDArray[np.float32]
    report: Mapping[str, Any]


def _group(
    embeddings: NDArray[np.float32],
    clusters: int | str,
    seed: int,
    neighbours_of: Callable[[NDArray[np.float32], int], Job[Neighbours]],
) -> Job[_Result]:
    if not len(embeddings):
        raise PrismhError("There are no photos to group: none has embeddings.")
    rows = unit_rows(embeddings)
    found = yield from clustering.k_means(rows, clusters, seed)
    neighbours = yield from neighbours_of(rows, clustering.SEPARATION_NEIGHBOURS)
    separation = clustering.mean_by_cluster(found.clusters, clustering.separation(found.clusters, neighbours))
    report = {
        "method": "kmeans",
        "seed": seed,
        "photos": len(rows),
        "k": len(found.sizes),
        "silhouette": found.silhouette,
        "sizes": found.sizes,
        "scores": {str(k): score for k, score in found.scores.items()},
        "separation": [round(float(value), 4) for value in separation],
    }
    return _Result(found.clusters, found.distances, found.silhouettes, separation, report)


def _write(folder: Path, result: _Result, photos: Sequence[GalleryPhoto], names: Mapping[int, str]) -> Job[None]:
    typical = clustering.typical(result.clusters, result.distances)
    groups = [
        GalleryGroup(names.get(c), result.report["sizes"][c], float(result.separation[c]), [photos[i] for i in rows])
        for c, rows in typical.items()
    ]
    yield from write_gallery(folder / "cluster_gallery.html", groups, len(photos))
    write_json(folder / "cluster_report.json", result.report)
    write_csv(
        folder / "clusters.csv",
        ("file_path", "cluster", "distance_to_centre", "silhouette"),
        zip((p.file_path for p in photos), result.clusters, result.distances, result.silhouettes, strict=True),
    )


def main(argv: Sequence[str] | None = None) -> int:
    return run_step(ClusterSettings, cluster_embeddings, argv, description="Find groups of photos that look alike.")


if __name__ == "__main__":
    raise SystemExit(main())
