"""SimCLR as Lightly's documentation has it (docs.lightly.ai, the PyTorch example), on the photos of a folder.

Lightly is no part of an installation: `pip install lightly` brings it.
"""

from __future__ import annotations

import importlib.util
import os
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..models.encoders import compute_device
from ..models.simclr.settings import TrainSettings
from ..models.torchvision_operators import import_torchvision

_TEMPERATURE = 0.5  # Lightly's default


def missing() -> str:
    """Why Lightly cannot be measured here, a sentence; "" where it can."""
    if importlib.util.find_spec("lightly") is None:
        return "Lightly is not installed: pip install lightly."
    return ""


class LightlyLoop:
    """The documented loop; its parts are Lightly's, its size and batch those of the settings.

    Its loader has a process for each core, which is its best on a small machine (the example says 8).
    """

    def __init__(self, folder: Path, settings: TrainSettings) -> None:
        torchvision = import_torchvision()
        from lightly.data import LightlyDataset
        from lightly.transforms.simclr_transform import SimCLRTransform

        self._device = compute_device(settings.device)
        self._model = _network(torchvision, settings.base_model).to(self._device)
        self._optimizer = torch.optim.SGD(self._model.parameters(), lr=0.06)
        self._criterion = loss()
        self._loader = torch.utils.data.DataLoader(
            LightlyDataset(str(folder), transform=SimCLRTransform(input_size=settings.image_size, gaussian_blur=0.0)),
            batch_size=settings.batch_size,
            shuffle=True,
            drop_last=True,
            num_workers=os.cpu_count() or 1,
        )

    def rate(self, steps: int) -> float:
        """Photos a second over some steps, one to warm up before them. The loader's processes live no longer."""
        batches = iter(self._loader)
        self._step(next(batches))
        began = time.perf_counter()
        for _ in range(steps):
            self._step(next(batches))
        return steps * (self._loader.batch_size or 1) / (time.perf_counter() - began)

    def _step(self, batch: Any) -> None:
        x0, x1 = batch[0]
        z0 = self._model(x0.to(self._device))
        z1 = self._model(x1.to(self._device))
        loss = self._criterion(z0, z1)
        loss.backward()
        self._optimizer.step()
        self._optimizer.zero_grad()
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)


def loss() -> Any:
    """Lightly's NT-Xent: `(z0 [N, d], z1 [N, d]) -> scalar`."""
    import_torchvision()
    from lightly.loss import NTXentLoss

    return NTXentLoss(temperature=_TEMPERATURE)


class _Network(nn.Module):
    def __init__(self, backbone: nn.Module, projection_head: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone
        self.projection_head = projection_head

    def forward(self, x: Tensor) -> Tensor:
        projections: Tensor = self.projection_head(self.backbone(x).flatten(start_dim=1))
        return projections


def _network(torchvision: Any, base_model: str) -> nn.Module:
    from lightly.models.modules import SimCLRProjectionHead

    resnet = getattr(torchvision.models, base_model)()
    dimension = resnet.fc.in_features
    return _Network(nn.Sequential(*list(resnet.children())[:-1]), SimCLRProjectionHead(dimension, dimension, 128))
