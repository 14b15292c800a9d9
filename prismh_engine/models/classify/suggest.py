"""Names suggested for the photos of a project that bear none, taught by those that do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...analysis import classifier
from ...analysis.classifier import Answers, Classifier
from ...analysis.novelty import WALK_NEIGHBOURS, familiar
from ...errors import PrismhError
from ...jobs import Job, Progress, StopToken
from ...project import FeatureSet, Project
from ...project.feature_sets import BLOCK_ROWS
from ...project.neighbour_graphs import neighbour_graph, unit_rows_at
from ...project.suggestions import Suggestion
from .teachers import Teachers, rows_of_teachers, teachers_of

_WHAT = "Suggesting names"


def suggest_labels(project: Project, features: str, stop: StopToken | None = None) -> Job[int]:
    """Suggest a name for each used photo that bears none, and keep it in `project.suggestions`; how many got one.

    Taught by names given to photos, and by those that came with a group for photos that have none of their own; see
    `analysis.classifier` for how and for when it is unsure, and `analysis.novelty` for which photos are of no named
    kind. A stop leaves as `Stopped`, with the suggestions that were there. Raises `PrismhError` where there are no such
    features, or the photos that have them bear fewer than two names: then no suggestion stays.
    """
    feature_set = project.features.get(features)
    teachers = teachers_of(project, feature_set)
    if len(teachers.classes) < 2:
        project.suggestions.clear(feature_set)
        raise PrismhError("Names can be suggested when two different ones were given: name some more photos.")
    suggested = yield from suggest(project, feature_set, teachers, stop)
    return sum(code >= 0 for code in suggested.answers.codes.tolist())


@dataclass(frozen=True)
class Suggested:
    """photo_ids int64 [N]: those that bear no name; answers: of each; familiar bool [N]: whether it may be of a named
    kind; learned: by what.
    """

    photo_ids: NDArray[np.int64]
    answers: Answers
    familiar: NDArray[np.bool_]
    learned: Classifier


def suggest(
    project: Project, features: FeatureSet, teachers: Teachers, stop: StopToken | None = None
) -> Job[Suggested]:
    """Learn from the teachers and keep in the project what is suggested for the photos that bear no name.

    A stop leaves as `Stopped`, with the suggestions that were there. Raises `PrismhError` for fewer than two names.
    """
    chosen = teachers.chosen()
    rows, codes, together = yield from rows_of_teachers(features, teachers, chosen)
    learned = yield from classifier.fit(rows, codes, together)
    unnamed = np.flatnonzero(~teachers.named)
    # Photos of equal bytes share a row: in the graph they are one.
    places, place_of = np.unique(teachers.places, return_inverse=True)
    graph = yield from neighbour_graph(features)
    graph = yield from graph.among(places, WALK_NEIGHBOURS, lambda: unit_rows_at(features, places))
    first = np.array([own[0] for own in codes], dtype=np.int64)
    known = (yield from familiar(graph, place_of[chosen], first, together))[place_of[unnamed]]
    parts = []
    for start in range(0, len(unnamed), BLOCK_ROWS):
        if stop is not None:
            stop.check()
        part = unnamed[start : start + BLOCK_ROWS]
        parts.append(learned.answer(unit_rows_at(features, teachers.places[part]), known[start : start + BLOCK_ROWS]))
        yield Progress(_WHAT, start + len(part), len(unnamed))
    if stop is not None:
        stop.check()
    answers, photo_ids = Answers.joined(parts), teachers.photo_ids[unnamed]
    names = [teachers.classes[code] if code >= 0 else "" for code in answers.codes.tolist()]
    found = map(Suggestion, names, answers.confidences.tolist())
    project.suggestions.keep(features, zip(photo_ids.tolist(), found, strict=True))
    return Suggested(photo_ids, answers, known, learned)
