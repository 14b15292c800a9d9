from __future__ import annotations

import pytest
import torch

from prismh_engine.models.simclr import SimCLRModel, SimCLRProjectionHead, extract_features
from prismh_engine.models.simclr.network import FrozenFirst, set_training_mode
from prismh_engine.models.torchvision_operators import import_torchvision


@pytest.mark.parametrize(
    ("base_model", "dimension"), [("resnet18", 512), ("resnet50", 2048), ("efficientnet_lite0", 1280)]
)
def test_features_and_projections_have_the_documented_shapes(base_model: str, dimension: int) -> None:
    model = SimCLRModel(base_model, output_dim=16).eval()
    with torch.no_grad():
        features, projections = model(torch.randn(2, 3, 64, 64))
    assert model.encoder_dim == dimension
    assert features.shape == (2, dimension)
    assert projections.shape == (2, 16)
    torch.testing.assert_close(projections.norm(dim=1), torch.ones(2))


def test_encoder_weights_load_into_torchvisions_resnet() -> None:
    model = SimCLRModel("resnet18")
    theirs = import_torchvision().models.resnet18(weights=None)
    outcome = theirs.load_state_dict(model.encoder.state_dict(), strict=False)
    assert outcome.missing_keys == ["fc.weight", "fc.bias"]
    assert outcome.unexpected_keys == []


def test_pretrained_efficientnet_is_the_starter() -> None:
    ours = SimCLRModel("efficientnet_lite0", pretrained=True).encoder.state_dict()
    starter = SimCLRModel.start("efficientnet_lite0", "starter").encoder.state_dict()
    assert all(torch.equal(ours[key], starter[key]) for key in starter)


def test_bad_values_are_named() -> None:
    with pytest.raises(ValueError, match=r"base_model must be one of .*resnet18.*'resnet19'"):
        SimCLRModel("resnet19")
    with pytest.raises(ValueError, match="output_dim must be >= 1, got 0"):
        SimCLRProjectionHead(8, output_dim=0)
    with pytest.raises(ValueError, match="freeze_blocks must be between 0 and 7 for resnet18, got 8"):
        SimCLRModel("resnet18").freeze(8)


@pytest.mark.parametrize(("base_model", "blocks"), [("resnet18", 3), ("efficientnet_lite0", 11)])
def test_frozen_first_blocks_give_the_same_numbers_and_no_gradients(base_model: str, blocks: int) -> None:
    torch.manual_seed(0)
    model = SimCLRModel(base_model)
    images = torch.randn(10, 3, 64, 64)
    with torch.no_grad():
        expected, _ = model.eval()(images)
    partly = FrozenFirst(model, blocks)
    set_training_mode(model)
    model.eval()
    features, projections = partly(images)
    torch.testing.assert_close(features, expected, rtol=1e-4, atol=1e-5)
    projections[:, 0].sum().backward()
    learning = [p.grad is not None for p in model.encoder.parameters()]
    assert not learning[0]
    assert learning[-1]
    assert sorted(learning) == learning  # nothing frozen after the first that learns


def test_frozen_batch_norm_keeps_its_statistics() -> None:
    model = SimCLRModel("resnet18")
    model.freeze(batch_norm=True)
    before = {name: tensor.clone() for name, tensor in model.encoder.named_buffers()}
    set_training_mode(model)
    model(5 * torch.randn(4, 3, 32, 32))
    assert all(torch.equal(before[name], tensor) for name, tensor in model.encoder.named_buffers())


def test_features_of_a_loader_come_in_its_order_whatever_its_batches() -> None:
    model = SimCLRModel("resnet18").train()
    images = torch.randn(5, 3, 32, 32)
    plain = extract_features(model, [images[:2], images[2:]])
    pairs = extract_features(model, [(images[:3], images[:3]), [images[3:], torch.zeros(2)]])
    assert plain.shape == (5, 512)
    assert plain.dtype.name == "float32"
    torch.testing.assert_close(torch.from_numpy(pairs), torch.from_numpy(plain), rtol=1e-4, atol=1e-5)
    assert model.training
    labelled = extract_features(model, [((images, images), torch.zeros(5))])
    torch.testing.assert_close(torch.from_numpy(labelled), torch.from_numpy(plain), rtol=1e-4, atol=1e-5)
    assert extract_features(model, []).shape == (0, 512)
