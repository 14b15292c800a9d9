"""One step of training: forward, loss, backward, update; what it measured; and how it is interrupted."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from ...errors import PrismhError
from ..ranks import ALONE, Ranks
from . import precision as precisions
from .loss import count_of_each_rank, rows_of_all_ranks

MEASURES = (
    "loss", "grad_norm", "positive_similarity", "negative_similarity", "alignment", "uniformity", "feature_std",
)  # fmt: skip
_MEASURED_PHOTOS = 256  # enough for the mean similarities; their cost grows with the square

Criterion = Callable[..., Tensor]
"""(z_i [N, d], z_j [N, d]) -> scalar; one that learns from labels takes them too, int64 [N]."""
Chunk = Callable[[], Tensor]
"""Makes the views of some photos, [2n, 3, H, W], normalized, on the device: first views, then second ones. It is asked
again where a step is taken in several chunks."""


class Interrupted(Exception):  # noqa: N818 - an answer to a request, not an error
    """Raised inside a forward or backward pass when someone asked for it."""


class DivergedError(PrismhError):
    """The loss is not a number any more."""

    def __init__(self) -> None:
        super().__init__(
            "Learning went out of bounds: the loss is not a number any more. What was saved before is kept; start "
            "again with a smaller --learning_rate, or with --grad_clip 1."
        )


class LearningStep:
    """Learns from a batch: one forward pass over all its views, the loss, one update of the weights.

    network: images -> (features, projections). grad_clip: the longest gradient (L2) allowed. precision: off, bf16 or
    fp16, the number format of the forward pass; the loss is always computed in float32. ranks: of which each learns
    from its share of the batch. scaler: of the gradients, which fp16 needs; a checkpoint keeps its state.

    A batch too large to be held at once comes in several chunks. The negatives are those of the whole batch all the
    same, and so are the gradients: what the backward pass needs of a chunk is computed again when its turn comes
    (GradCache, Gao et al. 2021, arXiv 2101.06983, section 3.2). A batch norm that learns takes its statistics from one
    chunk at a time; with frozen batch norm or none the chunks change nothing.
    """

    def __init__(
        self,
        network: nn.Module,
        optimizer: torch.optim.Optimizer,
        criterion: Criterion,
        device: torch.device,
        *,
        grad_clip: float | None = None,
        precision: str = "off",
        ranks: Ranks = ALONE,
    ) -> None:
        self.scaler = torch.amp.GradScaler(device.type, enabled=precision == "fp16")
        self._network = network
        self._optimizer = optimizer
        self._criterion = criterion
        self._device = device
        self._grad_clip = math.inf if grad_clip is None else grad_clip
        self._precision = precision
        self._ranks = ranks

    def restore_scaler(self, state: Mapping[str, Any] | None) -> None:
        """Take up the scaler of a checkpoint. One that computed in another precision has none: it starts anew."""
        if state:
            self.scaler.load_state_dict(dict(state))

    def learn(self, chunks: Sequence[Chunk], *labels: Tensor) -> Tensor:
        """Learn from one batch; `MEASURES` as a tensor on the device, means over all ranks.

        labels: where the criterion takes them, those of the batch's photos, int64 [N]. On a CPU `DivergedError` leaves
        the weights as they were before the step, where loss or gradient are not finite. A GPU is not waited for:
        whoever reads the measures there passes them through `read`.
        """
        self._optimizer.zero_grad(set_to_none=True)
        features, projections = self._forward(chunks)
        z_i, z_j = (torch.cat(views) for views in zip(*(z.chunk(2) for z in projections), strict=True))
        loss = self._criterion(z_i, z_j, *labels)
        self.scaler.scale(loss).backward()
        learning = [parameter for group in self._optimizer.param_groups for parameter in group["params"]]
        self._ranks.average_gradients(learning)
        self.scaler.unscale_(self._optimizer)
        grad_norm = nn.utils.clip_grad_norm_(learning, self._grad_clip)
        measured = torch.stack([
            self._mean_loss(loss.detach()),
            grad_norm.float(),
            *similarities(*self._of_all_ranks(z_i.detach(), z_j.detach())),
            spread(torch.cat(features), self._ranks),
        ])  # fmt: skip
        if self._device.type == "cpu":
            self.read(measured)
        self.scaler.step(self._optimizer)
        self.scaler.update()
        return measured

    def read(self, measured: Tensor) -> dict[str, float]:
        """The measures of a step, or their sum over several, as numbers. Raises `DivergedError` where not finite."""
        values = dict(zip(MEASURES, measured.tolist(), strict=True))
        # A scaler lets the gradient overflow now and then, to find its scale.
        named = ("loss",) if self.scaler.is_enabled() else ("loss", "grad_norm")
        if not all(math.isfinite(values[name]) for name in named):
            self._optimizer.zero_grad(set_to_none=True)
            raise DivergedError
        return values

    def _forward(self, chunks: Sequence[Chunk]) -> tuple[list[Tensor], list[Tensor]]:
        with precisions.autocast(self._precision, self._device):
            if len(chunks) == 1:
                outputs = [self._network(chunks[0]())]
            else:
                outputs = [self._forward_to_be_repeated(chunk) for chunk in chunks]
        return [features.detach() for features, _ in outputs], [projections for _, projections in outputs]

    def _forward_to_be_repeated(self, chunk: Chunk) -> tuple[Tensor, Tensor]:
        def contexts() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
            return nullcontext(), _without_momentum(self._network)

        output: tuple[Tensor, Tensor] = checkpoint(
            lambda: self._network(chunk()), use_reentrant=False, context_fn=contexts
        )
        return output

    def _mean_loss(self, loss: Tensor) -> Tensor:
        return (self._ranks.sum(loss) / self._ranks.count).float()

    def _of_all_ranks(self, z_i: Tensor, z_j: Tensor) -> tuple[Tensor, Tensor]:
        if self._ranks.count == 1:
            return z_i, z_j
        counts = count_of_each_rank(z_i)
        return rows_of_all_ranks(z_i, counts), rows_of_all_ranks(z_j, counts)


@torch.no_grad()
def look_at(network: nn.Module, chunks: Sequence[Chunk]) -> tuple[Tensor, Tensor, Tensor]:
    """One batch without learning: features [N, D] of its first views, and both views' projections, [N, d] each.

    network: in `eval` mode. Chunks are held in memory one at a time.
    """
    features, projections = zip(*(network(chunk()) for chunk in chunks), strict=True)
    z_i, z_j = (torch.cat(views) for views in zip(*(z.chunk(2) for z in projections), strict=True))
    return torch.cat([found.chunk(2)[0] for found in features]), z_i, z_j


def learns_batch_norm(model: nn.Module) -> bool:
    """Whether a batch norm of the model takes its statistics from the batch, so that photos in one batch meet there."""
    return any(isinstance(module, _BatchNorm) and module.training for module in model.modules())


@torch.no_grad()
def similarities(z_i: Tensor, z_j: Tensor) -> list[Tensor]:
    """How projections lie on the sphere, from the batch itself; four scalars.

    z_i, z_j: [N, d], N >= 2. Mean cosine between the two views of a photo and between views of different photos;
    alignment and uniformity (Wang & Isola 2020, arXiv 2005.10242, section 4.2).
    """
    first, second = (functional.normalize(z[:_MEASURED_PHOTOS].float(), dim=1) for z in (z_i, z_j))
    count = len(first)
    positives = (first * second).sum(dim=1)
    z = torch.cat([first, second])
    others = ~torch.eye(count, dtype=torch.bool, device=z.device).repeat(2, 2)
    negatives = (z @ z.T)[others]
    return [
        positives.mean(),
        negatives.mean(),
        (2 - 2 * positives).mean(),
        (4 * negatives - 4).exp().mean().log(),
    ]


@torch.no_grad()
def spread(features: Tensor, ranks: Ranks = ALONE) -> Tensor:
    """The mean standard deviation of the dimensions of unit-length features x sqrt(D), a scalar.

    features: [N, D], of which each rank has its own. Near 1 where they are spread out, 0 where all photos have become
    one point.
    """
    unit = functional.normalize(features.float(), dim=1)
    count, mean = ranks.sum(unit.new_tensor(len(unit))), ranks.sum(unit.sum(dim=0))
    mean = mean / count
    squares = ranks.sum((unit - mean).square().sum(dim=0))
    return (squares / (count - 1)).sqrt().mean() * unit.shape[1] ** 0.5


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


@contextmanager
def _without_momentum(model: nn.Module) -> Iterator[None]:
    """A forward pass that is computed a second time does not count twice in batch norm's running statistics."""
    norms = [m for m in model.modules() if isinstance(m, _BatchNorm) and m.training and m.track_running_stats]
    before = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, before, strict=True):
            norm.momentum = momentum
