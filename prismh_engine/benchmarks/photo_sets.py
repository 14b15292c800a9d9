"""The photos that benchmarks learn from: as large as a phone takes them, as many as a measurement needs."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from .. import jobs
from ..errors import PrismhError
from ..files import make_folder
from ..jobs import Job, Progress
from ..photos.cache import PhotoCache
from ..photos.decode import decode
from ..photos.folder import list_photos
from ..photos.scan import Scan
from ..photos.scenes import draw_scene, scene_kind

MEGAPIXELS = 12.0
LARGE_PHOTOS = 64
"""How many different photos there are; more are the same ones under other names."""


def cache_seconds(folder: str | Path) -> float:
    """Seconds it takes to look at every photo of a folder for the first time, into a cache that is empty.

    Raises `PrismhError` where the folder cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="prismh-") as temporary, PhotoCache(Path(temporary)) as cache:
        began = time.perf_counter()
        jobs.run(list_photos(Path(folder), cache))
        return time.perf_counter() - began


def write_large_photos(folder: Path, source: Path | None, count: int = LARGE_PHOTOS) -> Job[None]:
    """Fill a folder with JPEGs of 12 megapixels: photos of `source` enlarged, or, where None, drawn scenes.

    At most `count`, spread over the source; a photo that is larger keeps its size. Raises `PrismhError` where the
    source holds no photo that can be used.
    """
    make_folder(folder)
    sources: list[Path | int] = list(range(count)) if source is None else _spread(source, count)

    def make(number: int) -> bool:
        image = _picture(sources[number])
        if image is None:
            return False
        _enlarged(image).save(folder / f"IMG_{number:04d}.jpg", "JPEG", quality=90)
        return True

    what, made = "Making photos of 12 megapixels", 0
    yield Progress(what, 0, len(sources))
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for done, is_made in enumerate(pool.map(make, range(len(sources))), start=1):
            made += is_made
            yield Progress(what, done, len(sources))
    if not made:
        raise PrismhError(f"There is no photo in {source} that can be used: name another folder.")


def repeat_photos(photos: Sequence[Path], folder: Path, count: int) -> None:
    """Fill a folder with `count` photos: the given ones, under as many names as it takes."""
    make_folder(folder)
    for number in range(count):
        photo = photos[number % len(photos)]
        name = folder / f"{number:06d}{photo.suffix}"
        try:
            name.hardlink_to(photo)
        except OSError:  # another disk, or one that knows no such links
            shutil.copyfile(photo, name)


def _spread(source: Path, count: int) -> list[Path | int]:
    """At most `count` files of a folder that look like pictures, evenly spread over it."""
    paths = [found.path for found in Scan(source)]
    wanted = min(count, len(paths))
    return [paths[number * len(paths) // wanted] for number in range(wanted)]


def _picture(source: Path | int) -> Image.Image | None:
    """A photo with every pixel, or the scene of this number; None where the photo cannot be used."""
    return draw_scene(scene_kind(source), source) if isinstance(source, int) else decode(source).image


def _enlarged(image: Image.Image) -> Image.Image:
    factor = (MEGAPIXELS * 1e6 / (image.width * image.height)) ** 0.5
    if factor <= 1:
        return image
    size = (round(image.width * factor), round(image.height * factor))
    return image.resize(size, Image.Resampling.BICUBIC)
