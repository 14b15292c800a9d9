"""The output folder of the preprocess step: photos sorted by verdict, and `quality.csv`, a row for each."""

from __future__ import annotations

import csv
import os
import shutil
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ..errors import PrismhError
from ..files import cannot_write, make_folder, why_unreadable
from ..jobs import Job, Progress
from ..paths import from_text, to_text
from ..tables import write_csv
from .distinct_names import distinct, takes_names_for_one
from .folder import check_apart
from .look import content_hash
from .placed_files import PlacedFiles, alike, facts
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

_SORTING = "Sorting photos"
_FILES_BETWEEN_PROGRESS = 500
_BLOCK = 1024 * 1024  # bytes
_OF_THE_SYSTEM = {"thumbs.db", "desktop.ini"}  # made by whoever looks into a folder on Windows


@dataclass(frozen=True)
class JudgedPhoto:
    """One row of `quality.csv`. file_path: relative to the photo folder; duplicate_of: that of the best photo.

    bytes: the file's size when it was looked at. outlier_distance: 1 - cosine, None where it was not measured.
    """

    file_path: str
    path: Path
    bytes: int
    look: Look
    verdict: str
    reason: str
    duplicate_of: str | None = None
    outlier_distance: float | None = None


def write_sorted(data: Path, output: Path, photos: Sequence[JudgedPhoto], mode: str) -> Job[list[str]]:
    """Write `quality.csv` and bring the photos into the folder of their verdict, with their subfolders.

    mode: "copy"; "link", a hard link where the disk allows it, else a copy; or "list", which leaves the folders empty.
    data: the folder with the photos. What an earlier run put into the folders is moved where it belongs now, or taken
    away, but where the photo itself is gone: a copy may be the last one. A person's files, and copies that a person
    changed, stay as they are. Where the disk takes the names of two photos for one, `A.jpg` and `a.jpg`, the second is
    called `a-2.jpg`. Returns sentences on all these, and on photos that could not be brought. Raises `PrismhError`
    where the folders hold files and no earlier run put any there, or the disk refuses.
    """
    with closing(PlacedFiles(output)) as placed:
        by_name = {photo.file_path: photo for photo in photos}
        places = _places(output, photos)
        earlier, strangers = _found(output, by_name, places, placed)
        if strangers and placed.first_time:
            raise PrismhError(f"{strangers[0]} was not put there by this step: choose another output folder.")
        # Before the photos, so that the verdicts are there also where a disk is too small for copies.
        write_csv(output / QUALITY_FILE, COLUMNS, (_row(photo) for photo in photos))
        targets = {} if mode == LIST else places
        last_ones = yield from _take_away(data, output, earlier, by_name, targets, placed)
        for folder in FOLDERS.values():
            make_folder(output / folder)
        problems = _about(
            strangers,
            "was not put there by this step, or was changed since: it stays as it is.",
            "were not put there by this step, or were changed since: they stay as they are.",
        ) + _about(
            last_ones,
            "stays, since the photo it was made from is gone.",
            "stay, since the photos they were made from are gone.",
        )
        problems += _about(
            [target for name, target in targets.items() if target.name != from_text(name).name],
            "has a number in its name, since the disk takes its own name and another photo's for one.",
            "have a number in their name, since the disk takes their own names and other photos' for one.",
        )
        for done, (name, target) in enumerate(targets.items()):
            yield Progress(_SORTING, done, len(targets))
            problem = _bring(by_name[name], target, mode, placed)
            if problem:
                problems.append(problem)
    if targets:
        yield Progress(_SORTING, len(targets), len(targets))
    return problems


def check_output(data: Path, output: Path) -> None:
    """Raise `PrismhError` where sorting photos of `data` into `output` would mix the two up, or replace a file there
    that only has the name of our table.
    """
    check_apart(data, output)
    real_data, real_output = Path(os.path.realpath(data)), Path(os.path.realpath(output))
    ours = (real_output / "clean", real_output / "problematic")
    if any(real_data.is_relative_to(folder) for folder in ours):
        raise PrismhError(f"The output folder {output} would mix with the photos in {data}: choose another one.")
    table = output / QUALITY_FILE
    try:
        with table.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
            header = next(csv.reader(stream), [])
    except FileNotFoundError:
        return
    except (OSError, csv.Error):
        header = []
    if not {"file_path", "verdict"}.issubset(header):
        raise PrismhError(f"{table} was not written by this step: choose another output folder.")


def _places(output: Path, photos: Sequence[JudgedPhoto]) -> dict[str, Path]:
    """file_path -> where the photo is to stand, each in a place of its own."""
    places = [FOLDERS[photo.verdict] / from_text(photo.file_path) for photo in photos]
    if takes_names_for_one(make_folder(output)):
        places = distinct(places)
    return {photo.file_path: output / place for photo, place in zip(photos, places, strict=True)}


def _found(
    output: Path, photos: Mapping[str, JudgedPhoto], places: Mapping[str, Path], placed: PlacedFiles
) -> tuple[dict[str, list[Path]], list[Path]]:
    """What lies in the folders: file_path -> where an earlier run put that photo, and files of another origin."""
    earlier: dict[str, list[Path]] = defaultdict(list)
    strangers = []
    names = {place: name for name, place in places.items()}
    for path, as_it_stands in _files(output):
        name = names.get(path, as_it_stands)
        if placed.holds(path) or (name in photos and _linked(photos[name].path, path)):
            earlier[name].append(path)
        elif not path.name.startswith(".") and path.name.lower() not in _OF_THE_SYSTEM:
            strangers.append(path)
    return earlier, sorted(strangers)


def _files(output: Path) -> Iterator[tuple[Path, str]]:
    """Every file in the folders, and the file_path of the photo that would stand there; "" where none would."""
    folders = sorted(((output / folder).parts for folder in FOLDERS.values()), key=len, reverse=True)
    for top in ("clean", "problematic"):
        for folder, _, names in os.walk(output / top):
            parts = Path(folder).parts
            root = next((root for root in folders if parts[: len(root)] == root), None)
            for name in names:
                path = Path(folder, name)
                yield path, "" if root is None else to_text(path.relative_to(Path(*root)))


def _about(paths: Sequence[Path], of_one: str, of_several: str) -> list[str]:
    """A sentence on files, the first of them named; none where there are none."""
    if len(paths) <= 1:
        return [f"{path} {of_one}" for path in paths]
    others = len(paths) - 1
    return [f"{paths[0]} and {others:,} more file{'s' * (others > 1)} {of_several}"]


def _take_away(
    data: Path,
    output: Path,
    earlier: Mapping[str, list[Path]],
    photos: Mapping[str, JudgedPhoto],
    targets: Mapping[str, Path],
    placed: PlacedFiles,
) -> Job[list[Path]]:
    """Move what an earlier run placed and is judged otherwise now, so that no photo is read again; remove the rest.

    Gives what stays, since the photo is not where it was and nowhere else.
    """
    path = output
    last_ones: list[Path] = []
    contents = {photo.look.content_hash for photo in photos.values() if photo.look.content_hash}
    try:
        for done, (name, places) in enumerate(earlier.items()):
            if done % _FILES_BETWEEN_PROGRESS == 0:
                yield Progress(_SORTING, 0, len(targets))
            target = targets.get(name)
            for path in places:
                if path == target:
                    continue
                source = None if target is None or os.path.lexists(target) else photos[name].path
                if source is not None and (_linked(source, path) or _unchanged(source, path)):
                    assert target is not None
                    make_folder(target.parent)
                    placed.put(path, target)
                elif not os.path.lexists(data / from_text(name)) and _is_last_one(path, contents):
                    last_ones.append(path)
                else:
                    path.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error
    for top in ("clean", "problematic"):
        for folder, _, _ in os.walk(output / top, topdown=False):
            if not os.listdir(folder):
                os.rmdir(folder)
    return last_ones


def _is_last_one(path: Path, contents: Collection[str]) -> bool:
    """Whether no photo with these contents has the bytes of a copy; also where its bytes cannot be had."""
    try:
        return not contents or content_hash(path.read_bytes()) not in contents
    except OSError:
        return True


def _bring(photo: JudgedPhoto, target: Path, mode: str, placed: PlacedFiles) -> str:
    """Make the photo stand at its target; "" or a sentence that says why it does not."""
    source = photo.path
    try:
        if source.stat().st_size != photo.bytes:
            return f"{source} has changed since it was looked at, so it is not in {target.parent}: run the step again."
    except OSError as error:
        return _not_brought(source, target, error)
    good_copy = False
    if os.path.lexists(target):
        linked = _linked(source, target)
        if not linked and not placed.holds(target):
            return ""  # a person's file, told of already
        good_copy = not linked and _unchanged(source, target)
        if linked if mode == LINK else good_copy:
            return ""
    part = target.with_name(f".{target.name[:40]}.part")
    try:
        make_folder(target.parent)
        part.unlink(missing_ok=True)
        if mode != LINK or not _link(source, part):
            if good_copy:
                return ""
            unread = _copy(source, part)
            if unread is not None:
                return _not_brought(source, target, unread)
        placed.put(part, target)
    except OSError as error:
        raise cannot_write(target, error) from error
    finally:
        part.unlink(missing_ok=True)
    return ""


def _copy(source: Path, part: Path) -> OSError | None:
    """Copy bytes, time and permissions; gives the error where the source cannot be read. Raises that of the copy."""
    try:
        stream = source.open("rb")
    except OSError as error:
        return error
    with stream, part.open("wb") as copy:
        while True:
            try:
                block = stream.read(_BLOCK)
            except OSError as error:
                return error
            if not block:
                break
            copy.write(block)
    try:
        shutil.copystat(source, part)
    except OSError as error:
        if not os.path.lexists(source):
            return error
        raise
    return None


def _not_brought(source: Path, target: Path, error: OSError) -> str:
    return f"Cannot read {source}: {why_unreadable(error)}. It is not in {target.parent}."


def _link(source: Path, target: Path) -> bool:
    try:
        os.link(source, target)
        return True
    except OSError:  # another disk, or one that knows no links
        return False


def _linked(source: Path, path: Path) -> bool:
    """Whether two paths are one file, so that nothing is lost where one of them goes."""
    try:
        return not path.is_symlink() and path.samefile(source)
    except OSError:
        return False


def _unchanged(source: Path, path: Path) -> bool:
    """Whether a copy, which keeps size and time, shows the photo as it is now."""
    try:
        return alike(facts(source), facts(path))
    except OSError:
        return False


def _row(photo: JudgedPhoto) -> list[object]:
    look = photo.look
    return [
        photo.file_path, photo.verdict, photo.reason, look.width, look.height, photo.bytes, _rounded(look.brightness),
        _rounded(look.contrast), _rounded(look.sharpness), photo.duplicate_of, _rounded(photo.outlier_distance, 4),
        look.taken_at, look.taken_at_source, look.latitude, look.longitude, look.position_note, look.camera,
    ]  # fmt: skip


def _rounded(value: float | None, digits: int = 3) -> float | None:
    return None if value is None else round(value, digits)
