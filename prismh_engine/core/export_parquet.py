"""The exported table as Parquet, for pandas, polars, R and DuckDB."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np

from ..files import write_whole
from .export_table import REAL, TEXT, WHOLE, Block, ExportTable

_GROUP_BYTES = 32 * 1024 * 1024
_GROUP_ROWS = 65_536


def write_parquet(output: Path, table: ExportTable) -> Generator[int, None, None]:
    """Write a table whole or not at all; gives how many rows there are so far.

    Unknown values are null. Text is UTF-8, cluster int32, other numbers float64, features float32.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {TEXT: pa.string(), WHOLE: pa.int32(), REAL: pa.float64()}
    fields = [(name, types[table.kind(name)]) for name in table.columns]
    schema = pa.schema([*fields, *((name, pa.float32()) for name in table.feature_names())])
    group_rows = min(_GROUP_ROWS, max(1024, _GROUP_BYTES // (4 * max(1, table.dimension))))
    texts = [name for name in table.columns if table.kind(name) == TEXT]
    done, waiting = 0, []
    with (
        write_whole(output) as stream,
        # Features are neither sorted nor repeated: words and limits of them would only fill the file.
        pq.ParquetWriter(stream, schema, use_dictionary=texts, write_statistics=list(table.columns)) as writer,
    ):
        for block in table.blocks:
            waiting.append(_record_batch(block, schema))
            done += len(block.rows)
            if sum(map(len, waiting)) >= group_rows or done == table.photos:
                writer.write_table(pa.Table.from_batches(waiting, schema), row_group_size=_GROUP_ROWS)
                waiting = []
            yield done


def _record_batch(block: Block, schema: Any) -> Any:
    import pyarrow as pa

    known = len(schema) - block.embeddings.shape[1]
    columns = [pa.array([row[place] for row in block.rows], type=schema.field(place).type) for place in range(known)]
    missing = None if block.known.all() else ~block.known
    columns += [pa.array(values, mask=missing) for values in np.ascontiguousarray(block.embeddings.T)]
    return pa.record_batch(columns, schema=schema)
