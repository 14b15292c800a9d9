"""What a learning changed in a project: one plain sentence, and whose features to look at first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..analysis import intervals, scores
from ..analysis.clustering import SEPARATION_NEIGHBOURS
from ..analysis.intervals import BETTER, NO_CHANGE, WORSE
from ..analysis.neighbours import nearest_neighbours, unit_rows
from ..analysis.worth import FEWEST_PHOTOS, MARGIN, gain, worth
from ..counted import counted
from ..jobs import Job, Progress
from ..models.simclr.run_settings import settings_of
from ..models.simclr.settings import TAUGHT_FILE
from ..project import Photo, Project
from ..project.feature_sets import STARTER
from ..project.neighbour_graphs import neighbours_of_photos
from ..project.runs import LEARNED
from ..tables import read_csv

_FEWEST_NAMED = 5  # photos a name must stand on to be counted
_UNCHANGED = 0.05  # share of neighbours that are others by rounding alone

_LOOK = "Look at the learned map first"
_CHOOSE = "Go on with the map whose groups make more sense to you."
_KEEP = "Keep the instant map."
_NAME_SOME = "Name a few photos, two names on five photos each, and learn again with your names."
_FROM_NOTHING = "The other one began from nothing, and its clear groups may mean little."
_NAME_MORE = "Name more photos, some of every kind, and learn again with your names."


@dataclass(frozen=True)
class Change:
    """What a learning changed.

    sentence: for a person to read. shown_first: whose features to look at first, `STARTER` or `LEARNED`. why: which map
    that is, and what to do next.
    """

    sentence: str
    shown_first: str
    why: str

    def __str__(self) -> str:
        return f"{self.sentence} {self.why}"


def what_changed(project: Project, run: str, names: Mapping[str, Sequence[str]] | None = None) -> Job[Change]:
    """What a run's features tell beside the starter's, on the used photos that have both.

    names: file_path -> the names to go by, None for those that photos of the project were given one by one.
    Where two names or more were given to five single photos each that did not teach the run, those photos tell: leave-
    one-out kNN and the NMI of groups, each better or worse where the 95 % interval of the paired difference (see
    `intervals`) holds no 0. The learned features are shown first where one is better and the other no worse. Elsewhere
    the neighbour graphs tell what moved, and the learned features are shown first where their `gain` in worth is above
    `MARGIN`, but for those of a run from nothing. Of fewer than ten photos nothing
    is told. Raises `PrismhError` where features are missing.
    """
    yield Progress("Comparing the two maps", 0, None)
    used, before = project.features.get(STARTER).read(project.photos.used())
    photos, after = project.features.get(run).read(used)
    if len(photos) < FEWEST_PHOTOS:
        return Change(f"There are too few photos to say what learning changed: {len(photos)}.", STARTER, _KEEP)
    kept = {photo.id for photo in photos}
    both = [unit_rows(before[[photo.id in kept for photo in used]]), unit_rows(after)]
    taught = taught_by_names(project, run)
    if names is None:
        given = project.labels.of_photos()  # a name that came with a group tells how well the groups fit themselves
        names = {photo.file_path: given[photo.id] for photo in photos if photo.id in given}
    classes = _classes([photo.file_path for photo in photos if photo.file_path not in taught], names)
    if classes:
        named = np.array([photo.file_path in classes for photo in photos])
        codes = np.array([classes[path] for path in (photo.file_path for photo in photos) if path in classes], np.int64)
        return (yield from _told_by_names([rows[named] for rows in both], codes, len(taught)))
    return (yield from _told_by_neighbours(project, run, photos, both, len(taught)))


def taught_by_names(project: Project, run: str) -> set[str]:
    """The file_paths of photos whose names a run learned from: they say nothing on how well it tells others."""
    paths = (one.folder / TAUGHT_FILE for one in project.runs.all() if one.name == run)
    return {row["file_path"] for path in paths if path.exists() for row in read_csv(path, ("file_path",))}


def _classes(paths: Sequence[str], names: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """file_path -> the number of its name, of photos with a single name that five have; none where but one is such."""
    single = {path: names[path][0] for path in paths if len(names.get(path, ())) == 1}
    enough = sorted(name for name, count in Counter(single.values()).items() if count >= _FEWEST_NAMED)
    if len(enough) < 2:
        return {}
    return {path: enough.index(name) for path, name in single.items() if name in enough}


def _told_by_names(both: Sequence[NDArray[np.float32]], classes: NDArray[np.int64], taught: int) -> Job[Change]:
    scored = []
    for rows in both:
        told = scores.knn_leave_one_out((yield from nearest_neighbours(rows, scores.NEIGHBOURS)), classes)
        groupings = yield from scores.groupings(rows, int(classes.max()) + 1)
        scored.append(scores.Scores(told, None, groupings, None))
    each, differences = yield from intervals.intervals(scored, classes)
    found = {} if differences is None else {name: one for name, one in differences.items() if one is not None}
    verdicts = {found["knn"].verdict, found["nmi"].verdict}
    right = [round(100 * score["knn"].value) for score in each if score["knn"] is not None]
    chance = found["knn"].verdict == NO_CHANGE and right[0] != right[1]
    agree = {BETTER: "more than", NO_CHANGE: "about as well as", WORSE: "less than"}[found["nmi"].verdict]
    if taught:
        subject = f"Learning with the names of {counted(taught, 'photo')}"
        whom = f"the {len(classes)} photos with names that did not teach it"
    else:
        subject, whom = "Learning", "the names you gave"
    numbers = (
        f"{right[1]} of 100 named photos lie among photos of their own name, before {right[0]}"
        f"{' (that may be chance)' if chance else ''}, and the groups agree with the names {agree} before"
    )
    if BETTER in verdicts and WORSE not in verdicts:
        sentence = f"{subject} made the map better for {whom}: {numbers}."
        return Change(sentence, LEARNED, f"{_LOOK}. The instant map stays as it is.")
    made = "made no clear difference"
    if verdicts == {BETTER, WORSE}:
        made = "made the map better in one way and worse in another"
    elif WORSE in verdicts:
        made = "made the map worse"
    next_step = _NAME_MORE if taught else "Learn again with your names: they can teach what the photos alone did not."
    return Change(f"{subject} {made} for {whom}: {numbers}.", STARTER, f"{_KEEP} {next_step}")


def _told_by_neighbours(
    project: Project, run: str, photos: Sequence[Photo], both: Sequence[NDArray[np.float32]], taught: int
) -> Job[Change]:
    neighbours, sets = [], [project.features.get(name) for name in (STARTER, run)]
    for features, rows in zip(sets, both, strict=True):
        neighbours.append((yield from neighbours_of_photos(features, photos, rows, SEPARATION_NEIGHBOURS)))
    k = neighbours[0].indices.shape[1]
    same = (neighbours[0].indices[:, :, None] == neighbours[1].indices[:, None, :]).any(axis=2)
    moved = k - float(same.sum(axis=1).mean())
    before = yield from worth(both[0], neighbours[0])
    after = yield from worth(both[1], neighbours[1])
    gained = gain(before, after)
    unchanged = moved < _UNCHANGED * k and abs(gained) <= MARGIN
    subject = f"Learning with the names of {counted(taught, 'photo')}" if taught else "Learning"
    sentence = (
        f"{subject} changed {'next to nothing' if unchanged else 'the map'}: {moved:.0f} of a photo's {k} most alike "
        f"photos are others than before, and {_separation_text(before, after, gained)}."
    )
    settings = settings_of(project.runs.get(run).folder)
    if settings is not None and settings.start_weights == "none":
        return Change(sentence, STARTER, f"{_KEEP} {_FROM_NOTHING} {_NAME_MORE if taught else _NAME_SOME}")
    return Change(sentence, *_first_by_worth(gained, taught))


def _first_by_worth(gained: float, taught: int) -> tuple[str, str]:
    """Whose features to look at first where no name can tell, and why. gained: in worth."""
    if gained > MARGIN:
        why = "as far as photos without names can tell, it is the better one"
        if taught:
            why += ", though the names that taught it cannot tell whether they helped"
        return LEARNED, f"{_LOOK}: {why}. {_CHOOSE}"
    if taught:
        return STARTER, f"{_KEEP} Nothing shows that the names that taught it helped. {_NAME_MORE}"
    return STARTER, f"{_KEEP} Photos without names do not show that the learned one is better. {_NAME_SOME}"


def _separation_text(before: float, after: float, gained: float) -> str:
    """In words that go with whose features come first. before, after: worths."""
    how = "about as well separated as before"
    if abs(gained) > MARGIN:
        how = "better separated than before" if gained > 0 else "less well separated than before"
    return (
        f"the groups are {how} ({100 * after:.0f} of 100 neighbours lie in a photo's own group, "
        f"before {100 * before:.0f})"
    )
