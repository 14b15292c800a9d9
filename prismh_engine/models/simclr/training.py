"""The published training loop, for a model, loader and optimizer of the caller's own."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sized
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ...errors import BadValueError, PrismhError
from ...jobs import Progress
from . import checkpoint as checkpoints
from .network import set_training_mode, unwrapped
from .step import keeping_statistics, learn_step, measure_loss

CHECKPOINT_EVERY = 10
"""Epochs between checkpoints that are kept beside `last.pt` and `best_model.pt`."""

History = dict[str, list[float]]


def train_simclr(
    model: nn.Module,
    train_loader: Iterable[Any],
    optimizer: torch.optim.Optimizer,
    criterion: Callable[[Tensor, Tensor], Tensor],
    device: str | torch.device,
    epochs: int = 100,
    checkpoint_dir: str | Path = "checkpoints",
    resume_from: str | Path | None = None,
    validation_loader: Iterable[Any] | None = None,
    writer: Any | None = None,
    early_stopping_patience: int | None = None,
    scheduler: Any | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> tuple[nn.Module, History]:
    """Train `model` and return it with its history: `train_loss`, `val_loss`, `learning_rate`, one value an epoch.

    model: images [N, 3, H, W] -> (features, projections), a `SimCLRModel` or one wrapped in `DataParallel`.
    train_loader, validation_loader: each batch is a pair of views ([N, 3, H, W] each), alone or as the first element of
    a tuple or list (with labels); a batch of one photo is skipped. resume_from: a checkpoint; training goes on at its
    last whole epoch. writer: has `add_scalar(name, value, step)`; gets `Loss/Train`, `Loss/Validation` and
    `Learning_Rate` each epoch. early_stopping_patience: epochs without a better validation loss (training loss where
    there is no validation) before it ends. scheduler: stepped after each epoch. progress: called after each step.

    `checkpoint_dir` gets `last.pt` each epoch, `best_model.pt`, and `checkpoint_epoch_<n>.pt` every tenth epoch and at
    the end. A validation loss that was not measured is NaN in the history.
    Raises `BadValueError` for a value out of range, `PrismhError` for a checkpoint that does not fit, a loader without
    a usable batch, or a loss that is not finite.
    """
    if epochs < 1:
        raise BadValueError(f"epochs must be >= 1, got {epochs}")
    if early_stopping_patience is not None and early_stopping_patience < 1:
        raise BadValueError(f"early_stopping_patience must be >= 1, got {early_stopping_patience}")
    folder = Path(checkpoint_dir)
    model.to(device)
    history: History = {"train_loss": [], "val_loss": [], "learning_rate": []}
    first_epoch = step = 0
    batches = len(train_loader) if isinstance(train_loader, Sized) else None
    if resume_from is not None:
        state = checkpoints.read(Path(resume_from))
        _restore(state, Path(resume_from), model, optimizer, scheduler)
        history = {name: list(state["history"][name])[: state["epoch"]] for name in history}
        first_epoch, step = state["epoch"], state["step"]

    for epoch in range(first_epoch, epochs):
        set_training_mode(model)
        loss_sum, photos, steps_before = 0.0, 0, step
        rate = float(optimizer.param_groups[0]["lr"])
        for views in _view_pairs(train_loader, device):
            with keeping_statistics(model):
                measured = learn_step(model, optimizer, criterion, views)
            loss_sum += measured["loss"] * (len(views) // 2)
            photos += len(views) // 2
            step += 1
            if progress is not None:
                total = None if batches is None else steps_before + (epochs - epoch) * batches
                metrics = {"epoch": epoch + 1, "epochs": epochs, "loss": measured["loss"], "learning_rate": rate}
                progress(Progress("Learning", step, total, metrics))
        batches = step - steps_before  # a batch of one photo is skipped, which a loader's length does not tell
        if not photos:
            raise PrismhError("train_loader gave no batch of two or more photos: there is nothing to learn from.")
        history["train_loss"].append(loss_sum / photos)
        history["val_loss"].append(_validation_loss(model, criterion, validation_loader, device))
        history["learning_rate"].append(rate)
        if writer is not None:
            writer.add_scalar("Loss/Train", history["train_loss"][-1], epoch + 1)
            writer.add_scalar("Learning_Rate", rate, epoch + 1)
            if validation_loader is not None:
                writer.add_scalar("Loss/Validation", history["val_loss"][-1], epoch + 1)
        losses = judged_losses(history)
        _step_scheduler(scheduler, losses[-1])
        since_best = len(losses) - 1 - best_epoch(losses)
        ends = epoch + 1 == epochs or (early_stopping_patience is not None and since_best >= early_stopping_patience)
        _save(folder, _state(model, optimizer, scheduler, epoch + 1, step, history), since_best == 0, ends)
        if ends:
            break
    return model, history


def judged_losses(history: History) -> list[float]:
    """The losses by which epochs are compared: of validation where there is one, else of training."""
    held_out = history["val_loss"]
    return history["train_loss"] if any(math.isnan(loss) for loss in held_out) else held_out


def best_epoch(losses: list[float]) -> int:
    """The first epoch, counted from 0, with the lowest loss."""
    return min(range(len(losses)), key=losses.__getitem__)


def _view_pairs(loader: Iterable[Any], device: str | torch.device) -> Iterable[Tensor]:
    """Each batch as one tensor [2N, 3, H, W] on the device: first views, then second ones."""
    for batch in loader:
        pair = batch[0] if isinstance(batch[0], (tuple, list)) else batch
        first, second = pair[0], pair[1]
        if len(first) > 1:
            yield torch.cat([first, second]).to(device, memory_format=torch.channels_last)


def _validation_loss(
    model: nn.Module,
    criterion: Callable[[Tensor, Tensor], Tensor],
    loader: Iterable[Any] | None,
    device: str | torch.device,
) -> float:
    if loader is None:
        return math.nan
    model.eval()
    loss_sum, photos = 0.0, 0
    for views in _view_pairs(loader, device):
        loss_sum += measure_loss(model, criterion, views) * (len(views) // 2)
        photos += len(views) // 2
    return loss_sum / photos if photos else math.nan


def _step_scheduler(scheduler: Any, loss: float) -> None:
    if isinstance(scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau):
        scheduler.step(loss)
    elif scheduler is not None:
        scheduler.step()


def _state(
    model: nn.Module, optimizer: torch.optim.Optimizer, scheduler: Any, epoch: int, step: int, history: History
) -> dict[str, Any]:
    plain = unwrapped(model)
    described = {name: getattr(plain, name, None) for name in ("base_model", "output_dim", "image_size")}
    return {
        "model": described,
        "model_state_dict": plain.state_dict(),
        "optimizer_state_dict": optimizer.state_dict(),
        "scheduler_state_dict": None if scheduler is None else scheduler.state_dict(),
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
    state: dict[str, Any], path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, scheduler: Any
) -> None:
    try:
        unwrapped(model).load_state_dict(state["model_state_dict"])
        optimizer.load_state_dict(state["optimizer_state_dict"])
    except (RuntimeError, ValueError, KeyError) as error:
        reason = str(error).strip().splitlines()[0]
        raise PrismhError(f"{path} does not fit this model and optimizer: {reason}") from error
    if scheduler is not None and state.get("scheduler_state_dict") is not None:
        scheduler.load_state_dict(state["scheduler_state_dict"])
