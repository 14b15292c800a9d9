"""What was made from photos once and is needed again: looks, small copies, thumbnails, starter features.

Everything here can be made again from the photos, so the folder may be deleted at any time.
"""

from __future__ import annotations

import dataclasses
import io
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .. import databases
from ..errors import PrismhError
from ..files import make_folder, write_whole
from ..jobs import StopToken
from . import decode
from .look import content_hash, look_at, with_name
from .measures import SHORT_SIDE
from .record import LOOK_VERSION, FoundPhoto, Look, file_facts

THUMBNAIL_SIDE = 256
_DATABASE = "cache.db"
_COPY_QUALITY, _THUMBNAIL_QUALITY = 90, 82
_SECONDS_BETWEEN_STOP_CHECKS = 0.1

T = TypeVar("T")
_Statement = tuple[str, Sequence[tuple[object, ...]]]

_TABLES = """
    CREATE TABLE IF NOT EXISTS files (
        path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, inode INTEGER NOT NULL,
        content_hash TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS looks (
        content_hash TEXT PRIMARY KEY, version INTEGER NOT NULL, look TEXT NOT NULL   -- JSON
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS features (
        identity TEXT NOT NULL, content_hash TEXT NOT NULL, embedding BLOB NOT NULL,  -- float32, little-endian
        PRIMARY KEY (identity, content_hash)
    );
"""


def default_cache_folder() -> Path:
    """The cache of this person on this machine, used where neither a project nor `--cache_dir` names one."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("prism-h", appauthor=False))


class PhotoCache:
    """The cache in one folder; every method may be called from any thread, and several processes may share it.

    Raises `PrismhError` where the folder cannot be written. Close it, or use it in a `with`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(os.path.abspath(folder))
        self._lock = threading.Lock()
        self._connection = self._open()

    @staticmethod
    def is_in(folder: Path) -> bool:
        """Whether a folder holds a cache already."""
        return (folder / _DATABASE).is_file()

    # Looks

    def look(self, found: FoundPhoto) -> Look:
        """What is known of a photo: remembered where the file is unchanged, else from one pass over its bytes."""
        return self._remembered(found) or self._look(found)

    def looks(
        self, founds: Iterable[FoundPhoto], threads: int | None = None, stop: StopToken | None = None
    ) -> Generator[tuple[FoundPhoto, Look], None, None]:
        """`look` for many photos, several at once, in the order in which they get ready.

        threads: None for one a processor. Close it where it is left early. Raises `Stopped` where `stop` asks for it;
        looks made so far are kept.
        """
        threads = threads or os.cpu_count() or 1
        pool = ThreadPoolExecutor(threads, thread_name_prefix="look")
        running: dict[Future[Look], FoundPhoto] = {}
        try:
            for found in founds:
                if stop is not None:
                    stop.check()
                known = self._remembered(found)
                if known is not None:
                    yield found, known
                    continue
                running[pool.submit(self._look, found)] = found
                if len(running) >= 2 * threads:
                    yield from _finished(running, stop)
            while running:
                yield from _finished(running, stop)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    # Pictures

    def copy(self, path: Path, content_hash: str, short_side: int = SHORT_SIDE) -> Image.Image:
        """A photo's upright RGB copy, short side <= `short_side` pixels, 384 at most.

        Made again from the photo where the cache lacks it; raises `PrismhError` where the photo is gone or changed.
        A smaller copy than usual is made from the usual one when it is first asked for, and kept beside it.
        """
        if short_side < SHORT_SIDE:
            packed = _opened(self._packed_path(content_hash, short_side))
            return packed or self._pack(self.copy(path, content_hash), content_hash, short_side)
        return _opened(self._copy_path(content_hash)) or self._make_again(path, content_hash)

    def thumbnail(self, path: Path, content_hash: str) -> Path:
        """A JPEG of a photo, longest side <= 256 pixels. Made again, or raises, as `copy` does."""
        thumbnail = self._thumbnail_path(content_hash)
        try:
            if thumbnail.stat().st_size:
                return thumbnail
        except OSError:
            pass
        self._save_thumbnail(self.copy(path, content_hash), content_hash)
        return thumbnail

    # Features

    def features(self, identity: str, hashes: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        """Content hash -> embedding float32 [D] of those asked for that are kept. identity: of the encoder."""
        wanted = list(dict.fromkeys(hashes))
        found = {}
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            marks = ",".join("?" * len(part))
            sql = f"SELECT content_hash, embedding FROM features WHERE identity = ? AND content_hash IN ({marks})"
            for name, embedding in self._rows(sql, [identity, *part]):
                found[name] = np.frombuffer(embedding, "<f4").astype(np.float32)
        return found

    def store_features(self, identity: str, hashes: Sequence[str], embeddings: NDArray[np.float32]) -> None:
        """Keep embeddings, float32 [N, D], one a content hash."""
        rows = [
            (identity, name, np.ascontiguousarray(row, dtype="<f4").tobytes())
            for name, row in zip(hashes, embeddings, strict=True)
        ]
        self._write([("INSERT OR REPLACE INTO features VALUES (?, ?, ?)", rows)])

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def __enter__(self) -> PhotoCache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _remembered(self, found: FoundPhoto) -> Look | None:
        rows = self._rows(
            "SELECT looks.content_hash, look FROM files JOIN looks USING (content_hash) "
            "WHERE path = ? AND size = ? AND mtime_ns = ? AND inode = ? AND version = ?",
            (os.fsencode(found.path), found.size, found.mtime_ns, found.inode, LOOK_VERSION),
        )
        return with_name(_from_row(*rows[0]), found.path.name) if rows else None

    def _look(self, found: FoundPhoto) -> Look:
        try:
            data = decode.read_file(found.path)
            size, mtime_ns, _ = file_facts(found.path.stat())
        except OSError as error:
            return with_name(Look("", invalid_reason=decode.unreadable(error)), found.path.name)
        name = content_hash(data)
        rows = self._rows(
            "SELECT content_hash, look FROM looks WHERE content_hash = ? AND version = ?", (name, LOOK_VERSION)
        )
        if rows:
            look = _from_row(*rows[0])
        else:
            look, image = look_at(data)
            if image is not None:
                self._save(image, name)
        writes: list[_Statement] = [
            ("INSERT OR REPLACE INTO looks VALUES (?, ?, ?)", [(name, LOOK_VERSION, _to_json(look))])
        ]
        if (size, mtime_ns) == (found.size, found.mtime_ns):  # else it was changed meanwhile
            key = (os.fsencode(found.path), found.size, found.mtime_ns, found.inode, name)
            writes.append(("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)", [key]))
        self._write(writes)
        return with_name(look, found.path.name)

    def _make_again(self, path: Path, name: str) -> Image.Image:
        try:
            data = decode.read_file(path)
        except OSError as error:
            raise PrismhError(f"The photo {path} cannot be read any more: {error.strerror or error}.") from error
        if content_hash(data) != name:
            raise PrismhError(f"The photo {path} has changed: look at the photos again.")
        decoded = decode.decode(data, short_side=SHORT_SIDE)
        if decoded.image is None:
            raise PrismhError(f"The photo {path} cannot be used. {decoded.invalid_reason}")
        self._save(decoded.image, name)
        # The same pixels as from now on, whatever JPEG does to them.
        return Image.open(io.BytesIO(self._copy_path(name).read_bytes()))

    def _pack(self, image: Image.Image, name: str, short_side: int) -> Image.Image:
        scale = short_side / min(image.size)
        if scale >= 1:
            return image
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        small = image.resize(size, Image.Resampling.BICUBIC)
        # A JPEG takes a twelfth of the room of bare pixels and opens nearly as fast. The usual copy holds colours at
        # half its resolution; a copy half as large keeps all of them.
        stream = io.BytesIO()
        small.save(stream, "JPEG", quality=_COPY_QUALITY, subsampling=0)
        path = self._packed_path(name, short_side)
        with write_whole(path, flush=False) as file:
            file.write(stream.getvalue())
        # The same pixels as from now on, whatever JPEG does to them.
        return Image.open(stream)

    def _save(self, image: Image.Image, name: str) -> None:
        with write_whole(self._copy_path(name), flush=False) as stream:
            image.save(stream, "JPEG", quality=_COPY_QUALITY)
        self._save_thumbnail(image, name)

    def _save_thumbnail(self, image: Image.Image, name: str) -> None:
        small = image.copy()
        small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.BICUBIC)
        with write_whole(self._thumbnail_path(name), flush=False) as stream:
            small.save(stream, "JPEG", quality=_THUMBNAIL_QUALITY)

    def _copy_path(self, name: str) -> Path:
        return self.folder / "copies" / name[:2] / f"{name}.jpg"

    def _packed_path(self, name: str, short_side: int) -> Path:
        return self.folder / f"copies-{short_side}" / name[:2] / f"{name}.jpg"

    def _thumbnail_path(self, name: str) -> Path:
        return self.folder / "thumbnails" / name[:2] / f"{name}.jpg"

    # The database

    def _open(self) -> sqlite3.Connection:
        make_folder(self.folder)
        path = self.folder / _DATABASE
        try:
            return _connect(path)
        except sqlite3.OperationalError as error:
            raise PrismhError(f"Cannot use the cache {path}: {error}.") from error
        except sqlite3.DatabaseError:
            # Damaged; nothing in it is lost for good.
            for suffix in ("", "-wal", "-shm"):
                path.with_name(f"{_DATABASE}{suffix}").unlink(missing_ok=True)
        try:
            return _connect(path)
        except sqlite3.DatabaseError as error:
            raise PrismhError(f"Cannot use the cache {path}: {error}.") from error

    def _rows(self, sql: str, parameters: Sequence[object]) -> list[tuple[str, bytes]]:
        return self._retried(lambda: self._connection.execute(sql, parameters).fetchall())

    def _write(self, statements: Sequence[_Statement]) -> None:
        self._retried(lambda: self._execute(statements))

    def _retried(self, action: Callable[[], T]) -> T:
        """Do something with the database; once more on a new one where it was deleted or damaged while in use."""
        with self._lock:
            try:
                return action()
            except sqlite3.ProgrammingError as error:  # closed: it must not come to life again
                raise PrismhError(f"The cache in {self.folder} is closed.") from error
            except sqlite3.DatabaseError:
                self._connection.close()
                self._connection = self._open()
            try:
                return action()
            except sqlite3.DatabaseError as error:
                raise PrismhError(f"Cannot use the cache in {self.folder}: {error}.") from error

    def _execute(self, statements: Sequence[_Statement]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for sql, rows in statements:
                self._connection.executemany(sql, rows)
            self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


def _connect(path: Path) -> sqlite3.Connection:
    connection = databases.connect(path)
    try:
        connection.executescript(_TABLES)
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def _opened(path: Path) -> Image.Image | None:
    """The picture in a file; None where it is not there, or was cut short by a power failure."""
    try:
        image = Image.open(io.BytesIO(path.read_bytes()))
        image.load()
        return image
    except Exception:
        return None


def _finished(running: dict[Future[Look], FoundPhoto], stop: StopToken | None) -> Iterator[tuple[FoundPhoto, Look]]:
    """Wait for at least one of the running looks and give all that are ready."""
    done: set[Future[Look]] = set()
    while not done:
        if stop is not None:
            stop.check()
        done, _ = wait(running, timeout=_SECONDS_BETWEEN_STOP_CHECKS, return_when=FIRST_COMPLETED)
    for future in done:
        yield running.pop(future), future.result()


def _to_json(look: Look) -> str:
    values: Mapping[str, object] = dataclasses.asdict(look)
    return json.dumps({key: value for key, value in values.items() if key != "content_hash"})


def _from_row(content_hash: str, look: str | bytes) -> Look:
    return Look(content_hash=content_hash, **json.loads(look))
