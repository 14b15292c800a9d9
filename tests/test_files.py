from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from prismh_engine import files
from prismh_engine.errors import PrismhError
from prismh_engine.files import make_folder, write_json, write_whole


def test_a_file_appears_whole_and_its_folders_with_it(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "f.bin"
    with write_whole(target) as stream:
        stream.write(b"half")
        assert not target.exists()
        stream.write(b" and half")
    assert target.read_bytes() == b"half and half"
    assert [path.name for path in target.parent.iterdir()] == ["f.bin"]


@pytest.mark.parametrize("fault", [RuntimeError("stop"), KeyboardInterrupt()])
def test_a_block_that_fails_leaves_what_was_there(tmp_path: Path, fault: BaseException) -> None:
    target = tmp_path / "f.txt"
    target.write_text("before")

    def write() -> None:
        with write_whole(target, "w") as stream:
            stream.write("after")
            raise fault

    with pytest.raises(type(fault)):
        write()
    assert target.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["f.txt"]


@pytest.mark.parametrize(
    ("number", "words", "to_do"),
    [
        (28, "the disk is full", " Make room there, then try again."),
        (30, "the disk can only be read", " Allow writing there, or choose another place."),
        (13, "not allowed", " Allow writing there, or choose another place."),
        (5, "does not", ""),
    ],
)
def test_a_disk_that_refuses_is_told_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str, to_do: str
) -> None:
    (tmp_path / "f.txt").write_text("before")

    def refuse(*_: object) -> None:
        raise OSError(number, "refused")

    monkeypatch.setattr(files.os, "replace", refuse)
    with (
        pytest.raises(PrismhError, match=rf"Cannot write .*f\.txt: .*{words}.*unchanged\.{to_do}$"),
        write_whole(tmp_path / "f.txt", "w") as stream,
    ):
        stream.write("after")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("f.txt", "before")]


def test_a_path_through_a_file_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    for attempt in (lambda: make_folder(tmp_path / "f" / "g"), lambda: write_json(tmp_path / "f" / "g.json", {})):
        with pytest.raises(PrismhError, match="Cannot write"):
            attempt()
    with pytest.raises(PrismhError, match="a file of that name is in the way"):
        make_folder(tmp_path / "f")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no permission bits")
def test_others_may_read_what_we_write(tmp_path: Path) -> None:
    write_json(tmp_path / "f.json", {})
    (tmp_path / "plain").write_text("")
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("f.json", "plain")}
    assert len(modes) == 1


def test_json_keeps_every_letter(tmp_path: Path) -> None:
    write_json(tmp_path / "f.json", {"name": "蚊 ü", "n": [1, 2.5, None]})
    text = (tmp_path / "f.json").read_text(encoding="utf-8")
    assert "蚊 ü" in text
    assert json.loads(text) == {"name": "蚊 ü", "n": [1, 2.5, None]}


def test_json_keeps_a_path_that_is_not_utf_8(tmp_path: Path) -> None:
    write_json(tmp_path / "f.json", {"data_dir": "photos \udcff ü"})
    assert json.loads((tmp_path / "f.json").read_text(encoding="utf-8")) == {"data_dir": "photos \udcff ü"}
