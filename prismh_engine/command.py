"""How a step becomes a command: flags in, progress on a terminal, plain sentences and exit codes out."""

from __future__ import annotations

import argparse
import difflib
import errno
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TextIO, TypeVar

from . import jobs, settings
from .errors import BadValueError, PrismhError
from .files import cannot_write
from .jobs import Job, Progress, StopToken
from .settings import Resolved, Settings, setting

S = TypeVar("S", bound=Settings)

DONE, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130
_SECONDS_BETWEEN_LINES = 5.0


@dataclass(frozen=True)
class _Telling(Settings):
    """How much a step tells while it runs; no setting of the step itself."""

    quiet: bool = setting(False, "print nothing but errors")


@dataclass(frozen=True)
class _TellingAsJson(_Telling):
    progress: str = setting("auto", "json: an object a line", choices=("auto", "json"))


def run_step(
    settings_class: type[S],
    start: Callable[[Resolved[S], StopToken], Job[Any]],
    argv: Sequence[str] | None,
    *,
    description: str,
    json_progress: bool = False,
    shown: Collection[str] | None = None,
) -> int:
    """Run one step from its command line and return the exit code.

    start: makes the job; the job's result is printed (`str`) when it ends. json_progress: whether the step offers
    `--progress json`, one object a line on stdout. shown: the metrics a person sees beside the progress, None for all.
    Of several processes that torchrun started the first one tells.
    """
    parser = argparse.ArgumentParser(
        prog=f"prismh-engine {settings_class.step}", description=description, allow_abbrev=False
    )
    settings.add_flags(parser, settings_class)
    parser.add_argument("--config", type=Path, metavar="FILE", help="read flags from a TOML file or a settings.json")
    telling_class = _TellingAsJson if json_progress else _Telling
    settings.add_flags(parser, telling_class)
    try:
        parsed, unknown = parser.parse_known_args(argv)
    except SystemExit as end:  # argparse has printed what is wrong
        return int(end.code or 0)
    if unknown:
        known = [field.name for kind in (settings_class, telling_class) for field in fields(kind)]
        return _fail(_unknown_flag(settings_class.step, unknown[0], [*known, "config"]), WRONG_USAGE)
    flags = vars(parsed)
    config = flags.pop("config")
    try:
        file = settings.read_config(config, settings_class.step) if config else {}
        told = {field.name for field in fields(telling_class)}
        telling = settings.resolve(telling_class, flags, _only(told, file)).settings
        resolved = settings.resolve(settings_class, flags, _only(file.keys() - told, file))
    except PrismhError as error:
        return _fail(error, WRONG_USAGE)
    try:
        _check_outputs(resolved.settings)
    except PrismhError as error:
        return _fail(error, FAILED)
    follows = os.environ.get("RANK", "0") != "0"
    quiet, as_json = telling.quiet or follows, getattr(telling, "progress", "auto") == "json"
    stop = StopToken()
    reporter = _quiet_reporter() if quiet else _json_reporter() if as_json else _reporter(shown)
    try:
        with _stop_on_signal(stop), reporter as report:
            result = jobs.run(start(resolved, stop), report, stop)
    except (jobs.Stopped, KeyboardInterrupt):
        return _interrupted(quiet)
    except PrismhError as error:
        code = WRONG_USAGE if isinstance(error, BadValueError) else FAILED
        return code if follows else _fail(error, code)
    if result is not None and not quiet:
        _say(result, sys.stderr if as_json else sys.stdout)
    return _interrupted(quiet) if stop.stopped else DONE


def required(resolved: Resolved[Any], *names: str) -> None:
    """Raise `BadValueError` where none of a step's ways to name its input or output was given."""
    for name in names:
        if getattr(resolved.settings, name) is None:
            # A project holds no such file as --output, and what a table tells of has to be named.
            replaced = hasattr(resolved.settings, "project") and name not in {"output", "project", "metadata"}
            instead = " (or --project)" if replaced else ""
            raise BadValueError(f"--{name}{instead} is needed: see prismh-engine {resolved.settings.step} --help")


def _unknown_flag(step: str, given: str, known: Sequence[str]) -> BadValueError:
    flag = given.partition("=")[0]
    near = difflib.get_close_matches(flag.lstrip("-").replace("-", "_"), known, n=1) if flag.startswith("-") else []
    hint = f" Did you mean --{near[0]}?" if near else ""
    what = f"no flag {flag}" if flag.startswith("-") else f"nothing to be done with {given!r}"
    return BadValueError(f"In the step {step} there is {what}.{hint} prismh-engine {step} --help lists its flags.")


def _check_outputs(chosen: Settings) -> None:
    """Raise `PrismhError` where something stands in the way of an output: before the work, not after it."""
    folder, file = getattr(chosen, "output_dir", None), getattr(chosen, "output", None)
    for place in (folder, None if file is None else file.parent):
        there = next((at for at in (place, *place.parents) if os.path.lexists(at)), None) if place is not None else None
        if there is not None and not there.is_dir():
            raise cannot_write(there, NotADirectoryError(errno.EEXIST, ""))
    if file is not None and file.is_dir():
        raise cannot_write(file, IsADirectoryError(errno.EISDIR, ""))


def _only(names: Set[str], values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in names}


def _say(sentence: object, stream: TextIO) -> None:
    """Print, also names of files that the stream has no characters for; the work goes on where nobody listens."""
    encoding = stream.encoding or "utf-8"
    try:
        print(str(sentence).encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)
    except OSError:  # the program that read has ended, or the disk of the file is full
        with suppress(OSError), open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())


def _fail(error: PrismhError, code: int) -> int:
    _say(error, sys.stderr)
    return code


def _interrupted(quiet: bool) -> int:
    if not quiet:
        _say("Stopped. What was done so far is kept.", sys.stderr)
    return INTERRUPTED


@contextmanager
def _stop_on_signal(stop: StopToken) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM asks the job to save and stop, the second ends it at once.

    Processes of a torchrun stop together, and the second signal may be the same one: sent by a cluster to all of them,
    and passed on by torchrun, which itself ends what does not stop in time.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    several = os.environ.get("WORLD_SIZE", "1") != "1"

    def ask(signum: int, _: Any) -> None:
        if stop.stopped and not several:
            raise KeyboardInterrupt
        stop.stop()

    before = {signum: signal.signal(signum, ask) for signum in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


@contextmanager
def _quiet_reporter() -> Iterator[Callable[[Progress], None]]:
    yield lambda progress: None


@contextmanager
def _json_reporter() -> Iterator[Callable[[Progress], None]]:
    began = time.monotonic()

    def report(progress: Progress) -> None:
        plain = {k: v for k, v in progress.metrics.items() if v is None or isinstance(v, (int, float, str, bool))}
        line = {"what": progress.what, "done": progress.done, "total": progress.total}
        line["seconds"] = round(time.monotonic() - began, 3)
        _say(json.dumps(line | plain), sys.stdout)

    yield report


@contextmanager
def _reporter(shown: Collection[str] | None) -> Iterator[Callable[[Progress], None]]:
    """A progress bar on a terminal, else a plain line now and then."""

    def numbers(progress: Progress) -> dict[str, str]:
        metrics = progress.metrics.items()
        return {k: f"{v:.4g}" for k, v in metrics if isinstance(v, float) and (shown is None or k in shown)}

    if not sys.stderr.isatty():
        yield _line_reporter(numbers)
        return
    from tqdm import tqdm

    bar: tqdm[Any] | None = None

    def report(progress: Progress) -> None:
        nonlocal bar
        if bar is None or bar.desc.removesuffix(": ") != progress.what:
            if bar is not None:
                bar.close()
            bar = tqdm(desc=progress.what, total=progress.total)
        bar.total = progress.total
        bar.set_postfix(numbers(progress), refresh=False)
        bar.update(progress.done - bar.n)

    try:
        yield report
    finally:
        if bar is not None:
            bar.close()


def _line_reporter(numbers: Callable[[Progress], Mapping[str, str]]) -> Callable[[Progress], None]:
    what, last = "", 0.0

    def report(progress: Progress) -> None:
        nonlocal what, last
        now = time.monotonic()
        finished = progress.done == progress.total
        if progress.what == what and not finished and now - last < _SECONDS_BETWEEN_LINES:
            return
        what, last = progress.what, now
        count = f": {progress.done}" if progress.done or progress.total is not None else ""
        of = "" if progress.total is None else f" of {progress.total}"
        beside = "".join(f" {name}={value}" for name, value in numbers(progress).items())
        _say(f"{progress.what}{count}{of}{beside}", sys.stderr)

    return report
