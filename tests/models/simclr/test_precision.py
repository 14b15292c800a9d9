"""The precision a training computes in follows from the machine."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from prismh_engine import jobs
from prismh_engine.errors import BadValueError
from prismh_engine.models.simclr import TrainSettings, checkpoint, precision, train
from prismh_engine.settings import resolve

from .test_resume import copy_run, state

CPU = torch.device("cpu")


def test_a_cpu_computes_in_float32_whatever_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    flags = {"avx512_bf16": True, "amx_bf16": True}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: flags, raising=False)
    assert precision.choose("auto", CPU) == "off"


@pytest.mark.parametrize(
    ("capability", "chosen"), [((9, 0), "bf16"), ((8, 0), "bf16"), ((7, 5), "fp16"), ((6, 1), "off")]
)
def test_a_gpu_computes_in_bf16_and_an_older_one_in_fp16(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], chosen: str
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert precision.choose("auto", torch.device("cuda")) == chosen


def test_a_gpu_of_another_maker_computes_in_float32() -> None:
    assert precision.choose("auto", torch.device("mps")) == "off"


def test_what_is_asked_for_is_taken_or_refused_in_a_sentence() -> None:
    assert [precision.choose(wanted, CPU) for wanted in ("off", "bf16")] == ["off", "bf16"]
    assert precision.choose("fp16", torch.device("cuda")) == "fp16"
    with pytest.raises(BadValueError, match="mixed_precision is fp16, but a CPU does not compute in it"):
        precision.choose("fp16", CPU)
    with pytest.raises(BadValueError, match="mixed_precision must be one of auto, off, bf16, fp16, got 'half'"):
        precision.choose("half", CPU)


@pytest.mark.parametrize(("name", "dtype"), [("off", torch.float32), ("bf16", torch.bfloat16)])
def test_layers_compute_in_the_precision_and_weights_stay_float32(name: str, dtype: torch.dtype) -> None:
    layer = torch.nn.Linear(4, 2)
    with precision.autocast(name, CPU):
        out = layer(torch.ones(1, 4))
    out.float().sum().backward()
    assert out.dtype == dtype
    assert layer.weight.grad is not None
    assert layer.weight.grad.dtype == layer.weight.dtype == torch.float32


def test_a_run_an_earlier_version_began_in_bf16_by_itself_goes_on_in_float32_and_one_that_was_told_to_stays(
    run_left_alone: Path, tmp_path: Path
) -> None:
    for origin, goes_on in (("default", "off"), ("flag", "bf16")):
        run = tmp_path / origin
        copy_run(run_left_alone, run)
        saved = state(run)
        settings = {**saved["settings"], "mixed_precision": "bf16"}
        (run / "checkpoints" / "last.pt").unlink()
        checkpoint.write(
            run / "checkpoints" / "last.pt",
            {**saved, "settings": settings, "origins": {**saved["origins"], "mixed_precision": origin}},
        )
        given = {"output_dir": run, "resume_from": "auto", "epochs": 4, "device": "cpu"}
        notes = jobs.run(train(resolve(TrainSettings, given, environment={}))).notes
        assert any("goes on in float32" in note for note in notes) == (goes_on == "off")
        assert state(run)["settings"]["mixed_precision"] == goes_on
