from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import pytest

from prismh_engine.paths import FORMULA_START, from_text, to_text

NAMES = [
    "a.jpg", "sub/folder/b c.jpg", "50%.jpg", "a%20b.jpg", "a%25b.jpg", "%FF.jpg", "%ff.jpg", "ü 蚊 😀.jpg",
    "line\nbreak.jpg",
    "=sum.jpg", "-dash.jpg", "@at/x.jpg", "\ttab.jpg", os.fsdecode(b"\xff\xfe.jpg"), os.fsdecode(b"50%\xff%25.jpg"),
    'quote".jpg', "'quote.jpg", " space.jpg",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_every_name_comes_back_from_its_text(name: str) -> None:
    assert from_text(to_text(PurePosixPath(name))) == Path(name)


def test_different_names_have_different_texts() -> None:
    assert len({to_text(PurePosixPath(name)) for name in NAMES}) == len(NAMES)


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_text_is_unicode_and_no_formula(name: str) -> None:
    text = to_text(PurePosixPath(name))
    assert text.encode("utf-8")
    assert not text.startswith(FORMULA_START)


def test_common_names_stay_as_they_are() -> None:
    for name in ("a.jpg", "sub/b c.jpg", "50%.jpg", "a%20b.jpg", "ü.jpg"):
        assert to_text(PurePosixPath(name)) == name
    assert to_text(PurePosixPath("=sum.jpg")) == "./=sum.jpg"
    assert to_text(PurePosixPath(os.fsdecode(b"5%\xff.jpg"))) == "5%25%FF.jpg"
