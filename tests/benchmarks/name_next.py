"""`python -m tests.benchmarks.name_next --embeddings FILE`: accuracy over the number of names, asked for and by chance.

The class of a photo is the folder it lies in. A third of the photos is held out, never asked for and always the
measure; a person who knows every class names ten photos a round, those that "name these next" asks for or any.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from prismh_engine import embedding_files, jobs
from prismh_engine.analysis import classifier
from prismh_engine.analysis.neighbours import unit_rows
from prismh_engine.core.name_next import name_next
from prismh_engine.project import Project

from ..invented import fill_with_embeddings

Choose = Callable[[Project, NDArray[np.int64], int], list[int]]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.name_next", description=__doc__)
    parser.add_argument("--embeddings", type=Path, required=True, help="an all_embeddings.npz of photos in folders")
    parser.add_argument("--rounds", type=int, default=12, help="of ten names each (default 12)")
    parser.add_argument("--times", type=int, default=5, help="splits to measure on (default 5)")
    arguments = parser.parse_args()
    read = embedding_files.read(arguments.embeddings)
    classes = np.unique([str(PurePosixPath(path).parent) for path in read.file_paths], return_inverse=True)[1]
    print(f"{len(classes)} photos, {classes.max() + 1} classes, {arguments.times} times")
    print("names     " + "".join(f"{10 * number:>6}" for number in range(1, arguments.rounds + 1)))
    for name, choose in (("by chance", _by_chance), ("asked for", _asked_for)):
        curves = [_curve(read.embeddings, classes, choose, arguments.rounds, seed) for seed in range(arguments.times)]
        means, spreads = np.mean(curves, axis=0), np.std(curves, axis=0)
        print(f"{name:<10}" + "".join(f"{value:>6.3f}" for value in means))
        print("  +-      " + "".join(f"{value:>6.3f}" for value in spreads), flush=True)


def _curve(
    embeddings: NDArray[np.float32], classes: NDArray[np.int64], choose: Choose, rounds: int, seed: int
) -> list[float]:
    """The accuracy on a held-out third after each round."""
    drawn = np.random.default_rng(seed).permutation(len(classes))
    held_out, pool = drawn[: len(drawn) // 3], np.sort(drawn[len(drawn) // 3 :])
    rows, accuracies = unit_rows(embeddings), []
    with tempfile.TemporaryDirectory() as folder, Project.create(Path(folder, "project")) as project:
        photos = fill_with_embeddings(project, Path(folder, "photos"), embeddings[pool])
        place = {photo.id: own for photo, own in zip(photos, pool, strict=True)}
        named: list[int] = []
        for number in range(rounds):
            unnamed = np.array([photo.id for photo in photos if place[photo.id] not in named])
            for photo_id in choose(project, unnamed, 1000 * seed + number):
                project.labels.name_photos([photo_id], f"class {classes[place[photo_id]]}")
                named.append(place[photo_id])
            accuracies.append(_accuracy(rows, classes, named, held_out))
    return accuracies


def _accuracy(
    rows: NDArray[np.float32], classes: NDArray[np.int64], named: list[int], held_out: NDArray[np.int64]
) -> float:
    known, codes = np.unique(classes[named], return_inverse=True)
    if len(known) < 2:
        return float((classes[held_out] == known[0]).mean())
    learned = jobs.run(classifier.fit(rows[named], [[int(code)] for code in codes], np.arange(len(named))))
    return float((known[learned.answer(rows[held_out]).likeliest] == classes[held_out]).mean())


def _by_chance(project: Project, unnamed: NDArray[np.int64], seed: int) -> list[int]:
    return np.random.default_rng(seed).permutation(unnamed)[:10].tolist()


def _asked_for(project: Project, unnamed: NDArray[np.int64], seed: int) -> list[int]:
    return jobs.run(name_next(project, "starter", count=10))


if __name__ == "__main__":
    main()
