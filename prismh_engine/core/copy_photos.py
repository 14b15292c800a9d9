"""Copies chosen photos of a project into a folder for each name, with a table that tells what they are."""

from __future__ import annotations

import filecmp
import os
import re
import shutil
import tempfile
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import PrismhError
from ..files import cannot_write, make_folder, why_unreadable
from ..jobs import Job, Progress, Stopped, StopToken
from ..paths import FORMULA_START, to_text
from ..photos.decode import read_file
from ..photos.distinct_names import distinct
from ..photos.folder import check_apart
from ..photos.without_place import without_place
from ..project import Photo, Project
from ..tables import write_csv
from .export_table import Location
from .project_rows import ProjectRows

UNNAMED = ""
"""In place of a name: the photos that have none."""

MANIFEST = "manifest.csv"
INCOMPLETE = "manifest_incomplete.csv"
"""What a copy that was stopped leaves: the next one writes `MANIFEST`, and nobody takes the one for the other."""
MANIFEST_COLUMNS = (
    "file", "name", "file_path", "taken_at", "latitude", "longitude", "cluster", "cluster_name", "label",
)  # fmt: skip

_UNNAMED_FOLDER = "no name"
_LONGEST_FOLDER = 120  # bytes
# What Windows does not take in a name, and with what a spreadsheet begins a formula.
_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]+')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


@dataclass(frozen=True)
class CopyReport:
    """What was copied. photos: how many different ones were wanted; copies: files that are new; already_there: equal
    files of an earlier time; made_jpeg: photos of other kinds, made into JPEG to lose their place; problems: a sentence
    on each photo that could not be copied; stopped: whether a stop came before the end.
    """

    manifest: Path
    photos: int
    copies: int
    already_there: int
    made_jpeg: int
    problems: tuple[str, ...]
    stopped: bool


@dataclass(frozen=True)
class NamedPhotos:
    """How many used photos bear a name (`UNNAMED`: none), and how many bytes their files have together."""

    name: str
    photos: int
    bytes: int


def named_photos(project: Project) -> list[NamedPhotos]:
    """The names by which photos can be copied, the most frequent first and `UNNAMED` at the end, where there are some.

    A photo bears the names a person gave to it, itself or with its group.
    """
    names = project.labels.given()
    sizes: dict[str, list[int]] = {}
    for photo in project.photos.used():
        for name in names.get(photo.id) or [UNNAMED]:
            sizes.setdefault(name, []).append(photo.size)
    found = [NamedPhotos(name, len(given), sum(given)) for name, given in sizes.items()]
    return sorted(found, key=lambda named: (named.name == UNNAMED, -named.photos, named.name))


def copy_photos(
    project: Project,
    output_dir: Path,
    *,
    names: Collection[str] | None = None,
    photo_ids: Sequence[int] | None = None,
    features: str | None = None,
    with_location: bool = True,
    location_decimals: int | None = None,
    stop: StopToken | None = None,
) -> Job[CopyReport]:
    """Copy photos into `output_dir`, each into a folder for each of its names, and write `manifest.csv` beside them.

    names: those whose photos are wanted, `UNNAMED` for photos without one; None for all. photo_ids: which photos; None
    for the used ones. features: whose groups the manifest tells of; None for the newest run's. No file that is there is
    changed: a copy whose name is taken gets a number, `a-2.jpg`, and so does the manifest; an equal file counts as the
    copy.

    With positions left out (`with_location` False) or rounded (`location_decimals`) the copies carry none either: see
    `photos.without_place`. A stop keeps the copies made so far, told of in `manifest_incomplete.csv` instead. Raises
    `PrismhError` where the folder lies among the photos or in the project, or the disk refuses.
    """
    _check_output(project, output_dir)
    location = Location(not with_location, location_decimals)
    known = ProjectRows(project, features)
    photos = project.photos.used() if photo_ids is None else project.photos.some(photo_ids)
    wanted = [
        (photo, name)
        for photo in photos
        for name in known.names(photo.id) or [UNNAMED]
        if names is None or name in names
    ]
    folders = _folders([name for _, name in wanted])
    make_folder(output_dir)
    copier = _Copier(with_place=location.exact)
    rows: list[list[Any]] = []
    stopped = False
    try:
        for done, (photo, name) in enumerate(wanted):
            yield Progress("Copying", done, len(wanted))
            if stop is not None:
                stop.check()
            file = copier.copy(photo, output_dir / folders[name])
            if file is not None:
                place = to_text(file.relative_to(output_dir))
                rows.append([place, name, *known.row(photo, MANIFEST_COLUMNS[2:], location)])
        yield Progress("Copying", len(wanted), len(wanted))
    except Stopped:
        stopped = True
    manifest = _free(output_dir / (INCOMPLETE if stopped else MANIFEST))
    write_csv(manifest, MANIFEST_COLUMNS, rows)
    return CopyReport(
        manifest, len({photo.id for photo, _ in wanted}), copier.copies, copier.already_there, copier.made_jpeg,
        tuple(copier.problems), stopped,
    )  # fmt: skip


class _Copier:
    """Brings photos into folders one by one, and counts."""

    def __init__(self, *, with_place: bool) -> None:
        self.copies = self.already_there = self.made_jpeg = 0
        self.problems: list[str] = []
        self._with_place = with_place
        self._taken: set[Path] = set()

    def copy(self, photo: Photo, folder: Path) -> Path | None:
        """The copy that stands in `folder` now; None where the photo cannot be read, which is noted then."""
        make_folder(folder)
        part: Path | None = None
        try:
            handle, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=folder)
            os.close(handle)
            part = Path(temporary)
            name = self._fill(part, photo)
            return None if name is None else self._place(part, folder / name)
        except OSError as error:
            raise cannot_write(folder / photo.path.name, error) from error
        finally:
            if part is not None:
                with suppress(OSError):  # the drive may be gone, which is told already
                    part.unlink(missing_ok=True)

    def _fill(self, part: Path, photo: Photo) -> str | None:
        """Write what the copy is to hold; its name, None where the photo cannot be read."""
        try:
            content = read_file(photo.path)
        except OSError as error:
            self.problems.append(f"Cannot read {photo.path}: {why_unreadable(error)}. It was not copied.")
            return None
        name = photo.path.name
        if not self._with_place:
            made = without_place(content)
            if made is None:
                self.problems.append(f"{photo.path} cannot be written without its place. It was not copied.")
                return None
            content, as_it_was = made
            if not as_it_was:
                self.made_jpeg += 1
                name = f"{photo.path.stem}.jpg"
        part.write_bytes(content)
        with suppress(OSError):  # gone meanwhile: the copy is whole
            shutil.copystat(photo.path, part)
        return name

    def _place(self, part: Path, target: Path) -> Path:
        """Give the copy its name, or a free one; where an equal file stands already, that is the copy."""
        number = 1
        place = target
        while not _move_where_free(part, place):
            if place not in self._taken and place.is_file() and filecmp.cmp(part, place, shallow=False):
                self.already_there += 1
                break
            number += 1
            place = target.with_name(f"{target.stem}-{number}{target.suffix}")
        else:
            self.copies += 1
        self._taken.add(place)
        return place


def _move_where_free(part: Path, place: Path) -> bool:
    """Give a finished file its name, unless there is something of that name; never replaces anything."""
    try:
        os.link(part, place)
    except FileExistsError:
        return False
    except OSError:  # a disk without links: the name is taken first, then filled
        try:
            place.touch(exist_ok=False)
        except FileExistsError:
            return False
        try:
            os.replace(part, place)
        except OSError:
            place.unlink()
            raise
        return True
    part.unlink()
    return True


def _free(path: Path) -> Path:
    """This path, or the first one with a number that nothing stands at."""
    number, place = 1, path
    while os.path.lexists(place):
        number += 1
        place = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return place


def _folders(names: Iterable[str]) -> dict[str, str]:
    """Name -> its folder, which every system takes and no other name has."""
    different = sorted(set(names))
    return dict(zip(different, map(str, distinct([Path(_folder(name)) for name in different])), strict=True))


def _folder(name: str) -> str:
    if name == UNNAMED:
        return _UNNAMED_FOLDER
    safe = _NOT_IN_NAMES.sub("_", name)
    if safe.startswith((*FORMULA_START, ".", " ")) or _RESERVED.match(safe):
        safe = f"_{safe}"
    return safe.encode()[:_LONGEST_FOLDER].decode(errors="ignore").rstrip(". ")


def _check_output(project: Project, output_dir: Path) -> None:
    real = Path(os.path.realpath(output_dir))
    if real.is_relative_to(os.path.realpath(project.folder)):
        raise PrismhError(f"{output_dir} lies in the project's own folder: choose another one.")
    for folder in project.folders():
        check_apart(folder.path, output_dir)
