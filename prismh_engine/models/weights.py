"""Files of weights: read without running anything in them, and told apart by what they hold."""

from __future__ import annotations

import hashlib
import pickle
import re
import urllib.error
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ..errors import PrismhError

_PLACES = ("model_state_dict", "state_dict", "model")
"""Where a checkpoint, of this program or of another, holds its weights."""

# What `DataParallel` and `torch.compile` put before a name.
_WRAPPERS = re.compile(r"^(module\.|_orig_mod\.)+")

_KINDS = (
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89PNG", "a PNG picture"),
    (b"SQLite format 3", "a database"),
    (b"%PDF", "a PDF document"),
)


@dataclass(frozen=True)
class WeightsFile:
    """The tensors of a network from a file, under the names they have there.

    image_size: in pixels, the one its features are taken at, where the file says it.
    """

    path: Path
    state: Mapping[str, torch.Tensor]
    image_size: int | None = None


def read(path: Path) -> WeightsFile:
    """Read .pth, .pt or .safetensors: bare weights of torchvision or timm, or a checkpoint of a training.

    Raises `PrismhError` that says what the file is where it is no such file, and for weights that are not finite.
    """
    content = _content(path)
    described = content.get("model")
    described = described if isinstance(described, Mapping) else {}
    image_size = str(described.get("feature_size", described.get("image_size")))
    state = next((found for key in _PLACES if (found := _tensors(content.get(key)))), _tensors(content))
    state = {_WRAPPERS.sub("", key): tensor for key, tensor in state.items()}
    if not state:
        raise PrismhError(
            f"{path} holds no weights: choose a checkpoint of a training or a file of an encoder's weights."
        )
    odd = next((key for key, tensor in state.items() if not _is_plain(tensor)), None)
    if odd is not None:
        raise _no_weights(path, f"its {odd} does not hold plain numbers, as that of a quantized model does not")
    if not all(bool(torch.isfinite(tensor).all()) for tensor in state.values()):
        raise PrismhError(f"{path} holds weights that are not finite: its training diverged; take an earlier file.")
    return WeightsFile(path, state, int(image_size) if image_size.isdecimal() else None)


def imagenet_file(name: str) -> Path:
    """torchvision's ImageNet weights of a ResNet, in its own cache; downloaded where missing, the hash checked.

    Raises `PrismhError` that says how to bring the file where there is no connection.
    """
    from .torchvision_operators import import_torchvision

    weights = import_torchvision().models.get_model_weights(name).IMAGENET1K_V1
    file_name = weights.url.rsplit("/", 1)[1]
    path = Path(torch.hub.get_dir()) / "checkpoints" / file_name
    begins = file_name.rsplit("-", 1)[1].removesuffix(".pth")
    if not path.exists():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            torch.hub.download_url_to_file(weights.url, str(path), hash_prefix=begins, progress=False)
        except (OSError, urllib.error.URLError, RuntimeError) as error:
            raise PrismhError(
                f"The ImageNet weights of {name} are not on this computer and could not be downloaded: bring "
                f"{weights.url} to {path}, or start from the starter (efficientnet_lite0), which is here."
            ) from error
    with path.open("rb") as stream:
        digest = hashlib.sha256(stream.read()).hexdigest()
    if not digest.startswith(begins):
        raise PrismhError(f"{path} is damaged: delete it, so that it is fetched again from {weights.url}.")
    return path


def _content(path: Path) -> Mapping[str, Any]:
    try:
        with path.open("rb") as stream:
            head = stream.read(16)
        if head[8:9] == b"{":
            return _safetensors(path)
        if head[:2] != b"PK" and head[:1] != b"\x80":
            kind = next((kind for begin, kind in _KINDS if head.startswith(begin)), "of another kind")
            raise _no_weights(path, f"it is {kind}")
        if head[:2] == b"PK" and _is_packed(path):
            raise _no_weights(path, _kind_of_archive(path))
        with warnings.catch_warnings():  # of old kinds of pickles; what matters is raised
            warnings.simplefilter("ignore")
            content = torch.load(path, map_location="cpu", weights_only=True)
    except PrismhError:
        raise
    except OSError as error:
        raise PrismhError(f"Cannot read the weights file {path}: {error.strerror or error}.") from error
    except pickle.UnpicklingError as error:
        raise _no_weights(path, "it holds more than tensors and plain values, and nothing else is loaded") from error
    except Exception as error:  # a made-up file makes torch raise nearly anything
        raise _no_weights(path, _kind_of_archive(path)) from error
    if isinstance(content, Mapping):
        return content
    raise _no_weights(path, f"it holds a {type(content).__name__}")


def _safetensors(path: Path) -> Mapping[str, Any]:
    """The tensors, and what the file says of its model, as a checkpoint would hold them."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - no mapping
            return {"model_state_dict": tensors, "model": file.metadata() or {}}
    except SafetensorError as error:
        raise PrismhError(f"{path} is a damaged safetensors file: bring it again.") from error


def _is_packed(path: Path) -> bool:
    """Whether a zip archive is compressed, which torch's never are: a small file could unfold to fill the memory."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist())
    except zipfile.BadZipFile:
        return False


def _kind_of_archive(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            if any(name.endswith(".npy") for name in archive.namelist()):
                return "it is a file of NumPy arrays"
    except (OSError, zipfile.BadZipFile):
        return "it is damaged, or of another kind"
    return "it is an archive of another kind"


def _tensors(content: Any) -> dict[str, torch.Tensor]:
    items = content.items() if isinstance(content, Mapping) else ()
    return {str(key): value for key, value in items if isinstance(value, torch.Tensor)}


def _is_plain(tensor: torch.Tensor) -> bool:
    """Whether a tensor is dense numbers, each of which lies in the file: others may claim any size."""
    dense = tensor.layout is torch.strided and tensor.device.type == "cpu"
    return (
        dense and not (tensor.is_quantized or tensor.is_nested) and tensor.untyped_storage().nbytes() >= tensor.nbytes
    )


def _no_weights(path: Path, why: str) -> PrismhError:
    return PrismhError(f"{path} is no weights file: {why}. Choose a .pt, .pth or .safetensors file.")
