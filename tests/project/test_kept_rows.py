"""The rows of a feature set, asked again and again which of them look like something."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import numpy as np
import pytest

from prismh_engine.project import Project, kept_rows

from ..invented import add_features, heaps, look


@pytest.mark.parametrize("mapped", [True, False])
def test_cosines_are_those_of_a_float64_brute_force(
    project: Project, monkeypatch: pytest.MonkeyPatch, mapped: bool
) -> None:
    monkeypatch.setattr(kept_rows, "_STAY_MAPPED", mapped)  # Windows replaces no file that is mapped
    embeddings, _ = heaps((2500, 2500), spread=3.0)
    embeddings[17] *= 1e18  # squares that overflow float32
    add_features(project, embeddings, "starter")
    direction = np.random.default_rng(0).normal(size=16)
    direction /= np.linalg.norm(direction)
    exact = embeddings.astype(np.float64) @ direction / np.linalg.norm(embeddings.astype(np.float64), axis=1)
    for _ in range(2):
        found = project.features.get("starter").kept_rows().cosines(direction.astype(np.float32))
        np.testing.assert_allclose(found, exact, atol=1e-6)


def test_rows_that_are_added_are_asked_too(project: Project) -> None:
    embeddings, _ = heaps((20,))
    add_features(project, embeddings[:10], "starter")
    features = project.features.get("starter")
    assert len(features.kept_rows()) == 10
    assert features.kept_rows() is project.features.get("starter").kept_rows()
    with Project.open(project.folder) as other:  # by another program
        other.features.get("starter").append([look(i).content_hash for i in range(10, 20)], embeddings[10:])
    direction = embeddings[15] / np.linalg.norm(embeddings[15])
    assert int(features.kept_rows().cosines(direction).argmax()) == 15


def test_features_made_anew_are_others(project: Project) -> None:
    embeddings, _ = heaps((10,))
    add_features(project, embeddings, "run")
    direction = embeddings[3] / np.linalg.norm(embeddings[3])
    assert int(project.features.get("run").kept_rows().cosines(direction).argmax()) == 3
    add_features(project, np.random.default_rng(0).normal(size=(10, 8)).astype(np.float32), "run")
    assert project.features.get("run").kept_rows().cosines(np.eye(8, dtype=np.float32)[0]).shape == (10,)


def test_without_rows_there_is_nothing_to_ask(project: Project) -> None:
    add_features(project, np.empty((0, 8), dtype=np.float32), "run")
    assert project.features.get("run").kept_rows().cosines(np.eye(8, dtype=np.float32)[0]).shape == (0,)


def test_rows_go_with_the_project_that_is_closed_though_nobody_looks_for_garbage(tmp_path: Path) -> None:
    """The window hardly ever looks for what refers to itself, and each block that is mapped keeps a file open."""
    with Project.create(tmp_path / "project") as project:
        add_features(project, heaps((20,))[0], "starter")
        kept = weakref.ref(project.features.get("starter").kept_rows())
        assert kept() is not None
    gc.disable()
    try:
        del project
        assert kept() is None
    finally:
        gc.enable()
