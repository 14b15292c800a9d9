"""NT-Xent, the contrastive loss of SimCLR."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.autograd.function import once_differentiable
from torch.nn import functional

from ...errors import BadValueError

_BLOCK = 1 << 22
"""Similarities that are held at once: 16 MB in float32, and as much again for the gradient."""

_ROWS_AT_ONCE = 512


def nt_xent(z_i: Tensor, z_j: Tensor, temperature: float) -> Tensor:
    """Normalized temperature-scaled cross entropy of two views, a scalar (Chen et al. 2020, section 2.1, equation 1).

    z_i, z_j: [N, d], projections of the two views of the same N >= 2 photos, of any length; they are scaled to unit
    length here. Each of the 2N views has to tell its partner from the 2N - 2 views of other photos. Computed in
    float32 (float64 stays float64), whatever the inputs' precision, in memory that grows with N, not its square.
    Differentiable once.
    Raises `BadValueError` for fewer than two photos, shapes that differ, or a temperature that is not above 0.
    """
    check_temperature(temperature)
    views = both_views(z_i, z_j)
    if len(views) < 4:
        raise BadValueError(f"z_i and z_j must both be [N, d] with N >= 2, got {list(z_i.shape)} and {list(z_j.shape)}")
    with torch.autocast(views.device.type, enabled=False):
        return _sum_over_views(views, views.detach(), 0, temperature, lambda log_sums: log_sums) / len(views)


@torch.no_grad()
def nt_xent_of_each(z_i: Tensor, z_j: Tensor, temperature: float) -> Tensor:
    """The part of each photo in `nt_xent`, [N], whose mean it is: of its two views' losses the mean. For measuring."""
    check_temperature(temperature)
    views = both_views(z_i, z_j)
    losses = []
    for start in range(0, len(views), _ROWS_AT_ONCE):
        similarities = views[start : start + _ROWS_AT_ONCE] @ views.T / temperature
        own = torch.arange(start, start + len(similarities), device=views.device)
        partner = (own + len(z_i)) % len(views)
        positives = similarities.gather(1, partner[:, None])[:, 0]
        losses.append(similarities.scatter(1, own[:, None], -torch.inf).logsumexp(dim=1) - positives)
    return torch.cat(losses).view(2, -1).mean(dim=0)


class NTXentLoss(nn.Module):
    """`nt_xent` as a module: `(z_i [N, d], z_j [N, d]) -> scalar`, any N >= 2.

    temperature: > 0. batch_size: for callers of older interfaces; it never limits N.

    Under `torch.distributed` with R > 1 ranks the views of all ranks are each other's negatives. Each rank passes its
    own N >= 0 photos, which together are 2 at least. Its value is R x the sum over its own views / the number of all
    views: the mean of the ranks' values is the loss of the whole batch, and gradients averaged over the ranks, as
    `DistributedDataParallel` averages them, are those of one process on the whole batch. All ranks must call it, and
    scale it alike before `backward`, which needs no further word between them.

    Raises `BadValueError` for a temperature that is not above 0 and, when called, for fewer than two photos.

    Example:
        >>> criterion = NTXentLoss(temperature=0.5)
        >>> _, z_i = model(first_views)
        >>> _, z_j = model(second_views)
        >>> criterion(z_i, z_j).backward()
    """

    def __init__(self, temperature: float = 0.5, batch_size: int | None = None) -> None:
        super().__init__()
        check_temperature(temperature)
        self.temperature = temperature
        self.batch_size = batch_size

    def forward(self, z_i: Tensor, z_j: Tensor) -> Tensor:
        if not dist.is_available() or not dist.is_initialized() or dist.get_world_size() == 1:
            return nt_xent(z_i, z_j, self.temperature)
        views = both_views(z_i, z_j)
        counts = count_of_each_rank(views)
        if sum(counts) < 4:
            raise BadValueError(f"all ranks together must have at least two photos, got {sum(counts) // 2}")
        rank = dist.get_rank()
        with torch.autocast(views.device.type, enabled=False):
            everyone = rows_of_all_ranks(views.detach(), counts)
            own = _sum_over_views(
                views, everyone, sum(counts[:rank]), self.temperature, lambda rows: rows_of_all_ranks(rows, counts)
            )
            return own * (len(counts) / sum(counts))


def count_of_each_rank(rows: Tensor) -> list[int]:
    """How many rows each rank passes, in the order of the ranks."""
    # A GPU is asked only where the group has no way between CPUs: it would have to finish all its work first.
    device = torch.device("cpu") if "cpu" in dist.get_backend_config() else rows.device
    own = torch.tensor([len(rows)], device=device)
    counts = [torch.empty_like(own) for _ in range(dist.get_world_size())]
    dist.all_gather(counts, own)
    return [int(count) for count in counts]


def rows_of_all_ranks(rows: Tensor, counts: list[int]) -> Tensor:
    """The rows [n, ...] of all ranks in their order, [sum of counts, ...], on every rank; not differentiable.

    counts: of `count_of_each_rank`; they may differ and be 0.
    """
    most = max(counts)
    padded = rows.new_zeros(most, *rows.shape[1:])
    padded[: len(rows)] = rows
    gathered = [torch.empty_like(padded) for _ in counts]
    dist.all_gather(gathered, padded)
    return torch.cat([part[:count] for part, count in zip(gathered, counts, strict=True)])


def check_temperature(temperature: float) -> None:
    """Raise `BadValueError` for a temperature that is not above 0."""
    if not 0 < temperature < math.inf:
        raise BadValueError(f"temperature must be > 0, got {temperature}")


def both_views(z_i: Tensor, z_j: Tensor) -> Tensor:
    """Both views, [N, d] each, as one [2N, d] of unit length in float32 at least: first views, then second ones.

    Raises `BadValueError` for shapes that differ.
    """
    if z_i.ndim != 2 or z_i.shape != z_j.shape:
        raise BadValueError(f"z_i and z_j must both be [N, d] with N >= 2, got {list(z_i.shape)} and {list(z_j.shape)}")
    z = torch.cat([z_i, z_j])
    return functional.normalize(z.to(torch.promote_types(z.dtype, torch.float32)), dim=1)


def _sum_over_views(
    views: Tensor, everyone: Tensor, place: int, temperature: float, of_all_ranks: Callable[[Tensor], Tensor]
) -> Tensor:
    """The cross entropies of these views, summed.

    views: [2n, d], unit length. everyone: [2M, d], those of all ranks, of which views are the rows from `place` on.
    of_all_ranks: the rows of all ranks in the same order. The gradient is that of the sum over all ranks' views.
    """
    first, second = views.chunk(2)
    log_sums = sum_of_log_sums(views, everyone, place, temperature, of_all_ranks)
    return log_sums - 2 / temperature * (first * second).sum()


def sum_of_log_sums(
    views: Tensor, everyone: Tensor, place: int, temperature: float, of_all_ranks: Callable[[Tensor], Tensor]
) -> Tensor:
    """The sum over views of log sum exp(similarity / temperature) over all views but the view itself, a scalar.

    Arguments as of `_sum_over_views`; the gradient is that of the sum over all ranks' views.
    """
    log_sums: Tensor = _LogSumsOfOthers.apply(views, everyone, place, temperature, of_all_ranks)
    return log_sums


class _LogSumsOfOthers(torch.autograd.Function):
    """`sum_of_log_sums`.

    The similarities S are symmetric, so that a view's gradient needs nothing of the others but the log-sums L of all
    ranks: d/dz_a of the sum over all ranks' views is sum over b of (exp(S_ab - L_a) + exp(S_ab - L_b)) z_b /
    temperature. It is computed with the value, block by block of rows, so that nothing of N x N is ever kept.
    """

    @staticmethod
    def forward(
        ctx: Any,
        views: Tensor,
        everyone: Tensor,
        place: int,
        temperature: float,
        of_all_ranks: Callable[[Tensor], Tensor],
    ) -> Tensor:
        scaled = (everyone / temperature).T
        size = max(_BLOCK // len(everyone), 1)
        starts = range(0, len(views), size)
        similarities = views.new_empty(0)

        def compare(start: int) -> Tensor:
            block = views[start : start + size] @ scaled
            block.diagonal(place + start).fill_(-torch.inf)
            return block

        log_sums = views.new_empty(len(views))
        for start in starts:
            similarities = compare(start)
            log_sums[start : start + size] = similarities.logsumexp(dim=1)
        all_log_sums = of_all_ranks(log_sums)
        if ctx.needs_input_grad[0]:
            gradient = torch.empty_like(views)
            for start in reversed(starts):
                if start != starts[-1]:  # the last block, often the only one, is still at hand
                    similarities = compare(start)
                weights = (similarities - log_sums[start : start + size, None]).exp_()
                weights += similarities.sub_(all_log_sums).exp_()
                torch.mm(weights, everyone, out=gradient[start : start + size])
            ctx.save_for_backward(gradient.div_(temperature))
        return log_sums.sum()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None, None]:
        (gradient,) = ctx.saved_tensors
        return grad * gradient, None, None, None, None
