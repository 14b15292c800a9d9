"""`prismh-engine`: one command whose first word is the step."""

from __future__ import annotations

import subprocess
import sys

import pytest

from prismh_engine import __version__
from prismh_engine.cli import STEPS, main


def test_it_lists_every_step(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    listed = capsys.readouterr().out
    for step, (_, what) in STEPS.items():
        assert f"{step} " in listed
        assert what in listed


def test_without_a_step_it_shows_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage: prismh-engine STEP" in capsys.readouterr().err


def test_an_unknown_step_is_named_with_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["extrakt", "--quiet"]) == 2
    assert "'extrakt'. Did you mean extract?" in capsys.readouterr().err
    assert main(["zzz"]) == 2
    assert "Did you mean" not in capsys.readouterr().err


def test_it_tells_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.split() == ["prismh-engine", __version__]


def test_a_step_gets_its_arguments_and_its_exit_code_comes_back(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["extract", "--no-such-flag"]) == 2
    assert "--no-such-flag" in capsys.readouterr().err


def test_help_of_every_step_imports_nothing_heavy() -> None:
    script = f"""
import sys
from prismh_engine.cli import main
for step in {list(STEPS)!r}:
    assert main([step, "--help"]) == 0, step
heavy = ("torch", "torchvision", "timm", "sklearn", "scipy", "openTSNE", "onnxruntime", "PySide6")
print("heavy:", [name for name in heavy if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("heavy: []\n")
    for step in STEPS:
        assert f"usage: prismh-engine {step}" in done.stdout


def test_control_c_while_a_step_is_being_imported_ends_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(name: str, package: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("importlib.import_module", interrupted)
    assert main(["map", "--help"]) == 130
