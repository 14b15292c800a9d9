"""`prismh-engine demo`: the whole chain, from photos to a table, on photos the program draws itself."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np
from PIL import Image

from .command import required, run_step
from .core.cluster_embeddings import ClusterSettings, cluster_embeddings
from .core.evaluate import EvaluateSettings, evaluate
from .core.export_features import ExportSettings, export_features
from .core.extract_embeddings import ExtractSettings, extract
from .core.instant_map import instant_map
from .core.map_embeddings import MapSettings, map_embeddings
from .core.map_picture import draw_map, group_colour
from .core.preprocess import PreprocessSettings, preprocess
from .core.what_changed import what_changed
from .demo_page import Page, PageGroup, SetAside, StepLine, write_page
from .errors import PrismhError
from .files import make_folder, write_json
from .jobs import Job, StopToken
from .models.simclr.run import train
from .models.simclr.settings import TrainSettings
from .photos.cache import PhotoCache
from .photos.scenes import scene_kind, write_scenes
from .project import FeatureSet, Grouping, Photo, Project
from .project.feature_sets import STARTER
from .settings import Resolved, Settings, resolve, setting
from .tables import write_csv
from .version import __version__

T = TypeVar("T")
S = TypeVar("S", bound=Settings)

_MARKER = "demo.json"
_PAGE = "index.html"
_FOLDERS = (
    "photos", "project", "preprocess", "extract_starter", "train", "extract", "map", "cluster", "evaluate", "export",
)  # fmt: skip
_THUMBNAILS = 12
_NAMES = {
    "drum": "Drums", "tyre": "Tyres", "pot": "Plant pots", "puddle": "Puddles", "bucket": "Buckets", "drain": "Drains",
    "cover": "Manhole covers",
}  # fmt: skip


@dataclass(frozen=True)
class DemoSettings(Settings):
    """Settings of the demo."""

    step: ClassVar[str] = "demo"

    output_dir: Path | None = setting(None, "new folder for everything the demo makes")
    photos: int = setting(140, "how many photos are drawn", minimum=40, maximum=5000)
    epochs: int = setting(2, "how long it learns, in passes over the photos", minimum=1)


@dataclass(frozen=True)
class DemoReport:
    """Where the demo's page is, and how long it took in seconds."""

    page: Path
    seconds: float

    def __str__(self) -> str:
        return f"The demo took {self.seconds:.0f} seconds. Open {self.page}; the project beside it opens in the window."


def demo(resolved: Resolved[DemoSettings], stop: StopToken | None = None) -> Job[DemoReport]:
    """Run the chain into the output folder. An earlier demo there is replaced; raises `PrismhError` for other files."""
    required(resolved, "output_dir")
    assert resolved.settings.output_dir is not None
    chain = _Chain(resolved.settings.output_dir.absolute(), resolved.settings, stop)
    return (yield from chain.run())


class _Chain:
    """One walk through the steps; each leaves its folder."""

    def __init__(self, folder: Path, settings: DemoSettings, stop: StopToken | None) -> None:
        self._folder = folder
        self._settings = settings
        self._stop = stop
        self._lines: list[StepLine] = []
        self._photos, self._project = folder / "photos", folder / "project"

    def run(self) -> Job[DemoReport]:
        _make_room(self._folder)
        began = time.monotonic()
        yield from self._time("photos", "draws the photos", self._photos, self._draw())
        yield from self._time("project", "looks at them: verdicts, groups, instant map", self._project, self._look())
        yield from self._preprocess()
        yield from self._features(STARTER)
        run = yield from self._train()
        yield from self._features(run)
        yield from self._map_and_groups()
        yield from self._evaluate(run)
        yield from self._export()
        page = self._folder / _PAGE
        self._write_page(page, run)
        return DemoReport(page, time.monotonic() - began)

    def _draw(self) -> Job[None]:
        paths = yield from write_scenes(self._photos, self._settings.photos, self._stop)
        labels = [(f"photos/{path.name}", _NAMES[scene_kind(number)]) for number, path in enumerate(paths)]
        write_csv(self._folder / "labels.csv", ("file_path", "label"), labels)

    def _look(self) -> Job[None]:
        with Project.create(self._project, "Demo") as project:
            project.add_folder(self._photos)
            yield from instant_map(project, self._stop)
            _name_groups(project)

    def _preprocess(self) -> Job[None]:
        folder = self._folder / "preprocess"
        values = {"data_dir": self._photos, "output_dir": folder, "cache_dir": self._project / "cache", "mode": "link"}
        job = preprocess(_resolved(PreprocessSettings, values), self._stop)
        yield from self._time("preprocess", "sorts the photos by verdict", folder, job)

    def _features(self, name: str) -> Job[None]:
        """Write the embeddings of the starter or of a run as a file."""
        folder = self._folder / ("extract_starter" if name == STARTER else "extract")
        values: dict[str, Any] = {"project": self._project, "output_dir": folder}
        if name == STARTER:
            values["model_path"] = STARTER
        who = "the starter" if name == STARTER else "the encoder that learned"
        job = extract(_resolved(ExtractSettings, values), self._stop)
        yield from self._time("extract", f"turns photos into embeddings, by {who}", folder, job)

    def _train(self) -> Job[str]:
        folder = self._folder / "train"
        values = {"project": self._project, "preset": "quick", "epochs": self._settings.epochs, "warmup_epochs": 0}

        def learn() -> Job[str]:
            report = yield from train(_resolved(TrainSettings, values), self._stop)
            assert report.run is not None
            # The run belongs to the project; its files are shown as a step's folder too.
            shutil.copytree(report.run_folder, folder, copy_function=_link)
            return report.run

        return (yield from self._time("train", "learns from the photos, without labels", folder, learn()))

    def _map_and_groups(self) -> Job[None]:
        folder = self._folder / "map"
        values = {"project": self._project, "output_dir": folder}
        lay_out = map_embeddings(_resolved(MapSettings, values), self._stop)
        yield from self._time("map", "lays the photos out by what was learned", folder, lay_out)
        folder = self._folder / "cluster"
        values = {"project": self._project, "output_dir": folder}
        job = cluster_embeddings(_resolved(ClusterSettings, values), self._stop)
        yield from self._time("cluster", "finds groups of look-alikes in it", folder, job)

    def _evaluate(self, run: str) -> Job[None]:
        folder = self._folder / "evaluate"
        files = tuple(self._folder / name / "all_embeddings.npz" for name in ("extract_starter", "extract"))
        values = {"embeddings": files, "labels": self._folder / "labels.csv", "output_dir": folder}

        def measure() -> Job[None]:
            yield from evaluate(_resolved(EvaluateSettings, values), self._stop)
            with Project.open(self._project) as project:
                change = yield from what_changed(project, run)
                project.runs.set_summary(project.runs.get(run), str(change), change.shown_first)

        yield from self._time("evaluate", "measures what learning changed", folder, measure())

    def _export(self) -> Job[None]:
        file = self._folder / "export" / "features.csv"
        job = export_features(_resolved(ExportSettings, {"project": self._project, "output": file}), self._stop)
        yield from self._time("export", "writes one row a photo", file, job)

    def _time(self, name: str, what: str, place: Path, job: Job[T]) -> Job[T]:
        began = time.monotonic()
        result = yield from job
        line = StepLine(name, what, time.monotonic() - began, place.relative_to(self._folder).as_posix())
        self._lines.append(line)
        return result

    def _write_page(self, page: Path, run: str) -> None:
        with Project.open(self._project) as project, PhotoCache(project.cache_folder) as cache:
            photos = project.photos.all()
            starter, learned = project.features.get(STARTER), project.features.get(run)
            write_page(
                page,
                Page(
                    photos=len(photos),
                    used=len(project.photos.used()),
                    instant=_map_picture(project, cache, starter),
                    learned=_map_picture(project, cache, learned),
                    change=project.runs.get(run).summary,
                    groups=_page_groups(project, cache, starter),
                    set_aside=[_set_aside(cache, photo) for photo in photos if not photo.used],
                    steps=self._lines,
                ),
            )


def _make_room(folder: Path) -> None:
    """A new folder, or the one of an earlier demo, emptied."""
    if folder.is_dir() and any(folder.iterdir()):
        try:
            earlier = json.loads((folder / _MARKER).read_text(encoding="utf-8"))["made_by"] == "prismh-engine demo"
        except (OSError, ValueError, LookupError, TypeError):
            earlier = False
        if not earlier:
            raise PrismhError(f"{folder} is not empty: choose a new folder for the demo.")
        for name in _FOLDERS:
            shutil.rmtree(folder / name, ignore_errors=True)
    make_folder(folder)
    write_json(folder / _MARKER, {"made_by": "prismh-engine demo", "version": __version__})


def _resolved(settings: type[S], values: Mapping[str, Any]) -> Resolved[S]:
    """A step's settings as if given as flags; the environment has no say in a demo."""
    return resolve(settings, values, environment={})


def _link(source: str, target: str) -> None:
    """One file under a second name; a copy where the disk has no such thing."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _name_groups(project: Project) -> None:
    """Name each group after what most of its photos show, as a person would who looks at them."""
    grouping = _grouping(project, project.features.get(STARTER))
    for members in grouping.members().values():
        photos = project.photos.some(members.tolist())
        kinds = Counter(scene_kind(int(photo.path.stem.removeprefix("IMG_")) - 1) for photo in photos)
        project.labels.name_group([photo.id for photo in photos], _NAMES[kinds.most_common(1)[0][0]])


def _grouping(project: Project, features: FeatureSet) -> Grouping:
    grouping = project.groupings.newest(features)
    if grouping is None:
        raise PrismhError(f"The project {project.folder} lost its groups while the demo ran: run it again.")
    return grouping


def _map_picture(project: Project, cache: PhotoCache, features: FeatureSet) -> Image.Image:
    made, grouping = project.maps.newest(features), _grouping(project, features)
    if made is None:
        raise PrismhError(f"The project {project.folder} lost its map while the demo ran: run it again.")
    cluster_of = dict(zip(grouping.photo_ids.tolist(), grouping.clusters.tolist(), strict=True))
    photos = project.photos.some(made.photo_ids.tolist())
    return draw_map(
        made.positions,
        np.array([cluster_of.get(photo.id, -1) for photo in photos], np.int32),
        project.labels.of_groups(grouping.members()),
        [cache.thumbnail(photo.path, photo.look.content_hash) for photo in photos],
    )


def _page_groups(project: Project, cache: PhotoCache, features: FeatureSet) -> list[PageGroup]:
    grouping = _grouping(project, features)
    names = project.labels.of_groups(grouping.members())
    groups = []
    for cluster in grouping.members():
        rows = np.flatnonzero(grouping.clusters == cluster)
        typical = rows[np.argsort(grouping.distances[rows])][:_THUMBNAILS]
        photos = project.photos.some(grouping.photo_ids[typical].tolist())
        groups.append(
            PageGroup(
                name=names.get(cluster, f"Group {cluster + 1}"),
                colour=group_colour(cluster),
                size=len(rows),
                separation=float(grouping.separation[cluster]),
                thumbnails=[cache.thumbnail(photo.path, photo.look.content_hash) for photo in photos],
            )
        )
    return groups


def _set_aside(cache: PhotoCache, photo: Photo) -> SetAside:
    usable = photo.look.usable
    return SetAside(photo.reason, cache.thumbnail(photo.path, photo.look.content_hash) if usable else None)


def main(argv: Sequence[str] | None = None) -> int:
    return run_step(
        DemoSettings,
        demo,
        argv,
        description="Draw sample photos of breeding places and run every step on them, into one folder with a page.",
    )


if __name__ == "__main__":
    raise SystemExit(main())
