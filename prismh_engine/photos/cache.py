"""What was made from photos once and is needed again: looks, small copies, thumbnails, starter features.

Everything here can be made again from the photos, so the folder may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import PrismhError
from ..files import why_unreadable
from ..jobs import StopToken
from . import cache_database, decode
from .cache_database import CacheDatabase
from .kept_pictures import KeptPictures, holds_kept_pictures
from .look import content_hash, look_at, with_name
from .measures import SHORT_SIDE
from .record import FoundPhoto, Look, file_facts

_SECONDS_BETWEEN_STOP_CHECKS = 0.1


def default_cache_folder() -> Path:
    """The cache of this person on this machine, used where neither a project nor `--cache_dir` names one."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("prism-h", appauthor=False))


def check_cache_folder(cache: Path, photos: Path) -> None:
    """Raise `PrismhError` where a cache in one folder and the photos below another would be taken for each other.

    A cache below the photos is well where that folder is its own, since a scan leaves it out; one above them is, unless
    they lie where it puts its pictures.
    """
    real_cache, real_photos = Path(os.path.realpath(cache)), Path(os.path.realpath(photos))
    choose = "choose another folder for the cache"
    try:
        same = real_cache == real_photos or real_cache.samefile(real_photos)
    except OSError:  # one of them is not there
        same = False
    if same:
        raise PrismhError(f"The cache would mix with the photos in {photos}: {choose}.")
    if real_photos.is_relative_to(real_cache) and _is_of_cache(real_photos.relative_to(real_cache).parts[0]):
        raise PrismhError(f"The photos in {photos} lie where a cache in {cache} keeps its pictures: {choose}.")
    if real_cache.is_relative_to(real_photos) and not PhotoCache.is_in(real_cache):
        with contextlib.suppress(OSError):  # not there yet, or told by who makes it
            others = sorted(name for name in os.listdir(real_cache) if not name.startswith("."))
            other = next((name for name in others if not _is_of_cache(name)), None)
            if other is not None:
                raise PrismhError(f"A cache in {cache} would hide {other!r} there from the search: {choose}.")


class PhotoCache:
    """The cache in one folder; every method may be called from any thread, and several processes may share it.

    Raises `PrismhError` where the folder cannot be written. Close it, or use it in a `with`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(os.path.abspath(folder))
        self._database = CacheDatabase(self.folder)
        self._pictures = KeptPictures(self.folder)

    @staticmethod
    def is_in(folder: Path) -> bool:
        """Whether a folder holds a cache already."""
        return (folder / cache_database.NAME).is_file()

    # Looks

    def look(self, found: FoundPhoto) -> Look:
        """What is known of a photo: remembered where the file is unchanged, else from one pass over its bytes."""
        return self._remembered(found) or self._look(found)

    def looks(
        self, founds: Iterable[FoundPhoto], threads: int | None = None, stop: StopToken | None = None
    ) -> Generator[tuple[FoundPhoto, Look], None, None]:
        """`look` for many photos, several at once, in the order in which they get ready.

        threads: None for one a processor. Close it where it is left early. A pause begins no further photo and gives
        those that were begun; `Stopped` is raised where `stop` asks for it. Looks made so far are kept.
        """
        threads = threads or os.cpu_count() or 1
        pool = ThreadPoolExecutor(threads, thread_name_prefix="look")
        running: dict[Future[Look], FoundPhoto] = {}
        ending = StopToken()
        try:
            for found in founds:
                if stop is not None:
                    while running and stop.paused:
                        yield from _finished(running, stop)
                    stop.wait_while_paused()
                known = self._remembered(found)
                if known is not None:
                    yield found, known
                    continue
                running[pool.submit(self._look, found, ending)] = found
                if len(running) >= 2 * threads:
                    yield from _finished(running, stop)
            while running:
                yield from _finished(running, stop)
        finally:
            ending.stop()  # a picture that takes long is given up, and looked at another time
            pool.shutdown(wait=True, cancel_futures=True)

    # Pictures

    def copy(self, path: Path, content_hash: str, short_side: int = SHORT_SIDE) -> Image.Image:
        """A photo's upright RGB copy, short side <= `short_side` pixels, 384 at most.

        Made again from the photo where the cache lacks it; raises `PrismhError` where the photo is gone or changed.
        A smaller copy than usual is made from the usual one when it is first asked for, and kept beside it.
        """
        if short_side < SHORT_SIDE:
            packed = self._pictures.packed(content_hash, short_side)
            return packed or self._pictures.keep_packed(self.copy(path, content_hash), content_hash, short_side)
        return self._pictures.copy(content_hash) or self._make_again(path, content_hash)

    def thumbnail(self, path: Path, content_hash: str) -> Path:
        """A JPEG of a photo, longest side <= 256 pixels. Made again, or raises, as `copy` does."""
        thumbnail = self._pictures.thumbnail(content_hash)
        return thumbnail or self._pictures.keep_thumbnail(self.copy(path, content_hash), content_hash)

    # Features

    def features(self, identity: str, hashes: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        """Content hash -> embedding float32 [D] of those asked for that are kept. identity: of the encoder."""
        return self._database.features(identity, hashes)

    def store_features(self, identity: str, hashes: Sequence[str], embeddings: NDArray[np.float32]) -> None:
        """Keep embeddings, float32 [N, D], one a content hash."""
        self._database.keep_features(identity, hashes, embeddings)

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> PhotoCache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _remembered(self, found: FoundPhoto) -> Look | None:
        look = self._database.remembered(found)
        return look and with_name(look, found.path.name)

    def _look(self, found: FoundPhoto, stop: StopToken | None = None) -> Look:
        try:
            data = decode.read_file(found.path)
            size, mtime_ns, _ = file_facts(found.path.stat())
        except OSError as error:
            return with_name(Look("", invalid_reason=decode.unreadable(error)), found.path.name)
        name = content_hash(data)
        look = self._database.look_of(name)
        if look is None:
            look, image = look_at(data, name, stop)
            if image is not None:
                self._pictures.keep(image, name)
        changed_meanwhile = (size, mtime_ns) != (found.size, found.mtime_ns)
        self._database.keep_look(look, None if changed_meanwhile else found)
        return with_name(look, found.path.name)

    def _make_again(self, path: Path, name: str) -> Image.Image:
        try:
            data = decode.read_file(path)
        except OSError as error:
            raise PrismhError(f"The photo {path} cannot be read any more: {why_unreadable(error)}.") from error
        if content_hash(data) != name:
            raise PrismhError(f"The photo {path} has changed: look at the photos again.")
        decoded = decode.decode(data, short_side=SHORT_SIDE)
        if decoded.image is None:
            raise PrismhError(f"The photo {path} cannot be used. {decoded.invalid_reason}")
        return self._pictures.keep(decoded.image, name)


def _is_of_cache(name: str) -> bool:
    """Whether a cache has such a file or folder."""
    return name.startswith(cache_database.NAME) or holds_kept_pictures(name)


def _finished(running: dict[Future[Look], FoundPhoto], stop: StopToken | None) -> Iterator[tuple[FoundPhoto, Look]]:
    """Wait for at least one of the running looks and give all that are ready."""
    done: set[Future[Look]] = set()
    while not done:
        if stop is not None:
            stop.check()
        done, _ = wait(running, timeout=_SECONDS_BETWEEN_STOP_CHECKS, return_when=FIRST_COMPLETED)
    for future in done:
        yield running.pop(future), future.result()
