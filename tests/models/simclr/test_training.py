"""The published usage of the module, as people have it in their scripts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader, IterableDataset

from prismh_engine.errors import PrismhError
from prismh_engine.jobs import Progress
from prismh_engine.models.ranks import Ranks
from prismh_engine.models.simclr import NTXentLoss, SimCLRDataset, SimCLRModel, get_simclr_transforms, train_simclr
from prismh_engine.models.simclr.training import History

from ..several_ranks import in_ranks


class Writer:
    def __init__(self) -> None:
        self.scalars: list[tuple[str, float, int]] = []

    def add_scalar(self, name: str, value: float, step: int) -> None:
        self.scalars.append((name, value, step))


@pytest.fixture
def loader(tiny_photos: Path) -> DataLoader:
    dataset = SimCLRDataset(tiny_photos, transform=get_simclr_transforms(size=32))
    return DataLoader(dataset, batch_size=5, shuffle=True, generator=torch.Generator().manual_seed(0))


def fresh(seed: int = 0) -> tuple[SimCLRModel, torch.optim.Optimizer]:
    torch.manual_seed(seed)
    model = SimCLRModel("resnet18", output_dim=16)
    return model, torch.optim.SGD(model.parameters(), lr=1e-4)


def test_a_script_trains_loads_the_checkpoint_and_trains_again(loader: DataLoader, tmp_path: Path) -> None:
    model, optimizer = fresh()
    told: list[Progress] = []
    model, history = train_simclr(
        model, loader, optimizer, NTXentLoss(temperature=0.5), "cpu", epochs=2, checkpoint_dir=tmp_path,
        validation_loader=loader, progress=told.append,
    )  # fmt: skip
    assert {name: len(values) for name, values in history.items()} == {
        "train_loss": 2, "val_loss": 2, "learning_rate": 2,
    }  # fmt: skip
    assert all(math.isfinite(value) for values in history.values() for value in values)
    assert (told[-1].done, told[-1].total) == (6, 6)
    assert {path.name for path in tmp_path.iterdir()} == {"last.pt", "best_model.pt", "checkpoint_epoch_2.pt"}

    saved = torch.load(tmp_path / "checkpoint_epoch_2.pt")
    again = SimCLRModel("resnet18", output_dim=16)
    again.load_state_dict(saved["model_state_dict"])
    optimizer = torch.optim.SGD(again.parameters())
    optimizer.load_state_dict(saved["optimizer_state_dict"])
    again.eval()
    model.eval()
    images = torch.randn(2, 3, 32, 32)
    features, _ = again(images)
    assert torch.equal(features, model(images)[0])
    _, history = train_simclr(again, loader, optimizer, NTXentLoss(), "cpu", epochs=1, checkpoint_dir=tmp_path)
    assert len(history["train_loss"]) == 1
    assert math.isnan(history["val_loss"][0])
    rebuilt = SimCLRModel.from_checkpoint(tmp_path / "last.pt")
    assert (rebuilt.base_model, rebuilt.output_dim, rebuilt.training) == ("resnet18", 16, False)


def test_resuming_goes_on_at_the_last_whole_epoch(loader: DataLoader, tmp_path: Path) -> None:
    model, optimizer = fresh()
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    train_simclr(model, loader, optimizer, NTXentLoss(), "cpu", epochs=1, checkpoint_dir=tmp_path, scheduler=scheduler)
    other, optimizer = fresh(seed=1)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    _, history = train_simclr(
        other, loader, optimizer, NTXentLoss(), "cpu", epochs=3, checkpoint_dir=tmp_path,
        resume_from=tmp_path / "last.pt", scheduler=scheduler,
    )  # fmt: skip
    assert history["learning_rate"] == pytest.approx([1e-4, 5e-5, 2.5e-5])
    assert len(history["train_loss"]) == 3


def test_a_model_wrapped_in_dataparallel_saves_plain_weights(loader: DataLoader, tmp_path: Path) -> None:
    model, optimizer = fresh()
    writer = Writer()
    train_simclr(
        torch.nn.DataParallel(model), loader, optimizer, NTXentLoss(), "cpu", epochs=1, checkpoint_dir=tmp_path,
        writer=writer,
    )  # fmt: skip
    SimCLRModel("resnet18", output_dim=16).load_state_dict(torch.load(tmp_path / "last.pt")["model_state_dict"])
    assert [(name, step) for name, _, step in writer.scalars] == [("Loss/Train", 1), ("Learning_Rate", 1)]


def test_it_ends_early_where_the_loss_gets_no_better(loader: DataLoader, tmp_path: Path) -> None:
    model, optimizer = fresh()
    values = iter([3.0, 2.0, 2.5, 2.5, 1.0])
    losses: list[float] = []

    def criterion(z_i: torch.Tensor, z_j: torch.Tensor) -> torch.Tensor:
        if not losses or len(losses) % 3 == 0:
            losses.append(next(values))
        else:
            losses.append(losses[-1])
        return (z_i - z_j).pow(2).sum() * 0 + losses[-1]

    how: dict[str, Any] = {"epochs": 5, "checkpoint_dir": tmp_path, "early_stopping_patience": 2}
    _, history = train_simclr(model, loader, optimizer, criterion, "cpu", **how)
    assert history["train_loss"] == [3.0, 2.0, 2.5, 2.5]
    assert torch.load(tmp_path / "best_model.pt")["epoch"] == 2
    # Taken up again it has still ended.
    _, again = train_simclr(model, loader, optimizer, criterion, "cpu", resume_from=tmp_path / "last.pt", **how)
    assert [again["train_loss"], again["learning_rate"]] == [history["train_loss"], history["learning_rate"]]


def test_a_loss_that_is_no_number_stops_in_words_with_the_weights_kept(loader: DataLoader, tmp_path: Path) -> None:
    model, optimizer = fresh()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(PrismhError, match="not a number any more"):
        train_simclr(model, loader, optimizer, lambda a, b: (a - b).sum() * math.nan, "cpu", checkpoint_dir=tmp_path)
    torch.testing.assert_close(model.state_dict(), before, rtol=0, atol=0)


class _Endless(IterableDataset):
    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        return (tuple(torch.randn(2, 3, 32, 32)) for _ in range(5))


def test_a_loader_that_does_not_know_its_length_serves_too(tmp_path: Path) -> None:
    model, optimizer = fresh()
    told: list[Progress] = []
    loader = DataLoader(_Endless(), batch_size=2)
    train_simclr(model, loader, optimizer, NTXentLoss(), "cpu", epochs=2, checkpoint_dir=tmp_path, progress=told.append)
    assert [(progress.done, progress.total) for progress in told] == [(1, None), (2, None), (3, 4), (4, 4)]


def test_batches_that_are_no_pairs_of_views_are_named_with_their_shapes(tmp_path: Path) -> None:
    model, optimizer = fresh()
    for batch in ([torch.zeros(4, 3, 32, 32), torch.zeros(4)], torch.zeros(4, 3, 32, 32)):
        with pytest.raises(ValueError, match=r"pair of views, \[N, 3, H, W\] each, got \[.*32\] and \["):
            train_simclr(model, [batch], optimizer, NTXentLoss(), "cpu", checkpoint_dir=tmp_path)


def test_a_checkpoint_without_a_history_is_refused_in_a_sentence(loader: DataLoader, tmp_path: Path) -> None:
    model, optimizer = fresh()
    states = {"model_state_dict": model.state_dict(), "optimizer_state_dict": optimizer.state_dict()}
    torch.save({**states, "model": {}, "epoch": 1, "step": 3}, tmp_path / "mine.pt")
    with pytest.raises(PrismhError, match=r"mine\.pt holds no history"):
        train_simclr(model, loader, optimizer, NTXentLoss(), "cpu", resume_from=tmp_path / "mine.pt")
    with pytest.raises(PrismhError, match=r"mine\.pt does not say which model it holds"):
        SimCLRModel.from_checkpoint(tmp_path / "mine.pt")


def _learn_uneven(ranks: Ranks, folder: str) -> History:
    model, optimizer = fresh()
    torch.manual_seed(ranks.rank)
    model = torch.nn.parallel.DistributedDataParallel(model)
    loader = [torch.randn(2, 2 + ranks.rank, 3, 32, 32)]
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0)
    _, history = train_simclr(
        model, loader, optimizer, NTXentLoss(), "cpu", epochs=3, checkpoint_dir=folder, validation_loader=loader,
        early_stopping_patience=1, scheduler=scheduler,
    )  # fmt: skip
    return history


def test_ranks_judge_an_epoch_by_the_losses_of_all_of_them(tmp_path: Path) -> None:
    first, second = in_ranks(2, _learn_uneven, str(tmp_path))
    assert first == second
    assert torch.load(tmp_path / "last.pt")["history"] == first


def test_bad_values_are_named(loader: DataLoader) -> None:
    model, optimizer = fresh()
    with pytest.raises(ValueError, match="epochs must be >= 1, got 0"):
        train_simclr(model, loader, optimizer, NTXentLoss(), "cpu", epochs=0)
    with pytest.raises(ValueError, match="early_stopping_patience must be >= 1, got 0"):
        train_simclr(model, loader, optimizer, NTXentLoss(), "cpu", early_stopping_patience=0)
