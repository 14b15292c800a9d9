"""The settings of the step `train` and its presets; free of torch, so that a window or `--help` shows them at once."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from ...errors import BadValueError
from ...settings import Resolved, Settings, setting

BASE_MODELS = ("resnet50", "resnet18", "efficientnet_lite0")
AUTO = "auto"
STARTER_BASE_MODEL = "efficientnet_lite0"
_PRETRAINED_AT = 224
LABELS_OF_PROJECT = "project"
TAUGHT_FILE = "labels.csv"
"""In a run's folder: the labels it learned from, file_path,label."""

# Learning from photos alone adds little on top of the starter where photos are everyday ones, and can easily take
# something away, so that every preset is gentle: batch norm as it is, only the last stages learn, the head first,
# second views show look-alikes, and what comes out keeps a share of the start (docs/recipes.md has what was tried).
# Frozen blocks keep nothing for a backward pass, which is what keeps 224 px far below 2.5 GB.
_GENTLE: Mapping[str, Any] = {
    "base_model": STARTER_BASE_MODEL,
    "weights": "starter",
    "temperature": 0.2,
    "optimizer": "adamw",
    "learning_rate": 1e-4,
    "freeze_bn": True,
    "freeze_blocks": 11,
    "image_size": 224,
    "batch_size": 64,
    "neighbour_share": 1.0,
    "head_epochs": 1,
    "start_share": AUTO,
    "warmup_epochs": 1,
}
PRESETS: Mapping[str, Mapping[str, Any]] = {
    "quick": {**_GENTLE, "epochs": 7},
    "standard": {**_GENTLE, "epochs": 40},
    "thorough": {**_GENTLE, "epochs": 240},
    # Half of the loss is left to photos without a name: with less, kinds that nobody named lost their groups.
    "names": {
        **_GENTLE,
        "learning_rate": 3e-4,
        "labels_weight": 0.5,
        "spread_labels": True,
        "head_epochs": 0,
        "epochs": 7,
    },
    "scratch": {
        "base_model": "resnet18",
        "image_size": 96,
        "batch_size": 64,
        "temperature": 0.2,
        "optimizer": "adamw",
        "warmup_epochs": 2,
        "epochs": 60,
    },
}
NAMES_PRESET, SCRATCH_PRESET = "names", "scratch"
"""The one that learns from names too and goes with `labels`, and the one that does not start from the starter."""


@dataclass(frozen=True)
class TrainSettings(Settings):
    """Everything a training can be told. Without a preset every value is the published one."""

    step: ClassVar[str] = "train"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = PRESETS

    data_dir: Path | None = setting(None, "folder with the photos to learn from")
    output_dir: Path | None = setting(None, "folder for the run's settings, metrics, checkpoints and encoder")
    project: Path | None = setting(None, "a project, in place of the two folders: its used photos, a run in its runs/")
    cache_dir: Path | None = setting(
        None, "folder for decoded copies (default: the project's, else the platform's cache)"
    )
    preset: str | None = setting(
        None,
        "quick, standard or thorough: from the starter encoder, for about 5, 30 or 180 minutes per 1,000 photos on two "
        "cores; names: from it and --labels; scratch: a small encoder from nothing",
        choices=tuple(PRESETS),
    )
    base_model: str = setting("resnet50", "encoder", choices=BASE_MODELS)
    weights: str = setting(
        "none",
        "weights to start from: none, starter (brings efficientnet_lite0), imagenet, or a file of weights",
    )
    pretrained: bool = setting(False, "the same as --weights imagenet")
    epochs: int = setting(100, "passes over all photos", minimum=1)
    batch_size: int = setting(32, "photos in a step, two views of each", minimum=2)
    learning_rate: float = setting(1e-3, "highest learning rate", above=0.0)
    temperature: float = setting(0.5, "temperature of the NT-Xent loss", above=0.0)
    weight_decay: float = setting(1e-4, "weight decay; biases and norms have none", minimum=0.0)
    image_size: int = setting(224, "side of a view", unit="pixels", minimum=32, maximum=1024)
    smallest_crop: float = setting(0.2, "smallest share of a photo's area that a view shows", above=0.0, maximum=1.0)
    colour_strength: float = setting(
        1.0, "how much views change colours, of what is published; 0 for not at all but the grey ones", minimum=0.0
    )
    neighbour_share: float = setting(
        0.0,
        "share of second views that show one of the five photos most alike by the starter, and not the photo itself",
        minimum=0.0,
        maximum=1.0,
    )
    optimizer: str = setting("adam", "optimizer", choices=("adam", "adamw", "sgd", "lars"))
    momentum: float = setting(0.9, "momentum of sgd and lars", minimum=0.0, maximum=1.0)
    schedule: str = setting(
        "cosine",
        "learning rate over the run; a run made longer goes on at the rate the longer run has at that epoch",
        choices=("cosine", "plateau", "constant"),
    )
    warmup_epochs: int = setting(
        0, "epochs over which the learning rate rises to its highest, after those of the head", minimum=0
    )
    head_epochs: int = setting(0, "first epochs, in which the projection head alone learns", minimum=0)
    start_share: float | str = setting(
        0.0,
        "share of the weights a run starts from in what it gives, the rest is what it learned; auto: 0.3, and more "
        "where fewer than 24 photos teach each label",
        choices=(AUTO,),
        minimum=0.0,
        maximum=1.0,
    )
    accumulation_steps: int = setting(
        1,
        "batches joined into one step, with the negatives of all of them; one at a time is held in memory",
        minimum=1,
    )
    freeze_bn: bool = setting(False, "keep batch norm as the start weights have it")
    freeze_blocks: int = setting(0, "first blocks of the encoder to keep as they are; saves time and memory", minimum=0)
    grad_clip: float | None = setting(None, "longest gradient, as an L2 norm over all weights", above=0.0)
    labels: str | None = setting(
        None, "names as teachers: file_path,label as CSV, or the word project for the names given in it"
    )
    labels_weight: float = setting(
        0.9,
        "share of the loss that is told by --labels; the rest is that of all photos, which 1 leaves out",
        minimum=0.0,
        maximum=1.0,
    )
    spread_labels: bool = setting(
        False, "let the five photos most alike a labelled one by the starter learn as if they had its label"
    )
    probe_labels: Path | None = setting(
        None, "file_path,label as CSV, to measure and not to learn from (default: the folders photos lie in)"
    )
    probe_every: int = setting(
        0, "epochs between measurements of kNN accuracy on labelled photos; 0 for none", minimum=0
    )
    early_stopping_patience: int | None = setting(None, "epochs without a better loss before the run ends", minimum=1)
    val_fraction: float = setting(0.1, "share of photos held out to measure the loss on", minimum=0.0, maximum=0.5)
    seed: int = setting(0, "seed of all randomness", minimum=0, maximum=2**63 - 1)
    device: str = setting(AUTO, "where to compute", choices=(AUTO, "cpu", "cuda"))
    mixed_precision: str = setting(
        AUTO,
        "number format of the network; auto: bf16, else fp16, on a GPU, off on a CPU",
        choices=(AUTO, "off", "bf16", "fp16"),
    )
    num_workers: int | str = setting(AUTO, "threads that prepare views", choices=(AUTO,), minimum=0)
    checkpoint_every: int = setting(10, "epochs between checkpoints that are kept", minimum=1)
    keep_checkpoints: int = setting(0, "how many of those to keep, the newest; 0 for all", minimum=0)
    checkpoint_minutes: float = setting(1.0, "minutes between saves of last.pt", minimum=0.0)
    resume_from: str | None = setting(None, "checkpoint to go on from; auto: the newest good one of the output folder")
    allow_changed_photos: bool = setting(False, "go on although the photos are not those the run began with")

    @property
    def start_weights(self) -> str:
        """Where the encoder's weights come from: none, starter, imagenet or a file."""
        return "imagenet" if self.pretrained else self.weights

    @property
    def feature_size(self) -> int:
        """Side in pixels of the pictures whose features are taken afterwards.

        Weights that came to know pictures of 224 pixels tell more at that size, also after learning from smaller views
        (Touvron et al. 2019, arXiv 1906.06423: crops let things look larger than they do in a whole picture).
        """
        return (
            max(self.image_size, _PRETRAINED_AT) if self.start_weights in ("starter", "imagenet") else self.image_size
        )

    def plain(self) -> dict[str, Any]:
        """As a checkpoint keeps them: paths as text."""
        values = dataclasses.asdict(self)
        return {name: str(value) if isinstance(value, Path) else value for name, value in values.items()}


def anchored(resolved: Resolved[TrainSettings]) -> Resolved[TrainSettings]:
    """The settings with absolute paths, so that a run goes on from whatever folder one stands in."""
    paths: dict[str, Any] = {
        field.name: Path(os.path.abspath(value))
        for field in dataclasses.fields(TrainSettings)
        if isinstance(value := getattr(resolved.settings, field.name), Path)
    }
    labels = resolved.settings.labels
    if labels is not None and labels != LABELS_OF_PROJECT:
        paths["labels"] = os.path.abspath(labels)
    return Resolved(dataclasses.replace(resolved.settings, **paths), resolved.origins)


def settle(resolved: Resolved[TrainSettings]) -> Resolved[TrainSettings]:
    """The settings with what follows from them: starter weights bring their encoder, and paths are absolute.

    Raises `BadValueError` where two values contradict each other; both are named.
    """
    resolved = anchored(resolved)
    settings = resolved.settings
    if settings.preset == NAMES_PRESET and settings.labels is None:
        raise BadValueError(
            "--preset names learns from names: give --labels FILE.csv (file_path,label), or --labels project with "
            "--project."
        )
    if settings.spread_labels and settings.labels is None:
        raise BadValueError("--spread_labels takes labels further: give --labels, or leave it out.")
    if settings.pretrained and resolved.given("weights") and settings.weights != "imagenet":
        raise BadValueError(
            f"--pretrained means --weights imagenet, but --weights {settings.weights} is given: leave one out."
        )
    given_share = settings.start_share not in (0.0, AUTO)
    if given_share and settings.start_weights == "none":
        raise BadValueError(
            "--start_share keeps a share of the weights a run starts from: give --weights, or leave it out."
        )
    if given_share and not settings.freeze_bn:
        raise BadValueError(
            "--start_share mixes weights, and statistics of batch norm cannot be mixed: add --freeze_bn, or leave it "
            "out."
        )
    if settings.start_weights != "starter" or settings.base_model == STARTER_BASE_MODEL:
        return resolved
    if resolved.given("base_model"):
        raise BadValueError(
            f"--weights starter belongs to --base_model {STARTER_BASE_MODEL}, but --base_model {settings.base_model} "
            "is given: leave it out, or choose other --weights (none, imagenet or a file)."
        )
    return Resolved(
        dataclasses.replace(settings, base_model=STARTER_BASE_MODEL), {**resolved.origins, "base_model": "weights"}
    )
