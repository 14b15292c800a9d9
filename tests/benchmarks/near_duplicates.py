"""Near duplicates: copies made in known ways, found again, and photos joined that have nothing in common."""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from PIL import Image

from prismh_engine.photos.decode import decode

from .own_photos import judged, spread

_QUALITY = 95
_LOW_QUALITY = 50


def measure(folder: Path, count: int) -> None:
    """Print, for each kind of copy, the share that is found and how many photos were joined with another one."""
    kinds: dict[str, tuple[Callable[[Image.Image], Image.Image], int]] = {
        f"compressed again (JPEG {_LOW_QUALITY})": (lambda image: image, _LOW_QUALITY),
        "half as wide and high": (halved, _QUALITY),
        "5 % cut off at a corner": (cropped, _QUALITY),
        "turned by 2 degrees": (turned, _QUALITY),
        "brightened by 1.3": (brightened, _QUALITY),
    }
    with tempfile.TemporaryDirectory(prefix="prismh-") as temporary:
        originals, cache = Path(temporary, "originals"), Path(temporary, "cache")
        originals.mkdir()
        images = {}
        for number, photo in enumerate(spread(folder, count)):
            image = decode(photo).image
            if image is not None:
                images[f"{number:05d}"] = image
                shutil.copyfile(photo, originals / f"{number:05d}{photo.suffix}")
        print(f"\n{len(images)} photos and one copy of each\n{'':<28}{'with the starter':^24}{'without':^24}")
        print(f"{'copies':<28}" + 2 * f"{'found':>12}{'wrong':>12}")
        _row("none", originals, cache, images, Path(temporary))
        for number, (name, (change, quality)) in enumerate(kinds.items()):
            both = Path(temporary, str(number))
            shutil.copytree(originals, both / "originals")
            (both / "copies").mkdir()
            for stem, image in images.items():
                change(image).save(both / "copies" / f"{stem}.jpg", "JPEG", quality=quality)
            _row(name, both, cache, images, Path(temporary))
            shutil.rmtree(both)


def groups(rows: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """file_path -> the best photo of its group, itself where it stands alone."""
    return {path: row["duplicate_of"] or path for path, row in rows.items()}


def found_and_wrong(rows: Mapping[str, Mapping[str, str]]) -> tuple[int, int]:
    """How many copies are in the group of their original, and how many photos hang on one they were not made from.

    A copy is told by its name, which is that of its original but for folder and suffix.
    """
    best = groups(rows)
    members: dict[str, list[str]] = {}
    for path in best:
        members.setdefault(Path(path).stem, []).append(path)
    found = sum(len(paths) == 2 and best[paths[0]] == best[paths[1]] for paths in members.values())
    wrong = sum(Path(path).stem != Path(other).stem for path, other in best.items())
    return found, wrong


def halved(image: Image.Image) -> Image.Image:
    return image.resize((max(1, image.width // 2), max(1, image.height // 2)), Image.Resampling.BICUBIC)


def cropped(image: Image.Image) -> Image.Image:
    return image.crop((0, 0, max(1, round(0.95 * image.width)), max(1, round(0.95 * image.height))))


def turned(image: Image.Image) -> Image.Image:
    """By 2 degrees, cut to what a photo taken so would show: no empty corners."""
    angle = math.radians(2)
    inner = 1 / (math.cos(angle) + math.sin(angle) * max(image.size) / min(image.size))
    width, height = inner * image.width, inner * image.height
    left, top = (image.width - width) / 2, (image.height - height) / 2
    box = (round(left), round(top), round(left + width), round(top + height))
    return image.rotate(2, Image.Resampling.BICUBIC).crop(box)


def brightened(image: Image.Image) -> Image.Image:
    return image.point([min(255, round(1.3 * level)) for level in range(256)] * 3)


def _row(name: str, folder: Path, cache: Path, images: Mapping[str, Image.Image], temporary: Path) -> None:
    cells = []
    for starter in (True, False):
        with tempfile.TemporaryDirectory(dir=temporary) as output:
            rows = judged(folder, cache, Path(output), starter=starter)
        found, wrong = found_and_wrong(rows)
        cells += ["" if name == "none" else f"{found / len(images):.2f}", f"{wrong} of {len(rows)}"]
    print(f"{name:<28}" + "".join(f"{cell:>12}" for cell in cells), flush=True)
