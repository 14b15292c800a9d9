from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from prismh_engine.models.simclr.lars import LARS


def layer(*shape: int, seed: int = 0) -> nn.Parameter:
    return nn.Parameter(torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64))


def gradient(weights: nn.Parameter, step: int) -> torch.Tensor:
    return torch.randn(
        weights.shape, generator=torch.Generator().manual_seed(100 + step + weights.numel()), dtype=torch.float64
    )


def learn(optimizer: LARS, weights: list[nn.Parameter], steps: range) -> None:
    for step in steps:
        for one in weights:
            one.grad = gradient(one, step)
        optimizer.param_groups[0]["lr"] = 0.5 / (1 + step)
        optimizer.step()


def test_steps_are_those_of_the_paper() -> None:
    """Algorithm 1 of You et al., with plain numpy, over steps with a learning rate that falls."""
    weights, bias = layer(4, 3, 2), layer(4, seed=1)
    slow, slow_bias = weights.detach().numpy().copy(), bias.detach().numpy().copy()
    velocity, bias_velocity = np.zeros_like(slow), np.zeros_like(slow_bias)
    for step in range(6):
        rate, g = 0.5 / (1 + step), gradient(weights, step).numpy()
        local = 0.02 * np.linalg.norm(slow) / (np.linalg.norm(g) + 0.1 * np.linalg.norm(slow))
        velocity = 0.9 * velocity + rate * local * (g + 0.1 * slow)
        slow = slow - velocity
        bias_velocity = 0.9 * bias_velocity + rate * gradient(bias, step).numpy()
        slow_bias = slow_bias - bias_velocity
    learn(LARS([weights, bias], lr=0.5, weight_decay=0.1, trust_coefficient=0.02), [weights, bias], range(6))
    np.testing.assert_allclose(weights.detach().numpy(), slow, rtol=1e-12)
    np.testing.assert_allclose(bias.detach().numpy(), slow_bias, rtol=1e-12)


def test_the_step_of_a_layer_does_not_depend_on_the_scale_of_its_gradient() -> None:
    moved = []
    for scale in (1.0, 1000.0):
        weights = layer(5, 5)
        before = weights.detach().clone()
        weights.grad = scale * gradient(weights, 0)
        LARS([weights], lr=1.0).step()
        moved.append(before - weights.detach())
    torch.testing.assert_close(moved[0], moved[1], rtol=1e-9, atol=0)
    assert float(moved[0].norm() / layer(5, 5).detach().norm()) == pytest.approx(0.001)


def test_a_layer_of_zeros_starts_to_move() -> None:
    weights = nn.Parameter(torch.zeros(3, 3))
    weights.grad = torch.ones(3, 3)
    LARS([weights], lr=0.1).step()
    torch.testing.assert_close(weights.detach(), torch.full((3, 3), -0.1))


def test_a_weight_without_gradient_stays_as_it_is() -> None:
    weights, unused = layer(2, 2), layer(2, 2)
    before = unused.detach().clone()
    weights.grad = gradient(weights, 0)
    LARS([weights, unused], lr=1.0, weight_decay=0.1).step()
    assert torch.equal(unused.detach(), before)


def test_a_state_that_is_loaded_goes_on_to_the_same_weights() -> None:
    left_alone, resumed = layer(3, 4), layer(3, 4)
    learn(LARS([left_alone], lr=0.5, weight_decay=1e-3), [left_alone], range(6))
    first = LARS([resumed], lr=0.5, weight_decay=1e-3)
    learn(first, [resumed], range(3))
    second = LARS([resumed], lr=9.0)
    second.load_state_dict(first.state_dict())
    learn(second, [resumed], range(3, 6))
    assert torch.equal(resumed, left_alone)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"lr": -0.1}, r"lr must be >= 0, got -0\.1"),
        ({"lr": 0.1, "momentum": -1}, "momentum must be >= 0, got -1"),
        ({"lr": 0.1, "weight_decay": float("nan")}, "weight_decay must be >= 0, got nan"),
        ({"lr": 0.1, "trust_coefficient": 0}, "trust_coefficient must be > 0, got 0"),
    ],
)
def test_a_bad_value_is_named_with_its_range(values: dict[str, float], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        LARS([layer(2, 2)], **values)
