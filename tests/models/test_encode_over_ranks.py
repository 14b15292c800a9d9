"""Several processes embed photos together: the rows of one process, and none waits for one that has gone."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from prismh_engine import jobs
from prismh_engine.errors import PrismhError
from prismh_engine.jobs import Stopped, StopToken
from prismh_engine.models.encode_over_ranks import encode_over_ranks
from prismh_engine.models.encode_photos import EncoderToStart, UsablePhoto
from prismh_engine.models.ranks import Ranks
from prismh_engine.photos.cache import PhotoCache
from prismh_engine.photos.folder import list_photos
from prismh_engine.project.feature_sets import Encoder

from .several_ranks import in_ranks

Told = list[dict[str, list[Any]]]
"""Of each rank, by what was tried: what it kept, and how it ended."""


class Corner:
    """An encoder that gives the first pixel of a photo and calls `before` with how many photos it has seen."""

    identity = Encoder("corner", "0" * 64, 32, 3)
    batch_size = 2

    def __init__(self, before: Callable[[int], None] = lambda seen: None) -> None:
        self._before = before
        self._seen = 0

    def encode(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        self._before(self._seen)
        self._seen += len(images)
        return images[:, 0, 0].astype(np.float32)


def embed(
    photos: list[UsablePhoto], cache: PhotoCache, ranks: Ranks, encoder: Corner, stop: StopToken | None = None
) -> tuple[dict[str, list[float]], str]:
    """What rank 0 keeps, and how it ended."""
    kept: dict[str, list[float]] = {}
    start = EncoderToStart(encoder.identity, lambda: encoder, "Seeing", torch.nn.Identity)
    job = encode_over_ranks(
        photos, start, cache, lambda hashes, rows: kept.update(zip(hashes, rows.tolist(), strict=True)), ranks, stop
    )
    try:
        jobs.run(job, stop=stop)
    except Stopped:
        return kept, "stopped"
    except (PrismhError, ValueError) as error:
        return kept, str(error)
    return kept, "done"


def listed(folder: Path, cache: PhotoCache) -> list[UsablePhoto]:
    found = jobs.run(list_photos(folder, cache))
    return [UsablePhoto(photo.relative, photo.path, look.content_hash) for photo, look in found]


def work(ranks: Ranks, folder: Path) -> dict[str, list[Any]]:
    """One rank: all that the tests below ask for, since a process takes seconds to start."""
    told: dict[str, list[Any]] = {}
    with PhotoCache(folder / "cache") as cache:
        photos = listed(folder / "photos", cache) if ranks.first else []
        photos = ranks.share(photos)
        told["together"] = [*embed(photos, cache, ranks, Corner())]
        told["one alone"] = [*embed(photos[:1], cache, ranks, Corner())]
        gone = [UsablePhoto("gone.jpg", folder / "gone.jpg", "f" * 64), *photos]
        told["one gone"] = [*embed(gone, cache, ranks, Corner())]

        def fail(seen: int) -> None:
            if ranks.rank == 1 and seen == 4:
                raise ValueError("the card got too hot")

        told["one failed"] = [*embed(photos, cache, ranks, Corner(fail))]
        stop = StopToken()

        def ask(seen: int) -> None:
            if ranks.rank == 1 and seen == 4:
                stop.stop()

        told["stopped"] = [*embed(photos, cache, ranks, Corner(ask), stop)]
    return told


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, photo_folder: Path) -> Told:
    folder = tmp_path_factory.mktemp("ranks")
    shutil.copytree(photo_folder, folder / "photos")
    return in_ranks(2, work, folder)


@pytest.fixture
def alone(tmp_path: Path, photo_folder: Path) -> dict[str, list[float]]:
    with PhotoCache(tmp_path / "cache") as cache:
        kept, _ = embed(listed(photo_folder, cache), cache, Ranks(), Corner())
    return kept


def test_rank_0_keeps_the_rows_that_one_process_makes(told: Told, alone: dict[str, list[float]]) -> None:
    assert len(alone) == 24
    assert told[0]["together"] == [alone, "done"]
    assert told[1]["together"] == [{}, "done"]


def test_a_rank_may_have_nothing_to_do(told: Told, alone: dict[str, list[float]]) -> None:
    first = next(iter(told[0]["one alone"][0]))
    assert told[0]["one alone"] == [{first: alone[first]}, "done"]


def test_a_photo_that_is_gone_is_left_out(told: Told, alone: dict[str, list[float]]) -> None:
    assert told[0]["one gone"] == [alone, "done"]


def test_an_error_of_one_rank_ends_all(told: Told) -> None:
    assert told[1]["one failed"][1] == "the card got too hot"
    assert "Rank 1" in told[0]["one failed"][1]
    assert "the card got too hot" in told[0]["one failed"][1]


def test_a_stop_of_one_rank_ends_all_and_keeps_what_was_computed(told: Told, alone: dict[str, list[float]]) -> None:
    kept, end = told[0]["stopped"]
    assert end == told[1]["stopped"][1] == "stopped"
    # All of rank 0's half, and of the other's the three batches that were begun.
    assert len(kept) == 12 + 6
    assert kept.items() <= alone.items()
