"""What is said of photos by what was measured of them: duplicates, outliers, verdicts. No photo is read for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .. import jobs
from ..analysis.neighbours import NEIGHBOURS, Neighbours, better_photos, nearest_neighbours, unit_rows
from ..analysis.outliers import neighbours_asked, outlier_distances
from ..errors import PrismhError
from ..jobs import Job, StopToken
from ..photos.cache import PhotoCache
from ..photos.duplicates import find_duplicates
from ..photos.record import Look
from ..photos.verdicts import Thresholds, Verdict, judge
from ..project import Photo, Project
from ..project.feature_sets import STARTER, FeatureSet
from ..project.neighbour_graphs import neighbour_graph, unit_rows_at
from ..project.photo_catalogue import Judgement

JUDGING = "Comparing photos"


class LookAlikes:
    """Photos that have starter features, by their content, and how near they are to one another.

    places: content hash -> place in the graph. rows: gives the unit rows [N, D] at such places.
    """

    def __init__(
        self,
        places: Mapping[str, int],
        graph: Neighbours,
        rows: Callable[[NDArray[np.integer]], NDArray[np.float32]],
    ) -> None:
        self._places = places
        self._graph = graph
        self._rows = rows

    def __contains__(self, content_hash: str) -> bool:
        return content_hash in self._places

    def better(self, ranked: Sequence[str], cosine: float, stop: StopToken | None = None) -> dict[int, int]:
        """Of these contents, best first: position -> position of the better one within `cosine` of it; no chains."""
        places = self._at(ranked)
        every: list[NDArray[np.float32]] = []

        def rows() -> NDArray[np.float32]:
            if not every:
                every.append(self._rows(np.arange(len(self._graph.indices))))
            return every[0]

        better = jobs.run(better_photos(self._graph, places, cosine, rows), stop=stop)[places]
        position = np.full(len(self._graph.indices), -1, dtype=np.int64)
        position[places] = np.arange(len(places))
        return {int(i): int(position[better[i]]) for i in np.flatnonzero(better >= 0)}

    def outlier_distances(self, contents: Sequence[str], stop: StopToken | None = None) -> list[float | None]:
        """How far each of these lies from the others of them; None where they are too few to tell."""
        places = self._at(contents)
        among = self._graph.among(places, neighbours_asked(len(places)), lambda: self._rows(places))
        distances = outlier_distances(jobs.run(among, stop=stop))
        return [None if np.isnan(distance) else float(distance) for distance in distances]

    def _at(self, contents: Sequence[str]) -> NDArray[np.int64]:
        return np.array([self._places[content] for content in contents], dtype=np.int64)


def look_alikes_of(features: Mapping[str, NDArray[np.float32]]) -> Job[LookAlikes]:
    """Of photos without a project. features: content hash -> starter features [D]."""
    rows = unit_rows(np.stack(list(features.values()))) if features else np.empty((0, 0), dtype=np.float32)
    graph = yield from nearest_neighbours(rows, NEIGHBOURS)
    return LookAlikes({content: i for i, content in enumerate(features)}, graph, lambda places: rows[places])


def look_alikes_in(features: FeatureSet) -> Job[LookAlikes]:
    """Of a project's photos, by the graph it keeps."""
    graph = yield from neighbour_graph(features)
    covered = {content: row for content, row in features.rows().items() if row < len(graph.indices)}
    return LookAlikes(covered, graph, lambda places: unit_rows_at(features, places))


def judge_looks(
    looks: Sequence[Look],
    names: Sequence[str],
    path_of: Callable[[int], Path],
    alike: LookAlikes | None,
    cache: PhotoCache,
    thresholds: Thresholds,
    stop: StopToken | None = None,
) -> list[Verdict]:
    """A verdict for each photo. names: as in the reasons; path_of(index): where it lies. alike: None where the
    starter pass was left out.

    The outlier distance is measured among photos that are no duplicates, so that a burst of an odd thing does not
    shield itself; a duplicate has that of its best photo. Dark and blurred photos count: a folder of them is one kind.
    """
    duplicates = find_duplicates(
        looks,
        names,
        alike=alike,
        thumbnail=lambda index: _thumbnail(cache, path_of(index), looks[index].content_hash),
        ccthreshold=thresholds.ccthreshold,
        stop=stop,
    )
    if stop is not None:
        stop.check()
    distances: dict[int, float] = {}
    if alike is not None:
        distinct = [
            index
            for index, look in enumerate(looks)
            if look.usable and index not in duplicates and look.content_hash in alike
        ]
        told = alike.outlier_distances([looks[index].content_hash for index in distinct], stop)
        distances = {index: distance for index, distance in zip(distinct, told, strict=True) if distance is not None}
        for index, duplicate in duplicates.items():
            if duplicate.best in distances:
                distances[index] = distances[duplicate.best]
    return judge(looks, names, duplicates, distances, thresholds)


def judge_project(
    project: Project,
    thresholds: Thresholds | None = None,
    *,
    use_starter: bool = True,
    stop: StopToken | None = None,
    cache_folder: Path | None = None,
) -> None:
    """Judge all photos that are in place by what was measured: duplicates and outliers by starter features where the
    project has them, else duplicates by equal bytes and hash. What a person overruled stays so.

    thresholds: None for the project's own. The project's neighbour graph is brought up to date first; to see its
    progress, drain `neighbour_graph` before. A stop leaves as `Stopped`, and the verdicts as they were.
    """
    judged = judgements_by(
        project, thresholds or project.thresholds, use_starter=use_starter, stop=stop, cache_folder=cache_folder
    )
    project.photos.judge(
        said
        for photo, said in judged
        if said != Judgement(photo.id, photo.verdict, photo.reason, photo.duplicate_of, photo.outlier_distance)
    )


def judgements_by(
    project: Project,
    thresholds: Thresholds,
    *,
    use_starter: bool = True,
    stop: StopToken | None = None,
    cache_folder: Path | None = None,
) -> list[tuple[Photo, Judgement]]:
    """Each photo that is in place, and what `judge_project` would say of it; nothing of it is kept."""
    photos = [photo for photo in project.photos.all() if not photo.missing]
    starter = project.features.find(STARTER) if use_starter else None
    alike = None if starter is None else jobs.run(look_alikes_in(starter), stop=stop)
    with PhotoCache(cache_folder or project.cache_folder) as cache:
        verdicts = judge_looks(
            [photo.look for photo in photos],
            [photo.file_path for photo in photos],
            lambda index: photos[index].path,
            alike,
            cache,
            thresholds,
            stop,
        )
    judged = []
    for photo, verdict in zip(photos, verdicts, strict=True):
        best = None if verdict.duplicate_of is None else photos[verdict.duplicate_of].id
        judged.append((photo, Judgement(photo.id, verdict.kind, verdict.reason, best, verdict.outlier_distance)))
    return judged


def _thumbnail(cache: PhotoCache, path: Path, content_hash: str) -> Image.Image | None:
    try:
        with Image.open(cache.thumbnail(path, content_hash)) as image:
            image.load()
            return image
    except (PrismhError, OSError):  # gone since it was looked at
        return None
