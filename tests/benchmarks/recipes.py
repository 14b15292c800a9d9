"""`python -m tests.benchmarks.recipes FOLDER --output_dir D -- --preset quick`: what a training adds to the starter.

The class of a photo is the folder it lies in. The command behind `--` trains once a seed; the features of the epochs
it keeps, of its best one and of that one joined with the starter's are compared with the starter's by `evaluate`:
better or worse where the 95 % interval of the paired bootstrap holds no 0. With --names so many photos of each class
(of the first --kinds, every other one) are drawn to teach, and kept out of every score; the photos of the kinds
nobody named are scored by themselves too. Everything a command computed before is taken from D.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from prismh_engine import embedding_files, jobs
from prismh_engine.analysis import classifier
from prismh_engine.analysis.clustering import SEPARATION_NEIGHBOURS
from prismh_engine.analysis.neighbours import near_duplicates, nearest_neighbours, unit_rows
from prismh_engine.analysis.worth import MARGIN, gain, worth
from prismh_engine.tables import write_csv

_MEASURES = ("knn", "nmi")


@dataclass(frozen=True)
class _Names:
    """Which photos teach: file_path -> class. Empty where none do."""

    taught: Mapping[str, str]
    all_classes: Mapping[str, str]

    @property
    def kinds(self) -> set[str]:
        return set(self.taught.values())


def command_line() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.recipes", description=__doc__)
    parser.add_argument("folder", type=Path, help="photos in a folder a class")
    parser.add_argument("--output_dir", type=Path, required=True, help="folder for runs, features and scores")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="one training each (default 0)")
    parser.add_argument("--names", type=int, default=0, help="photos a class that teach (default none)")
    parser.add_argument("--kinds", type=int, help="classes that have such names (default all)")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    words = sys.argv[1:] if argv is None else list(argv)
    border = words.index("--") if "--" in words else len(words)
    arguments = command_line().parse_args(words[:border])
    for seed in arguments.seeds:
        _Trial(
            arguments.folder, arguments.output_dir, seed, arguments.names, arguments.kinds, words[border + 1 :]
        ).run()
    return 0


class _Trial:
    def __init__(
        self, photos: Path, output: Path, seed: int, names: int, kinds: int | None, flags: Sequence[str]
    ) -> None:
        self._photos, self._output, self._seed, self._flags = photos, output, seed, list(flags)
        words = "_".join(re.sub(r"\W+", "", flag) for flag in flags)
        taught = f"names{names}_of{kinds or 'all'}_" if names else ""
        self._folder = output / f"{taught}{words}_seed{seed}"
        self._starter = output / "starter"
        self._features("starter", self._starter)
        self._names = self._draw(names, kinds)

    def run(self) -> None:
        print(f"{self._photos.name}, seed {self._seed}: train {' '.join(self._flags)}", flush=True)
        seconds = self._train()
        print(f"  {seconds / 60:.1f} minutes of one core" if seconds else "  trained before")
        run = self._folder / "run" / "checkpoints"
        numbered = sorted(run.glob("checkpoint_epoch_*.pt"), key=lambda path: int(re.findall(r"\d+", path.stem)[0]))
        for checkpoint in (*numbered, run / "best_model.pt"):
            self._row(checkpoint.stem, self._features(str(checkpoint), self._folder / checkpoint.stem))
        joined = self._features(str(run / "best_model.pt"), self._folder / "joined", "--features", "joined")
        self._row("joined", joined)

    def _draw(self, count: int, kinds: int | None) -> _Names:
        paths = embedding_files.read(self._starter / "all_embeddings.npz").file_paths
        classes = {path: str(PurePosixPath(path).parent) for path in paths}
        names = sorted(set(classes.values()))
        chosen = names if kinds is None else (names[::2] + names[1::2])[:kinds]
        lot = np.random.default_rng(self._seed)
        taught: dict[str, str] = {}
        for name in chosen if count else ():
            own = [path for path in paths if classes[path] == name]
            taught |= {own[place]: name for place in lot.permutation(len(own))[:count]}
        return _Names(taught, classes)

    def _train(self) -> float:
        if (self._folder / "run" / "encoder.safetensors").exists():
            return 0.0
        flags = [*self._flags, "--data_dir", str(self._photos), "--output_dir", str(self._folder / "run")]
        flags += ["--cache_dir", str(self._output / "cache"), "--seed", str(self._seed), "--quiet"]
        if self._names.taught:
            labels = self._folder / "labels.csv"
            self._folder.mkdir(parents=True, exist_ok=True)
            write_csv(labels, ("file_path", "label"), sorted(self._names.taught.items()))
            flags += ["--labels", str(labels)]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        _engine("models.simclr", *flags)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def _features(self, model: str, folder: Path, *flags: str) -> Path:
        if not (folder / "all_embeddings.npz").exists():
            where = ["--input_dir", str(self._photos), "--cache_dir", str(self._output / "cache")]
            _engine(
                "core.extract_embeddings", "--model_path", model, "--output_dir", str(folder), *where, *flags, "--quiet"
            )
        return folder / "all_embeddings.npz"

    def _row(self, title: str, features: Path) -> None:
        starter = self._starter / "all_embeddings.npz"
        texts = [f"{name} {text}" for name, text in self._scores(features, set(self._names.taught), "evaluation")]
        if self._names.taught:
            told = [_told(path, self._names) for path in (starter, features)]
            texts.append(f"the rest told {told[0]:.3f} -> {told[1]:.3f}")
            named = {path for path, own in self._names.all_classes.items() if own in self._names.kinds}
            if len(named) < len(self._names.all_classes):
                of_others = self._scores(features, named, "others")
                texts += [f"kinds not named: {name} {text}" for name, text in of_others]
        worths = [_worth(path) for path in (starter, features)]
        first = "learned" if gain(*worths) > MARGIN else "starter"
        texts.append(f"worth {worths[0]:.3f} -> {worths[1]:.3f}: {first} first")
        print(f"  {title}: {'; '.join(texts)}", flush=True)

    def _scores(self, features: Path, left_out: set[str], name: str) -> Iterator[tuple[str, str]]:
        folder = features.parent / name
        flags = ["--embeddings", str(self._starter / "all_embeddings.npz"), str(features), "--output_dir", str(folder)]
        if left_out:
            folder.mkdir(exist_ok=True)
            write_csv(folder / "left_out.csv", ("file_path",), [[path] for path in sorted(left_out)])
            flags += ["--leave_out", str(folder / "left_out.csv")]
        _engine("core.evaluate", *flags, "--quiet")
        found: dict[str, Any] = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
        for measure in _MEASURES:
            before, after = (file[measure]["value"] for file in found["files"])
            difference = found["difference"][measure]
            interval = f"{difference['low']:+.3f} to {difference['high']:+.3f}"
            yield measure, f"{before:.3f} -> {after:.3f} ({interval}) {difference['verdict']}"


def _told(features: Path, names: _Names) -> float:
    """The share of the photos of named kinds without a name whose kind logistic regression tells from the names."""
    read = embedding_files.read(features)
    rows, kinds = unit_rows(read.embeddings), sorted(names.kinds)
    teachers = np.array([path in names.taught for path in read.file_paths])
    asked = np.array([names.all_classes[path] in kinds for path in read.file_paths]) & ~teachers
    codes = np.array([kinds.index(own) if own in kinds else -1 for own in map(names.all_classes.get, read.file_paths)])
    duplicates = jobs.run(near_duplicates(rows))[teachers]
    taught = jobs.run(classifier.fit(rows[teachers], [[code] for code in codes[teachers].tolist()], duplicates))
    return float((taught.probabilities(rows[asked]).argmax(axis=1) == codes[asked]).mean())


def _worth(features: Path) -> float:
    rows = unit_rows(embedding_files.read(features).embeddings)
    return jobs.run(worth(rows, jobs.run(nearest_neighbours(rows, SEPARATION_NEIGHBOURS))))


def _engine(module: str, *flags: str) -> None:
    subprocess.run([sys.executable, "-m", f"prismh_engine.{module}", *flags], check=True)


if __name__ == "__main__":
    sys.exit(main())
