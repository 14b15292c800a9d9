"""Where a training starts: from nothing, from the starter, from ImageNet's weights or from a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from prismh_engine.models import encoders

# A training that moves nothing, so that its encoder is the one it started from.
STILL = ("--epochs", "1", "--learning_rate", "1e-30", "--weight_decay", "0", "--freeze_bn", "--val_fraction", "0")
LITE = ("--base_model", "efficientnet_lite0")


def left(run: Path) -> dict[str, torch.Tensor]:
    return load_file(run / "encoder.safetensors")


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    """Whether the convolutions, which learn, are the same."""
    names = [name for name, tensor in one.items() if tensor.ndim == 4]
    return len(names) > 10 and all(torch.equal(one[name], other[name]) for name in names)


@pytest.mark.parametrize("flags", [("--weights", "starter"), ("--pretrained",)])
def test_efficientnet_starts_from_the_starter(learn: Callable[..., int], tmp_path: Path, flags: tuple[str]) -> None:
    assert learn(*STILL, *LITE, *flags) == 0
    assert same(left(tmp_path / "run"), encoders.build("efficientnet_lite0", "starter").state_dict())


def test_a_file_of_timms(learn: Callable[..., int], tmp_path: Path) -> None:
    import timm

    theirs = timm.create_model("resnet18", pretrained=False)
    save_file(theirs.state_dict(), tmp_path / "model.safetensors")
    assert learn(*STILL, "--weights", tmp_path / "model.safetensors") == 0
    assert same(left(tmp_path / "run"), theirs.state_dict())


def test_what_another_training_left(learn: Callable[..., int], tmp_path: Path, run_left_alone: Path) -> None:
    checkpoint = run_left_alone / "checkpoints" / "best_model.pt"
    assert learn(*STILL, "--weights", checkpoint) == 0
    assert same(left(tmp_path / "run"), encoders.from_file(checkpoint).module.state_dict())


def test_without_a_connection_it_says_how_to_bring_imagenets_weights(
    learn: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("no_proxy", "")
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nothing listens there
    assert learn("--pretrained") == 1
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert "https://download.pytorch.org/models/resnet18-f37072fd.pth" in told
    assert str(tmp_path / "torch" / "hub" / "checkpoints" / "resnet18-f37072fd.pth") in told


def test_a_wrong_file_is_named_with_what_it_is(
    learn: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "photo.jpg")
    torch.save(encoders.build("resnet18").state_dict(), tmp_path / "w.pth")
    (tmp_path / "folder").mkdir()
    cases: list[tuple[int, str, tuple[object, ...]]] = [
        (1, "photo.jpg is no weights file: it is a JPEG picture", ("--weights", tmp_path / "photo.jpg")),
        (1, "gone.pth: No such file", ("--weights", tmp_path / "gone.pth")),
        (1, "Cannot read the weights file", ("--weights", tmp_path / "folder")),
        (2, "holds the weights of resnet18, not of efficientnet_lite0", (*LITE, "--weights", tmp_path / "w.pth")),
        (2, "--weights starter belongs to --base_model efficientnet_lite0", ("--weights", "starter")),
    ]
    for code, sentence, flags in cases:
        assert learn(*flags) == code
        told = capsys.readouterr().err.strip().splitlines()
        assert len(told) == 1
        assert sentence in told[0]
    assert not (tmp_path / "run" / "checkpoints").exists()
