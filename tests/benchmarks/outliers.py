"""Outliers: pictures of other things mixed into many photos of one kind, found again, and photos blamed wrongly."""

from __future__ import annotations

import random
import shutil
import tempfile
from pathlib import Path

from prismh_engine.photos.scan import Scan

from .own_photos import judged

ONE_KIND, OTHERS = 300, 12
DISTANCES = (0.58, 0.63, 0.68, 0.73, 0.78)
"""Values of `outlier_distance`: the published one and steps around it."""


def measure(folder: Path, others: Path, times: int) -> None:
    """Print what each threshold finds. folder: photos of one kind; others: pictures of other things."""
    own, foreign = ([found.path for found in Scan(place)] for place in (folder, others))
    print(f"\n{min(len(own), ONE_KIND)} photos of {folder.name}, {min(len(foreign), OTHERS)} of other things, found")
    print(f"{'time':<8}" + "".join(f"{'> ' + format(distance, '.2f'):>16}" for distance in DISTANCES), flush=True)
    sums = [[0, 0, 0, 0] for _ in DISTANCES]
    with tempfile.TemporaryDirectory(prefix="prismh-") as temporary:
        for time in range(times):
            chosen, mixed = random.Random(time), Path(temporary, f"mixed_{time}")
            _copy(chosen.sample(own, min(len(own), ONE_KIND)), mixed / "own")
            _copy(chosen.sample(foreign, min(len(foreign), OTHERS)), mixed / "other")
            rows = judged(mixed, Path(temporary, "cache"), Path(temporary, f"out_{time}"))
            far = {path: float(row["outlier_distance"]) for path, row in rows.items() if row["outlier_distance"]}
            cells = []
            for distance, total in zip(DISTANCES, sums, strict=True):
                counts = found_and_wrong(far, distance)
                total[:] = [old + new for old, new in zip(total, counts, strict=True)]
                cells.append(_cell(counts))
            print(f"{time + 1:<8}" + "".join(f"{cell:>16}" for cell in cells), flush=True)
    print(f"{'all':<8}" + "".join(f"{_cell(total):>16}" for total in sums))
    print("found of the others, and wrongly called outliers of the photos of one kind")


def found_and_wrong(distances: dict[str, float], threshold: float) -> list[int]:
    """Of the others found, how many there are; of the rest wrongly called outliers, how many there are."""
    other = [value for path, value in distances.items() if path.startswith("other/")]
    own = [value for path, value in distances.items() if not path.startswith("other/")]
    return [sum(value > threshold for value in other), len(other), sum(value > threshold for value in own), len(own)]


def _cell(counts: list[int]) -> str:
    found, others, wrong, own = counts
    return f"{found}/{others}  {100 * wrong / max(own, 1):.1f} %"


def _copy(photos: list[Path], folder: Path) -> None:
    folder.mkdir(parents=True)
    for number, photo in enumerate(photos):
        shutil.copyfile(photo, folder / f"{number:05d}{photo.suffix}")
