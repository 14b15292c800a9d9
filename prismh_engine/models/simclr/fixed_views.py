"""Views that are the same in every epoch, and what is measured on them: the loss of held-out photos, and RankMe."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from contextlib import closing
from functools import partial

import numpy as np
import torch
from torch import nn

from ..ranks import Ranks
from . import health
from . import precision as precisions
from .augmentation import FIXED_EPOCH
from .dataset import ViewBatches
from .loss import nt_xent_of_each
from .step import Chunk, look_at
from .training_photos import TrainingPhotos

_PHOTOS_WITHOUT_HELD_OUT = 256
"""Photos to learn from whose views serve for RankMe where none are held out."""


class FixedViews:
    """The views, in batches as large as those of learning.

    A last batch with too few held-out photos is filled up with photos to learn from, so that each held-out photo is
    told from as many others as in learning, and the two losses can be compared. Whole batches are shared among the
    ranks. make: a `ViewBatches` of photos, with all else that it needs. dimension: D of the features.
    """

    def __init__(
        self,
        learn_from: TrainingPhotos,
        held_out: TrainingPhotos,
        make: Callable[..., ViewBatches],
        batch_size: int,
        dimension: int,
        ranks: Ranks,
    ) -> None:
        self._dimension = dimension
        self._held_out = held_out.numbers
        self._ranks = ranks
        photos = TrainingPhotos(itertools.chain(held_out, learn_from[: -len(held_out) % batch_size]))
        if not len(held_out):
            photos = learn_from[:_PHOTOS_WITHOUT_HELD_OUT]
        # Whole batches for each rank; a short last one stays last.
        mine = photos.take(np.arange(len(photos)) // batch_size % ranks.count == ranks.rank)
        self._batches = make(mine, batch_size=batch_size, fixed=True) if len(mine) > 1 else None

    def __len__(self) -> int:
        """Batches that this rank measures."""
        return 0 if self._batches is None else len(self._batches)

    def measure(
        self, network: nn.Module, temperature: float, precision: str, device: torch.device, photos_at_once: int
    ) -> tuple[float, float | None]:
        """The mean loss of the held-out photos, NaN where there are none, and RankMe of all first views' features.

        network: in `eval` mode. photos_at_once: held in memory together. All ranks measure together.
        """
        totals = torch.zeros(2, dtype=torch.float64, device=device)
        features = [np.empty((0, self._dimension), dtype=np.float32)]
        if self._batches is not None:
            with closing(self._batches.stream(FIXED_EPOCH)) as stream:
                for batch in stream:
                    starts = range(0, batch.count, photos_at_once)
                    chunks: list[Chunk] = [partial(batch.views, start, start + photos_at_once) for start in starts]
                    with precisions.autocast(precision, device):
                        found, z_i, z_j = look_at(network, chunks)
                    held_out = torch.from_numpy(np.isin(batch.numbers, self._held_out)).to(device)
                    losses = nt_xent_of_each(z_i, z_j, temperature)[held_out]
                    totals += torch.stack([losses.double().sum(), held_out.sum().double()])
                    features.append(found.float().cpu().numpy())
        loss_sum, photos = self._ranks.sum(totals).tolist()
        rows = self._ranks.gather_rows(np.concatenate(features))
        rank = health.rank_me(torch.from_numpy(rows)) if rows is not None and len(rows) > 1 else None
        return loss_sum / photos if photos else math.nan, self._ranks.share(rank)

    def close(self) -> None:
        """Wait for the threads that prepare views, and end them."""
        if self._batches is not None:
            self._batches.close()
