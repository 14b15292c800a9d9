"""The step `evaluate`: how well embeddings tell classes apart, of one file or of two side by side."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .. import embedding_files, jobs, photo_tables
from ..analysis import clustering, intervals, scores
from ..analysis.intervals import Difference, Interval
from ..analysis.neighbours import near_duplicates, nearest_neighbours, unit_rows
from ..command import run_step
from ..counted import counted
from ..errors import BadValueError, PrismhError
from ..files import write_json
from ..jobs import Job, StopToken
from ..models.simclr.settings import TAUGHT_FILE
from ..project import Project
from ..project.feature_sets import STARTER
from ..settings import Resolved, Settings, setting
from ..sources import check_source
from ..tables import read_csv

FILE_NAME = "evaluation.json"
_FEWEST_PHOTOS = 10  # fewer say nothing on what changed
_FEWEST_NAMED = 5  # photos a name must stand on to be counted
_NOISE = 0.03  # differences below are as large by chance
_UNCHANGED = 0.05  # share of neighbours that are others by rounding alone


@dataclass(frozen=True)
class EvaluateSettings(Settings):
    """Settings of the step `evaluate`."""

    step: ClassVar[str] = "evaluate"

    embeddings: tuple[Path, ...] = setting((), "one all_embeddings.npz, or two to compare")
    labels: Path | None = setting(None, "CSV with the class of each photo: file_path,label; without it the folder")
    leave_out: Path | None = setting(
        None, "CSV with a column file_path: photos to keep out of the score, such as those whose names taught"
    )
    output_dir: Path | None = setting(None, f"folder for {FILE_NAME}")
    project: Path | None = setting(None, "project folder, in place of --embeddings and --output_dir")

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.embeddings) > 2:
            raise BadValueError(f"embeddings must be one or two files, got {len(self.embeddings)}")


@dataclass(frozen=True)
class Contestant:
    """Embeddings [N, D] under a name, and the photo of each row."""

    name: str
    embeddings: NDArray[np.float32]
    file_paths: Sequence[str]


@dataclass(frozen=True)
class EvaluateReport:
    """What `evaluation.json` holds; its text is the table."""

    photos: int
    classes: Sequence[str]
    files: Sequence[Mapping[str, Any]]
    difference: Mapping[str, Difference | None] | None
    notes: Sequence[str]

    def __str__(self) -> str:
        width = max(len("difference"), *(len(str(file["embeddings"])) for file in self.files))
        lines = [f"{self.photos} photos, {len(self.classes)} classes", _line("", width, _HEADINGS)]
        lines += [
            _line(file["embeddings"], width, [_text(file[name]) for name in intervals.NAMES]) for file in self.files
        ]
        if self.difference is not None:
            texts = [_text(self.difference[name], sign=True) for name in intervals.NAMES]
            lines.append(_line("difference", width, texts))
            told = [self.difference[name] for name in intervals.NAMES]
            lines.append(_line("", width, ["" if found is None else found.verdict for found in told]))
        return "\n".join([*lines, *self.notes])


_HEADINGS = ("kNN", "linear probe", "NMI", "ARI", "silhouette")


def evaluate(resolved: Resolved[EvaluateSettings], stop: StopToken | None = None) -> Job[EvaluateReport]:
    """Score one or two sets of embeddings, write `evaluation.json` and return the table.

    Of a project: the starter's features, and beside them the newest run's, without the photos whose names taught that
    run. Raises `PrismhError` where a file cannot be read, or there are fewer than two classes.
    """
    settings = resolved.settings
    check_source(resolved, "output_dir")
    labels = None if settings.labels is None else photo_tables.read_labels(settings.labels)
    left_out = [] if settings.leave_out is None else _paths(settings.leave_out)
    if settings.project is not None:
        with Project.open(settings.project) as project:
            contestants = _of_project(project)
            labels = _names_of_project(project) if labels is None else labels
            left_out += sorted(_taught(project, contestants[-1].name).intersection(contestants[-1].file_paths))
    else:
        contestants = []
        for path in settings.embeddings:
            read = embedding_files.read(path)
            contestants.append(Contestant(str(path), read.embeddings, read.file_paths))
    report = yield from compare(contestants, labels, stop, left_out)
    if settings.output_dir is not None:
        content = dataclasses.asdict(report)
        if report.difference is None:
            del content["difference"]
        write_json(settings.output_dir / FILE_NAME, content)
    return report


def compare(
    contestants: Sequence[Contestant],
    labels: Mapping[str, Sequence[str]] | None,
    stop: StopToken | None = None,
    left_out: Collection[str] = (),
) -> Job[EvaluateReport]:
    """Score one or two sets of embeddings on the photos they share and that have one class.

    labels: file_path -> its labels; None for the folder a photo lies in. left_out: file_paths of photos that are not
    scored. Raises `PrismhError` where fewer than two photos of two classes are left, or none of `left_out` is there.
    """
    paths, notes = _shared_paths(contestants)
    paths, more = _without(paths, left_out)
    notes += more
    names, more = _classes(paths, labels)
    notes += more
    kept = [path for path in paths if path in names]
    classes, codes = np.unique([names[path] for path in kept], return_inverse=True)
    if len(classes) < 2:
        found = f"only the class {str(classes[0])!r}" if len(classes) else "none"
        beside = " beside those kept out of the score" if left_out else ""
        raise PrismhError(
            f"Evaluating needs photos of two classes{beside}, and there is {found}: name classes with --labels."
        )
    notes += _notes_on_small_classes(codes.astype(np.int64))
    rows = []
    for contestant in contestants:
        row_of = {path: row for row, path in enumerate(contestant.file_paths)}
        rows.append(unit_rows(contestant.embeddings[[row_of[path] for path in kept]]))
    duplicates, more = yield from _near_duplicates(rows, codes)
    notes += more
    scored = []
    for own in rows:
        if stop is not None:
            stop.check()
        scored.append((yield from scores.score(own, codes.astype(np.int64), duplicates)))
    each, difference = yield from intervals.intervals(scored, codes.astype(np.int64))
    files = [{"embeddings": c.name, **found} for c, found in zip(contestants, each, strict=True)]
    return EvaluateReport(len(kept), [str(name) for name in classes], files, difference, notes)


def _shared_paths(contestants: Sequence[Contestant]) -> tuple[list[str], list[str]]:
    """The photos that all have, in the order of the first, and a sentence where they differ."""
    shared = set(contestants[0].file_paths).intersection(*(c.file_paths for c in contestants[1:]))
    paths = [path for path in contestants[0].file_paths if path in shared]
    if all(len(c.file_paths) == len(paths) for c in contestants):
        return paths, []
    if not paths:
        raise PrismhError(f"{contestants[0].name} and {contestants[1].name} have no photo in common.")
    return paths, [f"Compared on the {len(paths)} photos that both have."]


def _classes(paths: Sequence[str], labels: Mapping[str, Sequence[str]] | None) -> tuple[dict[str, str], list[str]]:
    """file_path -> its class, for photos that have just one, and a sentence on the others."""
    if labels is None:
        return {path: str(PurePosixPath(path).parent) for path in paths}, []
    names = {path: labels[path][0] for path in paths if len(labels.get(path, ())) == 1}
    left_out = len(paths) - len(names)
    return names, [f"{left_out} photos without a label, or with several, are left out."] if left_out else []


def _paths(path: Path) -> list[str]:
    return [row["file_path"] for row in read_csv(path, ("file_path",))]


def _without(paths: list[str], left_out: Collection[str]) -> tuple[list[str], list[str]]:
    """The photos that are scored, and a sentence on those that are not."""
    if not left_out or not paths:
        return paths, []
    unwanted = set(left_out)
    kept = [path for path in paths if path not in unwanted]
    count = len(paths) - len(kept)
    if not count:
        raise PrismhError(
            f"None of the photos to leave out is among those with embeddings: they are like {next(iter(left_out))!r}, "
            f"and these like {paths[0]!r}."
        )
    return kept, [f"{counted(count, 'photo')} {'is' if count == 1 else 'are'} kept out of the score."]


def _notes_on_small_classes(classes: NDArray[np.int64]) -> list[str]:
    alone = int(scores.alone(classes).sum())
    if not alone:
        return []
    are = "is the only one of its" if alone == 1 else "are the only ones of their"
    which = f"{alone} of {len(classes)} photos {are} class"
    if alone == len(classes):
        return [f"{which}: without two photos of a class nothing can be scored."]
    if scores.mostly_alone(classes):
        return [f"{which}: any groups would agree with such classes, so that NMI and ARI are left out."]
    return [f"{which}: no other photo can tell it, which lowers the scores."]


def _near_duplicates(
    rows: Sequence[NDArray[np.float32]], classes: NDArray[np.int64]
) -> Job[tuple[NDArray[np.int64], list[str]]]:
    """Near duplicates by the first embeddings whose cosines can tell them, for all of them."""
    for own in rows:
        groups = yield from near_duplicates(own)
        if not scores.swallow_a_class(groups, classes):
            return groups, []
    note = (
        "Most photos of a class have cosines of .9 and more: near duplicates cannot be told, and may raise the scores."
    )
    return np.arange(len(rows[0])), [note]


def what_changed(project: Project, run: str) -> str:
    """One sentence on what learning changed: a run's features beside the starter's, on the photos that have both.

    It tells how many of a photo's 15 most alike photos are others, how well separated as many groups are before and
    after, and, where two names or more were given to five single photos each, how well neighbours tell the names. A
    difference below .03, or one whose interval holds 0, is called none. Names that the run learned from count for
    nothing. Raises `PrismhError` where features are
    missing.
    """
    photos, before = project.features.get(STARTER).read(project.photos.used())
    shared, after = project.features.get(run).read(photos)
    if len(shared) < _FEWEST_PHOTOS:
        return f"There are too few photos to say what learning changed: {len(shared)}."
    kept = {photo.id for photo in shared}
    both = [unit_rows(before[[photo.id in kept for photo in photos]]), unit_rows(after)]
    neighbours = [jobs.run(nearest_neighbours(rows, clustering.SEPARATION_NEIGHBOURS)) for rows in both]
    k = neighbours[0].indices.shape[1]
    same = (neighbours[0].indices[:, :, None] == neighbours[1].indices[:, None, :]).any(axis=2)
    moved = k - float(same.sum(axis=1).mean())
    grouping = project.groupings.newest(project.features.get(STARTER))
    wanted: int | str = min(len(grouping.members()), len(shared)) if grouping else clustering.AUTO
    first = jobs.run(clustering.k_means(both[0], wanted))
    second = jobs.run(clustering.k_means(both[1], len(first.sizes)))
    separations = [
        float(clustering.separation(found.clusters, near).mean())
        for found, near in zip((first, second), neighbours, strict=True)
    ]
    parts = [f"{moved:.0f} of a photo's {k} most alike photos are others than before"]
    parts += [_separation_text(*separations)] if len(first.sizes) > 1 else []
    taught = _taught(project, run)
    if taught:
        parts.append(f"the names of {counted(len(taught), 'photo')} taught it, and so cannot tell whether it helped")
    untaught = [photo.file_path not in taught for photo in shared]
    ids = [photo.id for photo, counts in zip(shared, untaught, strict=True) if counts]
    named, told = _names_text(project, ids, [rows[untaught] for rows in both])
    parts += [named] if named else []
    unchanged = moved < _UNCHANGED * k and abs(separations[1] - separations[0]) < _NOISE and not told
    return f"Learning changed {'next to nothing' if unchanged else 'the map'}: {'; '.join(parts)}."


def _separation_text(before: float, after: float) -> str:
    how = "as well separated as before"
    if abs(after - before) >= _NOISE:
        how = "better separated than before" if after > before else "less well separated than before"
    return (
        f"the groups are {how} ({100 * after:.0f} of 100 neighbours lie in a photo's own group, "
        f"before {100 * before:.0f})"
    )


def _names_text(project: Project, photo_ids: Sequence[int], both: Sequence[NDArray[np.float32]]) -> tuple[str, bool]:
    """What the names say, "" where there are too few, and whether they say that something changed."""
    given = project.labels.of_photos()
    counts = Counter(given[i][0] for i in photo_ids if len(given.get(i, ())) == 1)
    enough = sorted(name for name, count in counts.items() if count >= _FEWEST_NAMED)
    named = [row for row, i in enumerate(photo_ids) if len(given.get(i, ())) == 1 and given[i][0] in enough]
    if len(enough) < 2:
        return "", False
    classes = np.array([enough.index(given[photo_ids[row]][0]) for row in named], dtype=np.int64)
    right = []
    for rows in both:
        neighbours = jobs.run(nearest_neighbours(rows[named], scores.NEIGHBOURS))
        told = scores.knn_leave_one_out(neighbours, classes)
        assert told is not None
        right.append(told)
    differences = right[1] - right[0]
    error = float(differences.std() / np.sqrt(len(differences)))
    better = abs(differences.mean()) >= _NOISE and abs(differences.mean()) > 2 * error
    text = (
        f"the names you gave are told by a photo's neighbours for {100 * right[1].mean():.0f} of 100, "
        f"before {100 * right[0].mean():.0f}{'' if better else ' (no clear difference)'}"
    )
    return text, better


def _taught(project: Project, run: str) -> set[str]:
    """The file_paths of photos whose names a run learned from: they say nothing on how well it tells others."""
    paths = (one.folder / TAUGHT_FILE for one in project.runs.all() if one.name == run)
    return {file_path for path in paths if path.exists() for file_path in _paths(path)}


def _of_project(project: Project) -> list[Contestant]:
    """The starter's features and the newest ones, where they are others."""
    newest = project.features.newest()
    found: list[Contestant] = []
    for features in (project.features.find(STARTER), newest):
        if features is not None and features.name not in [one.name for one in found]:
            photos, embeddings = features.read(project.photos.used())
            found.append(Contestant(features.name, embeddings, [photo.file_path for photo in photos]))
    return found


def _names_of_project(project: Project) -> dict[str, list[str]] | None:
    """file_path -> the names that photos were given, None where there are not two."""
    given = project.labels.of_photos()  # a name that came with a group tells how well the groups fit themselves
    if len({name for names in given.values() for name in names}) < 2:
        return None
    return {photo.file_path: given[photo.id] for photo in project.photos.used() if photo.id in given}


def _line(name: str, width: int, texts: Sequence[str]) -> str:
    return "  ".join([name.ljust(width), *(text.rjust(23) for text in texts)])


def _text(found: Interval | None, sign: bool = False) -> str:
    if found is None:
        return "-"
    plus = "+" if sign else ""
    return f"{found.value:{plus}.3f} ({found.low:{plus}.3f} to {found.high:{plus}.3f})".replace("0.", ".")


def main(argv: Sequence[str] | None = None) -> int:
    return run_step(
        EvaluateSettings, evaluate, argv, description="Measure how well embeddings tell classes of photos apart."
    )


if __name__ == "__main__":
    raise SystemExit(main())
