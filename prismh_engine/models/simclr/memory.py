"""How much memory a training will take, how much there is, and what to lower where that is too little."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch
from torch import Tensor, nn
from torch.func import functional_call

from ...errors import BadValueError
from .dataset import BATCHES_AHEAD
from .network import IMAGES_IN_CACHE, set_training_mode
from .precision import autocast

_STATES = {"adam": 2, "adamw": 2, "sgd": 1, "lars": 1}
"""Tensors an optimizer keeps for each weight, of its size."""

# Measured: what the allocator takes beyond the activations that are kept; a backward pass holds its largest layer
# three times; a forward pass without gradients holds input, output and what the library lays out anew.
_HEAP_SHARE, _BACKWARD_COPIES, _FORWARD_COPIES = 1.07, 2, 3

_USABLE = 0.85
"""Share of the free memory that is planned with: the estimate may be as wrong as that, and others want some too."""

_IN_PARTS = 1.55
"""Measured on ResNet-18 and ResNet-50 at 224 pixels, 32 photos in three parts: activations take that many times what
they take in a step that has a part's photos alone."""

_FEWEST = 2  # photos: batch norm finds no spread in a single one

_MAY_FAIL = "learning may become very slow, or the system may end it."
_LESS = "--preset quick or a smaller --image_size takes less memory, and so it helps to close other programs."


@dataclass(frozen=True)
class Footprint:
    """The memory of a training at its peak, in bytes.

    process: what the process held before the first step. fixed: gradients, optimizer, a checkpoint under way.
    a_photo: of the step, for each photo of which both views are computed at once. a_waiting_photo: of the views that
    are prepared ahead, for each photo of this rank's share of a step. a_frozen_view: of a view in layers that need no
    gradient, of which `frozen_at_once` are computed at once.
    """

    process: int
    fixed: int
    a_photo: int
    a_waiting_photo: int
    a_frozen_view: int = 0
    frozen_at_once: int = 0

    def peak(self, photos_at_once: int, batch_photos: int) -> int:
        """Of the whole process. batch_photos: of this rank's share of a step; photos_at_once: of those, in one go."""
        frozen = self.a_frozen_view * min(2 * photos_at_once, self.frozen_at_once)
        step = self.a_photo * photos_at_once + frozen
        return self.process + self.fixed + step + self.a_waiting_photo * batch_photos


@dataclass(frozen=True)
class Fit:
    """How a training fits into the memory.

    photos_at_once: of a rank's share of a batch that are computed in one go. note: a sentence for the person on what
    was lowered or may happen, "" where all fits.
    """

    photos_at_once: int
    note: str = ""


def measure(network: nn.Module, *, image_size: int, optimizer: str, precision: str, device: torch.device) -> Footprint:
    """The footprint of training `network`, from what a forward pass keeps of one photo and of two.

    network: views -> (features, projections), with what is frozen frozen; it is in training mode afterwards, and its
    weights and statistics are as they were. Where its batch norm spans ranks, all ranks have to measure together.
    Raises `BadValueError` for an unknown optimizer.
    """
    if optimizer not in _STATES:
        raise BadValueError(f"optimizer must be one of {', '.join(_STATES)}, got {optimizer!r}")
    process = _held(device)
    set_training_mode(network)
    one, two = (_kept_of_forward(network, photos, image_size, precision, device) for photos in (1, 2))
    learning = _bytes(p for p in network.parameters() if p.requires_grad)
    states = _STATES[optimizer] * learning
    snapshot = _bytes(network.state_dict().values()) + states if device.type == "cpu" else 0
    pixels = 2 * 3 * image_size**2  # of a photo's two views
    activations = _HEAP_SHARE * (two.total - one.total) + _BACKWARD_COPIES * (two.largest - one.largest)
    return Footprint(
        process=process,
        fixed=learning + states + snapshot + max(2 * one.total - two.total, 0),
        a_photo=round(activations) + 4 * pixels,
        a_waiting_photo=(1 + BATCHES_AHEAD) * pixels if device.type == "cpu" else 0,
        a_frozen_view=_FORWARD_COPIES * two.largest_frozen_view,
        frozen_at_once=IMAGES_IN_CACHE if device.type == "cpu" else 2**31,
    )


def fit(footprint: Footprint, free: int, *, batch_photos: int, photos_at_once: int, learns_batch_norm: bool) -> Fit:
    """In how large parts a step has to be computed so that a training fits into the memory that is free.

    free: bytes, for this process, beside what it holds. batch_photos: of this rank's share of a batch; photos_at_once:
    of those, that would be computed in one go. learns_batch_norm: a batch norm then takes its statistics from a part;
    all else that is learned stays the same.
    """
    usable = footprint.process + round(_USABLE * free)
    wanted = footprint.peak(photos_at_once, batch_photos)
    if wanted <= usable:
        return Fit(photos_at_once)

    def fits(part: int) -> bool:
        return footprint.peak(int(_IN_PARTS * part), batch_photos) <= usable

    most = next((part for part in range(photos_at_once - 1, _FEWEST, -1) if fits(part)), _FEWEST)
    lower = math.ceil(photos_at_once / math.ceil(photos_at_once / most))  # parts of nearly equal size
    note = (
        f"Learning from {photos_at_once} photos at once takes about {_gigabytes(wanted - footprint.process)} more "
        f"memory, and {_gigabytes(free)} are free: "
    )
    if lower == photos_at_once:
        return Fit(lower, f"{note}{_MAY_FAIL} {_LESS}")
    note += f"it is computed {lower} photos at a time, which takes longer"
    if learns_batch_norm:
        note += (
            f". The loss compares all photos of a batch as before; batch norm takes its statistics from {lower} photos "
            "(with --freeze_bn from none)."
        )
    else:
        note += " and learns the same."
    if not fits(lower):
        note += f" Even so {_MAY_FAIL} {_LESS}"
    return Fit(lower, note)


def free(device: torch.device, system: Path = Path("/")) -> int:
    """Bytes this process can still take: of the GPU's memory, else of the computer's, as far as a container lets it.

    system: where `/proc` and `/sys` lie, which tell of containers on Linux.
    """
    if device.type == "cuda":
        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(torch.cuda.mem_get_info(device)[0]) + unused
    return min([int(psutil.virtual_memory().available), *_left_in_containers(system)])


def _left_in_containers(system: Path) -> list[int]:
    """What each control group around this process has left; file pages that can be dropped count as free."""
    try:
        lines = (system / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    left = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        root = system / "sys/fs/cgroup" / controllers
        limit, used, droppable = (
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            if controllers
            else ("memory.max", "memory.current", "inactive_file")
        )
        group = root / path.strip("/")
        # In a container the path may be the host's, of which only the root is to be seen.
        for folder in {group, *group.parents, root}:
            if not folder.is_relative_to(root):
                continue
            try:
                most, taken = int((folder / limit).read_text()), int((folder / used).read_text())
                statistics = (folder / "memory.stat").read_text().split()
            except (OSError, ValueError):  # no such group, or "max"
                continue
            pages = dict(zip(statistics[::2], statistics[1::2], strict=False))
            left.append(max(most - taken + int(pages.get(droppable, 0)), 0))
    return left


@dataclass(frozen=True)
class _Kept:
    """Bytes a forward pass keeps for the backward pass: in all, of the largest tensor; and the largest output, for one
    view, of a layer that needs no gradient."""

    total: int
    largest: int
    largest_frozen_view: int


def _kept_of_forward(network: nn.Module, photos: int, image_size: int, precision: str, device: torch.device) -> _Kept:
    own = {tensor.untyped_storage().data_ptr() for tensor in network.state_dict().values()}
    kept: dict[int, int] = {}
    frozen = [0]

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        # Of the same storage; the tensor itself may be the output of the node that keeps it, and the two would keep
        # each other for ever.
        return tensor.detach()

    def after(module: nn.Module, inputs: object, output: object) -> None:
        if isinstance(output, Tensor) and not output.requires_grad:
            frozen.append(output.nbytes // len(output))

    views = torch.zeros(2 * photos, 3, image_size, image_size, device=device)
    views = views.contiguous(memory_format=torch.channels_last)
    handles = [layer.register_forward_hook(after) for layer in network.modules() if not any(layer.children())]
    try:
        with autocast(precision, device), torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            # Batch norm counts into copies of its statistics.
            copies = {name: buffer.clone() for name, buffer in network.named_buffers()}
            outputs = functional_call(network, copies, (views,))
    finally:
        for handle in handles:
            handle.remove()
    del outputs  # the graph lives until here, so that no two kept tensors share an address
    return _Kept(sum(kept.values()), max(kept.values(), default=0), max(frozen))


def _held(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device)
    return int(psutil.Process().memory_info().rss)


def _bytes(tensors: Iterable[Tensor]) -> int:
    return sum(tensor.nbytes for tensor in tensors)


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:.1f} GB"
