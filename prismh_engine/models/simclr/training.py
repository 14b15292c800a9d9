"""The published training loop, for a model, loader and optimizer of the caller's own."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sized
from pathlib import Path
from typing import Any

import torch
import torch.distributed
from torch import Tensor, nn

from ...errors import BadValueError, PrismhError
from ...jobs import Job, Progress, run
from . import checkpoint as checkpoints
from . import precision as precisions
from .network import set_training_mode, unwrapped
from .step import Chunk, Criterion, LearningStep, keeping_statistics, look_at

CHECKPOINT_EVERY = 10
"""Epochs between checkpoints that are kept beside `last.pt` and `best_model.pt`."""

History = dict[str, list[float]]


def train_simclr(
    model: nn.Module,
    train_loader: Iterable[Any],
    optimizer: torch.optim.Optimizer,
    criterion: Criterion,
    device: str | torch.device,
    epochs: int = 100,
    checkpoint_dir: str | Path = "checkpoints",
    resume_from: str | Path | None = None,
    validation_loader: Iterable[Any] | None = None,
    writer: Any | None = None,
    early_stopping_patience: int | None = None,
    scheduler: Any | None = None,
    accumulation_steps: int = 1,
    mixed_precision: str = "auto",
    progress: Callable[[Progress], None] | None = None,
) -> tuple[nn.Module, History]:
    """Train `model` and return it with its history: `train_loss`, `val_loss`, `learning_rate`, one value an epoch.

    The same as draining `training_loop`, which has the arguments; progress: called after each step.
    """
    loop = training_loop(
        model,
        train_loader,
        optimizer,
        criterion,
        device,
        epochs=epochs,
        checkpoint_dir=checkpoint_dir,
        resume_from=resume_from,
        validation_loader=validation_loader,
        writer=writer,
        early_stopping_patience=early_stopping_patience,
        scheduler=scheduler,
        accumulation_steps=accumulation_steps,
        mixed_precision=mixed_precision,
    )
    return model, run(loop, progress)


def training_loop(
    model: nn.Module,
    train_loader: Iterable[Any],
    optimizer: torch.optim.Optimizer,
    criterion: Criterion,
    device: str | torch.device,
    *,
    epochs: int,
    checkpoint_dir: str | Path,
    resume_from: str | Path | None = None,
    validation_loader: Iterable[Any] | None = None,
    writer: Any | None = None,
    early_stopping_patience: int | None = None,
    scheduler: Any | None = None,
    accumulation_steps: int = 1,
    mixed_precision: str = "auto",
) -> Job[History]:
    """Train `model`, yield a `Progress` after each step and return the history.

    model: images [N, 3, H, W] -> (features, projections), a `SimCLRModel` or one wrapped in `DataParallel`.
    train_loader, validation_loader: each batch is a pair of views ([N, 3, H, W] each), alone or as the first element of
    a tuple or list (with labels); a batch of one photo is skipped. resume_from: a checkpoint; training goes on at its
    last whole epoch. writer: has `add_scalar(name, value, step)`; gets `Loss/Train`, `Loss/Validation` and
    `Learning_Rate` each epoch. early_stopping_patience: epochs without a better validation loss (training loss where
    there is no validation) before it ends. scheduler: stepped after each epoch. accumulation_steps: batches of the
    loader in one step, with the negatives of all of them; one at a time is held in memory, and a batch norm that
    learns takes its statistics from one at a time. mixed_precision: auto, off, bf16 or fp16, see `precision.choose`.

    `checkpoint_dir` gets `last.pt` each epoch, `best_model.pt`, and `checkpoint_epoch_<n>.pt` every tenth epoch and at
    the end; under `torch.distributed` rank 0 writes them. A validation loss that was not measured is NaN in the
    history.
    Raises `BadValueError` for a value out of range, `PrismhError` for a checkpoint that does not fit, a loader without
    a usable batch, or a loss that is not finite.

    Under `torch.distributed` every rank calls this with its own part of the photos and a model that averages gradients
    (`DistributedDataParallel`); losses in the history are means over all ranks.
    """
    for name, value in (("epochs", epochs), ("accumulation_steps", accumulation_steps)):
        if value < 1:
            raise BadValueError(f"{name} must be >= 1, got {value}")
    if early_stopping_patience is not None and early_stopping_patience < 1:
        raise BadValueError(f"early_stopping_patience must be >= 1, got {early_stopping_patience}")
    folder, device = Path(checkpoint_dir), torch.device(device)
    precision = precisions.choose(mixed_precision, device)
    writes = not _several_ranks() or torch.distributed.get_rank() == 0
    model.to(device)
    learning = LearningStep(model, optimizer, criterion, device, precision=precision)
    history: History = {"train_loss": [], "val_loss": [], "learning_rate": []}
    first_epoch = step = 0
    length = _length(train_loader)
    batches = None if length is None else -(-length // accumulation_steps)
    if resume_from is not None:
        state = checkpoints.read(Path(resume_from))
        _restore(state, Path(resume_from), model, optimizer, scheduler, learning)
        history = {name: list(state["history"][name])[: state["epoch"]] for name in history}
        first_epoch, step = state["epoch"], state["step"]

    def has_stopped_early() -> bool:
        losses = judged_losses(history)
        patience = early_stopping_patience
        return patience is not None and bool(losses) and len(losses) - 1 - best_epoch(losses) >= patience

    for epoch in range(first_epoch, epochs):
        if has_stopped_early():
            break
        set_training_mode(model)
        loss_sum, photos, steps_before = 0.0, 0, step
        rate = float(optimizer.param_groups[0]["lr"])
        for views in _joined(_view_pairs(train_loader, device), accumulation_steps):
            with keeping_statistics(model):
                measured = learning.read(learning.learn([_given(part) for part in views]))
            count = sum(len(part) for part in views) // 2
            loss_sum += measured["loss"] * count
            photos += count
            step += 1
            total = None if batches is None else steps_before + (epochs - epoch) * batches
            yield Progress(
                "Learning", step, total, {**measured, "epoch": epoch + 1, "epochs": epochs, "learning_rate": rate}
            )
        batches = step - steps_before  # a batch of one photo is skipped, which a loader's length does not tell
        if not photos:
            raise PrismhError("train_loader gave no batch of two or more photos: there is nothing to learn from.")
        history["train_loss"].append(_mean_over_ranks(loss_sum, photos, device))
        history["val_loss"].append(_validation_loss(model, criterion, validation_loader, device, precision))
        history["learning_rate"].append(rate)
        if writer is not None and writes:
            writer.add_scalar("Loss/Train", history["train_loss"][-1], epoch + 1)
            writer.add_scalar("Learning_Rate", rate, epoch + 1)
            if validation_loader is not None:
                writer.add_scalar("Loss/Validation", history["val_loss"][-1], epoch + 1)
        losses = judged_losses(history)
        _step_scheduler(scheduler, losses[-1])
        if writes:
            is_best, ends = best_epoch(losses) == epoch, epoch + 1 == epochs or has_stopped_early()
            state = _state(model, optimizer, scheduler, learning, epoch + 1, step, history)
            _save(folder, state, is_best, ends)
    return history


def judged_losses(history: History) -> list[float]:
    """The losses by which epochs are compared: of validation where there is one, else of training."""
    held_out = history["val_loss"]
    return history["train_loss"] if any(math.isnan(loss) for loss in held_out) else held_out


def best_epoch(losses: list[float]) -> int:
    """The first epoch, counted from 0, with the lowest loss."""
    return min(range(len(losses)), key=losses.__getitem__)


def _length(loader: Iterable[Any]) -> int | None:
    try:
        return len(loader) if isinstance(loader, Sized) else None
    except TypeError:  # torch's DataLoader over an IterableDataset
        return None


def _view_pairs(loader: Iterable[Any], device: str | torch.device) -> Iterable[Tensor]:
    """Each batch as one tensor [2N, 3, H, W] on the device: first views, then second ones."""
    for batch in loader:
        pair = batch[0] if isinstance(batch[0], (tuple, list)) else batch
        first, second = pair[0], pair[1]
        if first.ndim != 4 or first.shape != second.shape:
            raise BadValueError(
                "a batch of the loader must be a pair of views, [N, 3, H, W] each, got "
                f"{list(first.shape)} and {list(second.shape)}"
            )
        if len(first) > 1:
            yield torch.cat([first, second]).to(device, memory_format=torch.channels_last)


def _joined(batches: Iterable[Tensor], count: int) -> Iterator[list[Tensor]]:
    """So many batches at a time; the last time in an epoch perhaps fewer."""
    several = list[Tensor]()
    for batch in batches:
        several.append(batch)
        if len(several) == count:
            yield several
            several = []
    if several:
        yield several


def _given(views: Tensor) -> Chunk:
    return lambda: views


def _validation_loss(
    model: nn.Module,
    criterion: Criterion,
    loader: Iterable[Any] | None,
    device: torch.device,
    precision: str,
) -> float:
    if loader is None:
        return math.nan
    model.eval()
    loss_sum, photos = 0.0, 0
    for views in _view_pairs(loader, device):
        with precisions.autocast(precision, device):
            _, z_i, z_j = look_at(model, [_given(views)])
        with torch.no_grad():
            loss_sum += float(criterion(z_i, z_j)) * (len(views) // 2)
        photos += len(views) // 2
    return _mean_over_ranks(loss_sum, photos, device)


def _several_ranks() -> bool:
    return torch.distributed.is_available() and torch.distributed.is_initialized()


def _mean_over_ranks(loss_sum: float, photos: int, device: torch.device) -> float:
    """The mean loss of the photos of all ranks, equal on each, since it decides when all of them end."""
    if _several_ranks():
        sums = torch.tensor([loss_sum, photos], dtype=torch.float64, device=device)
        torch.distributed.all_reduce(sums)
        loss_sum, photos = sums.tolist()
    return loss_sum / photos if photos else math.nan


def _step_scheduler(scheduler: Any, loss: float) -> None:
    if isinstance(scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau):
        scheduler.step(loss)
    elif scheduler is not None:
        scheduler.step()


def _state(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    scheduler: Any,
    learning: LearningStep,
    epoch: int,
    step: int,
    history: History,
) -> dict[str, Any]:
    plain = unwrapped(model)
    described = {name: getattr(plain, name, None) for name in ("base_model", "output_dim", "image_size")}
    return {
        "model": described,
        "model_state_dict": plain.state_dict(),
        "optimizer_state_dict": optimizer.state_dict(),
        "scheduler_state_dict": None if scheduler is None else scheduler.state_dict(),
        "scaler_state_dict": learning.scaler.state_dict(),
        "epoch": epoch,
        "step": step,
        "history": history,
        "torch_threads": torch.get_num_threads(),
    }


def _save(folder: Path, state: dict[str, Any], best: bool, ends: bool) -> None:
    last = folder / "last.pt"
    checkpoints.write(last, state)
    if best:
        checkpoints.copy(last, folder / "best_model.pt")
    if ends or state["epoch"] % CHECKPOINT_EVERY == 0:
        checkpoints.copy(last, folder / f"checkpoint_epoch_{state['epoch']}.pt")


def _restore(
    state: dict[str, Any],
    path: Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    scheduler: Any,
    learning: LearningStep,
) -> None:
    checkpoints.load_model(unwrapped(model), state, path)
    try:
        optimizer.load_state_dict(state["optimizer_state_dict"])
    except (RuntimeError, ValueError, KeyError) as error:
        reason = str(error).strip().splitlines()[0]
        raise PrismhError(f"{path} does not fit this optimizer: {reason}") from error
    if not isinstance(state.get("history"), dict):
        raise PrismhError(f"{path} holds no history of a training: load its weights into the model and start afresh.")
    if scheduler is not None and state.get("scheduler_state_dict") is not None:
        scheduler.load_state_dict(state["scheduler_state_dict"])
    learning.restore_scaler(state.get("scaler_state_dict"))
