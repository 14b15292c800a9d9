"""Dark and blurry verdicts on photos that were spoiled in known ways: who is found, and who is blamed for nothing."""

from __future__ import annotations

import io
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from prismh_engine.photos.decode import decode
from prismh_engine.photos.measures import SHORT_SIDE, Measures
from prismh_engine.photos.measures import measure as measures_of
from prismh_engine.photos.verdicts import Thresholds

from .own_photos import spread

STOPS = (2, 3, 4, 5, 6, 7, 8)
"""Photographic stops by which a photo is darkened: each halves the light."""

BLURS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Deviation of the Gaussian of a photo out of focus, in percent of its short side."""

SHAKES = (0.5, 1.0, 2.0, 4.0, 8.0)
"""How far the camera moved while the shutter was open, in percent of the short side, along the long one."""

_QUALITY = 90


FACTORS = (0.5, 1.0, 2.0, 4.0)
"""Thresholds that are tried: the published ones times these."""


@dataclass(frozen=True)
class Step:
    """One way of spoiling photos. name: with its strength; measure: what decides, below a threshold."""

    name: str
    measure: str
    spoil: Callable[[Image.Image], Image.Image]


def measure(folder: Path, count: int, short_sides: Sequence[int]) -> None:
    """Print tables for each size. short_sides: pixels to which photos are brought first, 0 for their own size."""
    photos = spread(folder, count)
    for short_side in short_sides:
        plain: list[Measures] = []
        spoiled: dict[str, list[Measures]] = {step.name: [] for step in _STEPS}
        for photo in photos:
            image = decode(photo).image
            if image is None:
                continue
            image = _brought_to(image, short_side)
            plain.append(_measures(image))
            for step in _STEPS:
                spoiled[step.name].append(_measures(step.spoil(image)))
        size = f"{short_side} px on the short side" if short_side else "their own size"
        print(f"\n{len(plain)} photos, {size}; recall and precision where as many are unspoiled")
        _print_table("dark", "brightness", Thresholds().dark, plain, spoiled)
        _print_table("blurry", "sharpness", Thresholds().blurry, plain, spoiled)


def recall_and_precision(
    plain: Sequence[float], spoiled: Sequence[float], threshold: float
) -> tuple[float, float | None]:
    """Of "below the threshold" as the mark of a spoiled photo. plain, spoiled: the measures of as many of each.

    Precision is None where no photo at all is below.
    """
    right = sum(value < threshold for value in spoiled)
    wrong = sum(value < threshold for value in plain)
    return right / len(spoiled), right / (right + wrong) if right + wrong else None


def _print_table(
    kind: str, measure: str, published: float, plain: list[Measures], spoiled: dict[str, list[Measures]]
) -> None:
    thresholds = [published * factor for factor in FACTORS]
    unspoiled = [getattr(values, measure) for values in plain]
    print(f"{measure} of unspoiled photos: median {statistics.median(unspoiled):.0f}")
    print(f"{kind + ' below':<24}" + "".join(f"{threshold:>14g}" for threshold in thresholds))
    shares = [sum(value < threshold for value in unspoiled) / len(unspoiled) for threshold in thresholds]
    print(f"{'unspoiled':<24}" + "".join(f"{share:>8.3f}{'':6}" for share in shares))
    for step in _STEPS:
        if step.measure == measure:
            line = f"{step.name:<24}"
            for threshold in thresholds:
                values = [getattr(values, measure) for values in spoiled[step.name]]
                recall, precision = recall_and_precision(unspoiled, values, threshold)
                line += f"{recall:>8.2f}{'' if precision is None else format(precision, '.2f'):>6}"
            print(line, flush=True)


def darkened(image: Image.Image, stops: float) -> Image.Image:
    """The photo with its light halved `stops` times: computed in linear light, as a shorter exposure would."""
    levels = np.arange(256) / 255.0
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4) / 2.0**stops
    encoded = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return image.point([round(255 * value) for value in encoded] * 3)


def blurred(image: Image.Image, percent: float) -> Image.Image:
    """Out of focus. percent: deviation of the Gaussian, of the short side."""
    return image.filter(ImageFilter.GaussianBlur(min(image.size) * percent / 100))


def shaken(image: Image.Image, percent: float) -> Image.Image:
    """As of a camera that moved evenly along the long side. percent: how far, of the short side."""
    radius = max(0.0, (min(image.size) * percent / 100 - 1) / 2)
    along = (radius, 0.0) if image.width >= image.height else (0.0, radius)
    return image.filter(ImageFilter.BoxBlur(along))


_STEPS = (
    *(Step(f"{n} stops less light", "brightness", partial(darkened, stops=n)) for n in STOPS),
    *(Step(f"out of focus by {p:g} %", "sharpness", partial(blurred, percent=p)) for p in BLURS),
    *(Step(f"camera moved by {p:g} %", "sharpness", partial(shaken, percent=p)) for p in SHAKES),
)


def _brought_to(image: Image.Image, short_side: int) -> Image.Image:
    if not short_side:
        return image
    factor = short_side / min(image.size)
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return image.resize(size, Image.Resampling.LANCZOS)


def _measures(image: Image.Image) -> Measures:
    """What the first look measures of a photo that was saved as a camera would."""
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=_QUALITY)
    seen = decode(stream.getvalue(), short_side=SHORT_SIDE).image
    assert seen is not None
    return measures_of(seen)
