"""Any classification network of torchvision or timm embeds photos as it does in its own library."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from prismh_engine.errors import BadValueError, PrismhError
from prismh_engine.models import encoders
from prismh_engine.models.file_encoder import file_encoder
from prismh_engine.models.networks import Network, by_name
from prismh_engine.models.torchvision_operators import import_torchvision

torchvision = import_torchvision()
import timm  # noqa: E402 - after torchvision, whose operators it needs


def whole(module: nn.Module, seed: int = 4) -> nn.Module:
    """The network in evaluation mode, no two of its tensors alike, so that none can be taken for another."""
    generator = torch.Generator().manual_seed(seed)
    for key, tensor in module.state_dict().items():
        if tensor.is_floating_point() and not key.endswith("running_var"):
            tensor.add_(0.01 * torch.randn(tensor.shape, generator=generator))
    return module.eval()


def as_file(folder: Path, module: nn.Module) -> Path:
    path = folder / "weights.safetensors"
    save_file({key: tensor.contiguous() for key, tensor in module.state_dict().items()}, path)
    return path


def embedded(path: Path, name: str, pixels: np.ndarray) -> np.ndarray:
    return file_encoder(path, name, image_size=pixels.shape[1], device="cpu").start().encode(pixels)


def pixels(size: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (2, size, size, 3), dtype=np.uint8)


def normalized(images: np.ndarray, mean: tuple[float, ...], std: tuple[float, ...]) -> torch.Tensor:
    return torchvision.transforms.functional.normalize(torch.from_numpy(images).permute(0, 3, 1, 2) / 255, mean, std)


@pytest.mark.parametrize("name", ["test_vit.r160_in1k", "test_resnet", "test_convnext"])
def test_a_network_of_timm_takes_its_own_range_of_pixels(tmp_path: Path, name: str) -> None:
    theirs = whole(timm.create_model(name, pretrained=False))
    path, images = as_file(tmp_path, theirs), pixels(160)
    theirs.reset_classifier(0)
    wants = theirs.pretrained_cfg
    assert tuple(wants["mean"]) == (0.5, 0.5, 0.5)
    with torch.inference_mode():
        expected = theirs(normalized(images, wants["mean"], wants["std"])).numpy()
    np.testing.assert_allclose(embedded(path, name, images), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "classifier", "dimension"),
    [("squeezenet1_1", "classifier.1", 512), ("mnasnet0_5", "classifier.1", 1280), ("shufflenet_v2_x0_5", "fc", 1024)],
)
def test_a_network_of_torchvision_loses_its_classifier_alone(
    tmp_path: Path, name: str, classifier: str, dimension: int
) -> None:
    theirs = whole(torchvision.models.get_model(name, weights=None))
    path, images = as_file(tmp_path, theirs), pixels(64)
    parent, _, last = classifier.rpartition(".")
    setattr(theirs.get_submodule(parent), last, nn.Identity())
    with torch.inference_mode():
        expected = theirs(normalized(images, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))).numpy()
    found = embedded(path, name, images)
    assert found.shape == (2, dimension)
    np.testing.assert_allclose(found, expected, atol=1e-4, rtol=1e-4)


def test_of_two_networks_of_one_name_the_weights_decide(tmp_path: Path) -> None:
    """torchvision and timm both have an `efficientnet_b0`, with other names for its layers."""
    of_timm = timm.create_model("efficientnet_b0", pretrained=False)
    _, encoder, image_size = encoders.from_file(as_file(tmp_path, of_timm), "efficientnet_b0")
    assert torch.equal(encoder.state_dict()["conv_stem.weight"], of_timm.state_dict()["conv_stem.weight"])
    assert image_size == 224


def test_a_part_called_encoder_is_no_sign_of_a_checkpoint() -> None:
    """Torchvision's vision transformers have one."""
    kind = torchvision.models.VisionTransformer
    ours, theirs = (kind(32, 16, 1, 2, 16, 32, num_classes=5) for _ in range(2))
    ours.heads = nn.Identity()
    network = Network(ours, 32, classifier=("heads.",))
    assert network.fault(theirs.state_dict()) == ""
    network.load({f"encoder.{key}": tensor for key, tensor in theirs.state_dict().items()})
    assert torch.equal(ours.class_token, theirs.class_token)


def test_densenets_weights_of_old_are_taken_under_their_new_names(tmp_path: Path) -> None:
    theirs = torchvision.models.densenet121(weights=None).state_dict()
    old = {
        key.replace("norm1.", "norm.1.").replace("conv2.", "conv.2.") if "denselayer" in key else key: tensor
        for key, tensor in theirs.items()
        if not key.endswith("num_batches_tracked")
    }
    torch.save(old, tmp_path / "densenet121.pth")
    _, encoder, _ = encoders.from_file(tmp_path / "densenet121.pth", "densenet121")
    name = "features.denseblock4.denselayer3.conv2.weight"
    assert torch.equal(encoder.state_dict()[name], theirs[name])


def test_the_files_of_those_who_made_a_network_are_read_as_timm_reads_them(tmp_path: Path) -> None:
    """Facebook's ConvNeXt: other names for the same layers."""
    theirs = timm.create_model("test_convnext", pretrained=False)
    names = {"stem.": "downsample_layers.0.", ".mlp.fc1.": ".pwconv1.", ".mlp.fc2.": ".pwconv2.", "head.fc.": "head."}
    state = {}
    for key, tensor in theirs.state_dict().items():
        for new, old in names.items():
            key = key.replace(new, old)
        key = key.replace("conv_dw", "dwconv").replace("head.norm.", "norm.")
        if key.startswith("stages."):
            stage, kind, rest = key.removeprefix("stages.").split(".", 2)
            key = f"downsample_layers.{stage}.{rest}" if kind == "downsample" else f"stages.{stage}.{rest}"
        state[key] = tensor
    torch.save({"model": state}, tmp_path / "convnext.pth")
    _, encoder, image_size = encoders.from_file(tmp_path / "convnext.pth", "test_convnext")
    assert image_size == 160
    for key, tensor in encoder.state_dict().items():
        assert torch.equal(tensor, theirs.state_dict()[key])


def test_an_unknown_name_is_told_with_its_neighbours() -> None:
    with pytest.raises(BadValueError, match=r"knows an encoder 'resnet43'\. Did you mean .*resnet34"):
        by_name("resnet43")
    with pytest.raises(BadValueError, match=r"knows an encoder 'hf-hub:someone/something'"):
        by_name("hf-hub:someone/something")


def test_weights_of_another_network_are_told_by_what_they_are(tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    torch.save(encoders.build("resnet18").state_dict(), path)
    with pytest.raises(BadValueError, match=r"w\.pth holds the weights of resnet18, not of resnet34"):
        encoders.from_file(path, "resnet34")
    torch.save(timm.create_model("test_vit", pretrained=False).state_dict(), path)
    with pytest.raises(PrismhError, match="does not hold the weights of test_vit2: it has no reg_token"):
        encoders.from_file(path, "test_vit2")
    with pytest.raises(PrismhError, match="name its network with --encoder"):
        encoders.from_file(path)


def test_an_image_size_that_the_network_cannot_take_is_refused(tmp_path: Path) -> None:
    path = as_file(tmp_path, timm.create_model("vit_tiny_patch16_224", pretrained=False))
    with pytest.raises(BadValueError, match="image_size 96 is none that this encoder can take"):
        file_encoder(path, "vit_tiny_patch16_224", image_size=96)
    identity = file_encoder(path, "vit_tiny_patch16_224").identity
    assert (identity.image_size, identity.dimension) == (224, 192)
