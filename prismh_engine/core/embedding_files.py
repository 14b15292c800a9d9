"""The `.npz` file in which embeddings travel between the steps and to other programs."""

from __future__ import annotations

import dataclasses
import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import PrismhError
from ..files import write_whole
from ..paths import from_text


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
    except (ValueError, EOFError, KeyError, TypeError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
        raise _wrong(path, "it is damaged, or of another kind") from error
    for name in ("embeddings", "file_paths"):
        if name not in arrays:
            raise _wrong(path, f"it has no array {name!r}")
    return _checked(path, arrays)


def _checked(path: Path, arrays: Mapping[str, NDArray]) -> Embeddings:
    embeddings, names = arrays["embeddings"], arrays["file_paths"]
    if embeddings.ndim != 2 or not embeddings.shape[1] or not np.issubdtype(embeddings.dtype, np.floating):
        raise _wrong(path, "its embeddings are no table of numbers")
    if names.dtype.kind != "U" or names.shape != (len(embeddings),):
        raise _wrong(path, f"it has {len(embeddings)} embeddings, but not one file path for each")
    file_paths = [str(name) for name in names]
    bad = ~np.isfinite(embeddings).all(axis=1)
    if bad.any():
        raise _wrong(path, f"the embedding of {file_paths[int(bad.argmax())]} is not finite")
    if len(set(file_paths)) < len(file_paths):
        twice = Counter(file_paths).most_common(1)[0][0]
        raise _wrong(path, f"{twice} stands in it twice")
    return Embeddings(np.ascontiguousarray(embeddings, dtype=np.float32), file_paths, _roots(path, arrays))


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
