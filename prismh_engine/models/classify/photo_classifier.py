"""An encoder and what was learned on top of it: photos in, labels out."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ...analysis.classifier import Answers, Classifier
from ...analysis.neighbours import unit_rows
from ...errors import BadValueError
from ...photos.cache import PhotoCache, default_cache_folder
from .labelled_images import photo_copy, whole_frame

_AT_ONCE = 8  # activations of eight images still fit a processor's cache


class Prediction(NamedTuple):
    """label: None where the classifier is unsure. confidence: of the likeliest label, 0 to 1."""

    label: Any
    confidence: float


class PhotoClassifier(nn.Module):
    """Images float32 [N, 3, H, W], as the encoder takes them, -> calibrated logits [N, C], for the labels `classes`.

    The softmax of the logits is what `predict` calls confidence. The encoder is a copy, in `eval` mode.
    """

    weights: Tensor
    bias: Tensor

    def __init__(self, encoder: nn.Module, learned: Classifier, classes: Sequence[Any]) -> None:
        super().__init__()
        self.encoder = copy.deepcopy(encoder).eval()
        self.classes = list(classes)
        self._learned = learned
        device = next((parameter.device for parameter in encoder.parameters()), torch.device("cpu"))
        self.register_buffer("weights", torch.from_numpy(learned.weights).to(device))
        self.register_buffer("bias", torch.from_numpy(learned.bias).to(device))

    def forward(self, images: Tensor) -> Tensor:
        return functional.normalize(self.encoder(images), dim=1) @ self.weights + self.bias

    def predict(self, photos: Sequence[str | Path] | Tensor) -> list[Prediction]:
        """A label for each photo, given by its path, or image, a tensor [N, 3, H, W].

        When the answer is None see `analysis.classifier.Classifier.answer`. Raises `PrismhError` where a photo cannot
        be read.
        """
        if isinstance(photos, Tensor):
            return self._predictions(self._learned.answer(unit_rows(embed(self.encoder, photos))))
        with PhotoCache(default_cache_folder()) as cache:
            images = (whole_frame(photo_copy(Path(path), cache)()) for path in photos)
            return self._predictions(self._learned.answer(unit_rows(embed(self.encoder, images))))

    def _predictions(self, answers: Answers) -> list[Prediction]:
        labels = [self.classes[code] if code >= 0 else None for code in answers.codes.tolist()]
        return [Prediction(*pair) for pair in zip(labels, answers.confidences.tolist(), strict=True)]


def embed(encoder: nn.Module, images: Iterable[Tensor]) -> NDArray[np.float32]:
    """The encoder's embeddings float32 [N, D] of images [3, H, W] of one size; the encoder's mode is put back.

    A few images are held at a time.

    Raises `BadValueError` where the encoder gives something else.
    """
    device = next((parameter.device for parameter in encoder.parameters()), torch.device("cpu"))
    training, parts = encoder.training, []
    encoder.eval()
    try:
        with torch.inference_mode():
            coming = iter(images)
            while batch := list(itertools.islice(coming, _AT_ONCE)):
                found = encoder(torch.stack(batch).to(device, memory_format=torch.channels_last))
                if not isinstance(found, Tensor) or found.ndim != 2:
                    raise BadValueError(
                        "encoder must give embeddings [N, D]: of a SimCLRModel pass model.encoder, of a network with "
                        "a classifier the part before it"
                    )
                parts.append(found.float().cpu().numpy())
    finally:
        encoder.train(training)
    return np.concatenate(parts) if parts else np.empty((0, 0), dtype=np.float32)
