"""The output folder of the preprocess step: photos sorted by verdict, and `quality.csv`, a row for each."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import PrismhError
from ..files import cannot_write, make_folder
from ..jobs import Job, Progress
from ..paths import from_text
from ..tables import read_csv, write_csv
from .record import Look
from .verdicts import BLURRY, CLEAN, DARK, DUPLICATE, INVALID, OUTLIER

COPY, LINK, LIST = "copy", "link", "list"
QUALITY_FILE = "quality.csv"
FOLDERS = {
    CLEAN: Path("clean"),
    INVALID: Path("problematic", "invalid"),
    DUPLICATE: Path("problematic", "duplicates"),
    OUTLIER: Path("problematic", "outliers"),
    DARK: Path("problematic", "dark"),
    BLURRY: Path("problematic", "blurry"),
}
COLUMNS = (
    "file_path", "verdict", "reason", "width", "height", "bytes", "brightness", "contrast", "sharpness",
    "duplicate_of", "outlier_distance", "taken_at", "taken_at_source", "latitude", "longitude", "position_note",
    "camera",
)  # fmt: skip


@dataclass(frozen=True)
class JudgedPhoto:
    """One row of `quality.csv`. file_path: relative to the photo folder; duplicate_of: that of the best photo."""

    file_path: str
    path: Path
    bytes: int
    look: Look
    verdict: str
    reason: str
    duplicate_of: str | None


def write_sorted(output: Path, photos: Sequence[JudgedPhoto], mode: str) -> Job[list[str]]:
    """Write `quality.csv` and bring the photos into the folder of their verdict, with their subfolders.

    mode: "copy"; "link", a hard link where the disk allows it, else a copy; or "list", which leaves the folders empty.
    What an earlier run put into the folders is taken away where it does not belong there any more. Returns sentences
    on photos that could not be brought there. Raises `PrismhError` where the folders hold files of another origin, or
    the disk refuses.
    """
    targets = {} if mode == LIST else {output / FOLDERS[p.verdict] / from_text(p.file_path): p for p in photos}
    _take_away_earlier(output, keep=targets)
    for folder in FOLDERS.values():
        make_folder(output / folder)
    # Before the photos, so that a run that was stopped between them knows what is its own.
    write_csv(output / QUALITY_FILE, COLUMNS, (_row(photo) for photo in photos))
    problems = []
    for done, (target, photo) in enumerate(targets.items()):
        yield Progress("Sorting photos", done, len(targets))
        if not os.access(photo.path, os.R_OK):
            problems.append(f"{photo.path} cannot be read any more, so it is not in {target.parent}.")
            continue
        try:
            _bring(photo.path, target, mode)
        except OSError as error:
            raise cannot_write(target, error) from error
    if targets:
        yield Progress("Sorting photos", len(targets), len(targets))
    return problems


def check_output(data: Path, output: Path) -> None:
    """Raise `PrismhError` where sorting photos of `data` into `output` would mix the two up."""
    data, output = Path(os.path.realpath(data)), Path(os.path.realpath(output))
    ours = (output / "clean", output / "problematic")
    if data == output or any(data.is_relative_to(folder) for folder in ours):
        raise PrismhError(f"The output folder {output} would mix with the photos in {data}: choose another one.")


def _take_away_earlier(output: Path, keep: Iterable[Path]) -> None:
    earlier = _earlier(output)
    path = output
    try:
        for path in earlier.difference(keep):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error
    for top in ("clean", "problematic"):
        for folder, _, files in os.walk(output / top, topdown=False):
            strangers = [name for name in files if Path(folder, name) not in earlier and not name.startswith(".")]
            if strangers:
                raise PrismhError(
                    f"{Path(folder, strangers[0])} was not put there by this step: choose another output folder."
                )
            if not os.listdir(folder):
                os.rmdir(folder)


def _earlier(output: Path) -> set[Path]:
    """The files that an earlier run put into the folders, by its `quality.csv`."""
    if not (output / QUALITY_FILE).is_file():
        return set()
    earlier = set()
    for row in read_csv(output / QUALITY_FILE, ("file_path", "verdict")):
        relative = from_text(row["file_path"])
        if row["verdict"] in FOLDERS and not relative.is_absolute() and ".." not in relative.parts:
            earlier.add(output / FOLDERS[row["verdict"]] / relative)
    return earlier


def _bring(source: Path, target: Path, mode: str) -> None:
    make_folder(target.parent)
    if target.exists():
        same_file = target.samefile(source)
        if same_file if mode == LINK else not same_file and _unchanged(source, target):
            return
        target.unlink()
    if mode == LINK:
        try:
            os.link(source, target)
            return
        except OSError:  # another disk, or one that knows no links
            pass
    part = target.with_name(f".{target.name[:40]}.part")
    try:
        shutil.copy2(source, part)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)


def _unchanged(source: Path, target: Path) -> bool:
    a, b = source.stat(), target.stat()
    return (a.st_size, a.st_mtime_ns) == (b.st_size, b.st_mtime_ns)


def _row(photo: JudgedPhoto) -> list[object]:
    look = photo.look
    return [
        photo.file_path, photo.verdict, photo.reason, look.width, look.height, photo.bytes, _rounded(look.brightness),
        _rounded(look.contrast), _rounded(look.sharpness), photo.duplicate_of, None, look.taken_at,
        look.taken_at_source, look.latitude, look.longitude, look.position_note, look.camera,
    ]  # fmt: skip


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
