"""The photos of somebody's own folder that the calibration of verdicts works on, and what `preprocess` says of them."""

from __future__ import annotations

import csv
from pathlib import Path

from prismh_engine.core.preprocess import ImagePreprocessor
from prismh_engine.photos.scan import Scan


def spread(folder: Path, count: int) -> list[Path]:
    """At most `count` files of a folder that look like pictures, evenly spread over it."""
    paths = [found.path for found in Scan(folder)]
    wanted = min(count, len(paths))
    return [paths[number * len(paths) // wanted] for number in range(wanted)]


def judged(folder: Path, cache: Path, output: Path, *, starter: bool = True) -> dict[str, dict[str, str]]:
    """The rows of quality.csv by file_path. cache: what was made of a photo for one call is used again by the next."""
    preprocessor = ImagePreprocessor(folder, output, mode="list", cache_dir=cache, starter=starter)
    preprocessor.run_preprocessing()
    with (output / "quality.csv").open(encoding="utf-8-sig", newline="") as stream:
        return {row["file_path"]: row for row in csv.DictReader(stream)}
