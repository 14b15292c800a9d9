"""NT-Xent forward and backward beside a textbook matrix version and Lightly's: seconds and memory."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable

import psutil
import torch
from torch import Tensor
from torch.nn import functional

from ..jobs import Job, Progress
from ..models.simclr.loss import nt_xent
from . import lightly_loop
from .fresh_process import call, extra_bytes
from .rows import AT_MOST, Conditions, Row, in_turn

NAME = "loss"
SIZES = (256, 512, 1024, 2048, 4096, 8192)
"""Photos in a batch, N."""

_DIMENSION, _TEMPERATURE = 128, 0.5
_SECONDS_A_ROUND = 0.3
_MATRICES = 6  # of 2N x 2N float32 that a version without blocks may hold at once, with a margin

Loss = Callable[[Tensor, Tensor], Tensor]


def measure(conditions: Conditions, found: list[Row], sizes: tuple[int, ...] = SIZES) -> Job[None]:
    """For each N the seconds and the memory of ours beside those of the others."""
    others = {"textbook": "a textbook version", "Lightly": "Lightly"}
    missing = lightly_loop.missing()
    if missing:
        del others["Lightly"]
    memory: dict[str, list[int]] = {}
    fitting = {name: _fitting(sizes, name) for name in ("ours", *others)}
    for done, name in enumerate(fitting):
        yield Progress("Memory of the loss", done, len(fitting))
        memory[name] = call(peaks, name=name, sizes=fitting[name])
    for number, size in enumerate(sizes):
        case = f"NT-Xent, N = {size:,}"
        names = [name for name in fitting if size in fitting[name]]
        seconds = yield from in_turn(f"Time of {case}", {name: _timed(name, size) for name in names}, conditions.rounds)
        for name, beside in others.items():
            if size not in fitting[name]:
                found.append(Row(NAME, f"{case}, beside {beside}", skipped="it would not fit into the free memory."))
                continue
            ours, other = [memory["ours"][number] / 1e6], [memory[name][number] / 1e6]
            found += [
                Row(NAME, f"{case}, time", "s", seconds["ours"], beside, seconds[name], "lowest", (AT_MOST, 1.0)),
                Row(NAME, f"{case}, memory", "MB", ours, beside, other, "lowest", (AT_MOST, 1.0)),
            ]
    if missing:
        found.append(Row(NAME, "NT-Xent, beside Lightly", skipped=missing))


def peaks(name: str, sizes: list[int]) -> list[int]:
    """The memory in bytes that forward and backward take at their peak, the projections not counted.

    To be called in a fresh process.
    """
    loss = _loss(name)
    return [extra_bytes(functools.partial(_once, loss, *_projections(size))) for size in sizes]


def textbook(z_i: Tensor, z_j: Tensor) -> Tensor:
    """Cross entropy over the matrix of all similarities, each view's partner being the class to find."""
    count = len(z_i)
    z = functional.normalize(torch.cat([z_i, z_j]), dim=1)
    similarities = z @ z.T / _TEMPERATURE
    similarities = similarities.masked_fill(torch.eye(2 * count, dtype=torch.bool), -torch.inf)
    partners = torch.arange(2 * count).roll(count)
    return functional.cross_entropy(similarities, partners)


def _ours(z_i: Tensor, z_j: Tensor) -> Tensor:
    return nt_xent(z_i, z_j, _TEMPERATURE)


def _loss(name: str) -> Loss:
    if name == "Lightly":
        found: Loss = lightly_loop.loss()
        return found
    return _ours if name == "ours" else textbook


def _projections(size: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(size)
    z = torch.randn(2, size, _DIMENSION, generator=generator)
    return z[0].clone().requires_grad_(), z[1].clone().requires_grad_()


def _once(loss: Loss, z_i: Tensor, z_j: Tensor) -> None:
    z_i.grad = z_j.grad = None
    loss(z_i, z_j).backward()


def _timed(name: str, size: int) -> Callable[[], float]:
    """Seconds of one forward and backward, the mean of as many as fill a moment."""
    loss, (z_i, z_j) = _loss(name), _projections(size)

    def measure() -> float:
        _once(loss, z_i, z_j)
        began, count = time.perf_counter(), 0
        while count == 0 or time.perf_counter() - began < _SECONDS_A_ROUND:
            _once(loss, z_i, z_j)
            count += 1
        return (time.perf_counter() - began) / count

    return measure


def _fitting(sizes: tuple[int, ...], name: str) -> list[int]:
    """The sizes whose matrices fit into the memory that is free; ours needs none as a whole."""
    if name == "ours":
        return list(sizes)
    free = psutil.virtual_memory().available
    return [size for size in sizes if _MATRICES * 4 * (2 * size) ** 2 < free]
