"""Which photos of a project a person should name next, so that few names tell most of the others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..analysis import classifier
from ..analysis import name_next as choice
from ..analysis.neighbours import NEAR_DUPLICATE_COSINE
from ..analysis.threads import one_thread
from ..jobs import Job, Progress
from ..models.classify.teachers import Teachers, rows_of_teachers, teachers_of
from ..project import FeatureSet, Project
from ..project.feature_sets import BLOCK_ROWS, STARTER
from ..project.neighbour_graphs import neighbour_graph, unit_rows_at

_NAMES_EACH = 5  # on average, from which on uncertainty says more than typicality
_COMPONENTS, _SAMPLE = 64, 4096
_WHAT = "Choosing photos to name"


def name_next(project: Project, features: str, count: int = 20) -> Job[list[int]]:
    """Ids of at most `count` used photos, the most telling first; none that was named by hand, and no near duplicate.

    While the names stand on fewer than five photos each, typical photos of groups without a name (TypiClust, Hacohen
    et al. 2022); after that those between whose names the classifier of `suggest_labels` wavers most, spread by
    k-means (Zhdanov 2019). No photo has a cosine of .9 or more to another one asked for or named by hand, by the
    starter's features where it has them. Raises `PrismhError` where there are no such features.
    """
    feature_set = project.features.get(features)
    yield Progress(_WHAT, 0, None)
    teachers = teachers_of(project, feature_set)
    if teachers.by_hand.all():
        return []
    distinct = _Distinct(project.features.find(STARTER) or feature_set, teachers)
    if len(teachers.classes) < 2 or len(teachers.chosen()) < _NAMES_EACH * len(teachers.classes):
        chosen = yield from _typical(feature_set, teachers, count, distinct)
    else:
        chosen = yield from _uncertain(feature_set, teachers, count, distinct)
    return teachers.photo_ids[chosen].tolist()


class _Distinct:
    """Lets a photo pass that is no near duplicate of one that passed before, or that was named by hand."""

    def __init__(self, features: FeatureSet, teachers: Teachers) -> None:
        self._features = features
        known, places = features.of_used()
        self._places = np.full(len(teachers.photo_ids), -1, dtype=np.int64)
        _, own, found = np.intersect1d(teachers.photo_ids, known, assume_unique=True, return_indices=True)
        self._places[own] = places[found]
        named = self._places[teachers.by_hand & (self._places >= 0)]
        self._passed = [unit_rows_at(features, named)]

    def __call__(self, photo: int) -> bool:
        if self._places[photo] < 0:
            return True
        row = unit_rows_at(self._features, self._places[photo : photo + 1])
        if any((part @ row[0] >= NEAR_DUPLICATE_COSINE).any() for part in self._passed):
            return False
        self._passed.append(row)
        return True


def _typical(features: FeatureSet, teachers: Teachers, count: int, distinct: _Distinct) -> Job[list[int]]:
    graph = yield from neighbour_graph(features)
    different, own = np.unique(teachers.places, return_inverse=True)
    nearest = yield from graph.among(different, choice.TYPICAL_NEIGHBOURS, lambda: unit_rows_at(features, different))
    distances = nearest.distances.mean(axis=1) if nearest.indices.shape[1] else np.ones(len(different))
    typicality = 1.0 / np.maximum(distances, 1e-6)
    yield Progress(_WHAT, 0, None)
    return choice.typical_first(
        _components(features, teachers.places), typicality[own], teachers.named, ~teachers.by_hand, count, distinct
    )


def _uncertain(features: FeatureSet, teachers: Teachers, count: int, distinct: _Distinct) -> Job[list[int]]:
    learned = yield from classifier.fit(*(yield from rows_of_teachers(features, teachers, teachers.chosen())))
    uncertainty = np.empty(len(teachers.places), dtype=np.float32)
    for start in range(0, len(uncertainty), BLOCK_ROWS):
        rows = unit_rows_at(features, teachers.places[start : start + BLOCK_ROWS])
        uncertainty[start : start + BLOCK_ROWS] = choice.margin_uncertainty(learned.probabilities(rows))
        yield Progress(_WHAT, start, len(uncertainty))
    return choice.uncertain_first(
        lambda part: unit_rows_at(features, teachers.places[part]), uncertainty, ~teachers.by_hand, count, distinct
    )


def _components(features: FeatureSet, places: NDArray[np.int64]) -> NDArray[np.float32]:
    """The unit rows at these places in their first 64 principal components, those of at most 4,096 of them."""
    sample = places[:: max(1, len(places) // _SAMPLE)]
    if min(len(sample), features.encoder.dimension) <= _COMPONENTS:
        return unit_rows_at(features, places)
    from sklearn.decomposition import PCA

    components = np.empty((len(places), _COMPONENTS), dtype=np.float32)
    with one_thread():
        model = PCA(_COMPONENTS, svd_solver="randomized", random_state=0).fit(unit_rows_at(features, sample))
        for start in range(0, len(places), BLOCK_ROWS):
            part = unit_rows_at(features, places[start : start + BLOCK_ROWS])
            components[start : start + BLOCK_ROWS] = model.transform(part)
    return components
