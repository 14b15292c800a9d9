"""A handful of tiny photos, and one way to train on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from safetensors.torch import save_file

from prismh_engine import jobs
from prismh_engine.models import encoders
from prismh_engine.models.simclr import main
from prismh_engine.photos.cache import PhotoCache
from prismh_engine.photos.folder import list_photos
from prismh_engine.project import Project

COUNT = 13


def draw(number: int) -> Image.Image:
    random = np.random.default_rng(number)
    image = Image.fromarray(random.integers(0, 90, (72, 96, 3), dtype=np.uint8))
    pen = ImageDraw.Draw(image)
    for _ in range(4):
        x, y, r = (int(v) for v in random.integers(5, 60, 3))
        colour = tuple(int(v) for v in random.integers(0, 255, 3))
        (pen.ellipse if number % 2 else pen.rectangle)([x, y, x + r, y + r], fill=colour)
    return image


@pytest.fixture(scope="session", autouse=True)
def _one_torch_thread() -> Iterator[None]:
    """On a busy machine the threads of so small steps wait for each other nearly all of the time."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """13 photos of 96 x 72 pixels. Copy the folder before changing it."""
    folder = tmp_path_factory.mktemp("tiny")
    for number in range(COUNT):
        draw(number).save(folder / f"{number:02}.png")
    return folder


def tiny_flags(photos: Path, output: Path) -> list[str]:
    """Ten photos in batches of four (4, 4, 2), three held out, three epochs: nine steps.

    In float32, whatever the machine does fastest: half precision differs in the third digit with the cut of a batch.
    """
    return [
        "--data_dir", str(photos), "--output_dir", str(output), "--base_model", "resnet18", "--image_size", "32",
        "--batch_size", "4", "--epochs", "3", "--val_fraction", "0.2", "--num_workers", "1",
        "--mixed_precision", "off", "--quiet",
    ]  # fmt: skip


@pytest.fixture(scope="session")
def run_left_alone(_one_torch_thread: None, tiny_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training that nobody disturbed."""
    output = tmp_path_factory.mktemp("alone") / "run"
    assert main([*tiny_flags(tiny_photos, output), "--checkpoint_every", "1"]) == 0
    return output


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of weights to start from, resnet18's, that know nothing: a run compares its epochs with them."""
    path = tmp_path_factory.mktemp("weights") / "resnet18.safetensors"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        save_file(encoders.build("resnet18").state_dict(), path)
    return path


@pytest.fixture
def learn(tiny_photos: Path, tmp_path: Path) -> Callable[..., int]:
    """Run `train` on the tiny photos into `tmp_path / "run"`; later flags win. Returns the exit code."""

    def run(*flags: object) -> int:
        return main([*tiny_flags(tiny_photos, tmp_path / "run"), *map(str, flags)])

    return run


@pytest.fixture
def tiny_project(tiny_photos: Path, tmp_path: Path) -> Path:
    """The folder of a project of the tiny photos."""
    folder = tmp_path / "project"
    with Project.create(folder) as made, PhotoCache(made.cache_folder) as cache:
        photos = made.add_folder(tiny_photos)
        made.photos.record(photos.id, jobs.run(list_photos(tiny_photos, cache)))
    return folder
