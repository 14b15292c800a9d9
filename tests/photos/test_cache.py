from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from prismh_engine.errors import PrismhError
from prismh_engine.jobs import Stopped, StopToken
from prismh_engine.photos.cache import PhotoCache, check_cache_folder
from prismh_engine.photos.scan import Scan

from .pictures import encoded, found, overwrite_secretly, picture, write


@pytest.fixture
def cache(tmp_path: Path) -> PhotoCache:
    with PhotoCache(tmp_path / "cache") as made:
        yield made


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for seed in range(12):
        write(tmp_path / "photos" / f"{seed:02}.jpg", encoded(picture(seed, (600, 450))))
    return tmp_path / "photos"


def test_a_look_measures_a_photo_and_keeps_its_copy_and_thumbnail(cache: PhotoCache, photos: Path) -> None:
    path = photos / "00.jpg"
    look = cache.look(found(path))
    assert look.usable
    assert (look.width, look.height) == (600, 450)
    assert look.sharpness > 0
    assert look.brightness > 0
    assert cache.copy(path, look.content_hash).size == (512, 384)
    with Image.open(cache.thumbnail(path, look.content_hash)) as thumbnail:
        assert thumbnail.format == "JPEG"
        assert max(thumbnail.size) == 256


def test_a_smaller_copy_is_made_from_the_usual_one_and_kept(cache: PhotoCache, photos: Path) -> None:
    path = photos / "00.jpg"
    name = cache.look(found(path)).content_hash
    usual = cache.copy(path, name)
    small = np.asarray(cache.copy(path, name, short_side=96))
    assert small.shape == (96, 128, 3)
    assert np.abs(small - np.asarray(usual.resize((128, 96), Image.Resampling.BICUBIC), dtype=float)).mean() < 3
    path.unlink()
    shutil.rmtree(cache.folder / "copies")
    assert np.array_equal(cache.copy(path, name, short_side=96), small)


def test_a_smaller_copy_that_was_lost_or_cut_short_comes_back_the_same(cache: PhotoCache, photos: Path) -> None:
    path = photos / "00.jpg"
    name = cache.look(found(path)).content_hash
    before = np.asarray(cache.copy(path, name, short_side=96))
    (kept,) = (cache.folder / "copies-96").rglob("*.jpg")
    kept.write_bytes(kept.read_bytes()[:500])
    assert np.array_equal(cache.copy(path, name, short_side=96), before)
    kept.unlink()
    assert np.array_equal(cache.copy(path, name, short_side=96), before)


def test_a_photo_smaller_than_the_copy_asked_for_stays_as_it_is(cache: PhotoCache, tmp_path: Path) -> None:
    path = tmp_path / "small.png"
    write(path, encoded(picture(0, (120, 80)), "PNG"))
    assert cache.copy(path, cache.look(found(path)).content_hash, short_side=96).size == (120, 80)


def test_a_second_look_at_an_unchanged_file_reads_nothing_also_in_a_new_process(photos: Path, tmp_path: Path) -> None:
    path = photos / "00.jpg"
    with PhotoCache(tmp_path / "cache") as cache:
        first = cache.look(found(path))
    overwrite_secretly(path, b"no picture any more")
    with PhotoCache(tmp_path / "cache") as cache:
        assert cache.look(found(path)) == first


def test_a_changed_file_is_looked_at_again(cache: PhotoCache, photos: Path) -> None:
    path = photos / "00.jpg"
    before = cache.look(found(path))
    write(path, encoded(picture(99)))
    after = cache.look(found(path))
    assert after.content_hash != before.content_hash
    assert (after.width, after.height) == (160, 120)


def test_the_date_in_a_name_belongs_to_the_file_and_not_to_its_content(cache: PhotoCache, tmp_path: Path) -> None:
    data = encoded(picture(1))
    named, plain = write(tmp_path / "IMG_20240501_101112.jpg", data), write(tmp_path / "plain.jpg", data)
    for _ in range(2):
        look = cache.look(found(named))
        assert (look.taken_at, look.taken_at_source) == ("2024-05-01T10:11:12", "file_name")
        assert cache.look(found(plain)).taken_at is None


def test_a_file_that_vanished_is_a_look_with_a_reason(cache: PhotoCache, photos: Path) -> None:
    gone = found(photos / "00.jpg")
    gone.path.unlink()
    look = cache.look(gone)
    assert not look.usable
    assert look.content_hash == ""
    assert "cannot be read" in look.invalid_reason


def test_many_looks_give_every_photo_once_and_leave_no_thread(cache: PhotoCache, photos: Path) -> None:
    before = set(threading.enumerate())
    for _ in range(2):
        looks = dict(cache.looks(Scan(photos), threads=3))
        assert {one.relative for one in looks} == {f"{seed:02}.jpg" for seed in range(12)}
        assert all(look.usable for look in looks.values())
    assert set(threading.enumerate()) <= before


def test_looks_that_are_left_early_or_stopped_end_their_threads(cache: PhotoCache, photos: Path) -> None:
    before = set(threading.enumerate())
    with closing(cache.looks(Scan(photos), threads=2)) as looks:
        next(looks)
    assert set(threading.enumerate()) <= before
    stop = StopToken()
    looks = cache.looks(Scan(photos), threads=2, stop=stop)
    next(looks)
    stop.stop()
    with pytest.raises(Stopped):
        list(looks)
    assert set(threading.enumerate()) <= before


def test_copies_are_made_again_when_the_cache_was_deleted_while_it_was_open(cache: PhotoCache, photos: Path) -> None:
    path = photos / "00.jpg"
    look = cache.look(found(path))
    before = np.asarray(cache.copy(path, look.content_hash))
    shutil.rmtree(cache.folder)
    assert np.array_equal(np.asarray(cache.copy(path, look.content_hash)), before)
    assert cache.thumbnail(path, look.content_hash).is_file()
    assert cache.look(found(path)) == look
    assert cache.look(found(photos / "01.jpg")).usable


def test_a_copy_that_a_power_failure_cut_short_is_made_again(cache: PhotoCache, photos: Path) -> None:
    path = photos / "00.jpg"
    look = cache.look(found(path))
    before = np.asarray(cache.copy(path, look.content_hash))
    (copy,) = (cache.folder / "copies").rglob("*.jpg")
    copy.write_bytes(copy.read_bytes()[:500])
    cache.thumbnail(path, look.content_hash).write_bytes(b"")
    assert np.array_equal(np.asarray(cache.copy(path, look.content_hash)), before)
    assert cache.thumbnail(path, look.content_hash).stat().st_size


def test_a_damaged_database_is_started_anew(photos: Path, tmp_path: Path) -> None:
    write(tmp_path / "cache" / "cache.db", b"no database" * 1000)
    with PhotoCache(tmp_path / "cache") as cache:
        assert cache.look(found(photos / "00.jpg")).usable


def test_a_copy_of_a_photo_that_is_gone_or_changed_is_an_error_in_words(cache: PhotoCache, photos: Path) -> None:
    path = photos / "00.jpg"
    look = cache.look(found(path))
    shutil.rmtree(cache.folder / "copies")
    write(path, encoded(picture(50)))
    with pytest.raises(PrismhError, match="has changed"):
        cache.copy(path, look.content_hash)
    path.unlink()
    with pytest.raises(PrismhError, match="cannot be read any more"):
        cache.copy(path, look.content_hash)


def test_features_are_kept_for_each_encoder_apart(cache: PhotoCache) -> None:
    rows = np.arange(12, dtype=np.float32).reshape(3, 4)
    cache.store_features("one", ["a", "b", "c"], rows)
    cache.store_features("other", ["a"], rows[:1] + 100)
    kept = cache.features("one", ["c", "a", "missing"])
    assert set(kept) == {"a", "c"}
    assert np.array_equal(kept["c"], rows[2])
    assert np.array_equal(cache.features("other", ["a", "b"])["a"], rows[0] + 100)


def test_two_processes_may_fill_one_cache_at_the_same_time(photos: Path, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from prismh_engine.photos.cache import PhotoCache\n"
        "from prismh_engine.photos.scan import Scan\n"
        "with PhotoCache(Path(sys.argv[2])) as cache:\n"
        "    looks = list(cache.looks(Scan(Path(sys.argv[1])), threads=2))\n"
        "assert len(looks) == 12 and all(look.usable for _, look in looks)\n"
    )
    command = [sys.executable, "-c", script, str(photos), str(tmp_path / "cache")]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for process in running:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    assert len(list((tmp_path / "cache" / "copies").rglob("*.jpg"))) == 12


@pytest.mark.skipif(sys.platform == "win32", reason="a file can stand in the way of a folder there too, but says so")
def test_a_cache_that_cannot_be_written_is_an_error_in_words(tmp_path: Path) -> None:
    write(tmp_path / "file", b"")
    with pytest.raises(PrismhError, match="Cannot write"):
        PhotoCache(tmp_path / "file" / "cache")


def test_a_cache_that_was_closed_stays_closed(photos: Path, tmp_path: Path) -> None:
    cache = PhotoCache(tmp_path / "cache")
    cache.close()
    shutil.rmtree(cache.folder)
    with pytest.raises(PrismhError, match="is closed"):
        cache.features("one", ["a"])
    assert not cache.folder.exists()


def test_a_cache_that_would_mix_with_the_photos_is_refused(tmp_path: Path) -> None:
    photos = write(tmp_path / "photos" / "day 1" / "a.jpg", encoded(picture(1))).parents[1]
    os.symlink(photos, tmp_path / "by another name")
    for cache in (photos, tmp_path / "by another name", photos / "day 1" / ".."):
        with pytest.raises(PrismhError, match="would mix with the photos"):
            check_cache_folder(cache, photos)
    with pytest.raises(PrismhError, match=r"would hide 'a\.jpg'"):
        check_cache_folder(photos / "day 1", photos)
    for inside in ("copies", "copies-64/ab", "thumbnails"):
        with pytest.raises(PrismhError, match="keeps its pictures"):
            check_cache_folder(tmp_path, tmp_path / inside)


def test_a_cache_beside_above_or_in_a_folder_of_its_own_below_the_photos_is_well(tmp_path: Path) -> None:
    photos = write(tmp_path / "photos" / "a.jpg", encoded(picture(1))).parent
    for folder in (tmp_path, tmp_path / "cache", photos / "new", photos / "cache"):
        check_cache_folder(folder, photos)
        with PhotoCache(folder) as cache:
            cache.look(found(photos / "a.jpg"))
        check_cache_folder(folder, photos)
