"""An encoder as an ONNX file gives what torch gives, or there is no file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from prismh_engine.errors import PrismhError
from prismh_engine.models import encoders, networks, onnx_export
from prismh_engine.project.feature_sets import Encoder


def pixels(count: int, size: int) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


@pytest.mark.parametrize(("name", "size", "dimension"), [("resnet18", 64, 512), ("test_vit", 160, 64)])
def test_the_file_embeds_as_torch_does_in_batches_of_any_size(
    tmp_path: Path, name: str, size: int, dimension: int
) -> None:
    torch.manual_seed(2)
    module = encoders.build(name) if name in encoders.ENCODERS else networks.by_name(name)[0]().module
    path = tmp_path / "encoder.onnx"
    onnx_export.write(module, size, path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    encoder = encoders.TorchEncoder(module, Encoder(name, "", size, dimension), torch.device("cpu"))
    for count in (1, 5):
        (found,) = session.run(["embeddings"], {"images": pixels(count, size)})
        assert found.shape == (count, dimension)
        np.testing.assert_allclose(found, encoder.encode(pixels(count, size)), atol=1e-3, rtol=1e-3)


class _FollowsTheBatch(nn.Module):
    """What it gives for an image hangs on how many others there are, which a traced file cannot say."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean(dim=(2, 3)) * len(list(images))


class _Unknown(nn.Module):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.linalg.svdvals(images[:, :, 0, :3].unsqueeze(1))[:, 0]


def test_a_file_that_would_say_something_else_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "encoder.onnx"
    path.write_bytes(b"an earlier one")
    with pytest.raises(PrismhError, match="ONNX Runtime makes other embeddings than torch"):
        onnx_export.write(_FollowsTheBatch(), 32, path)
    assert path.read_bytes() == b"an earlier one"


def test_what_onnx_cannot_say_is_told_in_a_sentence(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(PrismhError, match="cannot be written as ONNX") as error:
        onnx_export.write(_Unknown(), 32, tmp_path / "encoder.onnx")
    assert "\n" not in str(error.value)
    assert capfd.readouterr().out == ""
    assert not list(tmp_path.iterdir())
