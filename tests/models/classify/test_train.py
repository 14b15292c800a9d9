"""`train_classifier`: an encoder and labelled photos in, a classifier of photos and its held-out report out."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from prismh_engine.errors import PrismhError
from prismh_engine.models.classify import train_classifier
from prismh_engine.models.simclr import SimCLRModel

COLOURS = {"blue": (40, 60, 200), "green": (40, 180, 60), "red": (200, 50, 40)}
pytestmark = pytest.mark.usefixtures("one_torch_thread")


class _MeanColour(nn.Module):
    """The mean of each channel in four parts of the frame, with scales that can learn: [N, 3, H, W] -> [N, 12]."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(12))

    def forward(self, images: Tensor) -> Tensor:
        return nn.functional.adaptive_avg_pool2d(images, 2).flatten(1) * self.scale


class _Both(_MeanColour):
    """Gives two things, as a SimCLRModel does."""

    def forward(self, images: Tensor) -> Any:
        return super().forward(images), images


@pytest.fixture(scope="module")
def class_folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight photos of a colour in each of three folders."""
    folder = tmp_path_factory.mktemp("classes")
    rng = np.random.default_rng(0)
    for label, colour in COLOURS.items():
        (folder / label).mkdir()
        for number in range(8):
            noise = rng.normal(scale=60, size=(2, 2, 3))
            pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8).repeat(32, axis=0).repeat(32, axis=1)
            Image.fromarray(pixels).save(folder / label / f"{number:02}.png")
    return folder


def test_a_folder_of_class_folders_teaches_its_names(class_folders: Path) -> None:
    made, report = train_classifier(_MeanColour(), class_folders)
    assert made.classes == ["blue", "green", "red"]
    assert report.taught == {"blue": 6, "green": 6, "red": 6}
    assert report.held_out_photos == {"blue": 2, "green": 2, "red": 2}
    assert report.held_out.photos == 6
    assert report.held_out.accuracy > 0.7
    paths = [class_folders / label / "05.png" for label in COLOURS]
    predicted = made.predict(paths)
    assert sum(one.label == label for one, label in zip(predicted, COLOURS, strict=True)) >= 2
    assert all(0 <= one.confidence <= 1 for one in predicted)


def test_forward_gives_logits_whose_softmax_is_the_confidence(class_folders: Path) -> None:
    made, _ = train_classifier(_MeanColour(), class_folders)
    images = torch.rand(5, 3, 16, 16)
    logits = made(images)
    assert logits.shape == (5, 3)
    confidences = [one.confidence for one in made.predict(images)]
    np.testing.assert_allclose(logits.softmax(dim=1).max(dim=1).values.detach().numpy(), confidences, rtol=1e-4)


def test_pairs_and_datasets_of_pictures_or_tensors_teach_the_same(class_folders: Path) -> None:
    pairs = [(path, path.parent.name) for path in sorted(class_folders.rglob("*.png"))]
    pictures = [(Image.open(path).convert("RGB"), label) for path, label in pairs]
    from prismh_engine.models.classify.labelled_images import whole_frame

    tensors = [(whole_frame(picture), torch.tensor(list(COLOURS).index(label))) for picture, label in pictures]
    _, by_folder = train_classifier(_MeanColour(), class_folders, seed=3)
    for data in ([(str(path), label) for path, label in pairs], pictures):
        _, report = train_classifier(_MeanColour(), data, seed=3)
        assert dataclasses.astuple(report.held_out) == pytest.approx(dataclasses.astuple(by_folder.held_out), abs=1e-3)
        assert (report.taught, report.held_out_photos) == (by_folder.taught, by_folder.held_out_photos)
    made, report = train_classifier(_MeanColour(), tensors, seed=3)
    assert made.classes == [0, 1, 2]
    assert dataclasses.astuple(report.held_out) == pytest.approx(dataclasses.astuple(by_folder.held_out), abs=1e-3)


@pytest.mark.parametrize("fine_tune", [False, True])
def test_the_same_seed_gives_the_same_classifier_and_leaves_the_encoder_alone(fine_tune: bool) -> None:
    encoder = _MeanColour().train()
    images = torch.randn(24, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    data = [(image + number % 2, number % 2) for number, image in enumerate(images)]
    before = {key: tensor.clone() for key, tensor in encoder.state_dict().items()}
    (first, report), (second, again) = (train_classifier(encoder, data, fine_tune=fine_tune, seed=1) for _ in range(2))
    assert report == again
    for key, tensor in first.state_dict().items():
        assert torch.equal(tensor, second.state_dict()[key]), key
    assert all(torch.equal(tensor, before[key]) for key, tensor in encoder.state_dict().items())
    assert encoder.training
    assert not first.training or not first.encoder.training


def test_fine_tuning_lets_a_copy_of_the_encoder_learn() -> None:
    encoder = _MeanColour()
    # The label stands in the last channel, which the encoder shows but faintly beside the noise of the others.
    encoder.scale.data[8:] = 0.02
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(80) % 2
    images = torch.randn(80, 3, 8, 8, generator=generator) + torch.randn(80, 3, 1, 1, generator=generator)
    images[:, 2] += 4 * labels[:, None, None] - 2
    tuned, report = train_classifier(encoder, list(zip(images, labels.tolist(), strict=True)), fine_tune=True)
    assert report.taught == {0: 22, 1: 22}
    assert report.held_out_photos == {0: 10, 1: 10}
    learned = tuned.encoder.get_parameter("scale").detach().abs()
    assert learned[8:].mean() > 0.021


def test_copies_of_a_photo_are_held_out_together(class_folders: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    for label in ("blue", "red"):
        (folder / label).mkdir(parents=True)
        for copy in range(8):
            shutil.copy(class_folders / label / "00.png", folder / label / f"{copy}.png")
    with pytest.raises(PrismhError, match="too few, or too much alike"):
        train_classifier(_MeanColour(), folder, test_fraction=0.1)


@pytest.mark.parametrize("fraction", [0, 1, -0.5, float("nan")])
def test_a_share_outside_its_range_is_told_with_its_value(class_folders: Path, fraction: float) -> None:
    with pytest.raises(ValueError, match=f"test_fraction must be > 0 and < 1, got {fraction}"):
        train_classifier(_MeanColour(), class_folders, test_fraction=fraction)


def test_what_cannot_be_learned_from_is_told(class_folders: Path, tmp_path: Path) -> None:
    one: list[Any] = [(path, "blue") for path in sorted((class_folders / "blue").iterdir())]
    with pytest.raises(PrismhError, match="two labels with two photos each"):
        train_classifier(_MeanColour(), one)
    with pytest.raises(PrismhError, match="no folder"):
        train_classifier(_MeanColour(), tmp_path / "gone")
    with pytest.raises(PrismhError, match="no photos in class folders"):
        train_classifier(_MeanColour(), class_folders / "blue")
    (tmp_path / "broken.jpg").write_bytes(b"no photo")
    with pytest.raises(PrismhError, match=r"broken\.jpg"):
        train_classifier(_MeanColour(), [*one, (tmp_path / "broken.jpg", "red")])
    with pytest.raises(ValueError, match="labeled_data must be"):
        train_classifier(_MeanColour(), 3)
    with pytest.raises(ValueError, match=r"model\.encoder"):
        train_classifier(_Both(), one + [(path, "red") for path, _ in one])


def test_the_published_example_runs(class_folders: Path) -> None:
    model = SimCLRModel("resnet18")
    labeled_data = [(path, path.parent.name) for path in sorted(class_folders.rglob("0[0-1].png"))]
    made, report = train_classifier(model.encoder, labeled_data)
    assert made.predict([labeled_data[0][0]])[0].label in (None, *COLOURS)
    assert report.held_out.photos >= 1
