"""What is said of each photo: clean, or why it should be set aside, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .duplicates import Duplicate
from .record import Look

CLEAN, INVALID, DUPLICATE, DARK, BLURRY, OUTLIER = "clean", "invalid", "duplicate", "dark", "blurry", "outlier"


@dataclass(frozen=True)
class Thresholds:
    """ccthreshold: cosine of starter features from which two photos are near duplicates, 0 to 1. dark: mean grey, 0 to
    255, below which a photo is dark. blurry: sharpness (see `measures`) below which it is blurred. outlier_distance:
    1 - cosine to the neighbour that is asked (see `analysis.outliers`) above which a photo is unusual, 0 to 2.
    """

    ccthreshold: float = 0.9
    dark: float = 13.0
    blurry: float = 50.0
    outlier_distance: float = 0.68


@dataclass(frozen=True)
class Verdict:
    """kind: the first that holds of invalid, duplicate, dark, blurry, outlier, else clean. reason: a sentence or
    several, which name the further ones too, "" where there is nothing to say. duplicate_of: index of the best photo.
    outlier_distance: None where it was not measured.
    """

    kind: str
    reason: str = ""
    duplicate_of: int | None = None
    outlier_distance: float | None = None


def judge(
    looks: Sequence[Look],
    names: Sequence[str],
    duplicates: Mapping[int, Duplicate],
    outlier_distances: Mapping[int, float],
    thresholds: Thresholds,
) -> list[Verdict]:
    """A verdict for each photo. names: how photos are called in the reasons; duplicates, outlier_distances: by index,
    of those that have one.
    """
    return [
        _judge(look, names, duplicates.get(index), outlier_distances.get(index), thresholds)
        for index, look in enumerate(looks)
    ]


def _judge(
    look: Look, names: Sequence[str], duplicate: Duplicate | None, distance: float | None, thresholds: Thresholds
) -> Verdict:
    if not look.usable:
        return Verdict(INVALID, look.invalid_reason)
    holds = []
    if duplicate is not None:
        best = names[duplicate.best]
        same = f"The same file as {best}." if duplicate.equal_bytes else f"Shows nearly the same as {best}."
        holds.append((DUPLICATE, same))
    if look.brightness is not None and look.brightness < thresholds.dark:
        brightness = _apart(look.brightness, thresholds.dark, 1)
        dark = f"Too dark: its mean brightness is {brightness} of 255, below {thresholds.dark:g}."
        holds.append((DARK, dark))
    if look.sharpness is not None and look.sharpness < thresholds.blurry:
        sharpness = _apart(look.sharpness, thresholds.blurry, 1)
        holds.append((BLURRY, f"Blurred: its sharpness is {sharpness}, below {thresholds.blurry:g}."))
    if distance is not None and distance > thresholds.outlier_distance:
        apart = _apart(distance, thresholds.outlier_distance, 2)
        unlike = f"Unusual: few other photos look like it (its distance is {apart}"
        holds.append((OUTLIER, f"{unlike}, above {thresholds.outlier_distance:g})."))
    reasons = [reason for _, reason in holds]
    if look.truncated:
        reasons.append("The file is cut short; the part that is there is used.")
    return Verdict(
        holds[0][0] if holds else CLEAN,
        " ".join(reasons),
        duplicate.best if duplicate is not None else None,
        distance,
    )


def _apart(value: float, limit: float, decimals: int) -> str:
    """A value with so many decimals, or the few more that keep it from reading like the limit it differs from."""
    texts = [f"{value:.{places}f}" for places in range(decimals, decimals + 5)]
    return next((text for text in texts if float(text) != limit), texts[-1])
