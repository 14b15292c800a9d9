"""What may happen to a cache while photos are looked at: nothing of it costs more than the work it undoes."""

from __future__ import annotations

import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from prismh_engine.errors import PrismhError
from prismh_engine.jobs import StopToken
from prismh_engine.photos.cache import PhotoCache
from prismh_engine.photos.record import FoundPhoto, Look
from prismh_engine.photos.scan import Scan

from .pictures import encoded, found, overwrite_secretly, picture, write

COUNT = 24


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for seed in range(COUNT):
        write(tmp_path / "photos" / f"{seed:02}.jpg", encoded(picture(seed, (320, 240))))
    return tmp_path / "photos"


def test_killed_in_mid_look_the_next_one_goes_on_without_reading_a_photo_twice(photos: Path, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from prismh_engine.photos.cache import PhotoCache\n"
        "from prismh_engine.photos.scan import Scan\n"
        "with PhotoCache(Path(sys.argv[2])) as cache:\n"
        "    for photo, look in cache.looks(Scan(Path(sys.argv[1])), threads=2):\n"
        "        print(photo.relative, flush=True)\n"
        "        sys.stdin.readline()\n"
    )
    command = [sys.executable, "-c", script, str(photos), str(tmp_path / "cache")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        done = []
        for _ in range(5):
            done.append(process.stdout.readline().strip())
            process.stdin.write("\n")
            process.stdin.flush()
        process.kill()
    for name in done:
        overwrite_secretly(photos / name, b"no picture any more")
    with PhotoCache(tmp_path / "cache") as cache:
        looks = {one.relative: look for one, look in cache.looks(Scan(photos), threads=2)}
    assert len(looks) == COUNT
    assert all(look.usable for look in looks.values())


def test_a_cache_that_is_deleted_again_and_again_stops_no_look(photos: Path, tmp_path: Path) -> None:
    over = threading.Event()

    def delete() -> None:
        while not over.wait(0.005):
            shutil.rmtree(tmp_path / "cache", ignore_errors=True)

    deleting = threading.Thread(target=delete)
    with PhotoCache(tmp_path / "cache") as cache:
        deleting.start()
        try:
            for _ in range(4):
                assert all(look.usable for _, look in cache.looks(Scan(photos), threads=2))
        finally:
            over.set()
            deleting.join()
        looked = list(cache.looks(Scan(photos), threads=2))
        assert all(cache.thumbnail(one.path, look.content_hash).is_file() for one, look in looked)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sets no limit to the size of a file")
def test_a_disk_that_is_full_stops_the_look_in_a_sentence_and_what_was_seen_is_kept(
    photos: Path, tmp_path: Path
) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with PhotoCache(tmp_path / "cache") as cache:
        first = cache.look(found(photos / "00.jpg"))
        threads = set(threading.enumerate())
        resource.setrlimit(resource.RLIMIT_FSIZE, (600, before[1]))
        try:
            with pytest.raises(PrismhError, match=r"Cannot write .*What was there before is unchanged"):
                list(cache.looks(Scan(photos), threads=2))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert set(threading.enumerate()) <= threads
        assert not list(cache.folder.rglob("*.part"))
        overwrite_secretly(photos / "00.jpg", b"no picture any more")
        assert cache.look(found(photos / "00.jpg")) == first
        assert sum(look.usable for _, look in cache.looks(Scan(photos), threads=2)) == COUNT


def test_a_photo_replaced_after_it_was_found_is_seen_as_it_is_and_not_remembered_as_what_it_was(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "a.jpg", encoded(picture(1)))
    as_found = found(path)
    write(path, encoded(picture(2, (200, 100))))
    with PhotoCache(tmp_path / "cache") as cache:
        assert cache.look(as_found).width == 200
        write(path, encoded(picture(3, (90, 60))))
        assert cache.look(as_found).width == 90
        assert cache.look(found(path)).width == 90


def test_a_pause_gives_the_photos_that_were_begun_and_begins_no_other_until_it_ends(
    photos: Path, tmp_path: Path
) -> None:
    stop = StopToken()
    asked: list[str] = []
    given: queue.Queue[tuple[FoundPhoto, Look]] = queue.Queue()

    def pausing() -> Iterator[FoundPhoto]:
        for number, photo in enumerate(Scan(photos)):
            if number == 3:
                stop.pause()
            asked.append(photo.relative)
            yield photo

    def look() -> None:
        with PhotoCache(tmp_path / "cache") as cache:
            for pair in cache.looks(pausing(), threads=4, stop=stop):
                given.put(pair)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        begun = {given.get(timeout=60)[0].relative for _ in range(3)}
        assert begun == {"00.jpg", "01.jpg", "02.jpg"}
        with pytest.raises(queue.Empty):
            given.get(timeout=0.2)
        assert len(asked) == 4
    finally:
        stop.resume()
        looking.join()
    assert given.qsize() == COUNT - 3


def test_photos_are_taken_from_a_scan_only_as_fast_as_they_are_looked_at(photos: Path, tmp_path: Path) -> None:
    taken = 0

    def counted() -> Iterator[FoundPhoto]:
        nonlocal taken
        for photo in Scan(photos):
            taken += 1
            yield photo

    most_ahead = 0
    with PhotoCache(tmp_path / "cache") as cache:
        for given, _ in enumerate(cache.looks(counted(), threads=2)):
            most_ahead = max(most_ahead, taken - given)
    assert most_ahead <= 4


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((600, 450), (256, 192)), ((450, 600), (192, 256)), ((1200, 500), (256, 107)), ((300, 200), (256, 171)),
        ((100, 80), (100, 80)), ((2000, 4), (256, 1)), ((1, 1), (1, 1)),
    ],
)  # fmt: skip
def test_a_thumbnail_keeps_the_proportions_of_its_photo(
    tmp_path: Path, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    path = write(tmp_path / "a.png", encoded(picture(5, size), "PNG"))
    with PhotoCache(tmp_path / "cache") as cache:
        name = cache.look(found(path)).content_hash
        with Image.open(cache.thumbnail(path, name)) as thumbnail:
            assert thumbnail.size == pytest.approx(expected, abs=1)
