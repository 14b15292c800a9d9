"""A measure without labels, beside a training: how much the encoder's features are worth to who looks at their map."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ...analysis import worth
from ...analysis.clustering import SEPARATION_NEIGHBOURS
from ...analysis.neighbours import nearest_neighbours, unit_rows
from ...jobs import run
from ...photos.cache import PhotoCache
from ..ranks import Ranks
from .health import SHRUNK, rank_me
from .knn_probe import Encode, encode_whole_frames
from .settings import TrainSettings
from .training import judged_losses
from .training_photos import TrainingPhotos, drawn

MOST_PHOTOS = 400
_TIMES_A_RUN = 6


@dataclass(frozen=True)
class Measured:
    """worth: 0 to 1. directions: how many the features use, as of `rank_me`."""

    worth: float
    directions: float

    def beside(self, start: Measured) -> float:
        """The worth, or 0 where less than half of the start's directions are left.

        Groups become clear to the eye by any collapse, and clearest where all photos are one point.
        """
        return self.worth if self.directions >= SHRUNK * start.directions else 0.0


class WorthProbe:
    """`analysis.worth` of whole frames, at the start and some six times in a run, the last epoch among them.

    photos: all of the training, ten or more; of more than 400 the same 400 are taken each time, whose content decides.
    image_size: the side of the square each frame is squeezed to, in pixels.
    """

    def __init__(self, photos: TrainingPhotos, cache: PhotoCache, image_size: int) -> None:
        self._photos = drawn(photos, MOST_PHOTOS)
        self._cache = cache
        self._image_size = image_size

    @staticmethod
    def is_due(epoch: int, settings: TrainSettings, ends: bool) -> bool:
        """Whether to measure after this epoch, counted from 1. ends: it is the last one.

        While the head alone learns nothing changes.
        """
        return epoch > settings.head_epochs and (ends or not epoch % -(-settings.epochs // _TIMES_A_RUN))

    def measure(self, encode: Encode, ranks: Ranks) -> Measured:
        """The same on every rank.

        Every rank must call it: each encodes its share. Raises `PrismhError` where a photo cannot be read any more.
        """
        features = encode_whole_frames(self._photos, self._cache, self._image_size, encode, ranks)
        if features is None:
            return ranks.share()
        rows = unit_rows(features)
        neighbours = run(nearest_neighbours(rows, SEPARATION_NEIGHBOURS))
        return ranks.share(Measured(run(worth.worth(rows, neighbours)), rank_me(torch.from_numpy(features))))


def badness(losses: Sequence[float], worths: Sequence[float | None], *, taught: bool) -> list[float]:
    """How bad the weights of the start and of each whole epoch are; those with the lowest are kept as the best.

    losses: by which epochs are compared where nothing else tells. worths: of the start and each epoch, None where not
    measured; empty for a run that starts from nothing, whose own groups say little. taught: names teach, which the loss
    of held-out photos does not see: without worths, the later the better. The start of a run without worths, and what
    was not measured, are infinitely bad.
    """
    if worths:
        return [math.inf if worth is None else -worth for worth in worths]
    if taught:
        return [math.inf, *(-float(epoch) for epoch in range(1, len(losses) + 1))]
    return [math.inf, *losses]


def badness_of(state: Mapping[str, Any]) -> list[float]:
    """`badness` of a training by its checkpoint."""
    worths = state.get("worths", ())  # runs of earlier versions have none
    return badness(judged_losses(state["history"]), worths, taught=bool(state.get("labels")))


def least_bad(badnesses: Sequence[float]) -> int:
    """The first epoch with the lowest badness; 0: the start."""
    return min(range(len(badnesses)), key=badnesses.__getitem__)
