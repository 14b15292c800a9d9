"""One step of training: chunks change nothing that they should not, and what goes wrong leaves no trace."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import Tensor, nn

from prismh_engine.models.simclr import NTXentLoss, SimCLRModel
from prismh_engine.models.simclr.network import FrozenFirst, set_training_mode
from prismh_engine.models.simclr.step import MEASURES, Chunk, DivergedError, LearningStep, keeping_statistics

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def views() -> Tensor:
    """Two views of eight photos."""
    return torch.randn(16, 3, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def model() -> SimCLRModel:
    torch.manual_seed(0)
    return SimCLRModel("resnet18")


def in_chunks(views: Tensor, size: int) -> list[Chunk]:
    first, second = views.chunk(2)
    parts = zip(first.split(size), second.split(size), strict=True)
    return [lambda pair=pair: torch.cat(pair) for pair in parts]


def step_of(network: nn.Module, rate: float = 0.1, **options: object) -> LearningStep:
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    return LearningStep(network, torch.optim.SGD(learning, lr=rate), NTXentLoss(0.5), CPU, **options)


def gradients(model: nn.Module) -> Tensor:
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])


@pytest.mark.parametrize("size", [1, 3])
def test_a_batch_in_chunks_has_the_loss_and_gradients_of_the_whole_where_batch_norm_is_frozen(
    model: SimCLRModel, views: Tensor, size: int
) -> None:
    model.double().freeze(batch_norm=True)
    other = copy.deepcopy(model)
    for one in (model, other):
        set_training_mode(one)
    whole = step_of(model).learn([lambda: views.double()])
    cut = step_of(other).learn(in_chunks(views.double(), size))
    torch.testing.assert_close(cut, whole, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(gradients(other), gradients(model), rtol=0, atol=1e-12)


def test_frozen_first_blocks_may_come_in_chunks_too(views: Tensor) -> None:
    torch.manual_seed(0)
    model = SimCLRModel("resnet18").double()
    model.freeze(5, batch_norm=True)
    set_training_mode(model)
    network = FrozenFirst(model, 5)
    step_of(network, rate=0.0).learn([lambda: views.double()])
    whole = gradients(model)
    step_of(network, rate=0.0).learn(in_chunks(views.double(), 4))
    torch.testing.assert_close(gradients(model), whole, rtol=0, atol=1e-12)


def test_batch_norm_that_learns_takes_its_statistics_from_a_chunk_and_the_loss_its_negatives_from_all(
    model: SimCLRModel, views: Tensor
) -> None:
    model.double().train()
    plain = copy.deepcopy(model)
    chunks = in_chunks(views.double(), 4)
    projections = [plain(chunk())[1].chunk(2) for chunk in chunks]
    loss = NTXentLoss(0.5)(*(torch.cat(parts) for parts in zip(*projections, strict=True)))
    loss.backward()
    measured = step_of(model, rate=0.0).learn(chunks)
    assert float(measured[0]) == pytest.approx(loss.item(), rel=1e-6)
    torch.testing.assert_close(gradients(model), gradients(plain), rtol=0, atol=1e-12)
    # A chunk that is computed twice counts once in the running statistics.
    torch.testing.assert_close(model.encoder.bn1.running_mean, plain.encoder.bn1.running_mean)
    torch.testing.assert_close(model.encoder.bn1.running_var, plain.encoder.bn1.running_var)
    assert model.encoder.bn1.momentum == plain.encoder.bn1.momentum


def test_a_loss_that_is_no_number_leaves_weights_and_statistics_as_they_were(model: SimCLRModel, views: Tensor) -> None:
    before = copy.deepcopy(model.state_dict())
    model.train()
    with pytest.raises(DivergedError, match="smaller --learning_rate"), keeping_statistics(model):
        step_of(model).learn([lambda: views * math.inf])
    after = model.state_dict()
    floats = [key for key, tensor in before.items() if tensor.is_floating_point()]
    assert all(torch.equal(before[key], after[key]) for key in floats)


@pytest.mark.parametrize("size", [4, 8])
def test_mixed_precision_stays_near_float32(model: SimCLRModel, views: Tensor, size: int) -> None:
    other = copy.deepcopy(model)
    for one in (model, other):
        one.train()
    exact = dict(zip(MEASURES, step_of(model).learn(in_chunks(views, size)).tolist(), strict=True))
    mixed = dict(zip(MEASURES, step_of(other, precision="bf16").learn(in_chunks(views, size)).tolist(), strict=True))
    assert mixed["loss"] == pytest.approx(exact["loss"], rel=0.02)
    assert mixed["grad_norm"] == pytest.approx(exact["grad_norm"], rel=0.1)
    assert mixed != exact
    assert all(p.dtype == torch.float32 and p.grad.dtype == torch.float32 for p in other.parameters())


def test_a_gradient_is_cut_to_the_length_asked_for(model: SimCLRModel, views: Tensor) -> None:
    model.train()
    measured = step_of(model, grad_clip=0.01).learn([lambda: views])
    assert float(measured[MEASURES.index("grad_norm")]) > 0.01
    assert float(gradients(model).norm()) == pytest.approx(0.01, rel=1e-2)


def test_a_training_that_goes_on_in_another_precision_begins_with_a_fresh_scaler(model: SimCLRModel) -> None:
    before, after = step_of(model, precision="fp16"), step_of(model, precision="fp16")
    before.scaler.load_state_dict({**before.scaler.state_dict(), "scale": 8.0})
    fresh = after.scaler.state_dict()
    after.restore_scaler(step_of(model, precision="bf16").scaler.state_dict())
    assert after.scaler.state_dict() == fresh
    after.restore_scaler(before.scaler.state_dict())
    assert after.scaler.state_dict()["scale"] == 8.0
