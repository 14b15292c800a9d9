"""The exported table as arrays in one `.npz`, for numpy; it serves the other steps as a file of embeddings too."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..files import write_whole
from .export_table import REAL, TEXT, ExportTable

_CHUNK = 4096  # values written at a time


def write_npz(output: Path, table: ExportTable) -> Generator[int, None, None]:
    """Write a table whole or not at all; gives how many rows there are so far.

    It loads with `allow_pickle=False`: `embeddings` float32 [N, D], nan where a photo has none; `file_paths` unicode
    [N]; the other columns under their names, unicode [N] ("" unknown), float64 [N] (nan), and `cluster` int32 [N] (-1);
    `root` or `roots` as in `all_embeddings.npz`.
    """
    rows: list[list[Any]] = []
    with write_whole(output) as stream, zipfile.ZipFile(stream, "w") as archive:
        if table.dimension:
            with _array(archive, "embeddings", np.dtype("<f4"), (table.photos, table.dimension)) as write:
                for block in table.blocks:
                    write(np.where(block.known[:, None], block.embeddings, np.float32(np.nan)))
                    rows.extend(block.rows)
                    yield len(rows)
        else:
            for block in table.blocks:
                rows.extend(block.rows)
                yield len(rows)
        for place, name in enumerate(table.columns):
            _write_column(archive, name, table.kind(name), [row[place] for row in rows])
        _write_roots(archive, table.roots)


def _write_column(archive: zipfile.ZipFile, name: str, kind: str, values: Sequence[Any]) -> None:
    if kind == TEXT:
        unknown: Any = ""
        dtype = np.dtype(f"<U{max([1, *(len(value) for value in values if value is not None)])}")
    else:
        unknown, dtype = (np.nan, np.dtype("<f8")) if kind == REAL else (-1, np.dtype("<i4"))
    with _array(archive, "file_paths" if name == "file_path" else name, dtype, (len(values),)) as write:
        for start in range(0, len(values), _CHUNK):
            part = [unknown if value is None else value for value in values[start : start + _CHUNK]]
            write(np.array(part, dtype=dtype))


def _write_roots(archive: zipfile.ZipFile, roots: Mapping[str, Path]) -> None:
    if "" in roots:
        values, name = np.array(str(roots[""]), dtype=np.str_), "root"
    elif roots:
        values, name = np.array([[alias, str(folder)] for alias, folder in roots.items()], dtype=np.str_), "roots"
    else:
        return
    with _array(archive, name, values.dtype, values.shape) as write:
        write(values)


@contextmanager
def _array(
    archive: zipfile.ZipFile, name: str, dtype: np.dtype[Any], shape: tuple[int, ...]
) -> Iterator[Callable[[NDArray[Any]], None]]:
    """Write an array part by part, in its order, through the call this gives."""
    # A name of a person's own is no path: who unpacks the file gets nothing outside of it.
    member = zipfile.ZipInfo(
        f"{name.replace('/', '_').replace(chr(92), '_')}.npy"
    )  # with a fixed date: the same table is the same file
    # One long name makes every text as long; numbers hardly shrink.
    member.compress_type = zipfile.ZIP_DEFLATED if dtype.kind == "U" else zipfile.ZIP_STORED
    with archive.open(member, "w", force_zip64=True) as stream:
        header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(stream, header)

        def write(part: NDArray[Any]) -> None:
            stream.write(np.ascontiguousarray(part, dtype=dtype).tobytes())

        yield write
