from __future__ import annotations

import io
import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from prismh_engine.command import required, run_step
from prismh_engine.errors import BadValueError, PrismhError
from prismh_engine.jobs import Job, Progress, Stopped, StopToken
from prismh_engine.settings import Resolved, Settings, setting


@dataclass(frozen=True)
class CountSettings(Settings):
    step: ClassVar[str] = "count"
    to: int | None = setting(None, "how far", minimum=0)
    end: str = setting("well", "how it ends", choices=("well", "badly", "wrongly", "killed", "kept", "killed twice"))


def _count(resolved: Resolved[CountSettings], stop: StopToken) -> Job[str]:
    required(resolved, "to")
    assert resolved.settings.to is not None
    for done in range(resolved.settings.to):
        yield Progress("Counting", done, resolved.settings.to, {"share": done / resolved.settings.to, "words": [1]})
    if resolved.settings.end == "badly":
        raise PrismhError("The numbers ran out.")
    if resolved.settings.end == "wrongly":
        raise BadValueError("to must be even, got 3")
    if resolved.settings.end in ("killed", "kept", "killed twice"):
        os.kill(os.getpid(), signal.SIGINT)
        if resolved.settings.end == "killed twice":
            os.kill(os.getpid(), signal.SIGINT)
        assert stop.stopped
        try:
            yield Progress("Counting", 0, None)
        except Stopped:
            if resolved.settings.end == "killed":
                raise
            return "Kept a part."
    return f"Counted to {resolved.settings.to}."


def _run(*arguments: str) -> int:
    return run_step(CountSettings, _count, list(arguments), description="Count.", json_progress=True)


def test_a_step_ends_with_its_sentence_and_zero(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("--to", "3") == 0
    said = capsys.readouterr()
    assert said.out == "Counted to 3.\n"
    assert "Counting: 0 of 3" in said.err


def test_quiet_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("--to", "3", "--quiet") == 0
    assert capsys.readouterr() == ("", "")


def test_progress_as_json_is_an_object_a_line_with_plain_metrics(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("--to", "2", "--progress", "json") == 0
    said = capsys.readouterr()
    lines = [json.loads(line) for line in said.out.splitlines()]
    assert [(line["what"], line["done"], line["total"], line["share"]) for line in lines] == [
        ("Counting", 0, 2, 0.0), ("Counting", 1, 2, 0.5),
    ]  # fmt: skip
    assert all(line["seconds"] >= 0 and "words" not in line for line in lines)
    assert "Counted to 2." in said.err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--to", "1", "--end", "badly"), 1, "The numbers ran out.\n"),
        (("--to", "1", "--end", "wrongly"), 2, "to must be even, got 3\n"),
        (("--to", "-1"), 2, "to must be >= 0, got -1\n"),
        ((), 2, "--to is needed: see prismh-engine count --help\n"),
        (("--config", "gone.toml"), 2, "Cannot read the settings file gone.toml: No such file or directory.\n"),
    ],
)
def test_a_fault_is_one_sentence_and_a_code(
    arguments: tuple[str, ...], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(*arguments, "--quiet") == code
    assert capsys.readouterr() == ("", words)


def test_an_unknown_flag_or_half_a_flag_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("--too", "1") == 2
    assert _run("--t", "1") == 2
    assert "there is no flag --t. Did you mean --to?" in capsys.readouterr().err
    assert _run("--ennd=well") == 2
    assert capsys.readouterr().err == (
        "In the step count there is no flag --ennd. Did you mean --end? prismh-engine count --help lists its flags.\n"
    )
    assert _run("photos") == 2
    assert "nothing to be done with 'photos'" in capsys.readouterr().err


@dataclass(frozen=True)
class WriteSettings(Settings):
    step: ClassVar[str] = "write"
    output_dir: Path | None = setting(None, "a folder")
    output: Path | None = setting(None, "a file")


@pytest.mark.parametrize(
    ("flag", "place", "words"),
    [
        ("--output_dir", "file", "file: a file of that name is in the way"),
        ("--output_dir", "file/deeper", "file: a file of that name is in the way"),
        ("--output", "file/table.csv", "file: a file of that name is in the way"),
        ("--output", ".", "it is a folder"),
    ],
)
def test_what_is_in_the_way_of_an_output_is_told_before_the_work(
    flag: str, place: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("mine")
    began = []

    def work(resolved: Resolved[WriteSettings], stop: StopToken) -> Job[None]:
        began.append(True)
        yield Progress("Working", 0, 1)

    assert run_step(WriteSettings, work, [flag, str(tmp_path / place)], description="") == 1
    assert words in capsys.readouterr().err
    assert not began
    assert run_step(WriteSettings, work, [flag, str(tmp_path / "new" / "place")], description="") == 0


def test_help_ends_with_zero(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("--help") == 0
    assert "how far (>= 0)" in capsys.readouterr().out


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal to send")
@pytest.mark.parametrize(("end", "said"), [("killed", ""), ("kept", "Kept a part.\n")])
def test_control_c_stops_with_what_is_kept(end: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGINT)
    assert _run("--to", "1", "--end", end) == 130
    captured = capsys.readouterr()
    assert captured.out == said
    assert "Stopped. What was done so far is kept." in captured.err
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal to send")
@pytest.mark.parametrize(("processes", "said"), [("1", ""), ("2", "Kept a part.\n")])
def test_a_second_signal_ends_at_once_but_processes_that_must_stop_together(
    processes: str, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", processes)
    assert _run("--to", "1", "--end", "killed twice") == 130
    assert capsys.readouterr().out == said


def test_quiet_and_progress_may_stand_in_a_config_or_the_environment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "c.toml"
    config.write_text('to = 1\nprogress = "json"\n', encoding="utf-8")
    assert _run("--config", str(config)) == 0
    assert json.loads(capsys.readouterr().out)["what"] == "Counting"
    monkeypatch.setenv("PRISMH_QUIET", "1")
    assert _run("--to", "1") == 0
    assert capsys.readouterr() == ("", "")
    assert _run("--to", "1", "--progress", "xml") == 2
    assert capsys.readouterr().err == "progress must be one of auto, json, got 'xml'\n"


def test_a_name_that_the_terminal_cannot_show_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))

    def greet(resolved: Resolved[CountSettings], stop: StopToken) -> Job[str]:
        yield Progress("Greeting", 0, None)
        return "Gr\u00fc\u00dfe \udcff"

    assert run_step(CountSettings, greet, [], description="Greet.") == 0
    sys.stdout.flush()
    assert raw.getvalue().decode().strip() == r"Gr\xfc\xdfe \udcff"


def test_the_work_goes_on_where_nobody_listens_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    there, here = os.pipe()
    os.close(there)
    with os.fdopen(here, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        assert _run("--to", "3", "--progress", "json") == 0
