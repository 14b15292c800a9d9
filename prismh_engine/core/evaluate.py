"""The step `evaluate`: how well embeddings tell classes apart, of one file, of two side by side, or of a project."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .. import embedding_files, photo_tables
from ..analysis import intervals, scores
from ..analysis.intervals import Difference, Interval
from ..analysis.neighbours import near_duplicates, unit_rows
from ..command import run_step
from ..counted import counted
from ..errors import BadValueError, PrismhError
from ..files import write_json
from ..jobs import Job, StopToken
from ..project import Project
from ..project.feature_sets import STARTER
from ..settings import Resolved, Settings, setting
from ..sources import check_source
from ..tables import read_csv
from .what_changed import Change, taught_by_names, what_changed

FILE_NAME = "evaluation.json"


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


class TooFewClassesError(PrismhError):
    """There are no photos of two classes to tell apart."""


@dataclass(frozen=True)
class Contestant:
    """Embeddings [N, D] under a name, and the photo of each row."""

    name: str
    embeddings: NDArray[np.float32]
    file_paths: Sequence[str]


@dataclass(frozen=True)
class EvaluateReport:
    """What `evaluation.json` holds; its text is the table.

    change: what the newest run of a project changed, None where there is no run. Such a report may have no photos, no
    classes and no files: without names the sentence is all there is.
    """

    photos: int
    classes: Sequence[str]
    files: Sequence[Mapping[str, Any]]
    difference: Mapping[str, Difference | None] | None
    notes: Sequence[str]
    change: Change | None = None

    def __str__(self) -> str:
        change = [] if self.change is None else [str(self.change)]
        return "\n".join([*self._table(), *self.notes, *change])

    def _table(self) -> list[str]:
        if not self.files:
            return []
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
        return lines


_HEADINGS = ("kNN", "linear probe", "NMI", "ARI", "silhouette")


def evaluate(resolved: Resolved[EvaluateSettings], stop: StopToken | None = None) -> Job[EvaluateReport]:
    """Score one or two sets of embeddings, write `evaluation.json` and return the table.

    Of a project: the starter's features, and beside them the newest run's, without the photos whose names taught that
    run; and in words what that run changed, which is kept with it. Raises `PrismhError` where a file cannot be read,
    or there are fewer than two classes and no run.
    """
    settings = resolved.settings
    check_source(resolved, "output_dir")
    labels = None if settings.labels is None else photo_tables.read_labels(settings.labels)
    left_out = [] if settings.leave_out is None else _paths(settings.leave_out)
    if settings.project is not None:
        with Project.open(settings.project) as project:
            report = yield from _evaluate_project(project, labels, left_out, stop)
    else:
        contestants = []
        for path in settings.embeddings:
            read = embedding_files.read(path)
            contestants.append(Contestant(str(path), read.embeddings, read.file_paths))
        report = yield from compare(contestants, labels, stop, left_out)
    if settings.output_dir is not None:
        content = dataclasses.asdict(report)
        for name in ("difference", "change"):
            if content[name] is None:
                del content[name]
        write_json(settings.output_dir / FILE_NAME, content)
    return report


def _evaluate_project(
    project: Project, labels: Mapping[str, Sequence[str]] | None, left_out: list[str], stop: StopToken | None
) -> Job[EvaluateReport]:
    contestants = _of_project(project)
    labels = _names_of_project(project) if labels is None else labels
    run = next((one for one in project.runs.all() if one.name == contestants[-1].name), None)
    if run is None or len(contestants) < 2:
        return (yield from compare(contestants, labels, stop, left_out))
    left_out += sorted(taught_by_names(project, run.name).intersection(contestants[-1].file_paths))
    kept_out = set(left_out)
    names = {path: given for path, given in (labels or {}).items() if path not in kept_out}
    change = yield from what_changed(project, run.name, names)
    project.runs.set_summary(run, str(change), change.shown_first)
    try:
        report = yield from compare(contestants, labels, stop, left_out)
    except TooFewClassesError as error:
        report = EvaluateReport(0, [], [], None, [str(error)])
    return dataclasses.replace(report, change=change)


def compare(
    contestants: Sequence[Contestant],
    labels: Mapping[str, Sequence[str]] | None,
    stop: StopToken | None = None,
    left_out: Collection[str] = (),
) -> Job[EvaluateReport]:
    """Score one or two sets of embeddings on the photos they share and that have one class.

    labels: file_path -> its labels; None for the folder a photo lies in. left_out: file_paths of photos that are not
    scored. Raises `TooFewClassesError` where fewer than two photos of two classes are left, `PrismhError` where none of
    `left_out` is there.
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
        raise TooFewClassesError(
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
