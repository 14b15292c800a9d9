"""`python -m tests.benchmarks.classify --embeddings FILE`: what a few names a class tell of all other photos.

The class of a photo is the folder it lies in. Names are drawn, and all photos without one are asked for.
"""

from __future__ import annotations

import argparse
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from prismh_engine import embedding_files, jobs
from prismh_engine.analysis import classifier
from prismh_engine.analysis.neighbours import near_duplicates, unit_rows

_HEADINGS = ("names a class", "accuracy", "calibration error", "unsure", "right of the rest", "of unknown kinds named")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.classify", description=__doc__)
    parser.add_argument("--embeddings", type=Path, required=True, help="an all_embeddings.npz of photos in folders")
    parser.add_argument("--names", type=int, nargs="+", default=[5, 20], help="names a class (default 5 20)")
    parser.add_argument("--times", type=int, default=10, help="draws to measure on (default 10)")
    arguments = parser.parse_args()
    read = embedding_files.read(arguments.embeddings)
    rows = unit_rows(read.embeddings)
    classes = np.unique([str(PurePosixPath(path).parent) for path in read.file_paths], return_inverse=True)[1]
    together = jobs.run(near_duplicates(rows))
    print(f"{len(rows)} photos, {classes.max() + 1} classes, mean and standard deviation of {arguments.times} draws")
    print("  ".join(_HEADINGS))
    for each in arguments.names:
        told = [_measure(rows, classes, together, each, seed) for seed in range(arguments.times)]
        means, spreads = np.mean(told, axis=0), np.std(told, axis=0)
        cells = [f"{mean:.3f} ±{spread:.3f}" for mean, spread in zip(means, spreads, strict=True)]
        texts = zip([str(each), *cells], _HEADINGS, strict=True)
        print("  ".join(text.rjust(len(heading)) for text, heading in texts), flush=True)


def _measure(
    rows: NDArray[np.float32], classes: NDArray[np.int64], together: NDArray[np.int64], each: int, seed: int
) -> list[float]:
    """Accuracy, calibration error, share of unsure, accuracy of the others; and, where only half of the classes have
    names, the share of the photos of the other half that got one all the same.
    """
    rng = np.random.default_rng(seed)
    kinds = rng.permutation(classes.max() + 1)
    named, learned = _learn(rows, classes, together, kinds, each, rng)
    rest = np.setdiff1d(np.arange(len(rows)), named)
    told = classifier.hold_out(learned.answer(rows[rest]), [[int(own)] for own in classes[rest]])
    known = kinds[: len(kinds) // 2]
    _, half = _learn(rows, classes, together, known, each, rng)
    strange = half.answer(rows[~np.isin(classes, known)])
    right = told.sure_accuracy if told.sure_accuracy is not None else np.nan
    return [told.accuracy, told.calibration_error, told.unsure, right, float((strange.codes >= 0).mean())]


def _learn(
    rows: NDArray[np.float32],
    classes: NDArray[np.int64],
    together: NDArray[np.int64],
    kinds: NDArray[np.int64],
    each: int,
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], classifier.Classifier]:
    """The photos that were named, so many of each of these classes, and what was learned of them."""
    named = np.concatenate([rng.permutation(np.flatnonzero(classes == kind))[:each] for kind in kinds])
    codes = [[int(own)] for own in classes[named]]
    if len(kinds) <= classes.max():  # classes without a name have no number
        codes = [[int(np.flatnonzero(kinds == own)[0])] for own in classes[named]]
    return named, jobs.run(classifier.fit(rows[named], codes, together[named]))


if __name__ == "__main__":
    main()
