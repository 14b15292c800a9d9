from __future__ import annotations

import numpy as np
import pytest

from prismh_engine import jobs
from prismh_engine.analysis import neighbours
from prismh_engine.analysis.neighbours import near_duplicates, nearest_neighbours, unit_rows


def test_neighbours_are_those_of_brute_force_in_double_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "_BLOCK_CELLS", 20_000)  # so that several blocks are needed
    embeddings = np.random.default_rng(0).normal(size=(700, 32)) * 50
    found = jobs.run(nearest_neighbours(unit_rows(embeddings), 15))
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -np.inf)
    expected = np.argsort(-cosines, axis=1)[:, :15]
    assert np.allclose(found.cosines, np.take_along_axis(cosines, expected, axis=1), atol=1e-6)
    # Two neighbours may change places only where their cosines are equal to rounding.
    assert np.allclose(np.take_along_axis(cosines, found.indices, axis=1), found.cosines, atol=1e-6)
    assert (found.indices == expected).mean() > 0.999


def test_a_photo_is_never_its_own_neighbour_even_beside_its_copies() -> None:
    found = jobs.run(nearest_neighbours(unit_rows(np.ones((30, 4))), 29))
    assert all(sorted(row) == [i for i in range(30) if i != photo] for photo, row in enumerate(found.indices))
    assert np.allclose(found.distances, 0, atol=1e-3)


@pytest.mark.parametrize("photos", [0, 1, 2, 5])
def test_a_few_photos_have_as_many_neighbours_as_there_are(photos: int) -> None:
    found = jobs.run(nearest_neighbours(unit_rows(np.random.default_rng(0).normal(size=(photos, 3))), 15))
    assert found.indices.shape == found.cosines.shape == (photos, max(photos - 1, 0))


def test_comparing_tells_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "_BLOCK_CELLS", 1)
    said = list(nearest_neighbours(unit_rows(np.eye(40)), 3))
    assert [progress.done for progress in said] == [16, 32, 40]


def test_rows_become_unit_length_whatever_their_size_and_zeros_stay() -> None:
    rows = unit_rows(np.array([[3e30, 4e30], [3e-30, 4e-30], [0, 0]]))
    assert np.allclose(rows, [[0.6, 0.8], [0.6, 0.8], [0, 0]])


def test_a_chain_of_near_duplicates_is_one_component(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "_BLOCK_CELLS", 1)
    angles = np.radians([0, 20, 40, 60, 150, 155, 270])  # the cosine of 20 degrees is .94, of 40 degrees .77
    repeated = np.repeat(angles, 10)
    component = jobs.run(near_duplicates(unit_rows(np.stack([np.cos(repeated), np.sin(repeated)], axis=1))))
    of_angle = component.reshape(7, 10)
    assert (of_angle == of_angle[:, :1]).all()
    assert len(set(of_angle[:4, 0])) == 1
    assert of_angle[4, 0] == of_angle[5, 0]
    assert len(set(component)) == 3
