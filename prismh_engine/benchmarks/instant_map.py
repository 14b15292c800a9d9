"""From adding large photos to a map with groups: seconds, which part takes them, and the bare parts one by one."""

from __future__ import annotations

import io
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .. import jobs
from ..analysis.clustering import FEWEST, MOST
from ..analysis.neighbours import unit_rows
from ..core.cluster_embeddings import cluster_project
from ..core.instant_map import instant_map
from ..core.judge_photos import judge_project
from ..core.map_embeddings import map_project
from ..jobs import Job
from ..models.starter import StarterEncoder
from ..models.starter_photos import BY_STARTER
from ..photos.measures import SHORT_SIDE
from ..photos.record import FoundPhoto, Look
from ..photos.scan import Scan
from ..project import Project
from ..project.feature_sets import STARTER
from .rows import AT_MOST, Conditions, Row, in_turn

NAME = "instant_map"
PHOTOS = 1_000
"""The photos whose way to the map is told."""

_GOAL_SECONDS, _FIRST_PHOTO_SECONDS = 60.0, 1.0
_COMPONENTS = 50
_NOISE = 0.7  # of a made-up photo's features: as far from its model's as photos of one kind are, no near duplicate


@dataclass(frozen=True)
class _Seconds:
    """What each part took; first_photo: until the first photo could be shown."""

    first_photo: float
    first_look: float
    starter: float
    groups_and_map: float

    @property
    def total(self) -> float:
        return self.first_look + self.starter + self.groups_and_map


def measure(conditions: Conditions, found: list[Row], photos: int = PHOTOS) -> Job[None]:
    """The seconds for `photos` photos beside a minute and beside the bare parts.

    Where there are fewer large photos, looking at them and encoding them, which take the same for each, are scaled;
    groups and map are made of as many photos as said, the further ones having made-up features.
    """
    files = [file.path for file in Scan(conditions.photos)]
    encoder = StarterEncoder()  # its first use makes a file
    ours: list[_Seconds] = []
    features: list[NDArray[np.float32]] = []

    def way() -> float:
        seconds, embeddings = _way_to_the_map(conditions.photos, len(files), photos)
        ours.append(seconds)
        features[:] = [embeddings]
        return seconds.total

    def bare() -> float:
        return _bare_parts(files, encoder, features[0], photos)

    seconds = yield from in_turn("Instant map", {"ours": way, "bare": bare}, conditions.rounds)
    scaled = "" if len(files) >= photos else f", scaled from {len(files)}"
    case, goal = f"{max(photos, len(files)):,} photos{scaled}", (AT_MOST, 1.0)
    first, minute = [one.first_photo for one in ours], [_GOAL_SECONDS]
    found += [
        Row(NAME, case, "s", seconds["ours"], "a minute", minute, "lowest", goal),
        Row(NAME, case, "s", seconds["ours"], "the bare parts", seconds["bare"], "lowest"),
        Row(NAME, "its first photo", "s", first, "a second", [_FIRST_PHOTO_SECONDS], "lowest", goal),
        Row(NAME, "its first look", "s", [one.first_look for one in ours], best_is="lowest"),
        Row(NAME, "its starter features", "s", [one.starter for one in ours], best_is="lowest"),
        Row(NAME, "its verdicts, groups and map", "s", [one.groups_and_map for one in ours], best_is="lowest"),
    ]


def _way_to_the_map(folder: Path, count: int, photos: int) -> tuple[_Seconds, NDArray[np.float32]]:
    """The seconds of each part, and the embeddings [N, D] that were mapped."""
    with tempfile.TemporaryDirectory(prefix="prismh-") as temporary:
        began = time.perf_counter()
        with Project.create(Path(temporary, "project")) as project:
            project.add_folder(folder)
            first, looked, encoded = _times_of(instant_map(project))
            ended = time.perf_counter()
            factor, groups_and_map = 1.0, ended - encoded
            if count < photos:
                factor = photos / count
                _make_up(project, photos - count)
                groups_and_map = _seconds(lambda: _judge_group_and_map(project))
            _, embeddings = project.features.get(STARTER).read(project.photos.used())
    parts = _Seconds(first - began, factor * (looked - began), factor * (encoded - looked), groups_and_map)
    return parts, embeddings


def _times_of(job: Job[None]) -> tuple[float, float, float]:
    """When the first photo was known, when all were looked at, and when all were encoded."""
    first = looked = encoded = 0.0
    with closing(job):
        for progress in job:
            now = time.perf_counter()
            if not first and len(progress.metrics.get("photo_ids", ())):
                first = now
            if progress.what == BY_STARTER:
                looked, encoded = looked or now, now
    return first, looked, encoded


def _make_up(project: Project, count: int) -> None:
    """Add photos that have features like those of the real ones, and no file."""
    features = project.features.get(STARTER)
    rows = unit_rows(features.at(np.arange(len(features.rows()))))
    random = np.random.default_rng(0)
    noise = random.standard_normal((count, rows.shape[1]), dtype=np.float32)
    models = rows[random.integers(0, len(rows), count)]
    hashes = [f"made up {number}" for number in range(count)]
    features.append(hashes, models + _NOISE * unit_rows(noise))
    folder = project.folders()[0]
    paths = [Path(folder.path, name) for name in hashes]
    project.photos.record(
        folder.id,
        (
            (FoundPhoto(path, path.name, 1, 1, number), Look(path.name, width=4000, height=3000))
            for number, path in enumerate(paths)
        ),
    )


def _judge_group_and_map(project: Project) -> None:
    judge_project(project)
    jobs.run(cluster_project(project))
    jobs.run(map_project(project))


def _bare_parts(files: Sequence[Path], encoder: StarterEncoder, embeddings: NDArray[np.float32], photos: int) -> float:
    """Decoding in threads, the encoder on photos in memory, k-means and t-SNE by their libraries."""
    factor = max(1.0, photos / len(files))
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        decoding = _seconds(lambda: list(pool.map(_decode, files)))
    size = encoder.identity.image_size
    images = np.zeros((encoder.batch_size, size, size, 3), dtype=np.uint8)
    encoding = _seconds(lambda: encoder.encode(images)) / len(images) * len(files)
    rows = unit_rows(embeddings)
    return factor * (decoding + encoding) + _seconds(lambda: _bare_groups(rows)) + _seconds(lambda: _bare_map(rows))


def _decode(path: Path) -> None:
    with Image.open(io.BytesIO(path.read_bytes())) as image:
        scale = SHORT_SIDE / min(image.size)
        small = round(image.width * scale), round(image.height * scale)
        image.draft("RGB", small)
        image.convert("RGB").resize(small)


def _bare_groups(rows: NDArray[np.float32]) -> None:
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    for k in range(FEWEST, min(MOST, len(rows) - 1) + 1):
        silhouette_score(rows, KMeans(k, random_state=0).fit_predict(rows))


def _bare_map(rows: NDArray[np.float32]) -> None:
    from openTSNE import TSNE
    from sklearn.decomposition import PCA

    reduced = PCA(min(_COMPONENTS, *rows.shape), random_state=0).fit_transform(rows)
    TSNE(perplexity=min(30.0, (len(rows) - 1) / 3), metric="cosine", random_state=0).fit(reduced)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
