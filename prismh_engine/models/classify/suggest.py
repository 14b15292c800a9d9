"""Names suggested for the photos of a project that bear none, taught by those that do."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ...analysis import classifier
from ...analysis.classifier import Classifier
from ...errors import PrismhError
from ...jobs import Job, Progress, StopToken
from ...project import FeatureSet, Project
from ...project.feature_sets import BLOCK_ROWS
from ...project.neighbour_graphs import unit_rows_at
from ...project.suggestions import Suggestion
from .teachers import Teachers, rows_of_teachers, teachers_of

_WHAT = "Suggesting names"


def suggest_labels(project: Project, features: str, stop: StopToken | None = None) -> Job[int]:
    """Suggest a name for each used photo that bears none, and keep it in `project.suggestions`; how many got one.

    Taught by names given to photos, and by those that came with a group for photos that have none of their own; see
    `analysis.classifier` for how, and for when it is unsure. A stop leaves as `Stopped`, with the suggestions that
    were there. Raises `PrismhError` where there are no such features, or the photos that have them bear fewer than
    two names: then no suggestion stays.
    """
    feature_set = project.features.get(features)
    teachers = teachers_of(project, feature_set)
    if len(teachers.classes) < 2:
        project.suggestions.clear(feature_set)
        raise PrismhError("Names can be suggested when two different ones were given: name some more photos.")
    learned = yield from learn(feature_set, teachers)
    unnamed = np.flatnonzero(~teachers.named)
    found: list[tuple[int, Suggestion]] = []
    for part in _parts(unnamed):
        if stop is not None:
            stop.check()
        answers = learned.answer(unit_rows_at(feature_set, teachers.places[part]))
        names = [teachers.classes[code] if code >= 0 else "" for code in answers.codes.tolist()]
        suggested = map(Suggestion, names, answers.confidences.tolist())
        found += zip(teachers.photo_ids[part].tolist(), suggested, strict=True)
        yield Progress(_WHAT, len(found), len(unnamed))
    if stop is not None:
        stop.check()
    project.suggestions.keep(feature_set, found)
    return sum(bool(one.name) for _, one in found)


def learn(features: FeatureSet, teachers: Teachers) -> Job[Classifier]:
    """What the teachers of a project teach. Raises `PrismhError` where they bear fewer than two names."""
    rows, codes, together = yield from rows_of_teachers(features, teachers, teachers.chosen())
    return (yield from classifier.fit(rows, codes, together))


def _parts(places: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(places), BLOCK_ROWS):
        yield places[start : start + BLOCK_ROWS]
