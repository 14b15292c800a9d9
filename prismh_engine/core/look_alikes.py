"""What features tell of a project's photos: which look like these, which like nothing else, which nearly the same."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from ..analysis.neighbours import unit_rows
from ..analysis.outliers import FEWEST_PHOTOS, neighbours_asked, outlier_distances
from ..errors import PrismhError
from ..jobs import Job, Progress
from ..photos.duplicates import find_duplicates
from ..project import Project
from ..project.feature_sets import BLOCK_ROWS, STARTER, FeatureSet
from ..project.neighbour_graphs import neighbour_graph, unit_rows_at
from .judge_photos import look_alikes_in

_SPARE = 32  # candidates beyond those asked for, whose order float32 leaves open
_LOOKING = "Looking for similar photos"


def similar(
    project: Project, features: str, photo_ids: Sequence[int], count: int = 200
) -> Job[list[tuple[int, float]]]:
    """The used photos most alike to those given, best first: (photo id, cosine -1 to 1) of at most `count`.

    They are compared with the mean direction of those given, which are left out themselves; exact. Of equally alike
    ones the one with the lower id is first. Raises `PrismhError` where there are no such features, or none of the
    photos given has any.
    """
    feature_set = project.features.get(features)
    yield Progress(_LOOKING, 0, None)
    direction = _direction(project, feature_set, photo_ids)
    ids, places = feature_set.of_used()
    others = ~np.isin(ids, np.asarray(photo_ids, dtype=np.int64))
    ids, places = ids[others], places[others]
    cosines = feature_set.kept_rows().cosines(direction.astype(np.float32))[places]
    best = largest(cosines, count + _SPARE)
    exact = unit_rows(feature_set.at(places[best])).astype(np.float64) @ direction
    order = np.lexsort((ids[best], -exact))[:count]
    yield Progress(_LOOKING, len(ids), len(ids))
    return [(int(ids[best[i]]), float(exact[i])) for i in order]


def unusual(
    project: Project, features: str, count: int = 200, among: Collection[int] | None = None
) -> Job[list[tuple[int, float]]]:
    """The used photos that look least like all others, the most unusual first: (photo id, distance) of at most `count`.

    distance: 1 - cosine to the 20th most alike used photo (of few photos to an earlier one), 0 to 2, as the verdict
    "outlier" has it. among: the photos that may be named; all are compared with. Below 40 photos none is told to be
    unusual, and the list is empty. Raises `PrismhError` where there are no such features.
    """
    feature_set = project.features.get(features)
    ids, places = feature_set.of_used()
    different, own = np.unique(places, return_inverse=True)  # equal bytes share a row, and would shield each other
    if len(different) < FEWEST_PHOTOS:
        return []
    graph = yield from neighbour_graph(feature_set)
    nearest = yield from graph.among(
        different, neighbours_asked(len(different)), lambda: unit_rows_at(feature_set, different)
    )
    distances = outlier_distances(nearest)[own]
    asked = np.flatnonzero(np.isin(ids, list(among))) if among is not None else np.arange(len(ids))
    order = asked[np.argsort(-distances[asked], kind="stable")[:count]]
    return [(int(ids[i]), float(distances[i])) for i in order]


def near_duplicate_groups(project: Project, features: str) -> Job[list[list[int]]]:
    """Photos that show nearly the same, as lists of ids: the best photo first, the largest list first.

    As the verdict "duplicate" has it: a best photo and those within the project's `ccthreshold` of it, no chains; so
    those that were set aside as duplicates stand here with the photo that was kept. Asked of the starter's features,
    where the project has them, of all photos in place that have `features`: what a training does to cosines says
    nothing of two pictures being the same. Raises `PrismhError` where there are no such features.
    """
    feature_set = project.features.get(features)
    asked = project.features.find(STARTER) or feature_set
    alike = yield from look_alikes_in(asked)
    rows = feature_set.rows()
    photos = [
        photo
        for photo in project.photos.all()
        if photo.look.usable and not photo.missing and photo.look.content_hash in rows
        and photo.look.content_hash in alike
    ]  # fmt: skip
    yield Progress("Looking for near duplicates", 0, len(photos))
    found = find_duplicates(
        [photo.look for photo in photos],
        [photo.file_path for photo in photos],
        alike=alike,
        thumbnail=lambda index: None,  # asked for photos without features, which are left out
        ccthreshold=project.thresholds.ccthreshold,
    )
    groups: dict[int, list[int]] = {}
    for index in sorted(found):
        best = found[index].best
        groups.setdefault(best, [photos[best].id]).append(photos[index].id)
    return sorted(groups.values(), key=len, reverse=True)


def largest(values: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """The places of the `count` largest values, largest first, of equal ones the first first."""
    candidates = np.arange(len(values))
    if count < len(values):  # sorting all of 100,000 takes longer than the rest of the search leaves
        candidates = np.flatnonzero(values >= np.partition(values, -count)[-count])
    return candidates[np.argsort(-values[candidates], kind="stable")[:count]]


def _direction(project: Project, features: FeatureSet, photo_ids: Sequence[int]) -> NDArray[np.float64]:
    """The mean of the unit rows of photos, scaled to unit length [D], float64."""
    hashes = [photo.look.content_hash for photo in project.photos.some(photo_ids)]
    total, found = np.zeros(features.encoder.dimension), 0
    for start in range(0, len(hashes), BLOCK_ROWS):
        known = features.of_contents(hashes[start : start + BLOCK_ROWS])
        found += len(known)
        for row in known.values():
            total += unit_rows(row[None])[0]
    if not found:
        raise PrismhError("None of these photos has features yet: choose others, or run extract first.")
    length = float(np.linalg.norm(total))
    return total / length if length > 0 else total
