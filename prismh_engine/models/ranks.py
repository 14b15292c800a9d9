"""The processes of one `torchrun`, its ranks, and what they say to each other. Importing this file imports no torch.

Where `torchrun` started this process as one of several, `join` connects them and gives `Ranks`; everywhere else it
gives `ALONE`, on which every call is done at once, without `torch.distributed`. All ranks make the same calls in the
same order: one that leaves a call out leaves the others waiting.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import BadValueError, PrismhError
from ..jobs import Job, Stopped

if TYPE_CHECKING:
    import torch

T = TypeVar("T")

_PATIENCE = timedelta(days=1)  # one rank may look at all photos for the first time while the others wait for it
_SIGNS_OF_A_LOST_RANK = (
    "Connection closed by peer",
    "Connection reset by peer",
    "Broken pipe",
    "remote process exited",
)


@dataclass(frozen=True)
class Ranks:
    """This process among those that work together. rank: 0 to count - 1, over all machines; local_rank: on its own.

    Made by `join`. With several ranks its methods use the default group of `torch.distributed`, whose CPU side is gloo,
    so that none but `sum` and `average_gradients` of GPU tensors ever waits for a GPU.
    """

    rank: int = 0
    count: int = 1
    local_rank: int = 0

    @property
    def first(self) -> bool:
        """Whether this is the one rank that writes files and tells the person."""
        return self.rank == 0

    def share(self, value: T | None = None) -> T:
        """Rank 0's value, on every rank; what the others pass does not matter."""
        if self.count == 1:
            return cast(T, value)
        import torch.distributed as dist

        box = [value if self.first else None]
        dist.broadcast_object_list(box, src=0)
        return cast(T, box[0])

    def any(self, flag: bool) -> bool:
        """Whether any rank's flag is true: one decision, the same on all of them."""
        if self.count == 1:
            return flag
        import torch
        import torch.distributed as dist

        flags = torch.tensor([flag], dtype=torch.uint8)
        dist.all_reduce(flags, dist.ReduceOp.MAX)
        return bool(flags)

    def sum(self, tensor: torch.Tensor) -> torch.Tensor:
        """The sum of a tensor over the ranks, of one shape and type on all of them; not differentiable."""
        if self.count == 1:
            return tensor
        import torch.distributed as dist

        total = tensor.detach().clone()
        dist.all_reduce(total)
        return total

    def average_gradients(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Set each gradient to its mean over the ranks; a rank without one counts as zeros.

        The same parameters in the same order on all ranks. One that has a gradient nowhere keeps none, as in one
        process.
        """
        if self.count == 1:
            return
        kinds: dict[tuple[torch.dtype, torch.device], list[torch.nn.Parameter]] = {}
        for parameter in parameters:
            kinds.setdefault((parameter.dtype, parameter.device), []).append(parameter)
        for alike in kinds.values():
            self._average(alike)

    def gather_rows(self, rows: NDArray[Any]) -> NDArray[Any] | None:
        """The rows of all ranks in the order of the ranks, [sum of n, ...], on rank 0; None on the others.

        rows: [n, ...] of numbers; n may differ between ranks and be 0, the rest of the shape and the type may not.
        """
        if self.count == 1:
            return rows
        import torch
        import torch.distributed as dist

        counts: list[Any] = [None] * self.count
        dist.all_gather_object(counts, len(rows))
        if not self.first:
            if len(rows):
                dist.send(torch.from_numpy(_bytes(np.ascontiguousarray(rows))), dst=0)
            return None
        everything = np.empty((sum(counts), *rows.shape[1:]), rows.dtype)
        everything[: len(rows)] = rows
        ends = np.cumsum(counts)
        for rank in range(1, self.count):
            if counts[rank]:
                dist.recv(torch.from_numpy(_bytes(everything[ends[rank - 1] : ends[rank]])), src=rank)
        return everything

    def raise_together(self, error: Exception | None) -> None:
        """Leave on every rank where any of them has an error, so that none waits for one that has gone.

        The ranks with an error raise it. The others raise `Stopped` where a rank was stopped, else a `PrismhError` with
        the text of the lowest failed rank's error.
        """
        if self.count > 1 and self.any(error is not None):
            import torch.distributed as dist

            told: list[Any] = [None] * self.count
            stopped = isinstance(error, Stopped)
            dist.all_gather_object(told, None if error is None else (stopped, _sentence(error)))
            if error is None:
                if any(one and one[0] for one in told):
                    raise Stopped
                rank = next(rank for rank, one in enumerate(told) if one)
                raise PrismhError(f"Rank {rank} of {self.count} could not go on: {told[rank][1]}")
        if error is not None:
            raise error

    @contextmanager
    def in_turn(self) -> Iterator[None]:
        """The first rank of each machine runs the block, then that machine's others: they find its files and caches.

        Where the block fails on one rank all leave, as by `raise_together`.
        """
        leads = self.local_rank == 0
        if not leads:
            self.raise_together(None)
        error: Exception | None = None
        try:
            yield
        except Exception as failed:
            error = failed
        self.raise_together(error)
        if leads:
            self.raise_together(None)

    def _average(self, parameters: list[torch.nn.Parameter]) -> None:
        """The mean over the ranks of the gradients of parameters of one type, in one message."""
        import torch
        import torch.distributed as dist

        sizes = [parameter.numel() for parameter in parameters]
        present = [parameter.grad is not None for parameter in parameters]
        first = parameters[0]
        # The tail tells which parameters have a gradient anywhere.
        flat = torch.empty(sum(sizes) + len(sizes), dtype=first.dtype, device=first.device)
        parts = [
            part.view(parameter.shape)
            for part, parameter in zip(flat[: sum(sizes)].split(sizes), parameters, strict=True)
        ]
        for part, parameter in zip(parts, parameters, strict=True):
            if parameter.grad is None:
                part.zero_()
            else:
                part.copy_(parameter.grad)
        flat[sum(sizes) :] = torch.tensor(present, dtype=first.dtype).to(first.device, non_blocking=True)
        dist.all_reduce(flat)
        anywhere = present if all(present) else (flat[sum(sizes) :] > 0).tolist()
        for part, parameter, has in zip(parts, parameters, anywhere, strict=True):
            if parameter.grad is not None:
                torch.div(part, self.count, out=parameter.grad)
            elif has:
                parameter.grad = part / self.count


ALONE = Ranks()
"""The one process of an ordinary start."""


def started_by_torchrun() -> bool:
    """Whether this process is one of several that `torchrun`, or a launcher that sets the same variables, started."""
    world = os.environ.get("WORLD_SIZE", "")
    return "RANK" in os.environ and world.isdigit() and int(world) > 1


@contextmanager
def join(device: str) -> Iterator[Ranks]:
    """Connect the ranks of this `torchrun` while the block runs; `ALONE` where there is no `torchrun`.

    device: auto, cpu or cuda, as of the settings. On GPUs each rank takes the one of its local rank, which is "cuda"
    from then on. A group that exists already is used and left as it is.
    Raises `BadValueError` for cuda where there is none, or where a machine has more ranks than GPUs; `PrismhError`
    where another rank has gone while this one waited for it.
    """
    if not started_by_torchrun():
        yield ALONE
        return
    import torch
    import torch.distributed as dist

    from .encoders import compute_device

    local_rank = int(os.environ.get("LOCAL_RANK", "0"))
    backend = "gloo"
    if compute_device(device).type == "cuda":
        gpus = torch.cuda.device_count()
        if int(os.environ.get("LOCAL_WORLD_SIZE", local_rank + 1)) > gpus:  # so that all of them leave
            raise BadValueError(
                f"torchrun started more processes on this machine than it has GPUs ({gpus}): give "
                f"--nproc_per_node {gpus}, or --device cpu."
            )
        torch.cuda.set_device(local_rank)
        backend = "cpu:gloo,cuda:nccl"
    ours = not dist.is_initialized()
    if ours:
        # Its functions have the group that is there at their import as a default, and optimizers import it. Imported
        # while there is none, it keeps none alive: a thread of a group that outlives this block may abort the program
        # where it still holds a tensor while the interpreter ends.
        import torch.distributed.nn.functional

        dist.init_process_group(backend, timeout=_PATIENCE)
    try:
        yield Ranks(dist.get_rank(), dist.get_world_size(), local_rank)
    except RuntimeError as error:
        if not any(sign in str(error) for sign in _SIGNS_OF_A_LOST_RANK):
            raise
        raise PrismhError(
            "Another process of this torchrun has ended, so that this one cannot go on. Look at what it printed; where "
            "it printed nothing, the system may have ended it for want of memory."
        ) from error
    finally:
        if ours:
            dist.destroy_process_group()


def on_first_rank(ranks: Ranks, begin: Callable[[], Job[T]]) -> Job[T]:
    """Let rank 0 do a job, with all its progress, and give its result, or its error, to every rank.

    begin: makes the job; called on rank 0 alone. Its result must be one that `share` can carry.
    """
    result: T | None = None
    error: Exception | None = None
    if ranks.first:
        try:
            result = yield from begin()
        except Exception as failed:
            error = failed
    ranks.raise_together(error)
    return ranks.share(cast(T, result))


def _bytes(array: NDArray[Any]) -> NDArray[np.uint8]:
    """The memory of a contiguous array, as bytes."""
    return array.reshape(-1).view(np.uint8)


def _sentence(error: Exception) -> str:
    return str(error) if isinstance(error, PrismhError) else f"{type(error).__name__}: {error}"
