"""Fine-tuning: the encoder itself learns the labels, from where logistic regression on its frozen features ended."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from ...analysis.classifier import UNLIKE, Classifier, best_sharpness
from ...analysis.neighbours import unit_rows
from ..simclr.augmentation import order_generator, view_generator
from ..simclr.network import set_training_mode
from .labelled_images import LabelledImages
from .photo_classifier import embed

EPOCHS = 10
_PATIENCE = 3  # epochs without a better one
_BATCH = 16
_LEARNING_RATE = 1e-4


def fine_tune(
    encoder: nn.Module,
    images: LabelledImages,
    codes: NDArray[np.int64],
    taught: Sequence[int],
    checked: Sequence[int],
    start: Classifier,
    seed: int,
) -> tuple[nn.Module, Classifier]:
    """A copy of the encoder that learned the labels of `taught`, and the classifier on its features.

    Linear probing first, then all weights (Kumar et al. 2022, arXiv 2202.10054); batch norms stay as they are. Kept is
    the epoch with the least log loss on `checked`, the start among them; `checked` also gives the temperature and how
    alike a photo must be. codes [N]: the class of each image.
    """
    network = _Network(copy.deepcopy(encoder), start)
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            module.requires_grad_(False)
    optimizer = torch.optim.AdamW(
        [parameter for parameter in network.parameters() if parameter.requires_grad], lr=_LEARNING_RATE
    )
    counts = np.bincount(codes[taught], minlength=start.weights.shape[1])
    weights = network.weights.new_tensor(len(taught) / (len(counts) * np.maximum(counts, 1)))
    best, best_loss = copy.deepcopy(network.state_dict()), _calibrated(network, images, checked, codes)[1]
    best_epoch = 0
    for epoch in range(1, EPOCHS + 1):
        set_training_mode(network)
        order = order_generator(seed, epoch).permutation(np.asarray(taught))
        for batch in np.array_split(order, -(-len(order) // _BATCH)):
            views = [images.view(int(index), view_generator(seed, epoch, int(index), 0)) for index in batch]
            logits = network(torch.stack(views).to(weights.device, memory_format=torch.channels_last))
            wanted = torch.from_numpy(codes[batch]).to(weights.device)
            optimizer.zero_grad(set_to_none=True)
            functional.cross_entropy(logits, wanted, weights).backward()
            optimizer.step()
        _, loss = _calibrated(network, images, checked, codes)
        if loss < best_loss:
            best, best_loss, best_epoch = copy.deepcopy(network.state_dict()), loss, epoch
        elif epoch - best_epoch >= _PATIENCE:
            break
    network.load_state_dict(best)
    sharpness, _ = _calibrated(network, images, checked, codes)
    teachers, others = (
        unit_rows(embed(network.encoder, (images.whole(index) for index in part))) for part in (taught, checked)
    )
    head, bias = (parameter.detach().cpu().numpy() for parameter in (network.weights, network.bias))
    learned = dataclasses.replace(
        start,
        weights=(sharpness * head).astype(np.float32),
        bias=(sharpness * bias).astype(np.float32),
        teachers=teachers,
        least_alike=float(np.quantile((others @ teachers.T).max(axis=1), UNLIKE)),
        held_out=None,
    )
    return network.encoder, learned


class _Network(nn.Module):
    def __init__(self, encoder: nn.Module, start: Classifier) -> None:
        super().__init__()
        self.encoder = encoder
        device = next(encoder.parameters()).device
        self.weights = nn.Parameter(torch.from_numpy(start.weights.copy()).to(device))
        self.bias = nn.Parameter(torch.from_numpy(start.bias.copy()).to(device))

    def forward(self, images: Tensor) -> Tensor:
        return functional.normalize(self.encoder(images), dim=1) @ self.weights + self.bias


def _calibrated(
    network: _Network, images: LabelledImages, checked: Sequence[int], codes: NDArray[np.int64]
) -> tuple[float, float]:
    """The inverse temperature of least log loss on the images `checked`, and that loss."""
    logits = embed(network, (images.whole(index) for index in checked))
    return best_sharpness(logits.astype(np.float64), codes[checked])
