from __future__ import annotations

import importlib.util
import warnings

import numpy as np
import pytest

from prismh_engine import jobs
from prismh_engine.analysis import mapping, threads
from prismh_engine.analysis.mapping import pca, tsne
from prismh_engine.analysis.neighbours import unit_rows
from prismh_engine.errors import PrismhError

from ..invented import heaps


def _share_of_own_heap(positions: np.ndarray, heap: np.ndarray) -> float:
    distances = np.linalg.norm(positions[:, None] - positions[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    nearest = np.argsort(distances, axis=1)[:, :10]
    return float((heap[nearest] == heap[:, None]).mean())


def test_the_same_seed_gives_the_same_map_and_another_seed_another() -> None:
    rows = unit_rows(heaps((40, 40, 40))[0])
    first, again, other = (jobs.run(tsne(rows, seed=seed)) for seed in (3, 3, 4))
    assert np.array_equal(first.positions, again.positions)
    assert not np.array_equal(first.positions, other.positions)


def test_the_same_seed_gives_the_same_map_on_any_number_of_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = unit_rows(heaps((60, 50, 40))[0])
    on_one_thread = jobs.run(tsne(rows)).positions
    monkeypatch.setattr(threads, "_FEW_POINTS", 100)
    for cores in (1, 7):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        assert np.array_equal(jobs.run(tsne(rows)).positions, on_one_thread)


def test_look_alikes_lie_together_on_the_map() -> None:
    embeddings, heap = heaps((50, 30, 20))
    made = jobs.run(tsne(unit_rows(embeddings)))
    assert made.finished
    assert made.positions.dtype == np.float32
    assert _share_of_own_heap(made.positions, heap) > 0.98


def test_a_map_that_is_stopped_can_be_used() -> None:
    embeddings, heap = heaps((50, 50))
    stop, seen = jobs.StopToken(), []

    def watch(progress: jobs.Progress) -> None:
        seen.append(progress)
        if progress.what == "Drawing the map" and progress.done >= 100:
            stop.stop()

    made = jobs.run(tsne(unit_rows(embeddings), stop=stop), watch, stop)
    assert not made.finished
    assert seen[-1].done < 750
    assert np.array_equal(made.positions, seen[-1].metrics["positions"])
    assert _share_of_own_heap(made.positions, heap) > 0.98


def test_a_map_stopped_before_it_moves_shows_the_principal_components() -> None:
    rows, stop = unit_rows(heaps((20, 20))[0]), jobs.StopToken()
    stop.stop()
    made = jobs.run(tsne(rows), stop=stop)
    assert not made.finished
    assert np.allclose(made.positions, pca(rows).positions)


def test_a_stop_token_that_nobody_sets_changes_nothing() -> None:
    rows = unit_rows(heaps((20, 20))[0])
    assert np.array_equal(jobs.run(tsne(rows)).positions, jobs.run(tsne(rows, stop=jobs.StopToken())).positions)


@pytest.mark.parametrize("photos", [1, 2, 3, 4, 5, 6, 7, 8, 20])
def test_a_few_photos_get_a_map_and_it_says_what_it_is(photos: int) -> None:
    made = jobs.run(tsne(unit_rows(np.random.default_rng(0).normal(size=(photos, 5)))))
    assert made.positions.shape == (photos, 2)
    assert np.isfinite(made.positions).all()
    if photos < 7:
        assert made.method == "pca"
        assert "too few" in made.note
    else:
        assert made.perplexity == pytest.approx((photos - 1) / 3)
        assert f"only {photos} photos" in made.note


def test_equal_photos_get_finite_positions() -> None:
    for method in (lambda rows: jobs.run(tsne(rows)), pca):
        assert np.isfinite(method(unit_rows(np.ones((40, 8)))).positions).all()


def test_principal_components_are_those_of_the_singular_value_decomposition() -> None:
    rows = unit_rows(heaps((30, 20, 10), spread=0.1)[0])
    centred = rows - rows.mean(axis=0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    expected = left[:, :2] * values[:2]
    assert np.allclose(np.abs(pca(rows).positions), np.abs(expected), atol=1e-4)
    assert pca(unit_rows(np.array([[1.0], [-1.0]]))).positions[:, 1].tolist() == [0, 0]


@pytest.mark.parametrize("n", [2, 50])
def test_equal_photos_lie_at_one_place_and_nothing_is_complained_of(n: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not pca(unit_rows(np.ones((n, 8)))).positions.any()


def test_of_very_many_photos_a_part_is_laid_out_and_the_others_lie_among_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapping, "MOST_LAID_OUT", 100)
    monkeypatch.setattr(mapping, "SAMPLED", 80)
    embeddings, heap = heaps((60, 50, 40))
    rows = unit_rows(embeddings)
    seen: list[jobs.Progress] = []
    made = jobs.run(tsne(rows), seen.append)
    assert made.finished
    assert "80 of the photos were laid out" in made.note
    assert _share_of_own_heap(made.positions, heap) > 0.95
    assert np.array_equal(made.positions, jobs.run(tsne(rows)).positions)
    moving = [p.metrics["positions"] for p in seen if "positions" in p.metrics]
    assert {len(positions) for positions in moving} == {150}

    stop = jobs.StopToken()
    stopped = jobs.run(tsne(rows, stop=stop), lambda p: stop.stop() if p.done == 200 else None, stop)
    assert not stopped.finished
    assert _share_of_own_heap(stopped.positions, heap) > 0.9


def test_umap_draws_the_map_or_says_how_to_get_it() -> None:
    embeddings, heap = heaps((30, 30))
    rows = unit_rows(embeddings)
    if importlib.util.find_spec("umap") is None:
        with pytest.raises(PrismhError, match=r"pip install .prism-h\[umap\]"):
            jobs.run(mapping.umap(rows))
        return
    made = jobs.run(mapping.umap(rows))
    assert made.method == "umap"
    assert _share_of_own_heap(made.positions, heap) > 0.98
    assert np.array_equal(made.positions, jobs.run(mapping.umap(rows)).positions)
