"""The CSV files of every step: one way to write them and one to read them."""

from __future__ import annotations

import csv
import itertools
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

from .errors import PrismhError
from .files import write_whole
from .paths import FORMULA_START

_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")


def cell(value: Any) -> Any:
    """A value as it stands in a CSV: None is empty, text that a spreadsheet would run gets a `'` before it."""
    if isinstance(value, str) and _like_a_formula(value):
        return f"'{value}"
    return "" if value is None else value


@contextmanager
def csv_file(path: Path, header: Sequence[str]) -> Iterator[Callable[[Iterable[Any]], None]]:
    """Write a CSV (UTF-8 with BOM, RFC 4180) whole or not at all, row by row through the call it gives.

    For rows that come slowly; `write_csv` takes those that are there.
    """
    with write_whole(path, "w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)

        def write_row(row: Iterable[Any]) -> None:
            writer.writerow([cell(value) for value in row])

        yield write_row


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Iterable[Any]]) -> int:
    """Write a CSV (UTF-8 with BOM, RFC 4180) whole or not at all; return the number of rows."""
    count = 0
    with csv_file(path, header) as write_row:
        for count, row in enumerate(rows, start=1):  # noqa: B007 - the last number is the result
            write_row(row)
    return count


def read_csv(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a CSV that has at least `columns`; undoes what `cell` did to text. Empty rows are left out.

    Spreadsheets of many languages save it with `;`, some with TAB: the first line tells.

    Raises `PrismhError` where the file is missing, no UTF-8 text, or lacks a column.
    """
    return list(read_numbered_csv(path, columns).values())


def read_numbered_csv(path: Path, columns: Sequence[str], other_names: Sequence[str] = ()) -> dict[int, dict[str, str]]:
    """`read_csv` by the number a spreadsheet gives the row; the header is row 1.

    other_names: what the first of `columns` may be called instead, in small letters, the likeliest first; its capitals,
    blanks and dashes in the file do not matter. Of several columns of one name the further ones get a number: "team 2".
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            first = stream.readline()
            reader = csv.reader(chain([first], stream), delimiter=_separator(first, columns, other_names))
            header = _distinct(_with_first(columns, [_uncell(name) for name in next(reader, [])], other_names))
            missing = [column for column in columns if column not in header]
            if missing:
                instead = f", or {', '.join(other_names)} in place of {columns[0]}" if other_names else ""
                raise PrismhError(
                    f"{path} has no column {missing[0]!r}: its first line must name {', '.join(columns)}{instead}."
                )
            return {
                number: {name: _uncell(text) for name, text in zip_longest(header, row[: len(header)], fillvalue="")}
                for number, row in enumerate(reader, start=2)
                if row
            }
    except OSError as error:
        raise PrismhError(f"Cannot read {path}: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise PrismhError(f'{path} is not a CSV file in UTF-8: save it as "CSV UTF-8" and try again.') from error


def as_number(value: Any) -> float:
    """A finite number, also as text with the decimal comma of many languages. Raises `ValueError` for what is none."""
    text = str(value).strip()
    number = float(text.replace(",", ".") if _DECIMAL_COMMA.fullmatch(text) else text)
    if not math.isfinite(number):
        raise ValueError
    return number


def _with_first(columns: Sequence[str], header: Sequence[str], other_names: Sequence[str]) -> list[str]:
    """A header in which the first of `columns` is called so, where it stands under another name."""
    plain = ["".join(c for c in name.lower() if c not in " -_") for name in header]
    place = next((plain.index(other) for other in other_names if other in plain), None)
    if columns[0] in header or place is None:
        return list(header)
    return [columns[0] if number == place else name for number, name in enumerate(header)]


def _distinct(header: Sequence[str]) -> list[str]:
    names: list[str] = []
    for name in header:
        others = (f"{name} {number}" for number in itertools.count(2))
        names.append(name if not name or name not in names else next(o for o in others if o not in (*header, *names)))
    return names


def _separator(first_line: str, columns: Sequence[str], other_names: Sequence[str]) -> str:
    """What stands between the columns: the sign that brings most of `columns` out of the header, else a comma."""

    def found(sign: str) -> int:
        header = next(csv.reader([first_line], delimiter=sign), [])
        return len(set(columns) & set(_with_first(columns, header, other_names)))

    return max((",", ";", "\t"), key=found)


def _like_a_formula(text: str) -> bool:
    """Also text that would look as if `cell` had written it, so that reading can undo it."""
    return text.lstrip("'").startswith(FORMULA_START)


def _uncell(text: str) -> str:
    return text[1:] if text.startswith("'") and _like_a_formula(text) else text
