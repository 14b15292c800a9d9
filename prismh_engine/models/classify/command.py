"""The step `classify`: embeddings and a few labels in, a label for every photo out, or none where it is unsure."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ... import embedding_files, photo_tables
from ...analysis import classifier
from ...analysis.classifier import LEAST_CONFIDENCE, Answers, Classifier, HeldOut
from ...analysis.neighbours import nearest_neighbours, unit_rows
from ...analysis.novelty import WALK_NEIGHBOURS, familiar
from ...command import required, run_step
from ...counted import counted
from ...errors import PrismhError
from ...files import write_json
from ...jobs import Job, StopToken
from ...project import Project
from ...settings import Resolved, Settings, setting
from ...sources import check_source
from ...tables import write_csv
from .suggest import suggest
from .teachers import teachers_of, together_in_folds

PREDICTIONS, REPORT = "predictions.csv", "classifier_report.json"


@dataclass(frozen=True)
class ClassifySettings(Settings):
    """Settings of the step `classify`."""

    step: ClassVar[str] = "classify"

    embeddings: Path | None = setting(None, "the all_embeddings.npz that extract wrote")
    labels: Path | None = setting(
        None, "CSV with the labels of some photos: file_path,label; of a project without it the names given in it"
    )
    output_dir: Path | None = setting(None, f"folder for {PREDICTIONS} and {REPORT}")
    project: Path | None = setting(None, "project folder, in place of --embeddings and --output_dir")


@dataclass(frozen=True)
class ClassifyReport:
    """What `classifier_report.json` holds; its text is what the command prints.

    classes: how many labelled photos each label has. predicted, unsure: of the photos without a label; strange: how
    many of the unsure ones are taken for photos of something that has no label.
    """

    photos: int
    labelled: int
    classes: Mapping[str, int]
    predicted: int
    unsure: int
    strange: int
    strength: float
    least_confidence: float
    held_out: HeldOut | None
    notes: Sequence[str]

    def __str__(self) -> str:
        taught = f"{len(self.classes)} labels learned from {counted(self.labelled, 'photo')}"
        others = counted(self.predicted + self.unsure, "other photo")
        lines = [f"{taught}: {self.predicted:,} of {others} got one, unsure about {self.unsure:,}."]
        if self.strange:
            lines.append(f"{self.strange:,} of those seem to be of something that has no label yet.")
        if self.held_out is not None and self.held_out.sure_accuracy is not None:
            lines.append(
                f"Of labelled photos held out in turn {100 * self.held_out.sure_accuracy:.0f} of 100 answers were "
                f"right, and {100 * self.held_out.unsure:.0f} of 100 photos were left unsure."
            )
        return "\n".join([*lines, *self.notes])


def classify(resolved: Resolved[ClassifySettings], stop: StopToken | None = None) -> Job[ClassifyReport]:
    """Learn from the labelled photos, and write `predictions.csv` and `classifier_report.json`.

    A photo with labels keeps them, with a confidence of 1; any other gets one or, where the classifier is unsure, an
    empty one, see `analysis.classifier`. Of a project the newest run's features are taken, else the starter's; what is
    told is kept as its suggestions, and the files are written where `output_dir` is given. Raises `PrismhError` where
    a file cannot be read, or there are fewer than two labels.
    """
    settings = resolved.settings
    check_source(resolved, "labels", "output_dir")
    labels = None if settings.labels is None else photo_tables.read_labels(settings.labels)
    if settings.project is not None:
        file_paths, names, learned, answers, known, notes = yield from _of_project(settings.project, labels, stop)
    else:
        assert settings.embeddings is not None
        required(resolved, "labels")
        file_paths, names, learned, answers, known, notes = yield from _of_file(settings.embeddings, labels or {}, stop)
    counts = Counter(name for own in names for name in own)
    report = ClassifyReport(
        photos=len(names),
        labelled=sum(bool(own) for own in names),
        classes=dict(sorted(counts.items())),
        predicted=int((answers.codes >= 0).sum()),
        unsure=int((answers.codes < 0).sum()),
        strange=int((~known).sum()),
        strength=learned.strength,
        least_confidence=LEAST_CONFIDENCE,
        held_out=learned.held_out,
        notes=notes,
    )
    if settings.output_dir is not None:
        header = ("file_path", "label", "confidence")
        rows = list(_predictions(file_paths, names, sorted(counts), answers))
        if settings.project is not None:
            rows.sort(key=lambda row: row[0])
        write_csv(settings.output_dir / PREDICTIONS, header, rows)
        write_json(settings.output_dir / REPORT, dataclasses.asdict(report))
    return report


_Told = tuple[Sequence[str], Sequence[Sequence[str]], Classifier, Answers, NDArray[np.bool_], list[str]]
"""The photos and the labels of each; what was learned; of those without a label, in order, the answers, and which of
them may be of a labelled kind; notes."""


def _of_file(path: Path, labels: Mapping[str, Sequence[str]], stop: StopToken | None) -> Job[_Told]:
    read = embedding_files.read(path)
    notes = _check(labels, read.file_paths)
    names = [labels.get(file_path, ()) for file_path in read.file_paths]
    classes = {name: code for code, name in enumerate(sorted({name for own in names for name in own}))}
    rows = unit_rows(read.embeddings)
    named = np.array([bool(own) for own in names], dtype=np.bool_)
    codes = [[classes[name] for name in own] for own in names if own]
    first = np.array([own[0] for own in codes], dtype=np.int64)
    together = yield from together_in_folds(rows[named], first)
    learned = yield from classifier.fit(rows[named], codes, together)
    graph = yield from nearest_neighbours(rows, WALK_NEIGHBOURS)
    known = (yield from familiar(graph, np.flatnonzero(named), first, together))[~named]
    if stop is not None:
        stop.check()
    return read.file_paths, names, learned, learned.answer(rows[~named], known), known, notes


def _of_project(folder: Path, labels: Mapping[str, Sequence[str]] | None, stop: StopToken | None) -> Job[_Told]:
    with Project.open(folder) as project:
        features = project.features.newest()
        by_id = {photo.id: photo.file_path for photo in project.photos.each_used()}
        notes, names = [], None
        if labels is not None:
            notes = _check(labels, by_id.values())
            names = {identity: labels[path] for identity, path in by_id.items() if labels.get(path)}
        teachers = teachers_of(project, features, names)
        suggested = yield from suggest(project, features, teachers, stop)
        file_paths = [by_id[identity] for identity in teachers.photo_ids.tolist()]
    return file_paths, teachers.names, suggested.learned, suggested.answers, suggested.familiar, notes


def _check(labels: Mapping[str, Sequence[str]], file_paths: Iterable[str]) -> list[str]:
    """A sentence where labels are of other photos. Raises `PrismhError` where all of them are."""
    known = set(file_paths)
    unknown = [path for path, own in labels.items() if own and path not in known]
    if unknown and len(unknown) == sum(bool(own) for own in labels.values()):
        example = f"it names {unknown[0]!r}, they are like {min(known)!r}" if known else "there are none"
        raise PrismhError(f"The labels are of none of the photos: {example}.")
    more = ", ..." if len(unknown) > 3 else ""
    return [f"{counted(len(unknown), 'labelled path')} not found: {', '.join(unknown[:3])}{more}."] if unknown else []


def _predictions(
    file_paths: Sequence[str], names: Sequence[Sequence[str]], classes: Sequence[str], answers: Answers
) -> Iterator[tuple[str, str, float]]:
    told = zip(answers.codes.tolist(), answers.confidences.tolist(), strict=True)
    for file_path, own in zip(file_paths, names, strict=True):
        if own:
            yield file_path, "; ".join(own), 1.0
            continue
        code, confidence = next(told)
        yield file_path, classes[code] if code >= 0 else "", round(confidence, 4)


def main(argv: Sequence[str] | None = None) -> int:
    return run_step(
        ClassifySettings, classify, argv, description="Label all photos as those that have a label teach it."
    )
