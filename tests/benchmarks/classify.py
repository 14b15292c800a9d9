"""`python -m tests.benchmarks.classify --embeddings FILE`: what a few names a class tell of all other photos.

The class of a photo is the folder it lies in. Names are drawn, of all kinds and of some, and all photos without one are
asked for.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from prismh_engine import embedding_files, jobs
from prismh_engine.analysis import classifier
from prismh_engine.analysis.classifier import Answers
from prismh_engine.analysis.neighbours import Neighbours, near_duplicates, nearest_neighbours, unit_rows
from prismh_engine.analysis.novelty import WALK_NEIGHBOURS, familiar

_ALL = ("kinds named", "names each", "accuracy", "calibration error", "unsure", "right of the rest")
_SOME = ("kinds named", "names each", "others named", "so sure", "unsure", "right of the rest", "right of all named")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.classify", description=__doc__)
    parser.add_argument("--embeddings", type=Path, required=True, help="an all_embeddings.npz of photos in folders")
    parser.add_argument("--names", type=int, nargs="+", default=[5, 20], help="names a class (default 5 20)")
    parser.add_argument("--kinds", type=int, nargs="+", default=[2, 3, 4], help="kinds that have names (default 2 3 4)")
    parser.add_argument("--times", type=int, default=10, help="draws to measure on (default 10)")
    arguments = parser.parse_args()
    photos = _Photos.read(arguments.embeddings)
    count = int(photos.classes.max()) + 1
    print(f"{len(photos.rows)} photos, {count} classes, mean and standard deviation of {arguments.times} draws")
    _table(_ALL, _of_all, photos, [count], arguments)
    print("Where only some kinds have names; the first two columns of figures are of photos of the other kinds:")
    _table(_SOME, _of_some, photos, arguments.kinds, arguments)


@dataclass(frozen=True)
class _Photos:
    """Unit rows [N, D], the class of each, its near duplicates' number, and the graph of its neighbours."""

    rows: NDArray[np.float32]
    classes: NDArray[np.int64]
    together: NDArray[np.int64]
    graph: Neighbours

    @classmethod
    def read(cls, path: Path) -> _Photos:
        read = embedding_files.read(path)
        rows = unit_rows(read.embeddings)
        classes = np.unique([str(PurePosixPath(path).parent) for path in read.file_paths], return_inverse=True)[1]
        graph = jobs.run(nearest_neighbours(rows, WALK_NEIGHBOURS))
        return cls(rows, classes, jobs.run(near_duplicates(rows)), graph)

    def answers(self, kinds: NDArray[np.int64], each: int, rng: np.random.Generator) -> tuple[_Places, Answers]:
        """The photos left when so many of each of these classes were named, and the answers on them."""
        named = np.concatenate([rng.permutation(np.flatnonzero(self.classes == kind))[:each] for kind in kinds])
        rest = np.setdiff1d(np.arange(len(self.rows)), named)
        codes = np.argsort(kinds)[np.searchsorted(np.sort(kinds), self.classes[named])]
        learned = jobs.run(classifier.fit(self.rows[named], codes[:, None].tolist(), self.together[named]))
        known = jobs.run(familiar(self.graph, named, codes, self.together[named]))
        return rest, learned.answer(self.rows[rest], known[rest])


_Places = NDArray[np.int64]
_Measured = Callable[[_Photos, NDArray[np.int64], int, np.random.Generator], list[float]]


def _table(
    headings: Sequence[str], measure: _Measured, photos: _Photos, kinds: Sequence[int], arguments: argparse.Namespace
) -> None:
    print("  ".join(headings))
    for count, each in itertools.product(kinds, arguments.names):
        told = []
        for seed in range(arguments.times):
            rng = np.random.default_rng(seed)
            drawn = rng.permutation(photos.classes.max() + 1)[:count]
            told.append(measure(photos, drawn, each, rng))
        means, spreads = np.nanmean(told, axis=0), np.nanstd(told, axis=0)
        cells = [f"{mean:.3f} ±{spread:.3f}" for mean, spread in zip(means, spreads, strict=True)]
        texts = zip([str(count), str(each), *cells], headings, strict=True)
        print("  ".join(text.rjust(len(heading)) for text, heading in texts), flush=True)


def _of_all(photos: _Photos, kinds: NDArray[np.int64], each: int, rng: np.random.Generator) -> list[float]:
    """Accuracy, calibration error, share of unsure, accuracy of the others."""
    rest, answers = photos.answers(kinds, each, rng)
    told = classifier.hold_out(answers, np.argsort(kinds)[photos.classes[rest]][:, None].tolist())
    right = np.nan if told.sure_accuracy is None else told.sure_accuracy
    return [told.accuracy, told.calibration_error, told.unsure, right]


def _of_some(photos: _Photos, kinds: NDArray[np.int64], each: int, rng: np.random.Generator) -> list[float]:
    """Of photos of kinds without a name the share that got one all the same, and its mean confidence; of the others the
    share of unsure and the share told right of the rest; the share of all given names that is right.
    """
    rest, answers = photos.answers(kinds, each, rng)
    known, sure = np.isin(photos.classes[rest], kinds), answers.codes >= 0
    right = kinds[answers.likeliest] == photos.classes[rest]
    return [
        _mean(sure[~known]),
        _mean(answers.confidences[sure & ~known]),
        _mean(~sure[known]),
        _mean(right[known & sure]),
        _mean(right[sure]),
    ]


def _mean(values: NDArray[np.generic]) -> float:
    return float(values.mean()) if len(values) else np.nan


if __name__ == "__main__":
    main()
