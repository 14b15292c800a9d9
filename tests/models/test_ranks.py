from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import distributed

from prismh_engine.errors import PrismhError
from prismh_engine.jobs import Stopped
from prismh_engine.models import ranks as ranks_module
from prismh_engine.models.ranks import ALONE, Ranks

from .several_ranks import in_ranks


def test_one_process_is_alone_and_needs_no_torch() -> None:
    code = """
import sys
from prismh_engine.models import ranks
with ranks.join("auto") as here:
    assert here is ranks.ALONE
    assert here.share(3) == 3 and here.any(True) and not here.any(False)
    here.average_gradients([])
    with here.in_turn():
        pass
assert "torch" not in sys.modules
"""
    environment = {name: value for name, value in os.environ.items() if name not in ("RANK", "WORLD_SIZE")}
    assert subprocess.run([sys.executable, "-c", code], env=environment, timeout=60).returncode == 0


def test_alone_an_error_is_raised_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError), ALONE.in_turn():
        _ = 1 / 0
    ALONE.raise_together(None)
    rows = np.ones((2, 3))
    assert ALONE.gather_rows(rows) is rows


@pytest.mark.parametrize(
    ("variables", "several"),
    [({}, False), ({"RANK": "0", "WORLD_SIZE": "1"}, False), ({"RANK": "0", "WORLD_SIZE": "2"}, True)],
)
def test_torchrun_is_told_by_its_variables(
    variables: dict[str, str], several: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert ranks_module.started_by_torchrun() is several


def _speak(ranks: Ranks) -> dict[str, Any]:
    return {
        "first": ranks.first,
        "shared": ranks.share({"of": ranks.rank}),
        "any": [ranks.any(False), ranks.any(ranks.rank == 1)],
        "sum": ranks.sum(torch.tensor([1.0, ranks.rank])).tolist(),
    }


def test_ranks_share_one_value_and_one_decision() -> None:
    told = in_ranks(3, _speak)
    assert [one["first"] for one in told] == [True, False, False]
    for one in told:
        assert one["shared"] == {"of": 0}
        assert one["any"] == [False, True]
        assert one["sum"] == [3.0, 3.0]


def _gather(ranks: Ranks) -> list[np.ndarray | None]:
    rows = [2, 0, 3][ranks.rank]
    return [
        ranks.gather_rows(np.full((rows, 2), ranks.rank, dtype=np.float32)),
        ranks.gather_rows(np.arange(10 * ranks.rank, 10 * ranks.rank + rows)[::-1]),
        ranks.gather_rows(np.empty((0, 4))),
    ]


def test_rows_come_together_on_the_first_rank_in_the_order_of_the_ranks() -> None:
    first, *others = in_ranks(3, _gather)
    assert others == [[None] * 3] * 2
    features, numbers, none = first
    assert features.dtype == np.float32
    assert features.tolist() == [[0, 0], [0, 0], [2, 2], [2, 2], [2, 2]]
    assert numbers.tolist() == [1, 0, 22, 21, 20]
    assert none.shape == (0, 4)


def _average(ranks: Ranks) -> list[list[float] | None]:
    single, double, lone, nowhere = (
        torch.nn.Parameter(torch.zeros(2, dtype=kind)) for kind in (torch.float32, torch.float64, *[torch.float32] * 2)
    )
    single.grad = torch.full((2,), float(ranks.rank))
    double.grad = torch.full((2,), 10.0 * ranks.rank, dtype=torch.float64)
    if ranks.rank == 2:
        lone.grad = torch.ones(2)
    ranks.average_gradients([single, double, lone, nowhere])
    return [None if p.grad is None else p.grad.tolist() for p in (single, double, lone, nowhere)]


def test_gradients_are_averaged_and_a_missing_one_counts_as_zeros() -> None:
    for gradients in in_ranks(3, _average):
        assert gradients[:2] == [[1.0, 1.0], [10.0, 10.0]]
        assert gradients[2] == pytest.approx([1 / 3, 1 / 3])
        assert gradients[3] is None


def _leave(ranks: Ranks, error: Exception) -> str:
    ranks.raise_together(None)
    try:
        ranks.raise_together(error if ranks.rank == 1 else None)
    except Exception as raised:
        return f"{type(raised).__name__}: {raised}"
    return "went on"


def test_an_error_of_one_rank_ends_all_and_is_named() -> None:
    told = in_ranks(3, _leave, PrismhError("The disk is full."))
    assert told[1] == "PrismhError: The disk is full."
    assert told[0] == told[2] == "PrismhError: Rank 1 of 3 could not go on: The disk is full."


def test_a_stop_of_one_rank_is_a_stop_on_all() -> None:
    assert in_ranks(2, _leave, Stopped()) == ["Stopped: ", "Stopped: "]


def _look_in_turn(ranks: Ranks, file: Path) -> bool:
    with ranks.in_turn():
        found = file.exists()
        file.touch()
    return found


def test_the_first_of_a_machine_looks_before_the_others(tmp_path: Path) -> None:
    assert in_ranks(3, _look_in_turn, tmp_path / "cached") == [False, True, True]


def _fail_in_turn(ranks: Ranks, failing: int) -> str:
    try:
        with ranks.in_turn():
            if ranks.rank == failing:
                raise PrismhError("No photo can be read.")
    except PrismhError as raised:
        return str(raised)
    return "went on"


@pytest.mark.parametrize("failing", [0, 1])
def test_where_a_turn_fails_nobody_waits(failing: int) -> None:
    told = in_ranks(2, _fail_in_turn, failing)
    assert told[failing] == "No photo can be read."
    assert told[1 - failing] == f"Rank {failing} of 2 could not go on: No photo can be read."


def _join(ranks: Ranks) -> tuple[Ranks, bool]:
    _as_torchrun(ranks)
    with ranks_module.join("cpu") as here:
        together = here.share(here.rank) == 0
    assert together
    return here, distributed.is_initialized()


def test_ranks_of_a_torchrun_join_and_part() -> None:
    assert in_ranks(2, _join) == [(Ranks(0, 2, 0), False), (Ranks(1, 2, 1), False)]


@pytest.mark.parametrize(
    "code",
    [
        """
with join("cpu") as ranks:
    weight = torch.nn.Parameter(torch.ones(3))
    weight.sum().backward()
    ranks.average_gradients([weight])
    torch.optim.AdamW([weight]).step()
    assert psutil.Process().num_threads() > alone
""",
        """
torch.distributed.init_process_group("gloo")  # the caller's, who ends it as well
with join("cpu") as ranks:
    assert ranks.sum(torch.ones(1)) == 2
torch.distributed.destroy_process_group()
""",
    ],
)
def test_no_thread_of_the_ranks_is_left_when_they_part(code: str, tmp_path: Path) -> None:
    """Else one that still holds a tensor while the interpreter ends aborts the process, once in a while."""
    (tmp_path / "part.py").write_text(f"""
import psutil
import torch
from prismh_engine.models.ranks import join

torch.set_num_threads(1)
alone = psutil.Process().num_threads()
{code}
assert psutil.Process().num_threads() == alone
""")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    ended = subprocess.run([*torchrun, tmp_path / "part.py"], capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr


def _lose_one(ranks: Ranks) -> str:
    _as_torchrun(ranks)
    try:
        with ranks_module.join("cpu") as here:
            if here.rank == 1:
                raise MemoryError
            here.any(False)
    except (PrismhError, MemoryError) as error:
        return str(error)
    return "went on"


def test_a_rank_that_is_gone_is_told_in_a_sentence() -> None:
    assert "Another process of this torchrun has ended" in in_ranks(2, _lose_one)[0]


def _as_torchrun(ranks: Ranks) -> None:
    """Leave the test's own group, with the environment of a torchrun."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = ranks.share(free.getsockname()[1])
    distributed.destroy_process_group()
    variables = {"RANK": ranks.rank, "LOCAL_RANK": ranks.local_rank, "WORLD_SIZE": ranks.count, "MASTER_PORT": port}
    os.environ.update({name: str(value) for name, value in variables.items()}, MASTER_ADDR="127.0.0.1")
