"""One step of training: forward, loss, backward, update; what it measured; and how it is interrupted."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from ...errors import PrismhError

MEASURES = (
    "loss", "grad_norm", "positive_similarity", "negative_similarity", "alignment", "uniformity", "feature_std",
)  # fmt: skip
_MEASURED_PHOTOS = 256  # enough for the mean similarities; their cost grows with the square


class Interrupted(Exception):  # noqa: N818 - an answer to a request, not an error
    """Raised inside a forward or backward pass when someone asked for it."""


class DivergedError(PrismhError):
    """The loss is not a number any more."""


def learn_step(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    criterion: Callable[[Tensor, Tensor], Tensor],
    views: Tensor,
    grad_clip: float | None = None,
) -> dict[str, float]:
    """Learn from one batch and return `MEASURES`.

    views: [2N, 3, H, W], normalized, first views then second ones. grad_clip: the longest gradient (L2) allowed.
    Raises `DivergedError`, with the weights as they were before the step, where the loss is not finite.
    """
    optimizer.zero_grad(set_to_none=True)
    features, projections = model(views)
    z_i, z_j = projections.chunk(2)
    loss = criterion(z_i, z_j)
    loss.backward()
    learning = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    grad_norm = nn.utils.clip_grad_norm_(learning, math.inf if grad_clip is None else grad_clip)
    measured = torch.stack([loss.detach().float(), grad_norm.float(), *spread(features.detach(), z_i, z_j)])
    values = dict(zip(MEASURES, measured.tolist(), strict=True))
    if not math.isfinite(values["loss"]) or not math.isfinite(values["grad_norm"]):
        optimizer.zero_grad(set_to_none=True)
        raise DivergedError(
            "Learning went out of bounds: the loss is not a number any more. The last good checkpoint is kept; start "
            "again with a smaller --learning_rate, or with --grad_clip 1."
        )
    optimizer.step()
    return values


@torch.no_grad()
def measure_loss(model: nn.Module, criterion: Callable[[Tensor, Tensor], Tensor], views: Tensor) -> float:
    """The loss of one batch of views, without learning. The model should be in `eval` mode."""
    _, projections = model(views)
    return float(criterion(*projections.chunk(2)))


@torch.no_grad()
def spread(features: Tensor, z_i: Tensor, z_j: Tensor) -> list[Tensor]:
    """How views lie on the sphere, from the batch itself; five scalars.

    Mean cosine between the two views of a photo and between views of different photos; alignment and uniformity (Wang
    & Isola 2020, arXiv 2005.10242, section 4.2); and the mean standard deviation of the dimensions of unit-length
    features x sqrt(D): near 1 where they are spread out, 0 where all photos have become one point.
    """
    first, second = (functional.normalize(z[:_MEASURED_PHOTOS].float(), dim=1) for z in (z_i, z_j))
    count = len(first)
    positives = (first * second).sum(dim=1)
    z = torch.cat([first, second])
    similarities = z @ z.T
    others = ~torch.eye(count, dtype=torch.bool, device=z.device).repeat(2, 2)
    negatives = similarities[others]
    unit = functional.normalize(features.float(), dim=1)
    return [
        positives.mean(),
        negatives.mean(),
        (2 - 2 * positives).mean(),
        (4 * negatives - 4).exp().mean().log(),
        unit.std(dim=0).mean() * unit.shape[1] ** 0.5,
    ]


@contextmanager
def interruptible(model: nn.Module, asked: Callable[[], bool]) -> Iterator[None]:
    """While open, every layer's forward and backward raise `Interrupted` as soon as `asked()` is true.

    A step takes many seconds on a large encoder and a small machine, a layer a fraction of one. Hooks on the outputs
    serve for the backward pass, since module backward hooks fail beside in-place activations.
    """

    def look(*_: object) -> None:
        if asked():
            raise Interrupted

    def after(module: nn.Module, inputs: object, output: object) -> None:
        look()
        if isinstance(output, Tensor) and output.requires_grad:
            output.register_hook(look)

    handles = [m.register_forward_hook(after) for m in model.modules() if not any(m.children())]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def keeping_statistics(model: nn.Module) -> Iterator[None]:
    """Put batch norm's running statistics back where the block ends by an exception: a broken-off step leaves none."""
    running = [
        buffer
        for module in model.modules()
        if isinstance(module, _BatchNorm) and module.training
        for buffer in module.buffers(recurse=False)
    ]
    before = [buffer.clone() for buffer in running]
    try:
        yield
    except BaseException:
        with torch.no_grad():
            for buffer, value in zip(running, before, strict=True):
                buffer.copy_(value)
        raise
