"""The `.npz` file in which embeddings travel between the steps and to other programs."""

from __future__ import annotations

import dataclasses
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from .errors import PrismhError
from .files import write_whole
from .paths import from_text

_DAMAGES = (ValueError, EOFError, KeyError, TypeError, MemoryError, zipfile.BadZipFile, zlib.error)
_MEMBER = "embeddings.npy"


@dataclass(frozen=True)
class Embeddings:
    """Embeddings float32 [N, D] as the encoder gives them, and the photo behind each row.

    file_paths: N texts, relative to the photo folder with `/`. roots: where the photos lie: {"": folder} for one
    folder, {alias: folder, ...} for a project, whose file_paths begin with the alias, {} where it is unknown.
    """

    embeddings: NDArray[np.float32]
    file_paths: list[str]
    roots: Mapping[str, Path] = field(default_factory=dict)

    def photo(self, file_path: str) -> Path | None:
        """Where the photo of a row should lie, None where its folder is unknown or the path leads out of it."""
        alias, _, relative = ("", "", file_path) if "" in self.roots else file_path.partition("/")
        below = from_text(relative)
        if alias not in self.roots or below.is_absolute() or ".." in below.parts:
            return None
        return self.roots[alias] / below

    def moved_to(self, folder: Path) -> Embeddings:
        """The same with the photos in another folder; those of several in its subfolders, named by alias."""
        if len(self.roots) <= 1:
            return dataclasses.replace(self, roots=dict.fromkeys(self.roots or {"": folder}, folder))
        return dataclasses.replace(self, roots={alias: folder / alias for alias in self.roots})


@dataclass(frozen=True)
class EmbeddingBlocks:
    """The same as `Embeddings`, but the rows come in blocks [n, D], once, so that they need not fit into memory."""

    file_paths: list[str]
    roots: Mapping[str, Path]
    dimension: int
    blocks: Iterator[NDArray[np.float32]]


def write(
    path: Path,
    embeddings: NDArray[np.float32],
    file_paths: Sequence[str],
    *,
    root: Path | None = None,
    roots: Mapping[str, Path] | None = None,
) -> None:
    """Write embeddings [N, D] and their N photos, whole or not at all; it loads with `allow_pickle=False`.

    root: the photo folder; roots: alias -> folder, for the photos of a project. Raises `PrismhError` where the disk
    refuses.
    """
    embeddings = np.ascontiguousarray(embeddings, dtype=np.float32)
    if embeddings.ndim != 2 or len(embeddings) != len(file_paths):
        raise ValueError(f"embeddings must be [{len(file_paths)}, D], got {embeddings.shape}")
    arrays: dict[str, Any] = {"embeddings": embeddings, "file_paths": np.array(list(file_paths), dtype=np.str_)}
    if roots is not None:
        pairs = [[alias, str(folder)] for alias, folder in roots.items()]
        arrays["roots"] = np.array(pairs, dtype=np.str_).reshape(-1, 2)
    elif root is not None:
        arrays["root"] = np.array(str(root), dtype=np.str_)
    with write_whole(path) as stream:
        np.savez(stream, **arrays)


def read(path: Path) -> Embeddings:
    """Read what `write` wrote, or a file with the same arrays by another program.

    Raises `PrismhError` where the file is missing, of another kind, or its arrays do not fit together.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise _wrong(path, "it holds one bare array")
            arrays = {name: file[name] for name in ("embeddings", "file_paths", "root", "roots") if name in file}
    except OSError as error:
        raise PrismhError(f"Cannot read {path}: {error.strerror or error}.") from error
    except _DAMAGES as error:
        raise _wrong(path, "it is damaged, or of another kind") from error
    if "embeddings" not in arrays:
        raise _wrong(path, "it has no array 'embeddings'")
    embeddings = arrays["embeddings"]
    file_paths = _checked_paths(path, arrays, embeddings.shape, embeddings.dtype)
    _check_finite(path, embeddings, file_paths)
    return Embeddings(np.ascontiguousarray(embeddings, dtype=np.float32), file_paths, _roots(path, arrays))


def read_blocks(path: Path, rows: int) -> EmbeddingBlocks:
    """The same as `read`, with this many rows in memory at a time, where the file keeps row after row.

    Raises `PrismhError` as `read` does; for what is wrong with a row only when its block is asked for.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise _wrong(path, "it holds one bare array")
            arrays = {name: file[name] for name in ("file_paths", "root", "roots") if name in file}
        with zipfile.ZipFile(path) as archive:
            if _MEMBER not in archive.namelist():
                raise _wrong(path, "it has no array 'embeddings'")
            with archive.open(_MEMBER) as stream:
                shape, in_columns, kind = _header(stream)
    except OSError as error:
        raise PrismhError(f"Cannot read {path}: {error.strerror or error}.") from error
    except _DAMAGES as error:
        raise _wrong(path, "it is damaged, or of another kind") from error
    file_paths = _checked_paths(path, arrays, shape, kind)
    # As Fortran keeps arrays the first row ends where the file does.
    blocks = iter([read(path).embeddings]) if in_columns else _blocks(path, rows, file_paths)
    return EmbeddingBlocks(file_paths, _roots(path, arrays), shape[1], blocks)


def _blocks(path: Path, rows: int, file_paths: Sequence[str]) -> Iterator[NDArray[np.float32]]:
    try:
        with zipfile.ZipFile(path) as archive, archive.open(_MEMBER) as stream:
            (_, dimension), _, kind = _header(stream)
            for start in range(0, len(file_paths), rows):
                names = file_paths[start : start + rows]
                values = stream.read(len(names) * dimension * kind.itemsize)
                block = np.frombuffer(values, dtype=kind).reshape(len(names), dimension)
                _check_finite(path, block, names)
                yield block.astype(np.float32)
    except OSError as error:
        raise PrismhError(f"Cannot read {path}: {error.strerror or error}.") from error
    except _DAMAGES as error:
        raise _wrong(path, "it is damaged, or of another kind") from error


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether column by column, and kind of number of the array that begins here."""
    newer = np.lib.format.read_magic(stream) > (1, 0)
    return (np.lib.format.read_array_header_2_0 if newer else np.lib.format.read_array_header_1_0)(stream)


def _checked_paths(path: Path, arrays: Mapping[str, NDArray], shape: tuple[int, ...], kind: np.dtype[Any]) -> list[str]:
    """The file paths, where they and embeddings of this shape and kind fit together."""
    if "file_paths" not in arrays:
        raise _wrong(path, "it has no array 'file_paths'")
    names = arrays["file_paths"]
    if len(shape) != 2 or not shape[1] or not np.issubdtype(kind, np.floating):
        raise _wrong(path, "its embeddings are no table of numbers")
    if names.dtype.kind != "U" or names.shape != shape[:1]:
        raise _wrong(path, f"it has {shape[0]} embeddings, but not one file path for each")
    file_paths = [str(name) for name in names]
    no_text = next((name for name in file_paths if any("\ud800" <= c <= "\udfff" for c in name)), None)
    if no_text is not None:
        raise _wrong(path, f"the file path {no_text!r} is no text")
    if len(set(file_paths)) < len(file_paths):
        twice = Counter(file_paths).most_common(1)[0][0]
        raise _wrong(path, f"{twice} stands in it twice")
    return file_paths


def _check_finite(path: Path, embeddings: NDArray[np.floating], file_paths: Sequence[str]) -> None:
    bad = ~np.isfinite(embeddings).all(axis=1)
    if bad.any():
        raise _wrong(path, f"the embedding of {file_paths[int(bad.argmax())]} is not finite")


def _roots(path: Path, arrays: Mapping[str, NDArray]) -> dict[str, Path]:
    if "roots" in arrays:
        pairs = arrays["roots"]
        if pairs.dtype.kind != "U" or pairs.ndim != 2 or pairs.shape[1] != 2:
            raise _wrong(path, "its photo folders are no pairs of name and folder")
        return {str(alias): Path(str(folder)) for alias, folder in pairs}
    if "root" in arrays:
        root = arrays["root"]
        if root.dtype.kind != "U" or root.size != 1:
            raise _wrong(path, "its photo folder is no text")
        return {"": Path(str(root.reshape(-1)[0]))}
    return {}


def _wrong(path: Path, why: str) -> PrismhError:
    return PrismhError(f"{path} is no file of embeddings: {why}. Take an all_embeddings.npz that extract wrote.")
