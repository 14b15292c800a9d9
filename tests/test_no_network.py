"""Photos stay on this machine: nothing speaks to a network, libraries that would like to included."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]

_ROAD = """
import sys
from pathlib import Path
from prismh_engine import jobs
from prismh_engine.core.instant_map import instant_map
from prismh_engine.project import Project

with Project.create(Path(sys.argv[1])) as project:
    project.add_folder(Path(sys.argv[2]))
    jobs.run(instant_map(project))
"""


def test_onnx_runtime_reports_nothing_to_its_maker(photo_folder: Path, tmp_path: Path, home: Path) -> None:
    # It would first make itself a device id in the cache folder, and send some seconds later.
    made = subprocess.run(
        [sys.executable, "-c", _ROAD, str(tmp_path / "project"), str(photo_folder)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    assert not [path for path in home.rglob("*") if "onnxruntime" in path.name or path.name == "deviceid"]


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_the_way_to_the_instant_map_opens_no_internet_socket(photo_folder: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace.txt"
    command = [sys.executable, "-c", _ROAD, str(tmp_path / "project"), str(photo_folder)]
    traced = subprocess.run(
        ["strace", "-f", "-qq", "-e", "trace=socket,connect", "-o", str(trace), *command],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    if traced.returncode != 0 and "ptrace" in traced.stderr:
        pytest.skip("strace is not allowed to trace here")
    assert traced.returncode == 0, traced.stderr
    opened = [line for line in trace.read_text(encoding="utf-8").splitlines() if "AF_INET" in line]
    assert not opened
