"""Whoever copies an example out of the documents gets what stands beside it."""

from __future__ import annotations

import dataclasses
import importlib
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from prismh_engine.cli import STEPS, main
from prismh_engine.photos.scenes import draw_scene

from ..benchmarks import drawn_sets, recipes, verdicts
from .pages import CHECKOUT, examples

PAGES = [f"docs/{path.name}" for path in sorted((CHECKOUT / "docs").glob("*.md"))]
SMALL_RUN = ["--epochs", "1", "--batch_size", "4", "--image_size", "32", "--num_workers", "1"]
SMALL_BENCHMARKS = {
    "verdicts": ["--count", "2", "--short_sides", "96"],
    "drawn_sets": ["--each", "6"],
    "recipes": ["--epochs", "2", "--batch_size", "8", "--image_size", "32", "--num_workers", "1"],
}
SHORTER = {
    "epochs=100": "epochs=1", '"epochs": 100': '"epochs": 1, "image_size": 32', "photos=192": "photos=4",
    "size=224": "size=64", "batch_size=32": "batch_size=4", "--seeds 0 1 2": "--seeds 0", "--names 20": "--names 2",
}  # fmt: skip


pytestmark = pytest.mark.usefixtures("one_torch_thread")


@pytest.fixture
def beside_photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder the examples are run in."""
    photos = tmp_path / "photos"
    photos.mkdir()
    labels = ["file_path,label"]
    for number, name in enumerate("abcdefgh"):
        kind = ("tyre", "puddle")[number % 2]
        draw_scene(kind, number, (160, 120)).save(photos / f"{name}.jpg")
        labels.append(f"{name}.jpg,{kind}")
    (tmp_path / "labels.csv").write_text("\n".join(labels), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_example_of_the_api_page_does_what_it_says(beside_photos: Path) -> None:
    names: dict[str, object] = {}
    for example in examples("docs/api.md", "python"):
        dataclasses.replace(example, code=_shorter(example.code)).run(names)
    assert torch.is_tensor(names["projections"])
    assert names["projections"].shape == (2, 128)
    assert torch.allclose(names["projections"].norm(dim=1), torch.ones(2), atol=1e-5)
    assert isinstance(names["features"], np.ndarray)
    assert names["features"].shape == (8, 512)
    assert (beside_photos / "run" / "encoder.safetensors").is_file()
    assert list((beside_photos / "tensorboard").iterdir())
    assert {path.name for path in (beside_photos / "checkpoints").iterdir()} == {
        "last.pt", "best_model.pt", "checkpoint_epoch_1.pt",
    }  # fmt: skip


@pytest.mark.parametrize("page", [page for page in PAGES if list(examples(page, "sh"))])
def test_every_command_of_a_page_runs(page: str, beside_photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for example in examples(page, "sh"):
        for words in dataclasses.replace(example, code=_shorter(example.code)).commands():
            module, arguments = _step(words)
            code = importlib.import_module(module).main(arguments)
            assert code == 0, f"{page}:{example.line} {' '.join(words)}: {capsys.readouterr().err}"


def test_every_flag_that_a_page_names_exists(capsys: pytest.CaptureFixture[str]) -> None:
    for step in STEPS:
        assert main([step, "--help"]) == 0
    benchmarks = (drawn_sets, recipes, verdicts)
    helps = capsys.readouterr().out + "".join(module.command_line().format_help() for module in benchmarks)
    known = set(re.findall(r"--\w+", helps)) | {"--nproc_per_node"}
    for page in PAGES:
        named = set(re.findall(r"(?<![\w-])--\w+", (CHECKOUT / page).read_text(encoding="utf-8")))
        assert named <= known, f"{page} names {sorted(named - known)}"


def _shorter(code: str) -> str:
    for long, short in SHORTER.items():
        code = code.replace(long, short)
    return code


def _step(words: list[str]) -> tuple[str, list[str]]:
    """The module of a command and its arguments, made small; one process stands for torchrun's."""
    if words[0] == "prismh-engine":
        module, arguments = f"prismh_engine.{STEPS[words[1]][0]}", words[2:]
    else:
        place = words.index("-m")
        module, arguments = words[place + 1], words[place + 2 :]
    if module.startswith("tests."):
        return module, [*arguments, *SMALL_BENCHMARKS[module.rpartition(".")[2]]]
    if module.startswith("prismh_engine.models.simclr"):
        small = ["--epochs", "2"] if "--resume_from" in arguments else SMALL_RUN
        if not {"--resume_from", "--preset"} & set(arguments):  # the published encoder writes 336 MB each time
            small = [*small, "--base_model", "resnet18"]
        arguments = [*(word.replace("epoch_50", "epoch_1") for word in arguments), *small]
    return module, [*arguments, "--quiet"]
