"""Runs a function in several processes that are ranks of one gloo group."""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

from prismh_engine.models.ranks import Ranks

_PATIENCE = timedelta(seconds=60)  # where a rank has failed, the others wait no longer


def in_ranks(count: int, work: Callable[..., Any], *arguments: Any) -> list[Any]:
    """What `work(ranks, *arguments)` returns on each rank, in their order; an error of a rank is raised here.

    work: a function at the top of a test module.
    """
    kind = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    context: Any = multiprocessing.get_context(kind)
    if kind == "forkserver":
        context.set_forkserver_preload(["tests.models.imports_of_ranks"])
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(count, mp_context=context) as pool:
        store = str(Path(folder) / "store")
        futures = [pool.submit(_one_rank, rank, count, store, work, arguments) for rank in range(count)]
        return [future.result() for future in futures]


def _one_rank(rank: int, count: int, store: str, work: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    import torch
    import torch.distributed as dist
    import torch.distributed.nn.functional  # before there is a group, which it would keep alive: see `ranks.join`

    torch.set_num_threads(1)
    dist.init_process_group("gloo", store=dist.FileStore(store, count), rank=rank, world_size=count, timeout=_PATIENCE)
    try:
        return work(Ranks(rank, count, rank), *arguments)
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()
