"""From photos to embeddings by several processes: each encodes its share, and rank 0 keeps what comes together."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..jobs import Job, Progress, StopToken
from ..photos.cache import PhotoCache
from .encode_photos import CachedPhoto, EncoderToStart, Keep, encode_photos
from .ranks import Ranks


def encode_over_ranks(
    photos: Sequence[CachedPhoto],
    encoder: EncoderToStart,
    cache: PhotoCache,
    keep: Keep,
    ranks: Ranks,
    stop: StopToken | None = None,
) -> Job[None]:
    """`encode_photos`, the work shared by the ranks; each of them calls it with the same photos, of different content.

    The ranks meet every few seconds. There rank 0 keeps the rows of all and tells how far they are, so that a stop,
    which any of them may be asked for, loses nothing that was computed, and an error of one ends all.
    """
    if ranks.count == 1:
        yield from encode_photos(photos, encoder.start(), cache, keep, encoder.what)
        return
    with ranks.in_turn():  # the first on a machine makes the encoder's file where it is missing
        running = encoder.start()
    numbers = {photo.content_hash: number for number, photo in enumerate(photos)}
    mine = photos[ranks.rank :: ranks.count]
    encoded: list[tuple[Sequence[str], NDArray[np.float32]]] = []
    done, more = 0, True
    encoding = encode_photos(mine, running, cache, lambda hashes, rows: encoded.append((hashes, rows)), encoder.what)
    with closing(encoding):
        while ranks.any(more):
            error: Exception | None = None
            try:
                more = _until_some_are_encoded(encoding, encoded, stop)
            except Exception as failed:
                error = failed
            ranks.raise_together(error)
            whose = np.array([numbers[name] for hashes, _ in encoded for name in hashes], dtype=np.int64)
            rows = np.concatenate(
                [np.empty((0, running.identity.dimension), np.float32), *(part for _, part in encoded)]
            )
            encoded.clear()
            all_of_whom, all_rows = ranks.gather_rows(whose), ranks.gather_rows(rows)
            try:
                if all_of_whom is not None and all_rows is not None:
                    done += len(all_rows)
                    keep([photos[number].content_hash for number in all_of_whom], all_rows)
                    yield Progress(encoder.what, done, len(photos))
                if stop is not None:
                    stop.check()
            except Exception as failed:
                error = failed
            ranks.raise_together(error)


def _until_some_are_encoded(
    encoding: Generator[Progress, Any, Any], encoded: Sequence[Any], stop: StopToken | None
) -> bool:
    """Go on until rows are given away, which is every few seconds; whether photos are left."""
    for _ in encoding:
        if stop is not None and stop.stopped:
            encoding.close()  # gives away what it has
            return False
        if encoded:
            return True
    return False
