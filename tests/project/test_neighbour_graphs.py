"""The neighbour graph of a feature set: kept, extended, and made anew where it cannot be trusted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from prismh_engine import files, jobs
from prismh_engine.analysis import neighbour_search
from prismh_engine.analysis.neighbours import Neighbours, nearest_neighbours, unit_rows
from prismh_engine.jobs import Progress, Stopped, StopToken
from prismh_engine.project import FeatureSet, Project
from prismh_engine.project.feature_sets import Encoder
from prismh_engine.project.neighbour_graphs import KEPT_NEIGHBOURS, neighbour_graph, neighbours_of_photos

from ..invented import fill, fill_with_embeddings, heaps, look

EMBEDDINGS, _ = heaps((120, 90, 60), spread=1.0)


@pytest.fixture
def features(project: Project, tmp_path: Path) -> FeatureSet:
    """Of 200 photos, without a graph yet."""
    fill_with_embeddings(project, tmp_path / "photos", EMBEDDINGS[:200])
    return project.features.get("starter")


def add(features: FeatureSet, start: int, stop: int) -> None:
    features.append([look(i).content_hash for i in range(start, stop)], EMBEDDINGS[start:stop])


def graph_of(features: FeatureSet) -> tuple[Neighbours, list[Progress]]:
    said: list[Progress] = []
    return jobs.run(neighbour_graph(features), said.append), said


def same(one: Neighbours, other: Neighbours) -> bool:
    """Products of matrices round by where in them two rows meet, so cosines may be off by that."""
    return np.array_equal(one.indices, other.indices) and np.allclose(one.cosines, other.cosines, rtol=0, atol=4e-6)


def is_afresh(graph: Neighbours, photos: int) -> bool:
    return same(graph, jobs.run(nearest_neighbours(unit_rows(EMBEDDINGS[:photos]), KEPT_NEIGHBOURS)))


def file_of(features: FeatureSet) -> Path:
    return features.folder / "neighbours.npz"


def test_the_graph_is_made_once_and_read_from_then_on(features: FeatureSet) -> None:
    graph, said = graph_of(features)
    assert said
    assert is_afresh(graph, 200)
    again, nothing = graph_of(features)
    assert not nothing
    assert np.array_equal(graph.indices, again.indices)
    assert np.array_equal(graph.cosines, again.cosines)


@pytest.mark.parametrize("before", [0, 1, 60, 200])
def test_photos_that_are_added_extend_it(project: Project, before: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbour_search, "_TILE", 50)
    features = project.features.ensure("starter", Encoder("starter", "0" * 64, 224, EMBEDDINGS.shape[1]))
    add(features, 0, before)
    graph_of(features)
    add(features, before, 270)
    graph, said = graph_of(features)
    assert is_afresh(graph, 270)
    assert not graph_of(features)[1]
    if before == 200:
        assert len(said) == 11  # two new tiles: three pairs among them, four old tiles with each


def test_a_stop_leaves_what_was_kept(features: FeatureSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbour_search, "_TILE", 20)
    stop = StopToken()
    with pytest.raises(Stopped):
        jobs.run(neighbour_graph(features), lambda _: stop.stop(), stop)
    assert not file_of(features).exists()
    graph_of(features)
    kept = file_of(features).read_bytes()
    add(features, 200, 270)
    with pytest.raises(Stopped):
        jobs.run(neighbour_graph(features), lambda _: stop.stop(), stop)
    assert file_of(features).read_bytes() == kept
    assert is_afresh(graph_of(features)[0], 270)


def test_a_damaged_graph_is_made_anew_whatever_the_damage(features: FeatureSet) -> None:
    expected, _ = graph_of(features)
    good = file_of(features).read_bytes()
    places = [*range(0, 60, 4), 250, len(good) // 2, *range(len(good) - 400, len(good), 12)]
    damaged = [b"", b"PK", good[: len(good) // 2], good[:-1]]
    for place in places:
        changed = bytearray(good)
        changed[place] ^= 0xFF
        damaged.append(changed)
    for data in damaged:
        file_of(features).write_bytes(data)
        graph, _ = graph_of(features)
        assert np.array_equal(graph.indices, expected.indices)
        assert np.array_equal(graph.cosines, expected.cosines)
    file_of(features).unlink()
    file_of(features).mkdir()
    assert is_afresh(graph_of(features)[0], 200)  # it cannot be kept either


def test_a_graph_of_another_encoder_or_of_other_photos_is_made_anew(project: Project, features: FeatureSet) -> None:
    graph_of(features)
    kept = file_of(features).read_bytes()
    other = project.features.ensure("starter", Encoder("starter", "1" * 64, 224, EMBEDDINGS.shape[1]))
    add(other, 70, 270)
    assert graph_of(other)[1]
    file_of(other).write_bytes(kept)
    expected = jobs.run(nearest_neighbours(unit_rows(EMBEDDINGS[70:270]), KEPT_NEIGHBOURS))
    assert np.array_equal(graph_of(other)[0].indices, expected.indices)


def test_a_full_disk_costs_only_the_time_to_make_it_again(
    features: FeatureSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "replace", full)
        assert is_afresh(graph_of(features)[0], 200)
    assert [path.name for path in features.folder.iterdir()] == ["0.npy"]
    assert graph_of(features)[1]
    assert not graph_of(features)[1]


def test_photos_set_aside_are_nobodys_neighbours(project: Project, features: FeatureSet) -> None:
    photos = project.photos.all()[::2]
    rows = unit_rows(EMBEDDINGS[:200:2])
    for k in (15, 90):
        found = jobs.run(neighbours_of_photos(features, photos, rows, k))
        assert same(found, jobs.run(nearest_neighbours(rows, k)))


def test_two_photos_with_equal_bytes_are_each_others_neighbours(project: Project, tmp_path: Path) -> None:
    photos = fill(project, tmp_path / "photos", {f"{i}.jpg": look(i) for i in range(30)} | {"copy.jpg": look(3)})
    features = project.features.ensure("starter", Encoder("starter", "0" * 64, 224, EMBEDDINGS.shape[1]))
    add(features, 0, 30)
    rows = unit_rows(EMBEDDINGS[[*range(30), 3]])
    found = jobs.run(neighbours_of_photos(features, photos, rows, 5))
    assert (found.indices[3, 0], found.indices[30, 0]) == (30, 3)
