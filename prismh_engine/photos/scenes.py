"""Sample photos drawn by the program itself: breeding places as a phone would photograph them, with EXIF.

Nobody's photos are needed to try the program, to show it or to test it.
"""

from __future__ import annotations

import io
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops, ImageEnhance, ImageFilter
from PIL.TiffImagePlugin import IFDRational

from ..files import make_folder, write_whole
from ..jobs import Job, Progress, StopToken
from .scene_canvas import Canvas, Light, as_planes, grain
from .scene_grounds import GROUNDS, draw_ground, scatter_leaves
from .scene_things import THINGS

KINDS: tuple[str, ...] = tuple(THINGS)
"""The kinds of breeding places `draw_scene` knows."""

_TOWN = (-0.0917, 34.7680)
_SEASON_START = datetime(2026, 3, 2, 7, 30)
_CAMERAS = (("Samsung", "SM-A145F"), ("TECNO", "TECNO KI5q"), ("Xiaomi", "23053RN02A"))
# Of every sixty photos these are what field work brings along.
_DARK, _BLURRY, _AGAIN, _BROKEN, _COPY = 17, 29, 41, 53, 58
_CYCLE = 60
_DRAWN = 0.65


def draw_scene(kind: str, number: int, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """Draw one scene, RGB; the same kind, number and size give the same pixels.

    kind: one of `KINDS`. size: width and height in pixels.
    """
    rng = np.random.default_rng((KINDS.index(kind), number))
    light = Light(side=float(rng.choice([-1, 1]) * rng.uniform(0.3, 1.0)), sun=float(rng.uniform(0, 1)))
    grounds = GROUNDS if kind not in ("drain", "cover") else ("concrete", "paving", "asphalt", "gravel", "soil")
    # Drawn smaller and then enlarged: soft as a phone's picture, and in half the time.
    drawn = (max(8, round(size[0] * _DRAWN)), max(8, round(size[1] * _DRAWN)))
    canvas = Canvas(draw_ground(rng, str(rng.choice(grounds)), drawn), rng, light)
    THINGS[kind](canvas)
    return _photographed(canvas, size)


def write_scenes(folder: Path, count: int, stop: StopToken | None = None) -> Job[list[Path]]:
    """Write `count` scenes of all kinds, mixed, as IMG_0001.jpg and so on; return their paths.

    They carry the time, place and camera of a season's field work. A few are dark, blurred, taken twice or broken.
    Raises `PrismhError` where the disk refuses.
    """
    make_folder(folder)
    paths = [folder / f"IMG_{number + 1:04d}.jpg" for number in range(count)]
    what = "Drawing sample photos"
    pool = ThreadPoolExecutor(os.cpu_count() or 1)  # numpy and Pillow let go of the interpreter while they work
    try:
        yield Progress(what, 0, count)
        for number, content in enumerate(pool.map(_photo_bytes, range(count))):
            if stop is not None:
                stop.check()
            with write_whole(paths[number]) as stream:
                stream.write(content)
            yield Progress(what, number + 1, count)
    finally:
        pool.shutdown(cancel_futures=True)
    return paths


def scene_kind(number: int) -> str:
    """What the photo of this number (0 for the first) that `write_scenes` makes shows.

    Each kind comes once in every seven photos, in an order that changes.
    """
    if number % _CYCLE in (_AGAIN, _COPY):
        number -= 1
    turn, place = divmod(number, len(KINDS))
    return KINDS[int(np.random.default_rng((9, turn)).permutation(len(KINDS))[place])]


def scene_exif(number: int) -> Image.Exif:
    """When, where and with what the photo of this number was taken: a visit of several photos every few days."""
    visit = number // 6
    rng = np.random.default_rng((7, visit))
    day = _SEASON_START + timedelta(days=int(visit * 3 + rng.integers(0, 2)), minutes=int(rng.integers(0, 360)))
    taken = day + timedelta(seconds=100 * (number % 6) + number % 50)
    near = np.random.default_rng((8, number)).normal(0, 0.0004, 2)
    latitude, longitude = np.array(_TOWN) + rng.normal(0, 0.012, 2) + near
    make, model = _CAMERAS[visit % len(_CAMERAS)]
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = make, model, 1
    details = exif.get_ifd(0x8769)
    details[0x9003], details[0x9011] = taken.strftime("%Y:%m:%d %H:%M:%S"), "+03:00"
    position = exif.get_ifd(0x8825)
    position[1], position[2] = "S" if latitude < 0 else "N", _degrees(latitude)
    position[3], position[4] = "W" if longitude < 0 else "E", _degrees(longitude)
    return exif


def _photo_bytes(number: int) -> bytes:
    """The file of one photo; some are the odd ones of field work."""
    place = number % _CYCLE
    if place == _COPY:
        return _photo_bytes(number - 1)
    if place == _AGAIN:
        # The same thing a second later: the hand has moved a little.
        again = draw_scene(scene_kind(number - 1), number - 1)
        width, height = again.size
        again = again.crop((9, 6, width - 5, height - 8)).resize((width, height), Image.Resampling.BICUBIC)
        return _jpeg(ImageEnhance.Brightness(again).enhance(1.06), number)
    image = draw_scene(scene_kind(number), number)
    if place == _DARK:
        image = image.point([int(value * 0.06) for value in range(256)] * 3)
    if place == _BLURRY:
        image = image.filter(ImageFilter.GaussianBlur(9))
    content = _jpeg(image, number)
    # A card that was pulled out while the phone was writing.
    return content[:700] if place == _BROKEN else content


def _jpeg(image: Image.Image, number: int) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=88, exif=scene_exif(number))
    return stream.getvalue()


def _photographed(canvas: Canvas, size: tuple[int, int]) -> Image.Image:
    """What a phone makes of the drawn scene: leaves in front, exposure, colour of the light, vignette, noise."""
    rng, light = canvas.rng, canvas.light
    warm = rng.uniform(-0.06, 0.08)
    exposure = float(rng.uniform(0.78, 1.16))
    x = np.linspace(-1, 1, canvas.width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, canvas.height, dtype=np.float32)[:, None]
    falloff = (1 - np.float32(rng.uniform(0.03, 0.13)) * (x**2 + y**2)) * (
        1 + np.float32(0.1 * light.sun * light.side) * x
    )
    canvas.pixels *= falloff * as_planes(((1 + warm) * exposure, exposure, (1 - warm) * exposure))
    image = canvas.image()
    scatter_leaves(rng, image, int(rng.choice([0, 0, 4, 10])))
    image = image.resize(size, Image.Resampling.BICUBIC)
    speckle = (grain(rng, image.height, image.width) * np.float32(rng.uniform(7, 15))).astype(np.uint8)
    return ImageChops.add(image, Image.merge("RGB", [Image.fromarray(speckle)] * 3), 1.0, -5)


def _degrees(value: float) -> tuple[IFDRational, IFDRational, IFDRational]:
    """Degrees, minutes and seconds as EXIF holds them."""
    seconds = round(abs(value) * 3600 * 100)
    return IFDRational(seconds // 360000), IFDRational(seconds // 6000 % 60), IFDRational(seconds % 6000, 100)
