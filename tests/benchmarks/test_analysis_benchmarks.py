from __future__ import annotations

from pathlib import Path

import pytest

from prismh_engine import jobs
from prismh_engine.benchmarks import neighbours
from prismh_engine.benchmarks.rows import Conditions, Row


def test_comparing_photos_is_measured_beside_scikit_learn_in_time_and_memory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(neighbours, "_ONE_PHOTO_AMONG", 2_000)
    found: list[Row] = []
    jobs.run(neighbours.measure(Conditions(tmp_path, rounds=1, sizes=(300,)), found))
    time, work, memory, one = found
    assert time.case == "300 x 1,280, time"
    assert time.beside == "scikit-learn"
    assert all(figure > 0 for row in found for figure in (*row.ours, *row.other))
    assert work.case == "300 x 1,280, processor time"
    assert memory.unit == "MB"
    assert "of one photo among 2,000" in one.case
