"""Set-up: with nothing but Python, in one sentence where it fails, and with versions that were tested."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement

CHECKOUT = Path(__file__).parents[1]


@pytest.fixture
def bootstrap() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bootstrap", CHECKOUT / "packaging" / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_set_up_needs_nothing_but_python() -> None:
    started = subprocess.run(
        [sys.executable, "-I", "-S", str(CHECKOUT / "packaging" / "bootstrap.py"), "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode == 0, started.stderr
    assert "setup" in started.stdout


def test_a_set_up_without_packages_to_install_ends_in_one_sentence_and_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "packaging").mkdir()
    for name in ("pyproject.toml", "packaging/bootstrap.py", "packaging/constraints.txt"):
        shutil.copy(CHECKOUT / name, tmp_path / name)
    environment = os.environ | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull}
    command = [sys.executable, str(tmp_path / "packaging" / "bootstrap.py"), "setup"]
    for _ in range(2):
        failed = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert failed.returncode == 1
        assert "Traceback" not in failed.stderr
        assert len(failed.stderr.strip().splitlines()) == 1
        assert "Check the network connection" in failed.stderr
        assert not (tmp_path / ".venv" / "prismh-setup").exists()
        assert (tmp_path / ".venv" / "prismh-setup.log").stat().st_size > 0


def test_other_dependencies_mean_another_set_up(bootstrap: ModuleType, tmp_path: Path) -> None:
    for name in ("pyproject.toml", "packaging/constraints.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(CHECKOUT / name, tmp_path / name)
    before = bootstrap.fingerprint()
    bootstrap.CHECKOUT, bootstrap.CONSTRAINTS = tmp_path, tmp_path / "packaging" / "constraints.txt"
    assert bootstrap.fingerprint() == before
    with bootstrap.CONSTRAINTS.open("a") as stream:
        stream.write("another-package==1.0\n")
    assert bootstrap.fingerprint() != before


def test_what_pip_complained_of_is_found_in_its_output(bootstrap: ModuleType) -> None:
    output = "Collecting a\nERROR: No matching distribution found for a\nWARNING: pip is old\n"
    assert bootstrap.last_line(output) == "No matching distribution found for a"
    assert bootstrap.last_line("") == "no reason was given."


def test_every_dependency_has_a_tested_version_within_what_it_may_be() -> None:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (CHECKOUT / "packaging" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    tested = {pin.name.lower(): next(iter(pin.specifier)).version for pin in pins}
    wanted = [Requirement(text) for text in project["dependencies"] + project["optional-dependencies"]["dev"]]
    for requirement in wanted:
        if requirement.marker is None or requirement.marker.evaluate():
            name = requirement.name.lower()
            assert name in tested, f"{name} is not in packaging/constraints.txt"
            assert requirement.specifier.contains(tested[name]), name


@pytest.mark.skipif(sys.version_info < (3, 11), reason="some tested versions need Python 3.11")
def test_the_tests_run_with_the_tested_versions(bootstrap: ModuleType) -> None:
    for package in ("torch", "torchvision", "timm", "numpy", "pillow", "onnxruntime", "pyside6-essentials"):
        assert metadata.version(package).split("+")[0] == bootstrap.pinned(package)
