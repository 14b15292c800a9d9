"""A checkpoint comes back whole or is refused by name, and the one before it is never lost."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from prismh_engine.errors import PrismhError
from prismh_engine.models.simclr import SimCLRModel, checkpoint
from prismh_engine.models.simclr.checkpoint import CheckpointWriter
from prismh_engine.models.simclr.training_photos import (
    TrainingPhoto,
    TrainingPhotos,
    describe,
    fingerprint,
    what_changed,
)

_SAVE_AND_SAVE = """
import sys
from pathlib import Path
import torch
from prismh_engine.models.simclr.checkpoint import CheckpointWriter

state = {"model": {}, "model_state_dict": {"w": torch.zeros(5_000_000)}, "optimizer_state_dict": {}, "epoch": 0}
writer = CheckpointWriter()
for step in range(1, 1000):
    writer.save({**state, "step": step}, Path(sys.argv[1]))
    print(step, flush=True)
"""


def state(step: int) -> dict[str, Any]:
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
    with pytest.raises(PrismhError, match=r"is (empty|cut off or damaged)"):
        checkpoint.read(newest)
    found, damaged = checkpoint.newest_good(tmp_path)
    assert damaged == [newest]
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


class Bomb:
    """Makes a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_what_is_no_checkpoint_is_named_in_a_sentence_and_nothing_in_it_is_run(tmp_path: Path) -> None:
    torch.save({"fc.weight": torch.zeros(2)}, tmp_path / "weights.pt")
    torch.save({**state(1), "step": "1"}, tmp_path / "made_up.pt")
    torch.save({**state(1), "format": checkpoint.FORMAT + 1}, tmp_path / "newer.pt")
    torch.save({**state(1), "settings": Bomb(tmp_path / "went_off")}, tmp_path / "bomb.pt")
    (tmp_path / "old_bomb.pt").write_bytes(pickle.dumps(Bomb(tmp_path / "went_off")))
    (tmp_path / "picture.pt").write_bytes(b"\xff\xd8\xff\xe0" * 100)
    with zipfile.ZipFile(tmp_path / "small_but_large.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(10_000_000))
    with zipfile.ZipFile(tmp_path / "document.pt", "w") as archive:
        archive.writestr("word/document.xml", "<text/>")
    sentences = {
        "weights.pt": "is not a checkpoint of a training .perhaps a file of bare weights",
        "made_up.pt": "is not a checkpoint of a training",
        "newer.pt": "was made by a newer version of Prism-H: update",
        "bomb.pt": "Nothing in it was run",
        "old_bomb.pt": "is not a checkpoint of a training",
        "picture.pt": "is not a checkpoint of a training",
        "small_but_large.pt": "is not a checkpoint of a training",
        "document.pt": "is not a checkpoint of a training",
        "none.pt": "There is no checkpoint",
    }
    for name, sentence in sentences.items():
        for whole in (True, False):
            with pytest.raises(PrismhError, match=sentence):
                checkpoint.read(tmp_path / name, whole=whole)
    assert not (tmp_path / "went_off").exists()


def test_a_checkpoint_of_the_first_format_tells_what_changed_of_its_photos(tmp_path: Path) -> None:
    photos = TrainingPhotos(TrainingPhoto(i, Path(f"{i}.jpg"), f"{i}.jpg", f"{i:x}".ljust(64, "a")) for i in range(3))
    paths, contents = [p.file_path for p in photos], [p.content_hash[:16] for p in photos]
    listed = {"fingerprint": fingerprint(photos), "file_paths": paths, "contents": contents}
    torch.save({**state(1), "format": 1, "photos": listed}, tmp_path / "last.pt")
    kept = checkpoint.read(tmp_path / "last.pt")["photos"]
    assert kept == describe(photos)
    assert what_changed(kept, photos) == ""
    assert what_changed(kept, photos[:2]) == "1 gone (2.jpg)"


def test_nobody_starts_afresh_beside_a_checkpoint_of_a_newer_version(tmp_path: Path) -> None:
    checkpoint.write(tmp_path / "checkpoint_epoch_1.pt", state(1))
    torch.save({**state(2), "format": checkpoint.FORMAT + 1}, tmp_path / "last.pt")
    with pytest.raises(PrismhError, match=r"last\.pt was made by a newer version"):
        checkpoint.newest_good(tmp_path)


def test_a_checkpoint_of_another_network_is_refused_with_both_named() -> None:
    saved, model = SimCLRModel("resnet18"), SimCLRModel("efficientnet_lite0")
    held = {"model": {"base_model": "resnet18", "output_dim": 128}, "model_state_dict": saved.state_dict()}
    with pytest.raises(PrismhError, match=r"a\.pt holds a model with resnet18, but this one has efficientnet_lite0"):
        checkpoint.load_model(model, held, Path("a.pt"))
    with pytest.raises(PrismhError, match="output_dim 128, but this one has output_dim 64"):
        checkpoint.load_model(SimCLRModel("resnet18", output_dim=64), held, Path("a.pt"))
    with pytest.raises(PrismhError, match=r"a\.pt does not fit this model: Missing key"):
        checkpoint.load_model(torch.nn.Linear(2, 2), held, Path("a.pt"))
    checkpoint.load_model(other := SimCLRModel("resnet18"), held, Path("a.pt"))
    assert torch.equal(other.projection_head[0].weight, saved.projection_head[0].weight)


def test_what_is_written_beside_the_training_is_what_it_was_when_asked(tmp_path: Path) -> None:
    one = state(1)
    with CheckpointWriter() as writer:
        writer.save(one, tmp_path / "last.pt", also=[tmp_path / "best_model.pt", tmp_path / "checkpoint_epoch_1.pt"])
        one["model_state_dict"]["w"].fill_(2.0)
        one["step"] = 2
        writer.save(one, tmp_path / "last.pt")
    for name, step in (("last.pt", 2), ("best_model.pt", 1), ("checkpoint_epoch_1.pt", 1)):
        found = checkpoint.read(tmp_path / name)
        assert found["step"] == step
        assert torch.equal(found["model_state_dict"]["w"], torch.full((1000,), float(step)))


def test_a_disk_that_refuses_is_told_by_the_next_call_and_then_all_goes_on(tmp_path: Path) -> None:
    (tmp_path / "blocked.pt").mkdir()
    with CheckpointWriter() as writer:
        writer.save(state(1), tmp_path / "blocked.pt")
        with pytest.raises(PrismhError, match=r"Cannot write .*blocked\.pt: it is a folder"):
            writer.wait()
        writer.save(state(2), tmp_path / "last.pt")
        writer.wait()
        assert checkpoint.read(tmp_path / "last.pt")["step"] == 2
        writer.save(state(3), tmp_path / "blocked.pt")
        with pytest.raises(PrismhError, match="it is a folder"):
            writer.save(state(4), tmp_path / "last.pt")
    assert checkpoint.read(tmp_path / "last.pt")["step"] == 2


def test_a_program_killed_while_it_writes_leaves_the_checkpoint_before(tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    with subprocess.Popen(
        [sys.executable, "-c", _SAVE_AND_SAVE, str(path)], stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        begun = [int(next(program.stdout)) for _ in range(3)]
        program.kill()
    assert begun == [1, 2, 3]
    assert checkpoint.read(path)["step"] >= 2  # the third was begun when the second was on the disk


def test_what_ended_a_training_is_told_before_a_disk_that_refused(tmp_path: Path) -> None:
    (tmp_path / "blocked.pt").mkdir()

    def diverge() -> None:
        with CheckpointWriter() as writer:
            writer.save(state(1), tmp_path / "blocked.pt")
            raise KeyError

    with pytest.raises(KeyError):
        diverge()
    with pytest.raises(PrismhError, match="it is a folder"), CheckpointWriter() as writer:
        writer.save(state(1), tmp_path / "blocked.pt")
