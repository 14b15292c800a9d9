from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from prismh_engine.errors import PrismhError
from prismh_engine.tables import as_number, read_csv, read_numbered_csv, write_csv

TEXTS = [
    "plain", "", "with, comma", 'with "quotes"', "line\nbreak", "蚊 ü", "=1+1", "+1", "-1", "@x", "\tx", "\rx",
    "'quoted'", "'=looks written by us", "''=twice", " =not at the start",
]  # fmt: skip


def test_text_reads_back_as_it_was(tmp_path: Path) -> None:
    assert write_csv(tmp_path / "t.csv", ("a", "b"), [(text, i) for i, text in enumerate(TEXTS)]) == len(TEXTS)
    rows = read_csv(tmp_path / "t.csv", ("a", "b"))
    assert [row["a"] for row in rows] == TEXTS
    assert [row["b"] for row in rows] == [str(i) for i in range(len(TEXTS))]


def test_no_cell_of_text_begins_like_a_formula_and_numbers_stay_numbers(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", ("a", "b"), [("=cmd|' /C calc'!A0", -1.5), ("-2", None)])
    assert (tmp_path / "t.csv").read_bytes().decode("utf-8-sig").splitlines() == [
        "a,b", "'=cmd|' /C calc'!A0,-1.5", "'-2,",
    ]  # fmt: skip


def test_a_file_is_utf8_with_a_mark_and_windows_line_ends(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", ("a",), [("ü",)])
    assert (tmp_path / "t.csv").read_bytes() == b"\xef\xbb\xbfa\r\n\xc3\xbc\r\n"


def test_a_table_without_rows_has_its_header(tmp_path: Path) -> None:
    assert write_csv(tmp_path / "t.csv", ("a", "b"), []) == 0
    assert read_csv(tmp_path / "t.csv", ("a", "b")) == []


def test_rows_that_fail_half_way_leave_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("old")

    def rows() -> Iterator[list[str]]:
        yield ["new"]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_csv(tmp_path / "t.csv", ("a",), rows())
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("t.csv", "old")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a b\n1 2\n", "has no column 'a'"),
        (b"a;c\n1;2\n", "has no column 'b'"),
        (b"", "has no column 'a'"),
        (b"a,b\n\xff\xfe,1\n", 'save it as "CSV UTF-8"'),
    ],
)
def test_a_file_that_is_no_such_table_is_told_by_its_fault(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(PrismhError, match=words):
        read_csv(tmp_path / "t.csv", ("a", "b"))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(PrismhError, match=r"Cannot read .*gone\.csv: No such file"):
        read_csv(tmp_path / "gone.csv", ("a",))


def test_files_of_other_programs_may_lack_the_mark_and_have_short_or_long_rows(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"a,b,c\n1\n1,2,3,4\n")
    assert read_csv(tmp_path / "t.csv", ("a", "b")) == [{"a": "1", "b": "", "c": ""}, {"a": "1", "b": "2", "c": "3"}]


@pytest.mark.parametrize("sign", [";", "\t"])
def test_a_table_saved_with_another_separator_is_read(tmp_path: Path, sign: str) -> None:
    lines = [["a", "b"], ["1,5", '"x;\ty"']]
    (tmp_path / "t.csv").write_text("".join(sign.join(line) + "\r\n" for line in lines), "utf-8-sig", newline="")
    assert read_csv(tmp_path / "t.csv", ("b",)) == [{"a": "1,5", "b": "x;\ty"}]


def test_rows_are_numbered_as_in_a_spreadsheet_and_empty_ones_left_out(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('a,b\n\n1,"two\nlines"\n\n\n3\n')
    assert read_numbered_csv(tmp_path / "t.csv", ["a"]) == {3: {"a": "1", "b": "two\nlines"}, 6: {"a": "3", "b": ""}}


@pytest.mark.parametrize(("text", "number"), [("9.5", 9.5), ("-9,5", -9.5), (" 7 ", 7.0), (3, 3.0), ("1e-3", 0.001)])
def test_numbers_are_read_with_a_point_or_a_comma(text: object, number: float) -> None:
    assert as_number(text) == number


@pytest.mark.parametrize("text", ["", "nine", "1,234,567", "1,2.5", "nan", "inf", None, True])
def test_what_is_no_finite_number_is_none(text: object) -> None:
    with pytest.raises(ValueError):
        as_number(text)
