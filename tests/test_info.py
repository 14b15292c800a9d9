"""`prismh-engine info`: fit to be pasted into a bug report."""

from __future__ import annotations

import getpass
import importlib.metadata
from pathlib import Path

import pytest

from prismh_engine import info
from prismh_engine.version import __version__


def test_info_names_versions_devices_and_folders(capsys: pytest.CaptureFixture[str]) -> None:
    assert info.main([]) == 0
    text = capsys.readouterr().out
    for part in (__version__, importlib.metadata.version("torch"), "Processors", "Memory", "Cache folder", "Starter"):
        assert part in text


def test_info_tells_nothing_of_the_person(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    home = tmp_path / "someone-with-a-name"
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / ".cache"))
    assert info.main([]) == 0
    text = capsys.readouterr().out
    assert "someone-with-a-name" not in text
    assert "~/.cache" in text or getpass.getuser() not in text


def test_info_says_what_is_not_made_yet(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("WIN_PD_OVERRIDE_LOCAL_APPDATA", str(tmp_path))
    assert info.main([]) == 0
    assert "not made yet" in capsys.readouterr().out
