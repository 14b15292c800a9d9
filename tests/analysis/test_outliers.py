from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from prismh_engine import jobs
from prismh_engine.analysis.neighbours import nearest_neighbours, unit_rows
from prismh_engine.analysis.outliers import outlier_distances


def distances(rows: NDArray[np.float32], neighbours: int = 20) -> NDArray[np.float64]:
    return outlier_distances(jobs.run(nearest_neighbours(rows, neighbours)))


def one_kind(photos: int, seed: int = 0) -> NDArray[np.float64]:
    return np.eye(1, 64)[0] + np.random.default_rng(seed).normal(size=(photos, 64)) * 0.05


def test_a_few_pictures_of_something_else_lie_far_from_all_others() -> None:
    foreign = np.eye(64)[5] + np.random.default_rng(1).normal(size=(12, 64)) * 0.01
    found = distances(unit_rows(np.concatenate([one_kind(300), foreign])))
    assert found[:300].max() < 0.4
    assert found[300:].min() > 0.8  # though each has eleven photos quite like itself


def test_the_distance_is_one_less_the_cosine_to_the_twentieth_neighbour() -> None:
    rows = unit_rows(one_kind(100))
    cosines = rows.astype(np.float64) @ rows.T
    np.fill_diagonal(cosines, -np.inf)
    assert np.allclose(distances(rows, 30), 1 - np.sort(cosines, axis=1)[:, -20], atol=1e-6)


def test_among_fewer_than_eighty_photos_a_nearer_neighbour_is_asked() -> None:
    rows = unit_rows(one_kind(44))
    cosines = rows.astype(np.float64) @ rows.T
    np.fill_diagonal(cosines, -np.inf)
    assert np.allclose(distances(rows), 1 - np.sort(cosines, axis=1)[:, -11], atol=1e-6)


@pytest.mark.parametrize("photos", [0, 1, 39])
def test_among_fewer_than_forty_photos_nothing_is_said(photos: int) -> None:
    found = distances(unit_rows(one_kind(photos)))
    assert found.shape == (photos,)
    assert np.isnan(found).all()
    assert not np.isnan(distances(unit_rows(one_kind(40)))).any()


def test_a_graph_of_too_few_neighbours_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 20 neighbours"):
        distances(unit_rows(one_kind(200)), 19)
