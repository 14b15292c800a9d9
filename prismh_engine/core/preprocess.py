"""Step `preprocess`: looks at photos, judges them, and sorts them by verdict; in a project it keeps the verdicts.

Run it with `prismh-engine preprocess` or `python -m prismh_engine.core.preprocess`.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import ClassVar

from PIL import Image

from .. import jobs
from ..command import required, run_step
from ..errors import BadValueError, PrismhError
from ..jobs import Job, Progress, StopToken
from ..models.encode_photos import UsablePhoto
from ..models.starter_photos import starter_features_of
from ..photos.cache import PhotoCache, check_cache_folder, default_cache_folder
from ..photos.folder import find_pictures, look_at_pictures
from ..photos.quality_report import Judged, check_report, write_report
from ..photos.record import FoundPhoto, Look
from ..photos.scan import Scan
from ..photos.sorted_output import COPY, FOLDERS, LINK, LIST, JudgedPhoto, check_output, write_sorted
from ..photos.verdicts import CLEAN, Thresholds
from ..project import Project
from ..project.neighbour_graphs import neighbour_graph
from ..settings import Resolved, Settings, setting
from .extract_embeddings import extract_project
from .judge_photos import JUDGING, LookAlikes, judge_looks, judge_project, look_alikes_of
from .look_at_photos import look_at_project


@dataclass(frozen=True)
class PreprocessSettings(Settings):
    """Settings of the step `preprocess`."""

    step: ClassVar[str] = "preprocess"

    data_dir: Path | None = setting(None, "folder with the photos; with --project it is added to the project")
    output_dir: Path | None = setting(None, "folder for clean/, problematic/, quality.csv and quality_report.html")
    project: Path | None = setting(
        None, "a project, made where it is missing: its photos are judged and the verdicts kept in it"
    )
    ccthreshold: float = setting(
        0.9, "cosine of starter features from which two photos are near duplicates", minimum=0.0, maximum=1.0
    )
    dark: float = setting(13.0, "mean grey (0 to 255) below which a photo is dark", minimum=0.0, maximum=255.0)
    blurry: float = setting(50.0, "variance of the Laplacian below which a photo is blurred", minimum=0.0)
    outlier_distance: float = setting(
        0.68, "1 - cosine to the 20th nearest neighbour above which a photo is an outlier", minimum=0.0, maximum=2.0
    )
    sample_size: int | None = setting(None, "look at this many photos only, chosen by chance", minimum=1)
    mode: str = setting(
        COPY,
        "how photos come into the folders; link makes hard links, list leaves them empty",
        choices=(COPY, LINK, LIST),
    )
    no_starter: bool = setting(False, "leave the starter encoder out: no outliers, duplicates by bytes and hash alone")
    cache_dir: Path | None = setting(
        None, "folder for decoded copies (default: the project's, else the platform's cache)"
    )

    @property
    def thresholds(self) -> Thresholds:
        return Thresholds(self.ccthreshold, self.dark, self.blurry, self.outlier_distance)


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
    0 to 1. outlier_distance: 1 - cosine to the 20th nearest photo above which one is an outlier, 0 to 2. mode: "copy",
    "link" or "list". cache_dir: for decoded copies; None for the platform's. starter: False finds no outliers, and
    duplicates by equal bytes and by hash alone. Raises `BadValueError` for a value outside its range.

        preprocessor = ImagePreprocessor(input_dir="photos", output_dir="processed")
        preprocessor.run_preprocessing()
        print(preprocessor.get_quality_stats()["quality_score"])
    """

    def __init__(
        self,
        input_dir: str | Path,
        output_dir: str | Path,
        ccthreshold: float = 0.9,
        outlier_distance: float = 0.68,
        mode: str = COPY,
        cache_dir: str | Path | None = None,
        starter: bool = True,
    ) -> None:
        self._settings = PreprocessSettings(
            data_dir=Path(input_dir),
            output_dir=Path(output_dir),
            ccthreshold=ccthreshold,
            outlier_distance=outlier_distance,
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
    check_report(settings.output_dir)
    cache_folder = settings.cache_dir or default_cache_folder()
    check_cache_folder(cache_folder, settings.data_dir)
    with PhotoCache(cache_folder) as cache:
        scan = Scan(settings.data_dir, without=[cache.folder])
        founds = yield from find_pictures(scan)
        if settings.sample_size is not None and settings.sample_size < len(founds):
            founds = random.Random(0).sample(founds, settings.sample_size)
        looked = yield from look_at_pictures(founds, cache, stop)
        alike: LookAlikes | None = None
        if not settings.no_starter:
            usable = [UsablePhoto(f.relative, f.path, look.content_hash) for f, look in looked if look.usable]
            features = yield from starter_features_of(usable, cache, stop)
            alike = yield from look_alikes_of(features)
        yield Progress(JUDGING, 0, None)
        photos = _judge_folder(looked, alike, cache, settings.thresholds, stop)
        problems = yield from write_sorted(settings.data_dir, settings.output_dir, photos, settings.mode)
        judged = Judged(photos, settings.thresholds, scan.other_files, by_starter=alike is not None)
        page = yield from write_report(settings.output_dir, judged, lambda photo: _copy(cache, photo))
    verdicts = Counter(photo.verdict for photo in photos)
    return PreprocessReport(verdicts, scan.other_files, page, [*scan.problems, *problems])


def _judge_folder(
    looked: Sequence[tuple[FoundPhoto, Look]],
    alike: LookAlikes | None,
    cache: PhotoCache,
    thresholds: Thresholds,
    stop: StopToken | None,
) -> list[JudgedPhoto]:
    looks = [look for _, look in looked]
    names = [found.relative for found, _ in looked]
    verdicts = judge_looks(looks, names, lambda index: looked[index][0].path, alike, cache, thresholds, stop)
    return [
        JudgedPhoto(
            found.relative,
            found.path,
            found.size,
            look,
            verdict.kind,
            verdict.reason,
            None if verdict.duplicate_of is None else names[verdict.duplicate_of],
            verdict.outlier_distance,
        )
        for (found, look), verdict in zip(looked, verdicts, strict=True)
    ]


def _copy(cache: PhotoCache, photo: JudgedPhoto) -> Image.Image | None:
    try:
        return cache.copy(photo.path, photo.look.content_hash)
    except PrismhError:  # gone since it was looked at
        return None


# A project


def _preprocess_project(
    resolved: Resolved[PreprocessSettings], folder: Path, stop: StopToken | None
) -> Job[PreprocessReport]:
    settings = resolved.settings
    cache_folder = settings.cache_dir
    if cache_folder is not None and settings.data_dir is not None:
        check_cache_folder(cache_folder, settings.data_dir)  # before a project is made
    if settings.data_dir is None and not (folder / "project.db").is_file():
        raise PrismhError(
            f"{folder} is not a Prism-H project: it holds no project.db. To make one there, give --data_dir with the "
            "folder of its photos too."
        )
    with Project.open(folder) if settings.data_dir is None else Project.open_or_create(folder) as project:
        if settings.data_dir is not None:
            project.add_folder(settings.data_dir)
        given = {name: value for name, value in asdict(settings.thresholds).items() if resolved.given(name)}
        if given:  # kept, so that the window judges by them too
            project.set_thresholds(replace(project.thresholds, **given))
        report = yield from look_at_project(project, stop, cache_folder=cache_folder)
        use_starter = not settings.no_starter
        if use_starter:
            features = yield from extract_project(project, stop=stop, cache_folder=cache_folder)
            yield from neighbour_graph(features)
        yield Progress(JUDGING, 0, None)
        judge_project(project, use_starter=use_starter, stop=stop, cache_folder=cache_folder)
        verdicts = Counter(photo.verdict for photo in project.photos.all() if not photo.missing)
        return PreprocessReport(verdicts, report.other_files, project.folder, report.problems)


def main(argv: Sequence[str] | None = None) -> int:
    return run_step(
        PreprocessSettings,
        preprocess,
        argv,
        description="Find broken, repeated, dark and blurred photos and set them aside; the photos themselves stay.",
    )


if __name__ == "__main__":
    raise SystemExit(main())
