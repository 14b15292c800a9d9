"""The starter encoder: the same embeddings by ONNX Runtime and by torch, and by either without a word from the user."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from prismh_engine.errors import PrismhError
from prismh_engine.jobs import Stopped, StopToken
from prismh_engine.models import encoders, starter, starter_weights
from prismh_engine.models.pixels import prepare


def pixels(folder: Path, count: int = 6, size: int = 224) -> NDArray[np.uint8]:
    paths = sorted(folder.glob("*.jpg"))[::4][:count]
    return np.stack([prepare(Image.open(path), size) for path in paths])


def by_torch(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    encoder = encoders.TorchEncoder(
        encoders.build("efficientnet_lite0", "starter"), starter.identity(), encoders.compute_device("cpu")
    )
    return encoder.encode(images)


def test_onnx_and_torch_agree(photo_folder: Path) -> None:
    starter.make_file()
    images = pixels(photo_folder)
    found = starter.StarterEncoder().encode(images)
    assert starter.onnx_file().exists()
    assert found.shape == (6, 1280)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, by_torch(images), atol=1e-4)


def test_the_size_of_a_batch_changes_nothing(photo_folder: Path) -> None:
    images = np.concatenate([pixels(photo_folder)] * 2)[:11]
    encoder = starter.StarterEncoder()
    one_by_one = np.concatenate([encoder.encode(image[None]) for image in images])
    np.testing.assert_allclose(encoder.encode(images), one_by_one, atol=1e-5)
    assert encoder.encode(images[:0]).shape == (0, 1280)


def test_a_notebook_gets_the_features_of_paths_in_its_own_order(photo_folder: Path) -> None:
    paths = sorted(photo_folder.glob("*.jpg"), reverse=True)[:9]
    found = starter.starter_features([str(path) for path in paths])
    assert found.shape == (9, 1280)
    np.testing.assert_allclose(found[4:5], starter.starter_features(paths[4:5]), atol=1e-5)
    assert starter.starter_features([]).shape == (0, 1280)


def test_a_photo_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(PrismhError, match=r"broken\.jpg"):
        starter.starter_features([tmp_path / "broken.jpg"])
    with pytest.raises(ValueError, match="image_size must be >= 1, got 0"):
        starter.starter_features([], image_size=0)


def test_the_whole_frame_is_seen(tmp_path: Path) -> None:
    wide = Image.new("RGB", (400, 100), "black")
    wide.paste("white", (0, 0, 40, 100))
    prepared = prepare(wide, 100)
    assert prepared.shape == (100, 100, 3)
    assert prepared.dtype == np.uint8
    assert prepared[:, 2].min() > 200
    assert prepared[:, 30:].max() < 50


def test_a_missing_or_damaged_file_is_made_and_no_torch_imported(photo_folder: Path) -> None:
    damaged = starter.onnx_file(64)
    damaged.parent.mkdir(parents=True, exist_ok=True)
    damaged.write_bytes(b"half a file")
    script = (
        "import sys; from prismh_engine.models import starter; "
        f"assert starter.starter_features([{str(photo_folder / 'drum_0.jpg')!r}], 64).shape == (1, 1280); "
        "print([m for m in ('torch', 'torchvision', 'timm') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert damaged.stat().st_size > 10_000_000


def test_where_the_file_cannot_be_made_torch_serves(
    tmp_path: Path, photo_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = pixels(photo_folder)
    expected = starter.StarterEncoder().encode(images)
    (tmp_path / "cache").write_text("a file where the cache folder should be")
    for name in ("XDG_CACHE_HOME", "WIN_PD_OVERRIDE_LOCAL_APPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "cache"))
    np.testing.assert_allclose(starter.StarterEncoder().encode(images), expected, atol=1e-4)
    assert not starter.onnx_file().exists()


def test_a_stop_ends_the_wait_for_the_file() -> None:
    stop = StopToken()
    stop.stop()
    with pytest.raises(Stopped):
        starter.StarterEncoder(72, stop)
    assert not starter.onnx_file(72).exists()


def test_its_identity_names_weights_size_and_dimension() -> None:
    identity = starter.identity(128)
    assert (identity.name, identity.image_size, identity.dimension) == ("efficientnet_lite0", 128, 1280)
    assert starter_weights.weights_file().stem.endswith(identity.weights_sha256[:8])
