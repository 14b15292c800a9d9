"""Batch norm whose statistics are those of the global batch, over all ranks of `torch.distributed`."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.autograd.function import once_differentiable
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from ...errors import BadValueError


def over_ranks(model: nn.Module) -> nn.Module:
    """The model, with every batch norm that learns over the global batch of all ranks.

    A step on shares of a batch, of any sizes and also none, then gives the features, the gradients (averaged over the
    ranks, of a loss as `NTXentLoss` has it) and the running statistics of one process on the whole batch. Layers are
    replaced where they stand, with the same parameters, buffers and keys of the state dict; one whose weights do not
    learn stays as it is. All ranks must run the same layers in the same order. Without several ranks nothing changes.
    """
    if not dist.is_available() or not dist.is_initialized() or dist.get_world_size() == 1:
        return model
    if isinstance(model, _BatchNorm):
        return model if model.weight is not None and not model.weight.requires_grad else _replaced(model)
    for name, child in model.named_children():
        setattr(model, name, over_ranks(child))
    return model


class BatchNormOverRanks(nn.SyncBatchNorm):
    """Batch norm over all ranks, [N, C, ...] -> the same shape, N >= 0 on each rank; an ordinary one in evaluation.

    `torch.nn.SyncBatchNorm` on a GPU. It refuses tensors of a CPU, where these are our own lines.
    """

    def forward(self, x: Tensor) -> Tensor:
        ours = self.training and x.device.type == "cpu" and dist.is_initialized()
        normalized = self._on_cpu(x) if ours else super().forward(x)
        for layer in self.children():  # timm keeps an activation inside its batch norm
            normalized = layer(normalized)
        return normalized

    def _on_cpu(self, x: Tensor) -> Tensor:
        if x.ndim < 2:
            raise BadValueError(f"batch norm needs [N, C, ...], got {list(x.shape)}")
        mean, squares, count = _statistics(x.detach())
        if count < 2:
            raise BadValueError("batch norm needs more than one value a channel, over all ranks together")
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            share = self.momentum if self.momentum is not None else 1 / int(self.num_batches_tracked)
            for running, now in ((self.running_mean, mean), (self.running_var, squares / (count - 1))):
                assert running is not None
                running.copy_((1 - share) * running + share * now)
        wide = torch.promote_types(x.dtype, torch.float32)
        normalized: Tensor = _Normalize.apply(
            x, self.weight, self.bias, mean.to(wide), (squares / count).to(wide), count, self.eps
        )
        return normalized


class _Normalize(torch.autograd.Function):
    """y = (x - mean) / sqrt(variance + eps) x weight + bias, whose mean and variance depend on the x of all ranks."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor | None,
        bias: Tensor | None,
        mean: Tensor,
        variance: Tensor,
        count: int,
        eps: float,
    ) -> Tensor:
        ctx.save_for_backward(x, weight, mean, variance)
        ctx.count, ctx.eps = count, eps
        return functional.batch_norm(x.to(mean.dtype), mean, variance, weight, bias, eps=eps).to(x.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, mean, variance = ctx.saved_tensors
        wide = x.to(mean.dtype)
        scale = torch.ones_like(mean) if weight is None else weight
        grad = grad.to(mean.dtype)
        # Of this rank: the sums over each channel of grad x normalized x, and of grad.
        to_weight, to_bias = torch.zeros_like(mean), torch.zeros_like(mean)
        if x.numel():  # without values the call does not survive
            _, to_weight, to_bias = torch.ops.aten.native_batch_norm_backward(
                grad, wide, scale, mean, variance, None, None, False, ctx.eps, [False, True, True]
            )
        sums = torch.stack([to_weight, to_bias]).double()
        dist.all_reduce(sums)
        slope = scale.double() * (variance.double() + ctx.eps).rsqrt()
        # To x: slope x (grad - mean of grad - normalized x mean of grad x normalized x), in two passes over x.
        per_value = (-slope * sums / ctx.count).to(mean.dtype)
        to_x = functional.batch_norm(wide, mean, variance, per_value[0], per_value[1], eps=ctx.eps)
        to_x.addcmul_(grad, slope.to(mean.dtype).view(-1, *[1] * (x.ndim - 2)))
        to_affine = (None, None) if weight is None else (to_weight, to_bias)
        return to_x.to(x.dtype), *to_affine, *[None] * 4


def _statistics(x: Tensor) -> tuple[Tensor, Tensor, int]:
    """Of each channel of the x [N, C, ...] of all ranks: mean and sum of squared deviations, float64 [C]; and values.

    Each rank finds its own mean and deviations from it, and one message joins them (Chan et al. 1979, "Updating
    formulae and a pairwise algorithm for computing sample variances", equations 2.1): no difference of large sums.
    """
    channels, count = x.shape[1], x.numel() // x.shape[1]
    own = torch.zeros(2 * channels + 1, dtype=torch.float64)
    if count:
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        mean, variance = torch.batch_norm_update_stats(wide, None, None, 0.0)
        own = torch.cat([mean.double(), variance.double() * count, own.new_tensor([count])])
    gathered = [torch.empty_like(own) for _ in range(dist.get_world_size())]
    dist.all_gather(gathered, own)
    means, squares, counts = torch.stack(gathered).split([channels, channels, 1], dim=1)
    total = counts.sum()
    mean = (means * counts).sum(dim=0) / total.clamp(min=1)
    squares = (squares + counts * (means - mean) ** 2).sum(dim=0)
    return mean, squares, int(total)


def _replaced(layer: _BatchNorm) -> BatchNormOverRanks:
    """The same layer over all ranks, with all it has: parameters, buffers, mode and layers inside."""
    new = BatchNormOverRanks(layer.num_features, layer.eps, layer.momentum, layer.affine, layer.track_running_stats)
    new.weight, new.bias = layer.weight, layer.bias
    for name, buffer in layer.named_buffers(recurse=False):
        new.register_buffer(name, buffer)
    for name, child in layer.named_children():
        new.add_module(name, child)
    return new.train(layer.training)
