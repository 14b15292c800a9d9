from __future__ import annotations

import pytest
import torch

from prismh_engine.models.ranks import ALONE, Ranks
from prismh_engine.models.simclr import nt_xent
from prismh_engine.models.simclr.supervised_loss import SupConLoss, TaughtLoss

from ..several_ranks import in_ranks


def slow_sup_con(z_i: torch.Tensor, z_j: torch.Tensor, labels: list[int], temperature: float) -> torch.Tensor:
    """Equation 2 of the paper, pair by pair; a photo without a label is the only one of its own."""
    z = torch.cat([z_i, z_j])
    z = z / z.norm(dim=1, keepdim=True)
    classes = 2 * [label if label >= 0 else f"photo {n}" for n, label in enumerate(labels)]
    total = torch.zeros((), dtype=z.dtype)
    for i in range(len(z)):
        others = [a for a in range(len(z)) if a != i]
        positives = [p for p in others if classes[p] == classes[i]]
        denominator = sum(torch.exp(z[i] @ z[a] / temperature) for a in others)
        logs = [torch.log(torch.exp(z[i] @ z[p] / temperature) / denominator) for p in positives]
        total = total - sum(logs) / len(positives)
    return total / len(z)


def some_views(n: int, kind: torch.dtype = torch.float64) -> torch.Tensor:
    return 3 * torch.randn(2, n, 5, dtype=kind, generator=torch.Generator().manual_seed(n))


@pytest.mark.parametrize("labels", [[0, 0, 1, 1, 1, -1, -1], [2, -1, 2], [0, 0], [0, 1], [3, 3, 3, 3]], ids=str)
@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_loss_and_gradients_are_those_of_the_paper(labels: list[int], temperature: float) -> None:
    views = some_views(len(labels)).requires_grad_()
    slow = slow_sup_con(*views, labels, temperature)
    fast = SupConLoss(temperature)(*views, torch.tensor(labels))
    assert fast.item() == pytest.approx(slow.item(), rel=1e-12, abs=1e-12)
    (ours,), (theirs,) = torch.autograd.grad(fast, views), torch.autograd.grad(slow, views)
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)


def test_gradients_pass_the_numerical_check() -> None:
    labels = torch.tensor([0, 1, 1, -1])
    views = some_views(4).requires_grad_()
    assert torch.autograd.gradcheck(lambda both: SupConLoss(0.3)(both[0], both[1], labels), views)


@pytest.mark.parametrize("n", [2, 7, 1100])
def test_without_labels_it_is_nt_xent(n: int) -> None:
    views = some_views(n)
    loss = SupConLoss(0.2)(*views, torch.full((n,), -1))
    torch.testing.assert_close(loss, nt_xent(*views, 0.2), rtol=1e-12, atol=0)


def test_single_precision_is_close_to_double() -> None:
    views, labels = some_views(128, torch.float32).requires_grad_(), torch.arange(128) % 7 - 1
    exact, loss = SupConLoss(0.1)(*views.double(), labels), SupConLoss(0.1)(*views, labels)
    assert loss.item() == pytest.approx(exact.item(), rel=1e-6)
    (gradient,), (exact_gradient,) = torch.autograd.grad(loss, views), torch.autograd.grad(exact, views)
    assert (gradient - exact_gradient).norm() <= 1e-5 * exact_gradient.norm()


def test_half_precision_inputs_are_computed_in_single() -> None:
    views, labels = some_views(6, torch.bfloat16), torch.tensor([0, 0, 1, 1, -1, -1])
    loss = SupConLoss()(*views, labels)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(SupConLoss()(*views.float(), labels).item(), rel=1e-6)


def test_photos_with_a_label_are_told_from_each_other_and_not_from_those_without() -> None:
    views, labels = some_views(7), torch.tensor([0, -1, 0, 1, -1, 1, 1])
    named = [0, 2, 3, 5, 6]
    expected = 0.7 * nt_xent(*views, 0.2) + 0.3 * slow_sup_con(*views[:, named], [0, 0, 1, 1, 1], 0.2)
    torch.testing.assert_close(TaughtLoss(0.2, 0.3)(*views, labels), expected, rtol=1e-12, atol=0)


def test_a_batch_without_a_label_has_the_part_of_all_photos_alone() -> None:
    views = some_views(4).requires_grad_()
    loss = TaughtLoss(0.2, 0.3)(*views, torch.full((4,), -1))
    torch.testing.assert_close(loss, 0.7 * nt_xent(*views, 0.2), rtol=1e-12, atol=0)
    loss.backward()


def test_labels_must_be_one_a_photo() -> None:
    with pytest.raises(ValueError, match=r"labels must be \[N\] with N = 4, got \[8\]"):
        SupConLoss()(*some_views(4), torch.zeros(8, dtype=torch.int64))


@pytest.mark.parametrize("temperature", [0.0, -0.1, float("nan")])
def test_a_temperature_that_is_not_above_0_is_refused(temperature: float) -> None:
    with pytest.raises(ValueError, match="temperature must be > 0"):
        SupConLoss(temperature)


def share_of_a_batch(ranks: Ranks, shares: list[int], labels: list[int]) -> tuple[float, torch.Tensor]:
    """This rank's value, and the gradient of its views, as averaged over the ranks it reaches the weights."""
    part = slice(sum(shares[: ranks.rank]), sum(shares[: ranks.rank + 1]))
    mine = some_views(sum(shares))[:, part].clone().requires_grad_()
    loss = TaughtLoss(0.2, 0.4)(*mine, torch.tensor(labels, dtype=torch.int64)[part])
    loss.backward()
    assert mine.grad is not None
    return loss.item(), mine.grad / ranks.count


@pytest.mark.parametrize("shares", [[4, 4], [5, 0, 1, 2]], ids=str)
def test_ranks_together_have_the_loss_and_gradients_of_one_process(shares: list[int]) -> None:
    labels = [0, 0, -1, 1, -1, -1, 1, 0]
    whole, gradient = share_of_a_batch(ALONE, [8], labels)
    losses, gradients = zip(*in_ranks(len(shares), share_of_a_batch, shares, labels), strict=True)
    assert sum(losses) / len(shares) == pytest.approx(whole, rel=1e-12)
    torch.testing.assert_close(torch.cat(gradients, dim=1), gradient, rtol=1e-10, atol=1e-12)
