"""Step `preprocess`: looks at photos, judges them, and sorts them by verdict; in a project it keeps the verdicts.

Run it with `prismh-engine preprocess` or `python -m prismh_engine.core.preprocess`.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .. import jobs
from ..command import required, run_step
from ..errors import BadValueError, PrismhError
from ..jobs import Job, Progress, StopToken
from ..models.encode_photos import UsablePhoto
from ..models.starter_photos import starter_features_of
from ..photos.cache import PhotoCache, default_cache_folder
from ..photos.duplicates import find_duplicates
from ..photos.folder import LOOKING, find_pictures, look_at_pictures
from ..photos.record import FoundPhoto, Look
from ..photos.scan import Scan
from ..photos.sorted_output import COPY, FOLDERS, LINK, LIST, JudgedPhoto, check_output, write_sorted
from ..photos.verdicts import CLEAN, Thresholds, judge
from ..project import Folder, Project
from ..project.feature_sets import STARTER
from ..project.photo_catalogue import Judgement
from ..settings import Resolved, Settings, setting
from .extract_embeddings import extract_project

_SECONDS_BETWEEN_PROGRESS = 0.1
_SECONDS_OF_SCAN_FIRST = 1.0
_JUDGING = "Comparing photos"


@dataclass(frozen=True)
class PreprocessSettings(Settings):
    """Settings of the step `preprocess`."""

    step: ClassVar[str] = "preprocess"

    data_dir: Path | None = setting(None, "folder with the photos; with --project it is added to the project")
    output_dir: Path | None = setting(None, "folder for clean/, problematic/ and quality.csv")
    project: Path | None = setting(
        None, "a project, made where it is missing: its photos are judged and the verdicts kept in it"
    )
    ccthreshold: float = setting(
        0.9, "cosine of starter features from which two photos are near duplicates", minimum=0.0, maximum=1.0
    )
    dark: float = setting(13.0, "mean grey (0 to 255) below which a photo is dark", minimum=0.0, maximum=255.0)
    blurry: float = setting(50.0, "variance of the Laplacian below which a photo is blurred", minimum=0.0)
    sample_size: int | None = setting(None, "look at this many photos only, chosen by chance", minimum=1)
    mode: str = setting(
        COPY,
        "how photos come into the folders; link makes hard links, list only writes quality.csv",
        choices=(COPY, LINK, LIST),
    )
    no_starter: bool = setting(False, "leave the starter encoder out: duplicates by equal bytes and by hash alone")
    cache_dir: Path | None = setting(
        None, "folder for decoded copies (default: the project's, else the platform's cache)"
    )

    @property
    def thresholds(self) -> Thresholds:
        return Thresholds(self.ccthreshold, self.dark, self.blurry)


@dataclass(frozen=True)
class PreprocessReport:
    """How many photos got which verdict. place: where the result is; problems: sentences on what went wrong."""

    verdicts: Counter[str]
    other_files: int
    place: Path
    problems: Sequence[str] = ()

    def __str__(self) -> str:
        total = self.verdicts.total()
        counts = ", ".join(f"{self.verdicts[kind]:,} {kind}" for kind in FOLDERS if self.verdicts[kind])
        files = "file was" if self.other_files == 1 else "files were"
        others = f" {self.other_files:,} other {files} left out." if self.other_files else ""
        found = f"{total:,} photos: {counts}.{others}" if total else f"No photo was found.{others}"
        usable = "" if self.verdicts[CLEAN] or not total else " None of them can be used."
        return " ".join([f"{found}{usable} See {self.place}.", *self.problems])


class ImagePreprocessor:
    """Sorts a folder's photos into `clean/` and `problematic/` below the output folder, as the step does.

    input_dir, output_dir: folders. ccthreshold: cosine of starter features from which two photos are near duplicates,
    0 to 1. mode: "copy", "link" or "list". cache_dir: for decoded copies; None for the platform's. starter: False
    finds duplicates by equal bytes and by hash alone. Raises `BadValueError` for a value outside its range.

        preprocessor = ImagePreprocessor(input_dir="photos", output_dir="processed")
        preprocessor.run_preprocessing()
        print(preprocessor.get_quality_stats()["quality_score"])
    """

    def __init__(
        self,
        input_dir: str | Path,
        output_dir: str | Path,
        ccthreshold: float = 0.9,
        *,
        mode: str = COPY,
        cache_dir: str | Path | None = None,
        starter: bool = True,
    ) -> None:
        self._settings = PreprocessSettings(
            data_dir=Path(input_dir),
            output_dir=Path(output_dir),
            ccthreshold=ccthreshold,
            mode=mode,
            cache_dir=None if cache_dir is None else Path(cache_dir),
            no_starter=not starter,
        )
        self._report: PreprocessReport | None = None

    def run_preprocessing(
        self, on_progress: Callable[[Progress], None] | None = None, stop: StopToken | None = None
    ) -> PreprocessReport:
        """Look, judge and sort. Raises `PrismhError` where the input cannot be read or the output not be written."""
        self._report = jobs.run(_preprocess_folder(self._settings, stop), on_progress, stop)
        return self._report

    def get_quality_stats(self) -> dict[str, float]:
        """Shares of the photos, 0 to 1: `quality_score` (judged clean) and one rate for each problem.

        Raises `PrismhError` before `run_preprocessing`.
        """
        if self._report is None:
            raise PrismhError("There are no quality figures yet: call run_preprocessing first.")
        verdicts = self._report.verdicts
        total = max(verdicts.total(), 1)
        rates = {f"{kind}_rate": verdicts[kind] / total for kind in FOLDERS if kind != CLEAN}
        return {"quality_score": verdicts[CLEAN] / total, **rates}


def preprocess(resolved: Resolved[PreprocessSettings], stop: StopToken | None = None) -> Job[PreprocessReport]:
    """The step: a folder into an output folder, or a project's photos in their place."""
    settings = resolved.settings
    if settings.project is None:
        required(resolved, "data_dir", "output_dir")
        return (yield from _preprocess_folder(settings, stop))
    for name in ("output_dir", "sample_size", "mode"):
        if resolved.given(name):
            raise BadValueError(f"--{name} and --project exclude each other: a project keeps all its photos in place.")
    return (yield from _preprocess_project(resolved, settings.project, stop))


# A folder


def _preprocess_folder(settings: PreprocessSettings, stop: StopToken | None) -> Job[PreprocessReport]:
    assert settings.data_dir is not None
    assert settings.output_dir is not None
    check_output(settings.data_dir, settings.output_dir)
    with PhotoCache(settings.cache_dir or default_cache_folder()) as cache:
        scan = Scan(settings.data_dir, without=[settings.output_dir, cache.folder])
        founds = yield from find_pictures(scan)
        if settings.sample_size is not None and settings.sample_size < len(founds):
            founds = random.Random(0).sample(founds, settings.sample_size)
        looked = yield from look_at_pictures(founds, cache, stop)
        features: dict[str, NDArray[np.float32]] = {}
        if not settings.no_starter:
            usable = [UsablePhoto(f.relative, f.path, look.content_hash) for f, look in looked if look.usable]
            features = yield from starter_features_of(usable, cache, stop)
        yield Progress(_JUDGING, 0, None)
        photos = _judge_folder(looked, features, cache, settings.thresholds, stop)
        problems = yield from write_sorted(settings.output_dir, photos, settings.mode)
    verdicts = Counter(photo.verdict for photo in photos)
    return PreprocessReport(verdicts, scan.other_files, settings.output_dir, [*scan.problems, *problems])


def _judge_folder(
    looked: Sequence[tuple[FoundPhoto, Look]],
    features: dict[str, NDArray[np.float32]],
    cache: PhotoCache,
    thresholds: Thresholds,
    stop: StopToken | None,
) -> list[JudgedPhoto]:
    looks = [look for _, look in looked]
    names = [found.relative for found, _ in looked]
    duplicates = find_duplicates(
        looks,
        names,
        features=features,
        thumbnail=lambda index: _thumbnail(cache, looked[index][0].path, looks[index].content_hash),
        ccthreshold=thresholds.ccthreshold,
        stop=stop,
    )
    return [
        JudgedPhoto(
            found.relative,
            found.path,
            found.size,
            look,
            verdict.kind,
            verdict.reason,
            None if verdict.duplicate_of is None else names[verdict.duplicate_of],
        )
        for (found, look), verdict in zip(looked, judge(looks, names, duplicates, thresholds), strict=True)
    ]


def _thumbnail(cache: PhotoCache, path: Path, content_hash: str) -> Image.Image | None:
    try:
        with Image.open(cache.thumbnail(path, content_hash)) as image:
            image.load()
            return image
    except (PrismhError, OSError):  # gone since it was looked at
        return None


# A project


@dataclass
class LookReport:
    """What a look at a project's folders found: photos new or changed, seen before, gone; sentences on problems."""

    looked_at: int = 0
    unchanged: int = 0
    missing: int = 0
    other_files: int = 0
    problems: list[str] = field(default_factory=list)


def look_at_project(
    project: Project, stop: StopToken | None = None, *, cache_folder: Path | None = None
) -> Job[LookReport]:
    """Look at what is new or changed in the project's photo folders, record it, and judge all photos.

    Each `Progress` has in `metrics["photo_ids"]` the ids recorded since the last one. A photo that is not where it was
    is marked as missing; so are all of a folder that cannot be reached. A stop leaves as `Stopped`; what was looked
    at is recorded. cache_folder: None for the project's.
    """
    report = LookReport()
    with PhotoCache(cache_folder or project.cache_folder) as cache:
        for folder in project.folders():
            yield from _look_at_project_folder(project, folder, cache, report, stop)
    yield Progress(_JUDGING, 0, None)
    judge_project(project, stop=stop, cache_folder=cache_folder)
    return report


def judge_project(
    project: Project,
    thresholds: Thresholds | None = None,
    *,
    use_starter: bool = True,
    stop: StopToken | None = None,
    cache_folder: Path | None = None,
) -> None:
    """Judge all photos that are in place by what was measured, and find duplicates: by starter features where the
    project has them, else by equal bytes and hash. What a person overruled stays so. thresholds: None for the
    project's own.
    """
    thresholds = thresholds or project.thresholds
    photos = [photo for photo in project.photos.all() if not photo.missing]
    looks, names = [photo.look for photo in photos], [photo.file_path for photo in photos]
    starter = project.features.find(STARTER) if use_starter else None
    features: dict[str, NDArray[np.float32]] = {}
    if starter is not None:
        present, embeddings = starter.read(photos)
        features = {photo.look.content_hash: row for photo, row in zip(present, embeddings, strict=True)}
    with PhotoCache(cache_folder or project.cache_folder) as cache:
        duplicates = find_duplicates(
            looks,
            names,
            features=features,
            thumbnail=lambda index: _thumbnail(cache, photos[index].path, looks[index].content_hash),
            ccthreshold=thresholds.ccthreshold,
            stop=stop,
        )
    project.photos.judge(
        Judgement(
            photo.id,
            verdict.kind,
            verdict.reason,
            None if verdict.duplicate_of is None else photos[verdict.duplicate_of].id,
        )
        for photo, verdict in zip(photos, judge(looks, names, duplicates, thresholds), strict=True)
    )


def _preprocess_project(
    resolved: Resolved[PreprocessSettings], folder: Path, stop: StopToken | None
) -> Job[PreprocessReport]:
    settings = resolved.settings
    with Project.open(folder) if settings.data_dir is None else Project.open_or_create(folder) as project:
        if settings.data_dir is not None:
            project.add_folder(settings.data_dir)
        given = {name: value for name, value in asdict(settings.thresholds).items() if resolved.given(name)}
        if given:  # kept, so that the window judges by them too
            project.set_thresholds(replace(project.thresholds, **given))
        cache_folder = settings.cache_dir
        report = yield from look_at_project(project, stop, cache_folder=cache_folder)
        use_starter = not settings.no_starter
        if use_starter:
            yield from extract_project(project, stop=stop, cache_folder=cache_folder)
        yield Progress(_JUDGING, 0, None)
        judge_project(project, use_starter=use_starter, stop=stop, cache_folder=cache_folder)
        verdicts = Counter(photo.verdict for photo in project.photos.all() if not photo.missing)
        return PreprocessReport(verdicts, report.other_files, project.folder, report.problems)


def _look_at_project_folder(
    project: Project, folder: Folder, cache: PhotoCache, report: LookReport, stop: StopToken | None
) -> Job[None]:
    known = project.photos.known(folder.id)
    scan = Scan(folder.path, without=[project.folder, cache.folder])
    try:
        founds, rest = yield from _first_finds(scan, to_the_end=bool(known))
    except PrismhError as error:  # a drive that is not plugged in: its photos are missing, the others are looked at
        report.problems.append(str(error))
        founds, rest = [], iter(())
    gone = known.keys() - {found.relative for found in founds}
    project.photos.mark_missing(folder.id, gone)  # first, so that a photo that was moved is known again
    report.missing += len(gone)
    new = [found for found in founds if known.get(found.relative) != (found.size, found.mtime_ns, found.inode)]
    report.unchanged += len(founds) - len(new)
    total: int | None = len(new)
    pending: list[tuple[FoundPhoto, Look]] = []

    def coming() -> Iterator[FoundPhoto]:
        nonlocal total
        yield from new
        total = None
        more = 0
        for more, found in enumerate(rest, start=1):  # noqa: B007 - the last number is the count
            yield found
        total = len(new) + more

    done, last = 0, 0.0
    try:
        yield Progress(LOOKING, 0, total, {"photo_ids": []})
        with closing(cache.looks(coming(), stop=stop)) as looks:
            for pair in looks:
                pending.append(pair)
                if time.monotonic() - last >= _SECONDS_BETWEEN_PROGRESS:
                    ids, pending = project.photos.record(folder.id, pending), []
                    done, last = done + len(ids), time.monotonic()
                    yield Progress(LOOKING, done, total, {"photo_ids": ids})
    finally:
        # Also at a stop: what was looked at is recorded.
        ids = project.photos.record(folder.id, pending)
        report.looked_at += done + len(ids)
    report.other_files += scan.other_files
    report.problems += scan.problems
    if ids:
        yield Progress(LOOKING, done + len(ids), total, {"photo_ids": ids})


def _first_finds(scan: Scan, to_the_end: bool) -> Job[tuple[list[FoundPhoto], Iterator[FoundPhoto]]]:
    """What a scan finds in its first second, and the rest as it comes: a slow drive must not delay the first photos.

    to_the_end: wait for all, which only a folder needs that was looked at before, to tell moved photos from new ones.
    """
    coming = iter(scan)
    founds: list[FoundPhoto] = []
    began = last = time.monotonic()
    for found in coming:
        founds.append(found)
        now = time.monotonic()
        if not to_the_end and now - began >= _SECONDS_OF_SCAN_FIRST:
            return founds, coming
        if now - last >= _SECONDS_BETWEEN_PROGRESS:
            last = now
            yield Progress("Finding photos", len(founds), None)
    return founds, iter(())


def main(argv: Sequence[str] | None = None) -> int:
    return run_step(
        PreprocessSettings,
        preprocess,
        argv,
        description="Find broken, repeated, dark and blurred photos and set them aside; the photos themselves stay.",
    )


if __name__ == "__main__":
    raise SystemExit(main())
