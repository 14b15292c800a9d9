"""A function in a process of its own, whose memory then is its own too."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from ..errors import PrismhError


def call(function: Callable[..., Any], **arguments: Any) -> Any:
    """What a function of this package returns in a new process. Arguments and result are JSON values.

    Raises `PrismhError` where it fails there.
    """
    command = [sys.executable, "-m", __name__, function.__module__, function.__name__, json.dumps(arguments)]
    # glibc keeps freed memory below a threshold that grows; fixed, what is freed is given back and does not count.
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        why = said[-1] if said else "the system ended it, which it does where memory is short"
        raise PrismhError(f"A measurement in a process of its own failed: {why}.")
    return json.loads(done.stdout.splitlines()[-1])


def extra_bytes(work: Callable[[], object], seconds: float = 0.5) -> int:
    """The most memory that `work`, done again and again for some seconds, takes beyond what there was before.

    Looked at all the time from a thread, so `work` must let go of the interpreter, as torch does: the peak that the
    system keeps may be an older one, of the imports.
    """
    work()
    process, most, over = psutil.Process(), 0, threading.Event()
    before = process.memory_info().rss

    def look() -> None:
        nonlocal most
        while not over.wait(0.0002):
            most = max(most, process.memory_info().rss)

    looking = threading.Thread(target=look)
    looking.start()
    until = time.monotonic() + seconds
    try:
        work()
        while time.monotonic() < until:
            work()
    finally:
        over.set()
        looking.join()
    return max(most - before, 0)


def resident_bytes() -> int:
    """The memory this process holds now."""
    return int(psutil.Process().memory_info().rss)


def peak_bytes() -> int:
    """The most memory this process has held so far."""
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    try:
        # Not what `getrusage` tells: on Linux a child begins with the peak of its parent.
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def main() -> None:
    module, name, arguments = sys.argv[1:]
    result = getattr(importlib.import_module(module), name)(**json.loads(arguments))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
