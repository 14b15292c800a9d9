from __future__ import annotations

import pytest
import torch
from torch import nn

from prismh_engine.models.simclr.optimization import build_optimizer, learning_rate, plateaus
from prismh_engine.models.simclr.settings import TrainSettings


def rates(**settings: object) -> list[float]:
    chosen = TrainSettings(learning_rate=1.0, epochs=10, **settings)  # type: ignore[arg-type]
    return [learning_rate(chosen, epoch, batch, 4, []) for epoch in range(10) for batch in range(4)]


def test_cosine_falls_from_the_highest_rate_to_nearly_none() -> None:
    found = rates()
    assert found[0] == 1.0
    assert found[20] == pytest.approx(0.5)
    assert 0 < found[-1] < 0.01
    assert sorted(found, reverse=True) == found


def test_warm_up_rises_to_the_highest_rate_and_hands_over() -> None:
    found = rates(warmup_epochs=2)
    assert found[0] == pytest.approx(1 / 8)
    assert found[7] == found[8] == 1.0
    assert sorted(found[:8]) == found[:8]


def test_the_head_learns_at_the_highest_rate_before_warm_up_and_cosine() -> None:
    found = rates(head_epochs=2, warmup_epochs=2)
    assert set(found[:8]) == {1.0}
    assert found[8] == pytest.approx(1 / 8)
    assert sorted(found[8:16]) == found[8:16]
    assert found[15] == found[16] == 1.0
    assert found[28] == pytest.approx(0.5)  # in the middle of the six epochs that are left
    assert sorted(found[16:], reverse=True) == found[16:]
    assert 0 < found[-1] < 0.01
    chosen = TrainSettings(learning_rate=1.0, epochs=8, warmup_epochs=2)
    assert found[8:] == [learning_rate(chosen, epoch, batch, 4, []) for epoch in range(8) for batch in range(4)]


@pytest.mark.parametrize("head_epochs", [10, 12])
def test_where_the_head_alone_learns_the_rate_stays(head_epochs: int) -> None:
    assert set(rates(head_epochs=head_epochs, warmup_epochs=2)) == {1.0}
    assert learning_rate(TrainSettings(epochs=10, head_epochs=10), 10, 0, 4, []) <= 1e-3  # a run made longer


def test_constant_stays() -> None:
    assert set(rates(schedule="constant")) == {1.0}


def test_plateau_counts_as_torch_does() -> None:
    torch.manual_seed(0)
    losses = [1 / (1 + i) for i in range(5)] + [0.2 + 0.1 * float(v) for v in torch.rand(60)]
    optimizer = torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
    settings = TrainSettings(learning_rate=1.0, schedule="plateau")
    for epoch, loss in enumerate(losses):
        scheduler.step(loss)
        ours = learning_rate(settings, epoch + 1, 0, 4, losses[: epoch + 1])
        assert ours == pytest.approx(optimizer.param_groups[0]["lr"])
    assert plateaus(losses) >= 3


@pytest.mark.parametrize(
    ("name", "kind"), [("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW), ("sgd", torch.optim.SGD)]
)
def test_biases_norms_and_frozen_weights_are_not_decayed(name: str, kind: type) -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    model[2].requires_grad_(False)
    optimizer = build_optimizer(model, TrainSettings(optimizer=name, weight_decay=0.1))
    assert type(optimizer) is kind
    decayed, plain = optimizer.param_groups
    assert [p is model[0].weight for p in decayed["params"]] == [True]
    assert decayed["weight_decay"] == 0.1
    assert len(plain["params"]) == 3
    assert plain["weight_decay"] == 0
