from __future__ import annotations

import math
import sys

import pytest
import torch

from prismh_engine.models.ranks import ALONE, Ranks
from prismh_engine.models.simclr import NTXentLoss, nt_xent
from prismh_engine.models.simclr.loss import nt_xent_of_each

from ..several_ranks import in_ranks


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


@pytest.mark.parametrize("n", [2, 7, 600])
def test_the_loss_is_the_mean_of_each_photos_part(n: int) -> None:
    torch.manual_seed(n)
    z_i, z_j = (torch.randn(n, 5, dtype=torch.float64) for _ in range(2))
    each = nt_xent_of_each(z_i, z_j, 0.5)
    assert each.shape == (n,)
    torch.testing.assert_close(each.mean(), nt_xent(z_i, z_j, 0.5), rtol=1e-12, atol=0)


def row_by_row(z_i: torch.Tensor, z_j: torch.Tensor, temperature: float) -> torch.Tensor:
    """Equation 1 of the paper, view by view, in double precision: for batches that are too slow pair by pair."""
    z = torch.cat([z_i, z_j]).double()
    z = z / z.norm(dim=1, keepdim=True)
    n, total = len(z_i), torch.zeros((), dtype=torch.float64)
    for i in range(2 * n):
        exponentials = torch.exp(z @ z[i] / temperature)
        others = exponentials.sum() - exponentials[i]
        total = total - torch.log(exponentials[(i + n) % (2 * n)] / others)
    return total / (2 * n)


@pytest.mark.parametrize("n", [2, 3, 32, 128, 512])
@pytest.mark.parametrize("temperature", [0.05, 0.1, 0.5, 1.0])
def test_single_precision_is_close_to_double(n: int, temperature: float) -> None:
    torch.manual_seed(n)
    views = torch.randn(2, n, 128, requires_grad=True)
    exact = row_by_row(views[0], views[1], temperature)
    loss = NTXentLoss(temperature)(*views)
    assert abs(loss.item() - exact.item()) <= 1e-6 * max(1, exact.item())
    (gradient,), (exact_gradient,) = torch.autograd.grad(loss, views), torch.autograd.grad(exact, views)
    assert (gradient - exact_gradient).norm() <= 1e-5 * exact_gradient.norm()


def test_gradients_pass_the_numerical_check() -> None:
    torch.manual_seed(0)
    views = torch.randn(2, 4, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda both: nt_xent(both[0], both[1], 0.3), views)


def test_a_batch_of_several_blocks_is_one_batch() -> None:
    """From about a thousand photos on the similarities are not held at once."""
    torch.manual_seed(0)
    views = torch.randn(2, 1100, 4, requires_grad=True)
    exact = row_by_row(views[0], views[1], 0.2)
    loss = nt_xent(views[0], views[1], 0.2)
    assert loss.item() == pytest.approx(exact.item(), rel=1e-6)
    (gradient,), (exact_gradient,) = torch.autograd.grad(loss, views), torch.autograd.grad(exact, views)
    assert (gradient - exact_gradient).norm() <= 1e-5 * exact_gradient.norm()


def megabytes_of_a_step(ranks: Ranks, n: int) -> float:
    import resource

    views = torch.randn(2, n, 8, requires_grad=True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    NTXentLoss()(*views).backward()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


@pytest.mark.skipif(sys.platform == "win32", reason="the peak of a process is read another way there")
def test_memory_does_not_grow_with_the_square_of_the_batch() -> None:
    (megabytes,) = in_ranks(1, megabytes_of_a_step, 4096)
    assert megabytes < 150, "one matrix of all similarities takes 256 MB"


@pytest.mark.parametrize("temperature", [1e-3, 100.0])
def test_extreme_temperatures_give_finite_gradients(temperature: float) -> None:
    torch.manual_seed(0)
    views = torch.randn(2, 8, 16, requires_grad=True)
    loss = nt_xent(views[0], views[1], temperature)
    loss.backward()
    assert loss.isfinite()
    assert views.grad is not None
    assert views.grad.isfinite().all()


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


@pytest.mark.parametrize("temperature", [-0.1, 0.0, math.nan, math.inf])
def test_a_bad_temperature_is_named_with_its_range(temperature: float) -> None:
    with pytest.raises(ValueError, match=f"temperature must be > 0, got {temperature}"):
        NTXentLoss(temperature=temperature)
    with pytest.raises(ValueError, match=f"temperature must be > 0, got {temperature}"):
        nt_xent(torch.randn(2, 8), torch.randn(2, 8), temperature)


def test_one_photo_alone_has_nothing_to_differ_from() -> None:
    with pytest.raises(ValueError, match="N >= 2"):
        NTXentLoss()(torch.randn(1, 8), torch.randn(1, 8))


def share_of_a_batch(ranks: Ranks, shares: list[int], kind: torch.dtype) -> tuple[float, torch.Tensor]:
    """This rank's value, and the gradient of its views, as averaged over the ranks it reaches the weights."""
    torch.manual_seed(0)
    views = torch.randn(2, sum(shares), 16, dtype=torch.float64).to(kind)
    start = sum(shares[: ranks.rank])
    mine = views[:, start : start + shares[ranks.rank]].clone().requires_grad_()
    loss = NTXentLoss(0.2)(*mine)
    loss.backward()
    assert mine.grad is not None
    return loss.item(), mine.grad / ranks.count


@pytest.mark.parametrize("shares", [[3, 3], [4, 0, 1, 7], [1, 1]], ids=str)
def test_ranks_together_have_the_loss_and_gradients_of_one_process(shares: list[int]) -> None:
    whole, gradient = share_of_a_batch(ALONE, [sum(shares)], torch.float64)
    losses, gradients = zip(*in_ranks(len(shares), share_of_a_batch, shares, torch.float64), strict=True)
    assert sum(losses) / len(shares) == pytest.approx(whole, rel=1e-12)
    torch.testing.assert_close(torch.cat(gradients, dim=1), gradient, rtol=1e-10, atol=1e-12)


def test_ranks_in_half_precision_are_computed_in_single() -> None:
    whole, _ = share_of_a_batch(ALONE, [6], torch.bfloat16)
    losses = [loss for loss, _ in in_ranks(2, share_of_a_batch, [2, 4], torch.bfloat16)]
    assert sum(losses) / 2 == pytest.approx(whole, rel=1e-6)


def refusal(ranks: Ranks) -> str:
    try:
        NTXentLoss()(torch.randn(1 - ranks.rank, 8), torch.randn(1 - ranks.rank, 8))
    except ValueError as error:
        return str(error)
    return "accepted"


def test_one_photo_on_all_ranks_together_is_refused_by_all() -> None:
    assert in_ranks(2, refusal) == ["all ranks together must have at least two photos, got 1"] * 2
