"""SimCLR (Chen et al., 2020, arXiv 2002.05709): an encoder learns from photos without labels.

`python -m prismh_engine.models.simclr` runs the step `train`. Names are imported when they are first used, so that
`prismh_engine.models.simclr.settings` costs no import of torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...lazy_names import importing

if TYPE_CHECKING:
    from .augmentation import get_simclr_transforms
    from .command import main
    from .dataset import SimCLRDataset
    from .loss import NTXentLoss, nt_xent
    from .network import SimCLRModel, SimCLRProjectionHead, extract_features
    from .run import TrainReport, train
    from .settings import PRESETS, TrainSettings
    from .timing import probe
    from .training import train_simclr

_HOME = {
    "NTXentLoss": "loss",
    "PRESETS": "settings",
    "SimCLRDataset": "dataset",
    "SimCLRModel": "network",
    "SimCLRProjectionHead": "network",
    "TrainReport": "run",
    "TrainSettings": "settings",
    "extract_features": "network",
    "get_simclr_transforms": "augmentation",
    "main": "command",
    "nt_xent": "loss",
    "probe": "timing",
    "train": "run",
    "train_simclr": "training",
}

__all__ = [
    "PRESETS", "NTXentLoss", "SimCLRDataset", "SimCLRModel", "SimCLRProjectionHead", "TrainReport", "TrainSettings",
    "extract_features", "get_simclr_transforms", "main", "nt_xent", "probe", "train", "train_simclr",
]  # fmt: skip

__getattr__ = importing(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
