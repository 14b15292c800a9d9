"""Numbers of things in sentences."""

from __future__ import annotations


def counted(number: int, what: str) -> str:
    """ "1 photo", "2,000 photos": `what` is a word whose plural takes an s."""
    return f"{number:,} {what}{'s' * (number != 1)}"
