"""The step `cluster`: embeddings in, groups of look-alike photos out, with a page to look at them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .. import embedding_files
from ..analysis import clustering
from ..analysis.clustering import AUTO, Clustering
from ..analysis.group_tree import MOST_GROUPS, grow
from ..analysis.leiden import leiden
from ..analysis.neighbours import Neighbours, nearest_neighbours, unit_rows
from ..analysis.outliers import OUTLIER_NEIGHBOUR, outlier_distances
from ..command import run_step
from ..counted import counted
from ..errors import BadValueError, PrismhError
from ..files import write_json
from ..jobs import Job, Progress, StopToken
from ..project import Grouping, Project
from ..project.neighbour_graphs import neighbours_of_photos, unit_rows_at
from ..settings import Resolved, Settings, setting
from ..sources import check_source
from ..tables import write_csv
from .cluster_gallery import GalleryGroup, GalleryPhoto, write_gallery

KMEANS, LEIDEN = "kmeans", "leiden"
_ODD_ONES = 24


@dataclass(frozen=True)
class ClusterSettings(Settings):
    """Settings of the step `cluster`."""

    step: ClassVar[str] = "cluster"

    embeddings: Path | None = setting(None, "the all_embeddings.npz that extract wrote")
    output_dir: Path | None = setting(None, "folder for clusters.csv, cluster_report.json and cluster_gallery.html")
    project: Path | None = setting(None, "project folder, in place of --embeddings and --output_dir")
    method: str = setting(
        KMEANS, "how groups are found: k-means, or Leiden on the graph of neighbours", choices=(KMEANS, LEIDEN)
    )
    clusters: int | str = setting(
        AUTO,
        "how many groups by kmeans; auto: the number from 2 to 15 with the highest silhouette",
        choices=(AUTO,),
        minimum=1,
    )
    resolution: float = setting(1.0, "of leiden: the higher, the more groups", above=0.0)
    seed: int = setting(0, "the same seed gives the same groups", minimum=0, maximum=2**32 - 1)
    image_dir: Path | None = setting(None, "where the photos lie now, for the pictures in the gallery")


@dataclass(frozen=True)
class ClusterReport:
    """What was found; `folder` holds the files that were written, if any."""

    sizes: list[int]
    folder: Path | None = None

    def __str__(self) -> str:
        groups = counted(len(self.sizes), "group")
        where = f", in {self.folder}" if self.folder else ""
        photos = "photo" if self.sizes == [1] else "photos"
        return f"{groups} of {', '.join(map(str, self.sizes))} {photos}{where}."


def cluster_embeddings(resolved: Resolved[ClusterSettings], stop: StopToken | None = None) -> Job[ClusterReport]:
    """Group embeddings; write the three files of the groups, or keep the grouping in the project.

    Raises `PrismhError` where the embeddings cannot be read or nothing can be written, `BadValueError` for more
    clusters than photos.
    """
    settings = resolved.settings
    check_source(resolved, "output_dir")
    for flag, method in (("clusters", KMEANS), ("resolution", LEIDEN)):
        if resolved.given(flag) and settings.method != method:
            raise BadValueError(f"--{flag} belongs to --method {method}, and the method is {settings.method}")
    if settings.project is not None:
        if settings.image_dir is not None:
            raise BadValueError("--image_dir belongs to --embeddings: a project knows where its photos lie")
        with Project.open(settings.project) as project:
            name = project.features.newest().name
            made, found = yield from _group_project(project, name, settings, stop, undoable=True)
            known = project.photos.some(made.photo_ids.tolist())
            names = project.labels.of_groups(made.members())
        photos = [GalleryPhoto(photo.file_path, photo.path) for photo in known]
    else:
        assert settings.embeddings is not None
        read = embedding_files.read(settings.embeddings)
        if settings.image_dir is not None:
            read = read.moved_to(settings.image_dir)
        found = yield from _group(unit_rows(read.embeddings), settings, nearest_neighbours)
        names = {}
        photos = [GalleryPhoto(path, read.photo(path)) for path in read.file_paths]
    if settings.output_dir is not None:
        yield from _write(settings.output_dir, found, photos, names)
    return ClusterReport(found.report["sizes"], settings.output_dir)


def cluster_project(
    project: Project,
    features: str = "starter",
    *,
    method: str = KMEANS,
    clusters: int | str = AUTO,
    resolution: float = 1.0,
    seed: int = 0,
    undoable: bool = False,
    stop: StopToken | None = None,
) -> Job[Grouping]:
    """Group the used photos of a project that have features of this name, keep the grouping and its tree, and show it.

    method: "kmeans", with `clusters`: how many, or "auto"; or "leiden", with `resolution` > 0. undoable: it is a step
    of the history, as when a person asks for it. Names that a person gave stay on the photos. A stop keeps nothing.
    Raises `PrismhError` where there are no such features, `BadValueError` for more clusters than photos.
    """
    settings = ClusterSettings(method=method, clusters=clusters, resolution=resolution, seed=seed)
    made, _ = yield from _group_project(project, features, settings, stop, undoable=undoable)
    return made


def _group_project(
    project: Project, features: str, settings: ClusterSettings, stop: StopToken | None, *, undoable: bool
) -> Job[tuple[Grouping, _Found]]:
    feature_set = project.features.get(features)
    row_of = feature_set.rows()
    photos = [photo for photo in project.photos.used() if photo.look.content_hash in row_of]
    rows = unit_rows_at(feature_set, np.array([row_of[p.look.content_hash] for p in photos], dtype=np.int64))
    found = yield from _group(rows, settings, partial(neighbours_of_photos, feature_set, photos))
    groups = found.groups
    tree = None
    if len(groups.sizes) <= MOST_GROUPS:
        tree = yield from grow(rows, groups.clusters, settings.seed)
    if stop is not None:
        stop.check()  # the grouping that is there stays
    chosen = {"clusters": settings.clusters} if settings.method == KMEANS else {"resolution": settings.resolution}
    grouping = Grouping(
        method=settings.method,
        parameters={**chosen, "seed": settings.seed},
        report=found.report,
        photo_ids=np.array([photo.id for photo in photos], dtype=np.int64),
        clusters=groups.clusters,
        distances=groups.distances,
        silhouettes=groups.silhouettes,
        separation=found.separation,
        tree=tree,
    )
    if not undoable:
        return project.groupings.save(feature_set, grouping), found
    with project.history.step("Photos grouped anew"):
        return project.groupings.save(feature_set, grouping), found


@dataclass(frozen=True)
class _Found:
    """Groups of N photos, the separation of each, and how unlike all others each photo is, [N], NaN where unknown."""

    groups: Clustering
    separation: NDArray[np.float32]
    oddness: NDArray[np.float64]
    report: Mapping[str, Any]


def _group(
    rows: NDArray[np.float32],
    settings: ClusterSettings,
    neighbours_of: Callable[[NDArray[np.float32], int], Job[Neighbours]],
) -> Job[_Found]:
    if not len(rows):
        raise PrismhError("There are no photos to group: none has embeddings.")
    if settings.method == KMEANS:
        groups = yield from clustering.k_means(rows, settings.clusters, settings.seed)
        neighbours = yield from neighbours_of(rows, OUTLIER_NEIGHBOUR)
    else:
        neighbours = yield from neighbours_of(rows, OUTLIER_NEIGHBOUR)
        yield Progress("Looking for groups", 0, None)
        groups = yield from clustering.describe(rows, leiden(neighbours, settings.resolution, settings.seed))
        groups = clustering.with_silhouette(groups, rows, settings.seed)
    separation = clustering.mean_by_cluster(groups.clusters, clustering.separation(groups.clusters, neighbours))
    report = {
        "method": settings.method,
        "seed": settings.seed,
        "photos": len(rows),
        "k": len(groups.sizes),
        "silhouette": groups.silhouette,
        "sizes": groups.sizes,
        "scores": {str(k): score for k, score in groups.scores.items()},
        "separation": [round(float(value), 4) for value in separation],
    }
    return _Found(groups, separation, outlier_distances(neighbours), report)


def _write(folder: Path, found: _Found, photos: Sequence[GalleryPhoto], names: Mapping[int, str]) -> Job[None]:
    groups = found.groups
    shown = [
        GalleryGroup(names.get(c), groups.sizes[c], float(found.separation[c]), [photos[i] for i in rows])
        for c, rows in clustering.typical(groups.clusters, groups.distances).items()
    ]
    told = np.flatnonzero(np.isfinite(found.oddness))
    odd_ones = told[np.argsort(-found.oddness[told], kind="stable")][: min(_ODD_ONES, len(photos) // 10)]
    yield from write_gallery(folder / "cluster_gallery.html", shown, [photos[i] for i in odd_ones], len(photos))
    write_json(folder / "cluster_report.json", found.report)
    write_csv(
        folder / "clusters.csv",
        ("file_path", "cluster", "distance_to_centre", "silhouette"),
        zip((p.file_path for p in photos), groups.clusters, groups.distances, groups.silhouettes, strict=True),
    )


def main(argv: Sequence[str] | None = None) -> int:
    return run_step(ClusterSettings, cluster_embeddings, argv, description="Find groups of photos that look alike.")


if __name__ == "__main__":
    raise SystemExit(main())
