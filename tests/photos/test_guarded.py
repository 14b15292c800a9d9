from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image

from prismh_engine.errors import PrismhError
from prismh_engine.jobs import Stopped, StopToken
from prismh_engine.photos import guarded
from prismh_engine.photos.cache import PhotoCache
from prismh_engine.photos.decode import decode
from prismh_engine.photos.guarded import GuardedDecoder
from prismh_engine.photos.pixels import open_picture

from .pictures import encoded, found, picture, write

ROOT = Path(__file__).parents[2]
TIFF = encoded(picture(1), "TIFF")


def slow_picture(scans: int) -> bytes:
    """A small progressive JPEG that keeps a decoder busy for a hundredth of a second a scan."""
    data = encoded(Image.new("RGB", (4000, 3000), "grey"), progressive=True)
    last_scan = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + scans * last_scan + data[-2:]


ENDLESS = slow_picture(3000)


@pytest.fixture
def quick() -> Iterator[GuardedDecoder]:
    """A guarded decoder that waits for a second only."""
    decoder = GuardedDecoder(seconds=1)
    yield decoder
    decoder.close()


@pytest.fixture
def patient() -> Iterator[GuardedDecoder]:
    decoder = GuardedDecoder()
    yield decoder
    decoder.close()


def until(condition: Any, seconds: float = 20.0) -> bool:
    """Whether a condition comes true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def run_python(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_a_rarer_kind_comes_back_from_the_child_as_from_this_process(patient: GuardedDecoder) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[36867] = "2024:05:01 10:11:12"
    exif.get_ifd(0x8825).update({1: "S", 2: (12.0, 30.0, 36.0), 3: "E", 4: (77.0, 15.0, 0.0)})
    cut_short = encoded(picture(2, (64, 48)), "TIFF", exif=exif)
    for data in (
        encoded(picture(2), "AVIF", exif=exif),
        cut_short,
        cut_short[:5000],
        encoded(picture(1), "TGA"),
        b"no",
    ):
        for short_side in (None, 32):
            here = open_picture(data, short_side, in_thread=False)
            there = patient.decode(data, short_side)
            assert there.facts == here.facts
            assert (there.invalid_reason, there.truncated) == (here.invalid_reason, here.truncated)
            assert (there.width, there.height) == (here.width, here.height)
            assert (there.image is None) == (here.image is None)
            assert here.image is None or there.image.tobytes() == here.image.tobytes()  # type: ignore[union-attr]


def test_photos_of_the_common_kinds_never_start_a_child() -> None:
    done = run_python(
        "import psutil\n"
        "from prismh_engine.photos.decode import decode\n"
        "from tests.photos.pictures import encoded, picture\n"
        "for kind in ('JPEG', 'PNG', 'WEBP', 'GIF', 'BMP', 'MPO'):\n"
        "    data = encoded(picture(1), kind)\n"
        "    assert decode(data).image is not None, kind\n"
        "    decode(data[:30]), decode(data[: len(data) // 2]), decode(data[:200] + bytes(5000))\n"
        "decode(encoded(picture(1), progressive=True)), decode(b''), decode(bytes(5000))\n"
        "assert not psutil.Process().children()\n"
        "assert decode(encoded(picture(1), 'TIFF')).image is not None\n"
        "assert len(psutil.Process().children()) == 1\n"
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_what_a_library_prints_about_a_damaged_file_reaches_no_terminal(capfd: Any) -> None:
    damaged = [encoded(picture(3, (64, 48)), "TIFF", compression="tiff_adobe_deflate")] * 20
    for place, data in enumerate(damaged):
        broken = bytearray(data)
        broken[40 + 60 * place : 60 + 60 * place] = bytes(20)
        decode(bytes(broken))
    assert capfd.readouterr() == ("", "")


def test_a_picture_that_takes_for_ever_is_given_up_and_the_next_is_read(quick: GuardedDecoder) -> None:
    given_up = quick.decode(ENDLESS, 384)
    assert given_up.image is None
    assert "within 1 seconds" in given_up.invalid_reason
    assert quick.decode(TIFF, None).image is not None
    assert all(child.status() != psutil.STATUS_ZOMBIE for child in psutil.Process().children())


def test_a_jpeg_of_thousands_of_scans_is_not_decoded_in_a_thread(monkeypatch: Any, quick: GuardedDecoder) -> None:
    monkeypatch.setattr(guarded, "decode", quick.decode)  # the same, but for the patience
    assert "within 1 seconds" in decode(ENDLESS, short_side=384).invalid_reason


@pytest.mark.skipif(sys.platform == "win32", reason="processes have threads of the system's there")
@pytest.mark.parametrize(("kills", "reason"), [(1, ""), (2, "crash")])
def test_a_child_that_dies_is_given_a_second_try_and_then_the_file_is_blamed(
    patient: GuardedDecoder, kills: int, reason: str
) -> None:
    got: list[Any] = []
    picture_of_a_second = slow_picture(100)
    asking = threading.Thread(target=lambda: got.append(patient.decode(picture_of_a_second, 384)))
    asking.start()
    killed: set[int | None] = {None}
    for _ in range(kills):
        assert until(lambda: patient.process_id not in killed and _decodes(patient.process_id))
        killed.add(patient.process_id)
        psutil.Process(patient.process_id).kill()
    asking.join()
    assert reason in got[0].invalid_reason
    assert (got[0].image is None) == bool(reason)
    assert patient.decode(TIFF, None).image is not None


def _decodes(process_id: int | None) -> bool:
    """Whether a child has begun with a picture: its watchdog is a second thread."""
    return psutil.Process(process_id).num_threads() > 1


@pytest.mark.skipif(sys.platform != "linux", reason="another process cannot be held to little memory there")
def test_a_child_that_ran_out_of_memory_is_not_told_as_slow(monkeypatch: Any, patient: GuardedDecoder) -> None:
    import resource

    start = guarded._start

    def start_in_little_memory(seconds: float) -> subprocess.Popen[bytes]:
        child = start(seconds)
        in_use = psutil.Process(child.pid).memory_info().vms
        resource.prlimit(child.pid, resource.RLIMIT_AS, (in_use + 10_000_000, in_use + 10_000_000))
        return child

    monkeypatch.setattr(guarded, "_start", start_in_little_memory)
    told = patient.decode(b"II*\0" + bytes(100_000_000), None)
    assert told.invalid_reason == "The picture needs more memory than is free."


def test_a_stop_ends_the_wait_for_a_picture_that_takes_for_ever(patient: GuardedDecoder) -> None:
    stop, ended = StopToken(), []

    def ask() -> None:
        try:
            patient.decode(ENDLESS, 384, stop)
        except Stopped:
            ended.append(True)

    asking = [threading.Thread(target=ask) for _ in range(2)]  # the second waits for the first
    for thread in asking:
        thread.start()
    assert until(lambda: patient.process_id is not None and _decodes(patient.process_id))
    stop.stop()
    for thread in asking:
        thread.join(timeout=10)
    assert ended == [True, True]
    assert patient.decode(TIFF, None).image is not None


def test_looks_that_are_stopped_wait_for_no_picture_and_do_not_blame_it(tmp_path: Path) -> None:
    photo = found(write(tmp_path / "endless.jpg", ENDLESS))
    stop, ended = StopToken(), threading.Event()

    def look() -> None:
        with pytest.raises(Stopped):
            list(cache.looks([photo], stop=stop))
        ended.set()

    with PhotoCache(tmp_path / "cache") as cache:
        looking = threading.Thread(target=look)
        looking.start()
        assert until(lambda: guarded._decoder.process_id is not None and _decodes(guarded._decoder.process_id))
        stop.stop()
        assert ended.wait(10)
        looking.join()
        assert cache._database.remembered(photo) is None


def test_many_threads_may_ask_at_once(patient: GuardedDecoder) -> None:
    seeds = [*range(8), *range(8)]
    files = {seed: encoded(picture(seed), "TIFF") for seed in seeds}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda seed: patient.decode(files[seed], None), seeds))
    for seed, answer in zip(seeds, answers, strict=True):
        assert answer.image is not None
        assert answer.image.tobytes() == picture(seed).tobytes()


@pytest.mark.parametrize("busy", [False, True])
def test_the_child_ends_with_its_parent_however_that_ends(tmp_path: Path, busy: bool) -> None:
    write(tmp_path / "tiff", TIFF)
    write(tmp_path / "endless", ENDLESS if busy else TIFF)
    done = run_python(
        "import os, signal, sys, threading\n"
        "from pathlib import Path\n"
        "from prismh_engine.photos.guarded import GuardedDecoder\n"
        "decoder = GuardedDecoder(seconds=2)\n"
        "decoder.decode(Path(sys.argv[1], 'tiff').read_bytes(), None)\n"
        "print(decoder.process_id, flush=True)\n"
        "asked = Path(sys.argv[1], 'endless').read_bytes()\n"
        "threading.Thread(target=decoder.decode, args=(asked, 384)).start()\n"
        "threading.Event().wait(0.3)\n"
        "os.kill(os.getpid(), getattr(signal, 'SIGKILL', signal.SIGTERM))\n",
        tmp_path,
    )
    assert until(lambda: _gone(int(done.stdout)))


def test_a_program_that_ends_well_leaves_no_child_and_says_nothing(tmp_path: Path) -> None:
    done = run_python(
        "import sys, psutil\n"
        "from pathlib import Path\n"
        "from prismh_engine.photos.decode import decode\n"
        "assert decode(Path(sys.argv[1])).image is not None\n"
        "print(*[child.pid for child in psutil.Process().children()])\n",
        write(tmp_path / "tiff", TIFF),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert _gone(int(done.stdout))


def _gone(process_id: int) -> bool:
    try:
        return psutil.Process(process_id).status() == psutil.STATUS_ZOMBIE  # in a container nobody may collect it
    except psutil.NoSuchProcess:
        return True


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_after_a_fork_each_process_has_a_child_of_its_own() -> None:
    done = run_python(
        "import multiprocessing\n"
        "from prismh_engine.photos import guarded\n"
        "from tests.photos.pictures import encoded, picture\n"
        "def right(seed):\n"
        "    return guarded.decode(encoded(picture(seed), 'TIFF'), None).image.tobytes() == picture(seed).tobytes()\n"
        "assert right(0)\n"
        "with multiprocessing.get_context('fork').Pool(2) as pool:\n"
        "    running = pool.map_async(right, range(10), chunksize=1)\n"
        "    assert all(right(seed) for seed in range(10, 20))\n"
        "    assert all(running.get(60))\n"
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_while_a_picture_is_decoded_does_not_hang_and_takes_nothing_from_it() -> None:
    done = run_python(
        "import os, signal, threading\n"
        "from prismh_engine.photos.guarded import _decoder\n"
        "from tests.photos.test_guarded import _decodes, slow_picture, until\n"
        "got = []\n"
        "data = slow_picture(100)\n"
        "asking = threading.Thread(target=lambda: got.append(_decoder.decode(data, 384)))\n"
        "asking.start()\n"
        "assert until(lambda: _decoder.process_id is not None and _decodes(_decoder.process_id))\n"
        "forked = os.fork()\n"
        "if not forked: os._exit(0)\n"
        "ended = until(lambda: os.waitpid(forked, os.WNOHANG)[0], 10)\n"
        "if not ended: os.kill(forked, signal.SIGKILL)\n"
        "asking.join()\n"
        "assert ended\n"
        "assert got[0].image is not None\n"
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="an interrupt reaches no waiting thread there")
def test_who_is_interrupted_leaves_no_answer_for_the_next_picture(patient: GuardedDecoder) -> None:
    patient.decode(TIFF, None)

    def interrupt() -> None:
        assert until(lambda: _decodes(patient.process_id))
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    # A shell that starts the tests in the background lets them ignore interrupts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    interrupting = threading.Thread(target=interrupt)
    interrupting.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            patient.decode(slow_picture(1000), 384)
    finally:
        interrupting.join()
        signal.signal(signal.SIGINT, before)
    answer = patient.decode(TIFF, None)
    assert answer.image is not None
    assert answer.image.tobytes() == picture(1).tobytes()


@pytest.mark.skipif(sys.platform == "win32", reason="a script cannot stand for a program there")
@pytest.mark.parametrize("entry", ["app", "prismh_engine.cli"])
def test_a_frozen_program_starts_itself_as_the_child(
    monkeypatch: Any, tmp_path: Path, patient: GuardedDecoder, entry: str
) -> None:
    program = tmp_path / "prismh"
    start = "import runpy; runpy.run_module('app', run_name='__main__')"
    if entry != "app":
        start = f"import sys; from {entry} import main; sys.exit(main())"
    program.write_text(f'#!/bin/sh\ncd "{ROOT}" && exec "{sys.executable}" -c "{start}" "$@"\n')
    program.chmod(0o755)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(program))
    answer = patient.decode(TIFF, None)
    assert answer.image is not None
    assert answer.image.tobytes() == picture(1).tobytes()


@pytest.mark.skipif(sys.platform == "win32", reason="a script cannot stand for a program there")
def test_a_child_that_never_gets_ready_is_given_up(monkeypatch: Any, tmp_path: Path) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    with pytest.raises(PrismhError, match="it was not ready after 1 seconds"):
        GuardedDecoder(seconds_to_start=1).decode(TIFF, None)


def test_a_child_that_cannot_be_started_is_an_error_a_person_understands(
    monkeypatch: Any, tmp_path: Path, patient: GuardedDecoder
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    with pytest.raises(PrismhError, match="could not be started"):
        patient.decode(TIFF, None)
