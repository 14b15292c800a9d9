"""The exported table as CSV, for spreadsheets, R and pandas."""

from __future__ import annotations

import csv
import io
from collections.abc import Generator, Iterator
from pathlib import Path

from ..files import write_whole
from ..tables import cell
from .export_table import Block, ExportTable
from .feature_text import feature_text


def write_csv_table(output: Path, table: ExportTable) -> Generator[int, None, None]:
    """Write a table whole or not at all (UTF-8 with BOM, RFC 4180); gives how many rows there are so far."""
    done = 0
    with write_whole(output, "w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerow([cell(name) for name in table.header()])
        for block in table.blocks:
            stream.write("".join(_lines(block, table.dimension)))
            done += len(block.rows)
            yield done


def _lines(block: Block, dimension: int) -> Iterator[str]:
    texts = iter(feature_text(block.embeddings[block.known], [","] * dimension))
    unknown = "," * dimension
    for row, known in zip(block.rows, block.known.tolist(), strict=True):
        line = io.StringIO(newline="")
        csv.writer(line).writerow([cell(value) for value in row])
        yield line.getvalue()[:-2] + (next(texts) if known else unknown) + "\r\n"
