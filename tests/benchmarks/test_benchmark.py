"""The step `benchmark`: each figure comes from the real thing, and says what it was measured against."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from prismh_engine import jobs
from prismh_engine.benchmarks import (
    cache_seconds,
    checkpoint,
    embeddings,
    first_look,
    instant_map,
    loss,
    main,
    memory,
    training,
    training_throughput,
)
from prismh_engine.benchmarks.command import NAMES, BenchmarkReport, BenchmarkSettings, benchmark
from prismh_engine.benchmarks.fresh_process import call, extra_bytes, peak_bytes
from prismh_engine.benchmarks.photo_sets import write_large_photos
from prismh_engine.benchmarks.rows import AT_LEAST, AT_MOST, Conditions, Row, in_turn
from prismh_engine.errors import BadValueError, PrismhError
from prismh_engine.jobs import Job
from prismh_engine.models.simclr import nt_xent
from prismh_engine.project import Project
from prismh_engine.settings import resolve

pytestmark = pytest.mark.usefixtures("one_torch_thread")


@pytest.fixture
def few_photos(photo_folder: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "few"
    folder.mkdir()
    for name in ("drum_0.jpg", "tyre_0.jpg", "puddle_0.jpg"):
        shutil.copy(photo_folder / name, folder)
    return folder


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made during this test."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def conditions(few_photos: Path) -> Conditions:
    return Conditions(few_photos, rounds=1, seconds=0.01)


def measured(measure: Callable[..., Job[None]], conditions: Conditions, **cases: Any) -> list[Row]:
    found: list[Row] = []
    jobs.run(measure(conditions, found, **cases))
    return found


def test_training_throughput_is_a_rate_of_the_public_path_and_leaves_nothing(few_photos: Path, temporary: Path) -> None:
    rate = training_throughput(few_photos, image_size=32, batch_size=4, photos=8)
    assert 0 < rate < 10_000
    assert len(list(few_photos.iterdir())) == 3
    assert cache_seconds(few_photos) > 0
    assert not list(temporary.glob("prismh-*"))


def test_what_cannot_be_measured_is_told(few_photos: Path, tmp_path: Path) -> None:
    with pytest.raises(BadValueError, match="photos must be >= 1, got 0"):
        training_throughput(few_photos, photos=0)
    (tmp_path / "empty").mkdir()
    with pytest.raises(PrismhError, match=r"no photo in .*empty that can be used"):
        training_throughput(tmp_path / "empty")
    with pytest.raises(PrismhError, match=r"no photo in .*empty that can be used"):
        jobs.run(write_large_photos(tmp_path / "large", tmp_path / "empty"))


def test_training_is_set_beside_the_bound(conditions: Conditions) -> None:
    row, *_ = measured(training.measure, conditions, cases=[("resnet18", 32)], batch_size=4)  # bf16 too, where it helps
    assert (row.case, row.unit, row.beside) == ("resnet18, 32 px, float32", "photos/s", "the bound")
    assert row.best is not None
    assert 0.01 < row.best < 10


def test_what_was_measured_before_a_stop_is_kept(conditions: Conditions) -> None:
    found: list[Row] = []
    with closing(training.measure(conditions, found, cases=[("resnet18", 32), ("resnet18", 48)], batch_size=4)) as job:
        next(progress for progress in job if "48 px" in progress.what)
    assert found[0].case == "resnet18, 32 px, float32"
    assert all("48 px" not in row.case for row in found)


def test_the_loss_is_set_beside_a_textbook_version_that_computes_the_same(conditions: Conditions) -> None:
    z_i, z_j = torch.randn(2, 6, 8, generator=torch.Generator().manual_seed(0))
    assert loss.textbook(z_i, z_j).item() == pytest.approx(nt_xent(z_i, z_j, 0.5).item(), rel=1e-6)
    rows = measured(loss.measure, conditions, sizes=(64, 512))
    of_textbook = {row.case: row for row in rows if row.beside == "a textbook version"}
    assert set(of_textbook) == {
        "NT-Xent, N = 64, time", "NT-Xent, N = 64, memory", "NT-Xent, N = 512, time", "NT-Xent, N = 512, memory",
    }  # fmt: skip
    # Two matrices of 1,024 x 1,024 float32 at least.
    assert of_textbook["NT-Xent, N = 512, memory"].other[0] > 8


def test_a_checkpoints_cost_is_a_share_of_the_time_between_two(conditions: Conditions) -> None:
    (row,) = measured(checkpoint.measure, conditions, base_models=("efficientnet_lite0",))
    assert row.case.startswith("efficientnet_lite0, 7")
    assert row.other == [60]


def test_embeddings_are_set_beside_the_encoder_alone(conditions: Conditions) -> None:
    rows = measured(embeddings.measure, conditions, photos=8)
    assert [row.beside for row in rows] == ["the bound", "torch alone", "the bound"]
    assert all(row.best is not None and row.best > 0 for row in rows)


def test_the_first_look_is_set_beside_a_plain_loop_and_takes_memory_and_room(conditions: Conditions) -> None:
    without, with_starter, memory_of_many, room = measured(first_look.measure, conditions, photos=(2, 4))
    assert (without.beside, without.unit, without.goal) == ("a plain loop", "photos/s", (AT_LEAST, 4.0))
    assert without.best is not None
    assert with_starter.best is not None
    assert 0 < with_starter.best < 100
    assert (memory_of_many.case, memory_of_many.beside) == ("4 photos, memory", "2 photos")
    assert 30 < memory_of_many.ours[0] < 3_000
    assert 1 < room.ours[0] < 1_000


def test_a_disk_without_room_for_many_photos_is_told(conditions: Conditions) -> None:
    *_, row = measured(first_look.measure, conditions, photos=(2, 10**9))
    assert row.skipped.startswith("the disk has no room for 1,000,000,000 photos")


def test_the_way_to_the_instant_map_is_told_in_parts_that_make_up_the_whole(conditions: Conditions) -> None:
    whole, beside_bare, first, *parts = measured(instant_map.measure, conditions, photos=40)
    assert whole.case == "40 photos, scaled from 3"
    assert (whole.beside, whole.other) == ("a minute", [60.0])
    assert beside_bare.beside == "the bare parts"
    assert beside_bare.best is not None
    assert 0 < first.ours[0] < whole.ours[0]
    assert len(parts) == 3
    assert sum(part.ours[0] for part in parts) == pytest.approx(whole.ours[0])


def test_a_project_of_any_number_of_photos_shows_what_learning_from_it_takes(tmp_path: Path) -> None:
    memory.make_project(tmp_path, 80)
    with Project.open(tmp_path / "project") as project:
        assert len(project.photos.used()) == 80
    taken = memory.taken_by_project(project=str(tmp_path / "project"))
    assert all(100e6 < taken[when] < 100e9 for when in ("while it learns", "at its peak"))


def test_only_memory_taken_beyond_what_was_there_counts() -> None:
    there = torch.ones(20_000_000)
    assert 30e6 < extra_bytes(lambda: torch.ones(10_000_000), seconds=0.2) < 50e6
    assert len(there) == 20_000_000


def test_the_peak_of_a_fresh_process_is_its_own_and_not_that_of_the_one_that_began_it() -> None:
    there = torch.ones(80_000_000)
    assert peak_bytes() > 320e6
    assert call(peak_bytes) < 200e6
    assert len(there) == 80_000_000


def test_photos_are_enlarged_to_twelve_megapixels(few_photos: Path, tmp_path: Path) -> None:
    jobs.run(write_large_photos(tmp_path / "large", few_photos, count=2))
    jobs.run(write_large_photos(tmp_path / "drawn", None, count=1))
    sizes = [Image.open(path).size for path in sorted(tmp_path.glob("*/IMG_*.jpg"))]
    assert len(sizes) == 3
    assert all(width * height == pytest.approx(12e6, rel=0.001) for width, height in sizes)


def test_contestants_take_turns_and_the_order_turns_round() -> None:
    order: list[str] = []

    def contestant(name: str, figure: float) -> float:
        order.append(name)
        return figure

    found = jobs.run(in_turn("x", {"a": lambda: contestant("a", 1.0), "b": lambda: contestant("b", 2.0)}, rounds=3))
    assert "".join(order) == "abbaab"
    assert found == {"a": [1.0] * 3, "b": [2.0] * 3}


def test_a_ratio_is_of_the_best_rounds_with_the_median_beside_it() -> None:
    rate = Row("training", "x", "photos/s", [9.0, 6.0, 7.0], "the bound", [10.0, 8.0, 8.0], goal=(AT_LEAST, 0.95))
    assert (rate.best, rate.median, rate.met) == (0.9, 0.875, False)
    peak = Row("memory", "x", "MB", [130.0], "the bound", [100.0], "lowest", (AT_MOST, 1.25), allowed=10.0)
    assert (peak.best, peak.met) == (1.2, True)
    assert Row("loss", "x", skipped="Lightly is not installed.").met is None
    printed = str(BenchmarkReport({}, [rate, peak, Row("loss", "x", skipped="Lightly is not installed.")]))
    assert "0.900 (0.875)" in printed
    assert "left out: Lightly is not installed." in printed


def test_after_a_stop_the_report_holds_what_was_measured_until_then(tmp_path: Path, few_photos: Path) -> None:
    output, stop = tmp_path / "found.json", jobs.StopToken()
    given = {"photos": few_photos, "output": output, "names": ["training"]}
    job = benchmark(resolve(BenchmarkSettings, given, environment={}), stop)
    report = jobs.run(job, lambda progress: stop.stop(), stop)
    assert list(report.rows) == []
    written = json.loads(output.read_text(encoding="utf-8"))
    assert written["rows"] == []
    assert written["machine"]["torch_threads"] == 1


def test_the_command_refuses_what_it_does_not_know(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--rounds", "1", "lemon"]) == 2
    assert f"names must be one of {', '.join(NAMES)}, got 'lemon'" in capsys.readouterr().err
    assert main(["loss", "--output", str(tmp_path)]) == 1
    assert f"Cannot write {tmp_path}" in capsys.readouterr().err
