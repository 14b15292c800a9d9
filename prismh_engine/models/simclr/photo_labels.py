"""The labels of the photos of a training: of a file or a project, to measure by or to learn from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...counted import counted
from ...errors import BadValueError, PrismhError
from ...photo_tables import read_labels
from ...project import Project
from .settings import LABELS_OF_PROJECT
from .training_photos import TrainingPhoto, TrainingPhotos

_NAMED = 3


def labels_of_file(path: Path, photos: Sequence[TrainingPhoto], notes: list[str] | None = None) -> dict[int, list[str]]:
    """Number of a photo -> its labels, for photos that have any.

    path: a CSV with file_path and label. notes: gets a sentence that names paths of the CSV which are not among the
    photos. Raises `PrismhError` where the CSV is none, or labels none of the photos.
    """
    labels = {file_path: own for file_path, own in read_labels(path).items() if own}
    found = {photo.number: labels[photo.file_path] for photo in photos if photo.file_path in labels}
    known = {photo.file_path for photo in photos}
    unknown = [file_path for file_path in labels if file_path not in known]
    if not found:
        example = f" It names {unknown[0]!r}, they are like {photos[0].file_path!r}." if unknown and photos else ""
        raise PrismhError(
            f"{path} labels none of the photos to learn from.{example} Its column file_path must hold their paths in "
            "the photo folder."
        )
    if unknown and notes is not None:
        notes.append(
            f"{path} labels {counted(len(unknown), 'path')} that {'is' if len(unknown) == 1 else 'are'} not among the "
            f"photos to learn from, and left out: {_some(unknown)}."
        )
    return found


def labels_of(
    source: str, photos: TrainingPhotos, project: Project | None, notes: list[str] | None = None
) -> Mapping[str, Sequence[str]]:
    """file_path of a photo -> its labels, of those that have any.

    source: a CSV with file_path and label, or the word `project` for the names given in the project: to the photo
    itself, else with its group. notes, and what is raised: as of `labels_of_file`.
    """
    if source == LABELS_OF_PROJECT:
        return _of_project(project)
    of_file = labels_of_file(Path(source), photos, notes)
    return {photo.file_path: of_file[photo.number] for photo in photos if photo.number in of_file}


def teaching_labels(
    source: str, photos: TrainingPhotos, project: Project | None, notes: list[str] | None = None
) -> dict[str, str]:
    """file_path of a photo -> the one label it teaches.

    source: as of `labels_of`. Photos that carry several labels teach none, since they would pull their labels together.
    notes: gets sentences on what does not teach. Raises `PrismhError` where fewer than two labels teach.
    """
    labels = labels_of(source, photos, project, notes)
    taught = {file_path: own[0] for file_path, own in labels.items() if len(own) == 1}
    word = word_for(source)
    check_enough(taught, "The project" if source == LABELS_OF_PROJECT else source, word)
    if notes is not None:
        notes += _notes(labels, Counter(taught.values()), word)
    return taught


def word_for(source: str) -> str:
    """What a person calls the labels of a source: who gave them in a project gave names."""
    return "name" if source == LABELS_OF_PROJECT else "label"


def names_that_teach(project: Project) -> Counter[str]:
    """Name -> how many photos would teach it by the word `project`, as `teaching_labels` has it; also of too few."""
    given, used = project.labels.of_photos_or_groups(), set(project.photos.used_ids().tolist())
    return Counter(own[0] for photo_id, own in given.items() if len(own) == 1 and photo_id in used)


def check_enough(taught: Mapping[str, str], whence: str, word: str) -> None:
    """Raise `PrismhError` where fewer than two labels teach.

    taught: as of `teaching_labels`; whence: they come; word: as of `word_for`.
    """
    labels = sorted(set(taught.values()))
    if len(labels) < 2:
        has = f"only the {word} {labels[0]!r}" if labels else f"no {word}"
        raise PrismhError(
            f"{whence} gives the photos to learn from {has}: learning from {word}s needs two at least, each on a few "
            f"photos. {word.capitalize()} more photos, or leave out --labels."
        )


def _of_project(project: Project | None) -> dict[str, Sequence[str]]:
    """file_path -> the names of a photo of the project."""
    if project is None:
        raise BadValueError(
            f"--labels {LABELS_OF_PROJECT} are the names given in a project: it goes with --project. A file of this "
            f"name is ./{LABELS_OF_PROJECT}."
        )
    given = project.labels.of_photos_or_groups()
    return {photo.file_path: given[photo.id] for photo in project.photos.each_used() if photo.id in given}


def _notes(labels: Mapping[str, Sequence[str]], counts: Mapping[str, int], word: str) -> list[str]:
    several = [file_path for file_path, own in labels.items() if len(own) > 1]
    alone = [label for label, count in counts.items() if count == 1]
    notes = []
    if several:
        who = f"1 photo carries several {word}s and teaches" if len(several) == 1 else (
            f"{len(several):,} photos carry several {word}s and teach"
        )  # fmt: skip
        notes.append(f"{who} none of them: {_some(several)}.")
    if alone:
        notes.append(
            f"{counted(len(alone), word)} {'is' if len(alone) == 1 else 'are'} on one photo alone ({_some(alone)}): "
            f"what photos of a {word} share is learned from two at least."
        )
    return notes


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
