"""What a page can rely on when it starts a job."""

from __future__ import annotations

import gc
import platform
import threading
import weakref

import psutil
import pytest
from PySide6.QtCore import QObject, QThread

from app import garbage, jobs
from prismh_engine.errors import PrismhError
from prismh_engine.jobs import Progress, Stopped, StopToken


class Listener(QObject):
    """Keeps what a job said, and on which thread."""

    def __init__(self):
        super().__init__()
        self.progress, self.results, self.failures, self.stops, self.threads = [], [], [], 0, set()

    def listen(self, job):
        job.progressed.connect(self.progressed)
        job.finished.connect(self.finished)
        job.failed.connect(self.failed)
        job.stopped.connect(self.stopped)
        return job

    def progressed(self, progress):
        self.threads.add(QThread.currentThread())
        self.progress.append(progress)

    def finished(self, result):
        self.threads.add(QThread.currentThread())
        self.results.append(result)

    def failed(self, sentence):
        self.failures.append(sentence)

    def stopped(self):
        self.stops += 1


def run(qtbot, job, stop=None):
    """Run a job to its end and return what was heard of it."""
    listener = Listener()
    running = listener.listen(jobs.start(job, stop=stop or StopToken(), parent=listener))
    qtbot.waitUntil(lambda: not running.running)
    return listener


def test_a_result_and_every_photo_id_arrive_in_the_gui_thread(qtbot, qapp):
    def job():
        for number in range(1000):
            yield Progress("Looking", number + 1, 1000, {"photo_ids": [number]})
        return "done"

    heard = run(qtbot, job())
    assert heard.results == ["done"]
    assert [i for progress in heard.progress for i in progress.metrics["photo_ids"]] == list(range(1000))
    assert heard.progress[-1].done == 1000
    assert heard.threads == {qapp.thread()}


def test_the_window_is_not_told_more_than_it_can_draw(qtbot):
    def job():
        for number in range(5000):
            yield Progress("Counting", number, 5000)

    assert len(run(qtbot, job()).progress) < 500


def test_the_last_word_of_every_phase_arrives(qtbot):
    def job():
        yield Progress("Looking", 1, 1)
        yield Progress("Seeing", 1, 2, {"val_loss": 3.5})
        yield Progress("Seeing", 2, 2, {"val_loss": None})

    heard = run(qtbot, job())
    assert [progress.what for progress in heard.progress] == ["Looking", "Seeing"]
    assert heard.progress[1].metrics["val_loss"] == 3.5


def test_an_error_of_the_users_is_its_own_sentence(qtbot):
    def job():
        yield Progress("Trying", 0, 1)
        raise PrismhError("The disk is full.")

    assert run(qtbot, job()).failures == ["The disk is full."]


def test_an_unexpected_error_becomes_a_sentence_that_can_be_sent(qtbot):
    def job():
        yield Progress("Trying", 0, 1)
        raise KeyError("surprise")

    (sentence,) = run(qtbot, job()).failures
    assert "KeyError" in sentence
    assert "saved" in sentence


def test_a_sentence_for_a_person_stands_alone_wherever_it_was_raised():
    assert jobs.unexpected(PrismhError("The disk is full.")) == "The disk is full."


def test_a_stopped_job_that_keeps_part_of_its_work_has_finished(qtbot):
    stop = StopToken()
    begun = threading.Event()

    def job():
        try:
            while True:
                begun.set()
                yield Progress("Working", 0, None)
        except Stopped:
            return "half"

    listener = Listener()
    running = listener.listen(jobs.start(job(), stop=stop, parent=listener))
    assert begun.wait(5)
    running.stop()
    assert running.wait()
    assert (listener.results, listener.stops) == (["half"], 0)


def test_a_stopped_job_that_keeps_nothing_says_so(qtbot):
    def job():
        while True:
            yield Progress("Working", 0, None)

    listener = Listener()
    running = listener.listen(jobs.start(job(), stop=StopToken(), parent=listener))
    running.stop()
    assert running.wait()
    assert (listener.results, listener.stops) == ([], 1)


def test_a_job_ends_in_the_thread_that_drained_it(qtbot):
    ended_in = []

    def job():
        try:
            while True:
                yield Progress("Working", 0, None)
        finally:
            ended_in.append(threading.current_thread())

    listener = Listener()
    running = jobs.start(job(), stop=StopToken(), parent=listener)
    running.stop()
    assert running.wait()
    assert ended_in
    assert ended_in[0] is not threading.main_thread()


def test_a_paused_job_waits_and_goes_on(qtbot):
    stop = StopToken()

    def job():
        done = 0
        while done < 3:
            stop.wait_while_paused()
            done += 1
            yield Progress("Working", done, 3)
        return done

    stop.pause()
    listener = Listener()
    running = listener.listen(jobs.start(job(), stop=stop, parent=listener))
    assert running.paused
    assert not running.wait(50)
    running.resume()
    assert running.wait(5000)
    assert listener.results == [3]


def test_what_a_job_makes_does_not_let_the_window_stand_still_for_a_search_for_garbage(qtbot, qapp):
    searches = []

    def note(phase, info):
        if phase == "stop" and info["generation"] == 2:
            searches.append(threading.current_thread())

    def job():
        yield Progress("Reading", 0, None)
        return [[number] for number in range(300_000)]

    gc.callbacks.append(note)
    try:
        kept = run(qtbot, job()).results
        more = [[number] for number in range(300_000)]
    finally:
        gc.callbacks.remove(note)
    assert len(kept[0]) == len(more)
    assert not searches


def test_garbage_that_refers_to_itself_goes_where_it_has_become_much(qtbot, qapp):
    class Round:
        pass

    one = Round()
    one.itself, ended = one, weakref.ref(one)
    run(qtbot, iter_of_nothing())
    del one
    garbage.look_through_what_is_left()
    assert ended() is not None
    garbage.look_through_what_is_left(if_more_than=1000)
    assert ended() is None


class Network:
    """Stands for what takes much memory."""


def test_what_a_job_used_goes_with_it_when_it_fails(qtbot):
    networks = []

    def learn():
        network = Network()
        networks.append(weakref.ref(network))
        try:
            raise OSError("No space left on device")
        except OSError as error:
            raise PrismhError("The disk is full.") from error

    def job():
        yield Progress("Learning", 0, None)
        learn()

    gc.disable()
    try:
        heard = run(qtbot, job())
        assert heard.failures == ["The disk is full."]
        assert networks[0]() is None
    finally:
        gc.enable()


def test_what_a_job_found_goes_with_those_who_got_it(qtbot):
    def job():
        yield Progress("Reading", 0, None)
        return Network()

    listener = Listener()
    running = listener.listen(jobs.start(job(), stop=StopToken(), parent=listener))
    assert running.wait()
    found = weakref.ref(listener.results.pop())
    assert found() is None


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries do it by themselves")
def test_memory_that_a_large_job_freed_goes_back_to_the_system(qtbot):
    def job():
        yield Progress("Learning", 0, None)
        used = [bytearray(100_000) for _ in range(4000)]
        return used[::100]  # which lie between the others

    before = psutil.Process().memory_info().rss
    listener = Listener()
    running = listener.listen(jobs.start(job(), stop=StopToken(), parent=listener, is_large=True))
    assert running.wait()
    assert len(listener.results[0]) == 40
    assert psutil.Process().memory_info().rss - before < 200_000_000


def iter_of_nothing():
    yield Progress("Nothing", 0, None)
