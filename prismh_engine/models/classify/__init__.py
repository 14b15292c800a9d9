"""From a few names to a name for every photo: for tables of embeddings, for a project, and for photos themselves.

Names are imported when they are first used, so that suggesting names costs no import of torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...lazy_names import importing

if TYPE_CHECKING:
    from .command import ClassifyReport, ClassifySettings, classify, main
    from .photo_classifier import PhotoClassifier, Prediction
    from .suggest import suggest_labels
    from .train import ClassifierReport, train_classifier

_HOME = {
    "ClassifyReport": "command",
    "ClassifierReport": "train",
    "ClassifySettings": "command",
    "PhotoClassifier": "photo_classifier",
    "Prediction": "photo_classifier",
    "classify": "command",
    "main": "command",
    "suggest_labels": "suggest",
    "train_classifier": "train",
}

__all__ = [
    "ClassifierReport", "ClassifyReport", "ClassifySettings", "PhotoClassifier", "Prediction", "classify", "main",
    "suggest_labels", "train_classifier",
]  # fmt: skip

__getattr__ = importing(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
