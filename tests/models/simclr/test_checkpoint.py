from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from prismh_engine.errors import PrismhError
from prismh_engine.models.simclr import checkpoint


def state(step: int) -> dict[str, object]:
    return {
        "model": {}, "model_state_dict": {"w": torch.full((1000,), float(step))}, "optimizer_state_dict": {},
        "epoch": 0, "step": step,
    }  # fmt: skip


def test_a_checkpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    checkpoint.write(tmp_path / "last.pt", state(3))
    found = checkpoint.read(tmp_path / "last.pt")
    assert found["step"] == 3
    assert torch.equal(found["model_state_dict"]["w"], torch.full((1000,), 3.0))
    assert [p.name for p in tmp_path.iterdir()] == ["last.pt"]


@pytest.mark.parametrize("share", [0, 0.5, 0.99])
def test_a_truncated_checkpoint_is_refused_and_the_newest_good_one_found(tmp_path: Path, share: float) -> None:
    for step in (1, 2, 3):
        checkpoint.write(tmp_path / f"checkpoint_epoch_{step}.pt", state(step))
    newest = tmp_path / "checkpoint_epoch_3.pt"
    os.truncate(newest, int(newest.stat().st_size * share))
    with pytest.raises(PrismhError, match="is damaged or not a checkpoint"):
        checkpoint.read(newest)
    found = checkpoint.newest_good(tmp_path)
    assert found is not None
    assert found[0].name == "checkpoint_epoch_2.pt"


def test_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    checkpoint.write(path, state(1))
    content = bytearray(path.read_bytes())
    content[content.find(torch.ones(4).numpy().tobytes())] ^= 1
    path.write_bytes(content)
    with pytest.raises(PrismhError, match="damaged"):
        checkpoint.read(path)


def test_the_previous_checkpoint_stays_when_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    checkpoint.write(path, state(1))
    with pytest.raises(TypeError):
        checkpoint.write(path, {**state(2), "settings": (value for value in ())})
    assert checkpoint.read(path)["step"] == 1
    assert [p.name for p in tmp_path.iterdir()] == ["last.pt"]


def test_a_second_name_keeps_its_content_when_the_first_is_written_again(tmp_path: Path) -> None:
    checkpoint.write(tmp_path / "last.pt", state(1))
    checkpoint.copy(tmp_path / "last.pt", tmp_path / "best_model.pt")
    checkpoint.write(tmp_path / "last.pt", state(2))
    assert checkpoint.read(tmp_path / "best_model.pt")["step"] == 1


def test_files_of_another_kind_are_told_apart(tmp_path: Path) -> None:
    torch.save({"fc.weight": torch.zeros(2)}, tmp_path / "weights.pt")
    with pytest.raises(PrismhError, match="not a checkpoint of a training"):
        checkpoint.read(tmp_path / "weights.pt")
    with pytest.raises(PrismhError, match="There is no checkpoint"):
        checkpoint.read(tmp_path / "none.pt")
