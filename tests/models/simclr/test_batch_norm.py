from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from prismh_engine.models.ranks import ALONE, Ranks
from prismh_engine.models.simclr import NTXentLoss, SimCLRModel
from prismh_engine.models.simclr.batch_norm import BatchNormOverRanks, over_ranks
from prismh_engine.models.simclr.network import set_training_mode

from ..several_ranks import in_ranks

PHOTOS = 8


def photos_of(ranks: Ranks, shares: list[int]) -> slice:
    return slice(sum(shares[: ranks.rank]), sum(shares[: ranks.rank + 1]))


def one_step(ranks: Ranks, shares: list[int], kind: torch.dtype) -> dict[str, Tensor]:
    """Loss, gradients and running statistics after one step of a ResNet-18 on this rank's share of eight photos."""
    torch.manual_seed(0)
    model = over_ranks(SimCLRModel("resnet18")).to(kind).train()
    views = torch.randn(2, PHOTOS, 3, 32, 32, dtype=torch.float64).to(kind)
    mine = views[:, photos_of(ranks, shares)].flatten(0, 1)
    _, z = model(mine.contiguous(memory_format=torch.channels_last))
    loss = NTXentLoss(0.5)(*z.chunk(2))
    loss.backward()
    ranks.average_gradients(model.parameters())
    gradients = {f"gradient of {name}": parameter.grad for name, parameter in model.named_parameters()}
    return {"loss": ranks.sum(loss).detach() / ranks.count, **gradients, **dict(model.named_buffers())}


def errors_of_one_step(ranks: Ranks, shares: list[int], folder: Path) -> dict[str, float]:
    """What differs from the step of one process, relative; of the loss in single precision, of all else in double."""
    whole = torch.load(folder / "double.pt", mmap=True)
    step = one_step(ranks, shares, torch.float64)
    assert step.keys() == whole.keys()
    errors = {
        name: float((value - whole[name]).double().norm() / whole[name].double().norm()) for name, value in step.items()
    }
    single = torch.load(folder / "single.pt")["loss"]
    errors["single"] = abs(float(one_step(ranks, shares, torch.float32)["loss"] - single) / float(single))
    return errors


@pytest.fixture(scope="module")
def one_process(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("one_process")
    torch.save(one_step(ALONE, [PHOTOS], torch.float64), folder / "double.pt")
    torch.save({"loss": one_step(ALONE, [PHOTOS], torch.float32)["loss"]}, folder / "single.pt")
    return folder


@pytest.mark.parametrize("shares", [[4, 4], [3, 0, 4, 1]], ids=str)
def test_a_step_of_several_ranks_is_that_of_one_process(shares: list[int], one_process: Path) -> None:
    for errors in in_ranks(len(shares), errors_of_one_step, shares, one_process):
        assert errors.pop("single") <= 1e-6
        assert max(errors.values()) <= 1e-10, max(errors, key=errors.__getitem__)


def _far_from_zero(ranks: Ranks) -> tuple[float, float]:
    layer = over_ranks(nn.BatchNorm1d(1, momentum=None))
    x = 1000 + torch.arange(4.0)[2 * ranks.rank : 2 * ranks.rank + 2]
    normalized = layer(x[:, None])
    assert normalized.abs().max() < 2
    return float(layer.running_mean), float(layer.running_var)


def test_statistics_are_precise_where_the_mean_is_large() -> None:
    mean, variance = in_ranks(2, _far_from_zero)[1]
    assert mean == pytest.approx(1001.5)
    assert variance == pytest.approx(5 / 3)


def _without_weights(ranks: Ranks) -> Tensor:
    layer = over_ranks(nn.BatchNorm1d(3, affine=False).double())
    x = torch.randn(6, 3, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    mine = (x if ranks.count == 1 else x.split([4, 2])[ranks.rank]).clone().requires_grad_()
    (layer(mine) ** 3).sum().backward()
    assert mine.grad is not None
    return mine.grad


def test_a_layer_without_weights_of_its_own_passes_gradients_on() -> None:
    torch.testing.assert_close(
        torch.cat(in_ranks(2, _without_weights)), _without_weights(ALONE), rtol=1e-10, atol=1e-12
    )


def _what_stays(ranks: Ranks) -> list[bool]:
    model = SimCLRModel("resnet18")
    model.freeze(4)
    set_training_mode(model)
    keys, parameters = list(model.state_dict()), list(model.parameters())
    frozen, learning = model.encoder.bn1, model.encoder.layer4[1].bn2
    same = over_ranks(model)
    return [
        same is model,
        list(model.state_dict()) == keys,
        all(a is b for a, b in zip(model.parameters(), parameters, strict=True)),
        model.encoder.bn1 is frozen and not frozen.training,
        isinstance(model.encoder.layer4[1].bn2, BatchNormOverRanks) and model.encoder.layer4[1].bn2 is not learning,
    ]


def test_weights_keep_their_names_and_frozen_layers_stay() -> None:
    assert in_ranks(2, _what_stays) == [[True] * 5] * 2


def test_alone_nothing_changes() -> None:
    layer = nn.BatchNorm2d(3)
    assert over_ranks(layer) is layer


def _with_activation(ranks: Ranks) -> Tensor:
    from timm.layers import BatchNormAct2d

    layer = over_ranks(nn.Sequential(BatchNormAct2d(2, act_layer=nn.ReLU6)))
    x = torch.randn(4, 2, 3, 3, generator=torch.Generator().manual_seed(0))
    mine = x if ranks.count == 1 else x[2 * ranks.rank : 2 * ranks.rank + 2]
    return torch.stack([layer(mine), layer.eval()(mine)], dim=1).detach()


def test_an_activation_inside_a_batch_norm_stays() -> None:
    torch.testing.assert_close(torch.cat(in_ranks(2, _with_activation)), _with_activation(ALONE), rtol=1e-5, atol=1e-6)


def _refused(ranks: Ranks) -> str:
    layer = over_ranks(nn.BatchNorm1d(2))
    try:
        layer(torch.ones(1 - ranks.rank, 2))
    except ValueError as error:
        return str(error)
    return "accepted"


def test_a_single_value_is_refused_on_all_ranks() -> None:
    assert ["more than one value a channel" in told for told in in_ranks(2, _refused)] == [True, True]
