from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from prismh_engine import jobs
from prismh_engine.models.simclr import TrainSettings, health, train
from prismh_engine.models.simclr.health import rank_me
from prismh_engine.models.simclr.run_folder import METRICS
from prismh_engine.settings import resolve
from prismh_engine.tables import read_csv


def reference(features: torch.Tensor) -> float:
    """Equation 1 of the paper to the letter."""
    values = torch.linalg.svdvals(features.double())
    p = values / values.sum() + 1e-7
    return float(torch.exp(-(p * p.log()).sum()))


@pytest.mark.parametrize(("rows", "dimension"), [(100, 40), (40, 100), (64, 64), (2, 5)])
def test_rank_me_is_the_papers_formula(rows: int, dimension: int) -> None:
    torch.manual_seed(0)
    features = torch.randn(rows, dimension) * torch.logspace(0, -5, dimension)
    assert rank_me(features) == pytest.approx(reference(features), rel=1e-6)


def test_equally_used_directions_are_counted_whatever_their_length() -> None:
    features = torch.eye(8, 32).repeat(5, 1)
    assert rank_me(features) == pytest.approx(8, rel=1e-4)
    assert rank_me(1e4 * features) == pytest.approx(rank_me(features))
    assert rank_me(features[:1].repeat(50, 1)) == pytest.approx(1, abs=1e-3)


def test_of_many_rows_the_first_1024_tell() -> None:
    torch.manual_seed(0)
    features = torch.randn(1200, 16)
    features[1024:] = features[0]
    assert rank_me(features) == pytest.approx(rank_me(features[:1024]))


def test_features_of_lower_precision_do() -> None:
    torch.manual_seed(0)
    features = torch.randn(50, 16)
    assert rank_me(features.to(torch.bfloat16)) == pytest.approx(rank_me(features), rel=0.01)


def test_what_has_no_rank_has_none() -> None:
    assert rank_me(torch.zeros(4, 3)) == 0
    assert rank_me(torch.empty(0, 3)) == 0
    assert math.isnan(rank_me(torch.tensor([[1.0, math.nan], [1.0, 2.0]])))


def epochs(steps: int = 5, **columns: list[float | None]) -> list[dict[str, Any]]:
    """Rows of metrics.csv as trainings really had them (144 photos in batches of 32, or 64 where said)."""
    count = max(map(len, columns.values()))
    rows = [{"epoch": i + 1, "step": steps * (i + 1)} for i in range(count)]
    for name, values in columns.items():
        for row, value in zip(rows, values, strict=True):
            row[name] = value
    return rows


def said(rows: list[dict[str, Any]], batch_photos: int = 32, photos: int = 144) -> list[list[str]]:
    """What is said after each epoch."""
    return [health.warnings(row, rows[:i], batch_photos, photos) for i, row in enumerate(rows)]


FROM_NOTHING = {
    "train_loss": [4.058, 3.771, 4.087, 4.014, 3.947, 3.921, 3.889, 3.842, 3.794, 3.778],
    "val_loss": [3.348, 3.34, 3.433, 3.351, 3.324, 3.251, 3.195, 3.131, 3.087, 3.06],
    "grad_norm": [3.535, 3.458, 9.166, 2.978, 0.7699, 1.086, 1.375, 1.715, 1.713, 1.94],
    "positive_similarity": [0.8212, 0.9029, 0.6522, 0.8609, 0.9667, 0.9383, 0.8838, 0.8711, 0.8866, 0.8856],
    "negative_similarity": [0.7841, 0.6225, 0.366, 0.7874, 0.8955, 0.8402, 0.73, 0.6641, 0.6467, 0.6258],
    "feature_std": [0.4916, 0.5813, 0.5994, 0.5334, 0.5229, 0.5502, 0.5764, 0.5893, 0.5906, 0.5924],
}
FROM_THE_STARTER = {
    "train_loss": [3.547, 2.728, 2.769, 2.485, 2.271, 2.464, 2.349, 2.251],
    "val_loss": [1.799, 1.771, 1.605, 1.535, 1.521, 1.503, 1.495, 1.493],
    "grad_norm": [10.43, 10.22, 9.928, 7.838, 7.06, 7.408, 6.714, 6.406],
    "positive_similarity": [0.6473, 0.5256, 0.6141, 0.6384, 0.6751, 0.6375, 0.6606, 0.6692],
    "negative_similarity": [0.3929, 0.05459, 0.136, 0.05013, 0.02312, 0.02439, 0.01475, 0.009034],
    "feature_std": [0.7976, 0.7983, 0.7814, 0.7731, 0.7596, 0.7545, 0.7473, 0.7489],
    "rankme": [14.58, 14.43, 14.35, 14.27, 14.22, 14.19, 14.18, 14.18],
}


def test_of_trainings_that_learn_well_nothing_is_said() -> None:
    assert not any(said(epochs(**FROM_NOTHING)))  # also while the first steps are too long for it
    assert not any(said(epochs(steps=3, **FROM_THE_STARTER), 64))


def test_a_learning_rate_ten_times_too_high_is_named_from_the_second_epoch_on() -> None:
    rows = epochs(
        train_loss=[4.053, 4.064, 4.064, 4.064],
        val_loss=[3.434] * 4,
        negative_similarity=[0.9426, 0.9996, 0.9997, 0.9999],
        positive_similarity=[0.9489, 0.9996, 0.9998, 0.9999],
        feature_std=[0.244, 0.1486, 0.1276, 0.1293],
    )
    first, *later = said(rows)
    assert first == []
    assert all("nearly one point" in only and "--learning_rate" in only for (only,) in later)


def test_features_at_one_point_are_named_at_once() -> None:
    row = {"epoch": 1, "step": 5, "train_loss": 4.687, "feature_std": 0.0277}
    assert "nearly one point" in health.warnings(row, [], 64)[0]


def test_projections_that_lie_close_together_at_first_are_no_collapse() -> None:
    rows = epochs(train_loss=[3.9, 3.8], negative_similarity=[0.99, 0.985], feature_std=[0.4, 0.4])
    assert not any(said(rows))


def test_a_temperature_that_hides_everything_from_the_loss_is_named() -> None:
    rows = epochs(
        train_loss=[4.063, 4.059, 4.06, 4.06, 4.059, 4.061, 4.062, 4.061, 4.061, 4.06],
        val_loss=[3.432, 3.432, 3.432, 3.434, 3.431, 3.431, 3.429, 3.431, 3.431, 3.431],
        positive_similarity=[0.5734, 0.6203, 0.4497, 0.5295, 0.5534, 0.306, 0.2838, 0.3593, 0.4358, 0.4535],
        negative_similarity=[0.3967, 0.1173, 0.0297, 0.0614, 0.0081, -0.0185, -0.0067, -0.0103, 0.0626, 0.0538],
        feature_std=[0.5304, 0.6149, 0.6422, 0.6524, 0.6577, 0.6689, 0.6605, 0.663, 0.6573, 0.6566],
    )
    *before, last = said(rows)
    assert not any(before)
    assert len(last) == 1
    assert "--temperature is too high" in last[0]


def test_a_learning_rate_of_next_to_nothing_is_named() -> None:
    rows = epochs(
        train_loss=[4.025, 4.029, 4.03, 4.031, 4.033, 4.031, 4.03, 4.029, 4.033, 4.031],
        positive_similarity=[0.766] * 10,
        negative_similarity=[0.744] * 10,
        feature_std=[0.486] * 10,
    )
    *before, last = said(rows)
    assert not any(before)
    assert len(last) == 1
    assert "what guessing gives" in last[0]
    assert "--learning_rate" in last[0]


def test_a_training_that_slowly_leaves_chance_is_left_in_peace() -> None:
    rows = epochs(
        steps=10,
        train_loss=[4.024, 3.986, 4.123, 4.029, 4.002, 4.025, 3.98, 3.997],
        val_loss=[3.434, 3.434, 3.44, 3.422, 3.379, 3.327, 3.307, 3.313],
    )
    assert not any(said(rows))


def test_a_small_last_batch_is_reckoned_with() -> None:
    # By chance two photos have a loss of 1.10, 32 of them 4.14: of 34 photos the mean by chance is 3.96.
    rows = epochs(train_loss=[3.92] * 25, steps=2, positive_similarity=[0.76] * 25, negative_similarity=[0.74] * 25)
    assert said(rows, 32, 34)[-1]
    assert not said(rows, 32, 32_000)[-1]


def test_a_loss_that_rises_is_named() -> None:
    train_loss = [2.689, 2.077, 2.189, 2.003, 2.08, 2.374, 2.295, 2.419, 2.133]
    rows = epochs(train_loss=train_loss, val_loss=[2.083, 1.641, 1.512, 1.859, 2.1, 1.752, 2.33, 1.682, 1.541])
    assert [len(found) for found in said(rows)] == [0, 0, 0, 0, 0, 1, 1, 1, 0]
    assert "The loss has risen" in said(rows)[-2][0]
    assert len(said(epochs(train_loss=[3.0, 2.5, 2.4, 2.9, 3.1, 3.3]))[-1]) == 1


def test_held_out_photos_that_alone_get_worse_ask_for_a_stop_and_for_no_other_learning_rate() -> None:
    rows = epochs(train_loss=[3.8, 3.4, 3.2, 3.1, 3.1, 3.0], val_loss=[2.1, 1.9, 1.9, 2.15, 2.18, 2.17])
    assert [len(found) for found in said(rows)] == [0, 0, 0, 0, 0, 1]
    assert said(rows)[-1][0].startswith("The loss of the held-out photos has risen")
    assert "You can stop" in said(rows)[-1][0]
    assert "rate" not in said(rows)[-1][0]


def test_a_loss_next_to_nothing_may_waver() -> None:
    assert not any(said(epochs(train_loss=[0.3, 0.05, 0.01, 0.04, 0.05, 0.04])))


def test_features_that_lose_half_of_their_directions_are_named() -> None:
    rankme: list[float | None] = [14.6, 14.4, None, 9.1, 7.2, 6.0]
    rows = epochs(steps=20, train_loss=[2.5, 2.4, 2.3, 2.2, 2.1, 2.0], rankme=rankme)
    assert [len(found) for found in said(rows)] == [0, 0, 0, 0, 1, 1]
    assert "directions" in said(rows)[-1][0]


def test_what_batch_norm_remembers_of_the_first_steps_alarms_nobody() -> None:
    rows = epochs(
        train_loss=[4.051, 3.928, 3.889, 3.987, 3.822, 3.78, 3.874, 3.671],
        val_loss=[3.297, 3.431, 3.434, 3.434, 3.432, 3.427, 3.383, 3.211],
        rankme=[4.089, 1.624, 1.223, 1.268, 1.41, 1.625, 2.362, 3.536],
        grad_norm=[3.471, 5.929, 4.74, 6.923, 4.854, 7.503, 16.25, 10.58],
    )
    assert not any(said(rows))


def test_a_gradient_that_explodes_is_named() -> None:
    rows = epochs(train_loss=[3.0, 2.9, 2.8, 2.7, 2.6], grad_norm=[4.0, 9.0, 5.0, 8.0, 120.0])
    assert [len(found) for found in said(rows)] == [0, 0, 0, 0, 1]
    assert "--grad_clip 1" in said(rows)[-1][0]


def test_a_real_training_that_learns_is_left_in_peace_and_one_that_cannot_is_told(
    run_left_alone: Path, tiny_photos: Path, tmp_path: Path
) -> None:
    rows = [
        {name: float(value) if value else None for name, value in row.items()}
        for row in read_csv(run_left_alone / "metrics.csv", METRICS)
    ]
    assert len(rows) == 3
    assert not any(said(rows, 4, 10))
    flags = {
        "data_dir": tiny_photos, "output_dir": tmp_path / "run", "base_model": "resnet18", "image_size": 32,
        "batch_size": 4, "epochs": 2, "val_fraction": 0.2, "num_workers": 1, "learning_rate": 3.0,
    }  # fmt: skip
    report = jobs.run(train(resolve(TrainSettings, flags)))
    assert any("All photos have become nearly one point" in note for note in report.notes)
