from __future__ import annotations

import numpy as np
import pytest

from prismh_engine import jobs
from prismh_engine.analysis.leiden import leiden
from prismh_engine.analysis.neighbours import Neighbours, nearest_neighbours, unit_rows

from ..invented import heaps


def _neighbours(embeddings: np.ndarray) -> Neighbours:
    return jobs.run(nearest_neighbours(unit_rows(embeddings), 15))


@pytest.mark.parametrize("resolution", [0.5, 1.0])
def test_heaps_are_found_without_their_number(resolution: float) -> None:
    from sklearn.metrics import adjusted_rand_score

    embeddings, heap = heaps((90, 70, 50, 40, 30), spread=0.5)
    found = leiden(_neighbours(embeddings), resolution)
    assert found.dtype == np.int32
    assert adjusted_rand_score(heap, found) == 1


def test_a_higher_resolution_gives_more_groups_and_the_same_seed_the_same_ones() -> None:
    neighbours = _neighbours(np.random.default_rng(0).normal(size=(400, 8)))
    found = [leiden(neighbours, resolution, seed=3) for resolution in (0.3, 1, 4)]
    assert found[0].max() < found[1].max() < found[2].max()
    assert np.array_equal(found[1], leiden(neighbours, 1, seed=3))


@pytest.mark.parametrize("photos", [1, 2, 3])
def test_a_few_photos_have_communities(photos: int) -> None:
    assert len(leiden(_neighbours(np.eye(photos, 4)))) == photos
