"""LARS, the optimizer for large batches."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from ...errors import BadValueError


class LARS(torch.optim.Optimizer):
    """SGD with momentum and a learning rate of its own for each layer (You et al. 2017, arXiv 1708.03888, algorithm 1).

    A layer's weights w with gradient g take local = trust_coefficient x |w| / (|g| + weight_decay x |w|), and then
    v = momentum x v + lr x local x (g + weight_decay x w), w = w - v. Where |w| or |g| is 0, local is 1. Weights of one
    dimension, biases and norms, are neither adapted nor decayed: local is 1, weight_decay 0 (as in BYOL, Grill et al.
    2020, arXiv 2006.07733, section 3.3). The learning rate stands inside the momentum, so that one that changes acts on
    new gradients alone.

    params: as of every optimizer of torch. lr, momentum, weight_decay: >= 0. trust_coefficient: > 0.
    Raises `BadValueError` for a value out of range.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        trust_coefficient: float = 0.001,
    ) -> None:
        for name, value in (("lr", lr), ("momentum", momentum), ("weight_decay", weight_decay)):
            if not 0 <= value < math.inf:
                raise BadValueError(f"{name} must be >= 0, got {value}")
        if not 0 < trust_coefficient < math.inf:
            raise BadValueError(f"trust_coefficient must be > 0, got {trust_coefficient}")
        values = {
            "lr": lr,
            "momentum": momentum,
            "weight_decay": weight_decay,
            "trust_coefficient": trust_coefficient,
        }
        super().__init__(params, values)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every weight that has a gradient; closure: computes the loss anew, whose value is returned."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for weights in group["params"]:
                if weights.grad is None:
                    continue
                state = self.state[weights]
                if not state:
                    state["momentum_buffer"] = torch.zeros_like(weights)
                velocity = state["momentum_buffer"].mul_(group["momentum"])
                if weights.ndim > 1:
                    velocity.add_(group["lr"] * _adapted(weights, weights.grad, group))
                else:
                    velocity.add_(weights.grad, alpha=group["lr"])
                weights.sub_(velocity)
        return loss


def _adapted(weights: Tensor, gradient: Tensor, group: dict[str, Any]) -> Tensor:
    """The gradient of a layer, decayed and scaled to its weights."""
    decay: float = group["weight_decay"]
    length, slope = weights.norm(), gradient.norm()
    local = group["trust_coefficient"] * length / (slope + decay * length)
    # Chosen on the device: a look at the values would make every step wait for a GPU.
    local = torch.where((length > 0) & (slope > 0), local, torch.ones_like(local))
    return local * gradient.add(weights, alpha=decay)
