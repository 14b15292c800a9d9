"""Two programs never learn into one folder, and a killed one leaves it free."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from prismh_engine.errors import PrismhError
from prismh_engine.models.simclr.lock import run_folder_lock

_HOLD = """
import sys
from pathlib import Path
from prismh_engine.models.simclr.lock import run_folder_lock
with run_folder_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_folder_is_held_against_another_program_until_that_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(PrismhError, match=r"Another training is learning into .*run at this moment"),
            run_folder_lock(folder),
        ):
            pass
        other.kill()
        other.wait()
        with run_folder_lock(folder):
            pass


def test_a_folder_is_held_within_one_program_too_and_free_after_an_error(tmp_path: Path) -> None:
    def learn() -> None:
        with run_folder_lock(tmp_path), run_folder_lock(tmp_path):
            pass

    with pytest.raises(PrismhError, match="Another training"):
        learn()
    with run_folder_lock(tmp_path):
        pass


def test_a_folder_that_cannot_be_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PrismhError, match=r"Cannot write .*file"), run_folder_lock(tmp_path / "file"):
        pass
