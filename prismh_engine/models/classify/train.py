"""`train_classifier`: from an encoder and labelled photos to a classifier of photos, with its held-out report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ... import jobs
from ...analysis import classifier
from ...analysis.classifier import HeldOut
from ...analysis.neighbours import unit_rows
from ...errors import BadValueError, PrismhError
from ...photos.cache import PhotoCache, default_cache_folder
from .fine_tuning import fine_tune as fine_tuned
from .labelled_images import labelled_images
from .photo_classifier import PhotoClassifier, embed
from .teachers import together_in_folds


@dataclass(frozen=True)
class ClassifierReport:
    """taught, held_out_photos: label -> how many photos; held_out: how well those held out were told."""

    taught: Mapping[Any, int]
    held_out_photos: Mapping[Any, int]
    held_out: HeldOut


def train_classifier(
    encoder: nn.Module, labeled_data: Any, *, fine_tune: bool = False, test_fraction: float = 0.25, seed: int = 0
) -> tuple[PhotoClassifier, ClassifierReport]:
    """Learn labels on top of an encoder (images [N, 3, H, W] -> embeddings [N, D]), which itself stays as it is.

    labeled_data: a folder of class folders, a list of (path, label), or a dataset of (image, label) whose images are
    pictures or tensors [3, H, W] as the encoder takes them; photos are squeezed to 224 pixels and ImageNet-normalized.
    fine_tune: False for logistic regression on frozen embeddings (`analysis.classifier`), True to let a copy of the
    encoder learn too. test_fraction: share of each label's photos that is held out for the report, > 0 and < 1; near
    duplicates (cosine >= .9) are held out together. The same seed gives the same split and classifier.

    Raises `BadValueError` for a value outside its range, `PrismhError` where photos cannot be read, or where there are
    fewer than two labels with two photos.
    """
    if not 0 < test_fraction < 1:
        raise BadValueError(f"test_fraction must be > 0 and < 1, got {test_fraction}")
    with PhotoCache(default_cache_folder()) as cache:
        images = labelled_images(labeled_data, cache)
        classes = sorted(set(images.labels), key=lambda label: (str(label), repr(label)))
        codes = np.array([classes.index(label) for label in images.labels], dtype=np.int64)
        if (np.bincount(codes, minlength=2) > 1).sum() < 2:
            raise PrismhError("A classifier needs two labels with two photos each at least: label some more photos.")
        rows = unit_rows(embed(encoder, map(images.whole, range(len(codes)))))
        together = jobs.run(together_in_folds(rows, codes))
        taught, tested = _split(codes, together, test_fraction, seed)
        checked = np.empty(0, dtype=np.int64)
        if fine_tune:
            first, second = _split(codes[taught], together[taught], test_fraction, seed)
            taught, checked = taught[first], taught[second]
        if not len(tested) or (fine_tune and not len(checked)):
            raise PrismhError("The photos of each label are too few, or too much alike, to hold some out: add others.")
        learned = jobs.run(classifier.fit(rows[taught], [[int(codes[i])] for i in taught], together[taught], seed))
        if fine_tune:
            encoder, learned = fine_tuned(encoder, images, codes, taught.tolist(), checked.tolist(), learned, seed)
            rows[tested] = unit_rows(embed(encoder, map(images.whole, tested.tolist())))
        made = PhotoClassifier(encoder, learned, classes)
        told = classifier.hold_out(learned.answer(rows[tested]), [[int(codes[i])] for i in tested])
    counts = [Counter(classes[code] for code in codes[part].tolist()) for part in (taught, tested)]
    return made, ClassifierReport(dict(counts[0]), dict(counts[1]), told)


def _split(
    codes: NDArray[np.int64], together: NDArray[np.int64], fraction: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which of N photos teach, and which are held out: of each class this share, at least one and never all."""
    sizes = np.bincount(codes)
    wanted = np.minimum(np.maximum(np.rint(fraction * sizes).astype(np.int64), 1), sizes - 1)
    taken = np.zeros_like(sizes)
    held_out = np.zeros(len(codes), dtype=np.bool_)
    for group in np.random.default_rng(seed).permutation(np.unique(together)):
        own = together == group
        counts = np.bincount(codes[own], minlength=len(sizes))
        if (taken + counts <= wanted)[counts > 0].all():
            held_out |= own
            taken += counts
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)
