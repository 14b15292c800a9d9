"""The examples in the documents, each with the place it stands at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Example:
    """A fenced block. line: of its first line in the page, counted from 1; code: its text."""

    page: str
    line: int
    code: str

    def run(self, names: dict[str, object]) -> None:
        """Execute Python; a traceback names the page and its line."""
        exec(compile("\n" * (self.line - 1) + self.code, self.page, "exec"), names)

    def commands(self) -> list[list[str]]:
        """The words of each command of a shell block."""
        return [line.split() for line in self.code.splitlines() if line]


def examples(page: str, language: str) -> Iterator[Example]:
    lines = (CHECKOUT / page).read_text(encoding="utf-8").splitlines()
    starts = [number for number, line in enumerate(lines) if line == f"```{language}"]
    for start in starts:
        end = lines.index("```", start)
        yield Example(page, start + 2, "\n".join(lines[start + 1 : end]))
