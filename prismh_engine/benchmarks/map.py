"""How long a map takes, beside openTSNE by itself."""

from __future__ import annotations

import os

from .. import jobs
from ..analysis import mapping
from ..jobs import Job, StopToken
from .feature_rows import measure_beside, timed
from .rows import Conditions, Row

NAME = "map"


def measure(conditions: Conditions, found: list[Row]) -> Job[None]:
    """t-SNE of feature rows, their comparison included."""
    yield from measure_beside(NAME, conditions, found, ours, bare, "openTSNE")


def ours(size: int) -> tuple[float, float, int]:
    """As the step makes it, which can be stopped."""
    stop = StopToken()
    return timed(lambda rows: jobs.run(mapping.tsne(rows, stop=stop), stop=stop), size)


def bare(size: int) -> tuple[float, float, int]:
    """openTSNE as its documentation calls it, from the principal components, with all cores."""
    from openTSNE import TSNE

    return timed(
        lambda rows: TSNE(
            perplexity=30, initialization="pca", metric="cosine", n_jobs=os.cpu_count(), random_state=0
        ).fit(rows),
        size,
    )
