"""How long it takes to find groups, their number included, beside the same steps by scikit-learn."""

from __future__ import annotations

import numpy as np

from .. import jobs
from ..analysis.clustering import FEWEST, MOST, SAMPLE, k_means
from ..jobs import Job
from .feature_rows import measure_beside, timed
from .rows import Conditions, Row

NAME = "clusters"


def measure(conditions: Conditions, found: list[Row]) -> Job[None]:
    """k-means with the number of groups by silhouette."""
    yield from measure_beside(NAME, conditions, found, ours, bare, "scikit-learn")


def ours(size: int) -> tuple[float, float, int]:
    return timed(lambda rows: jobs.run(k_means(rows)), size)


def bare(size: int) -> tuple[float, float, int]:
    """KMeans and silhouette_score for each number of groups on the same number of rows, then KMeans of all."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    def search(rows: np.ndarray) -> None:
        sample = rows[np.random.default_rng(0).permutation(len(rows))[:SAMPLE]]
        scores = {
            k: silhouette_score(sample, KMeans(k, n_init=10, random_state=0).fit_predict(sample))
            for k in range(FEWEST, MOST + 1)
        }
        KMeans(max(scores, key=lambda k: scores[k]), n_init=1, random_state=0).fit(rows)

    return timed(search, size)
