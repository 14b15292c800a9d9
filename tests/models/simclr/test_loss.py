from __future__ import annotations

import math

import pytest
import torch

from prismh_engine.models.simclr import NTXentLoss, nt_xent


def slow_nt_xent(z_i: torch.Tensor, z_j: torch.Tensor, temperature: float) -> torch.Tensor:
    """Equation 1 of the paper, pair by pair."""
    z = torch.cat([z_i, z_j])
    z = z / z.norm(dim=1, keepdim=True)
    n, total = len(z_i), torch.zeros((), dtype=z.dtype)
    for i in range(2 * n):
        partner = (i + n) % (2 * n)
        others = sum(torch.exp(z[i] @ z[k] / temperature) for k in range(2 * n) if k != i)
        total = total - torch.log(torch.exp(z[i] @ z[partner] / temperature) / others)
    return total / (2 * n)


@pytest.mark.parametrize("n", [2, 3, 7])
@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_loss_and_gradients_are_those_of_the_paper(n: int, temperature: float) -> None:
    torch.manual_seed(n)
    z_i, z_j = (3 * torch.randn(n, 5, dtype=torch.float64).requires_grad_() for _ in range(2))
    slow = slow_nt_xent(z_i, z_j, temperature)
    fast = nt_xent(z_i, z_j, temperature)
    assert fast.item() == pytest.approx(slow.item(), rel=1e-12)
    for ours, theirs in zip(torch.autograd.grad(fast, (z_i, z_j)), torch.autograd.grad(slow, (z_i, z_j)), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)


def test_single_precision_is_close_to_double() -> None:
    torch.manual_seed(0)
    z_i, z_j = torch.randn(32, 128), torch.randn(32, 128)
    exact = nt_xent(z_i.double(), z_j.double(), 0.1)
    assert NTXentLoss(0.1)(z_i, z_j).item() == pytest.approx(exact.item(), rel=1e-6)


def test_half_precision_inputs_are_computed_in_single() -> None:
    z_i, z_j = torch.randn(4, 8).bfloat16(), torch.randn(4, 8).bfloat16()
    loss = NTXentLoss()(z_i, z_j)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(NTXentLoss()(z_i.float(), z_j.float()).item(), rel=1e-6)


def test_length_of_the_inputs_does_not_matter() -> None:
    z_i, z_j = torch.randn(4, 8), torch.randn(4, 8)
    assert nt_xent(100 * z_i, z_j / 7, 0.5).item() == pytest.approx(nt_xent(z_i, z_j, 0.5).item(), rel=1e-5)


def test_equal_embeddings_cost_the_logarithm_of_the_number_of_others() -> None:
    z = torch.ones(4, 8)
    assert nt_xent(z, z, 0.5).item() == pytest.approx(math.log(7), rel=1e-5)


def test_batch_size_never_limits_the_batch() -> None:
    z_i, z_j = torch.randn(5, 8), torch.randn(5, 8)
    assert NTXentLoss(batch_size=2)(z_i, z_j) == NTXentLoss()(z_i, z_j)


def test_a_bad_temperature_is_named_with_its_range() -> None:
    with pytest.raises(ValueError, match=r"temperature must be > 0, got -0\.1"):
        NTXentLoss(temperature=-0.1)


def test_one_photo_alone_has_nothing_to_differ_from() -> None:
    with pytest.raises(ValueError, match="N >= 2"):
        NTXentLoss()(torch.randn(1, 8), torch.randn(1, 8))
