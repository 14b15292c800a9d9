"""Columns of a team's own that came with tables, such as the team or a number of larvae: a text for each photo."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..tables import as_number

MOST_COLUMNS, LONGEST_NAME, LONGEST_VALUE = 30, 60, 200
"""How many a project keeps, and of how many signs a name and a value are at most."""

_CODE = re.compile(r"[+-]?0\d|.{16}")  # 007, and numbers of telephones and cards: as numbers they would lose digits


@dataclass(frozen=True)
class OwnColumn:
    """What stands in one of them. photo_ids: those of which it says something, rising; texts: what, none empty."""

    photo_ids: Sequence[int]
    texts: Sequence[str]

    def numbers(self) -> list[float] | None:
        """All of it as finite numbers, whole ones as int; None where something is none. Codes such as 007 are text."""
        try:
            return [_number(text) for text in self.texts]
        except ValueError:
            return None


def _number(text: str) -> float:
    if _CODE.match(text):
        raise ValueError
    number = as_number(text)
    return int(number) if number.is_integer() else number
