from __future__ import annotations

import threading

import pytest

from prismh_engine.jobs import Job, Progress, Stopped, StopToken, change_progress, pausing, run


def _count(to: int, closed: list[str] | None = None) -> Job[str]:
    try:
        for done in range(to):
            yield Progress("Counting", done, to)
        return f"counted {to}"
    finally:
        if closed is not None:
            closed.append("closed")


def _keeps_part(to: int) -> Job[int]:
    done = 0
    try:
        for done in range(to):
            yield Progress("Counting", done, to)
    except Stopped:
        return done
    return to


def test_a_job_says_how_far_it_is_and_gives_its_result() -> None:
    said: list[Progress] = []
    assert run(_count(3), said.append) == "counted 3"
    assert [(progress.done, progress.total) for progress in said] == [(0, 3), (1, 3), (2, 3)]


def test_a_job_without_steps_gives_its_result() -> None:
    assert run(_count(0)) == "counted 0"


def test_a_stop_ends_a_job_that_keeps_nothing_and_cleans_up() -> None:
    stop, closed = StopToken(), list[str]()
    with pytest.raises(Stopped):
        run(_count(100, closed), lambda progress: stop.stop() if progress.done == 5 else None, stop)
    assert closed == ["closed"]


def test_a_stop_gives_what_a_job_can_keep() -> None:
    stop = StopToken()
    assert run(_keeps_part(100), lambda progress: stop.stop() if progress.done == 5 else None, stop) == 5


def test_a_job_is_closed_when_the_one_who_listens_fails() -> None:
    closed: list[str] = []

    def fail(_: Progress) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        run(_count(3, closed), fail)
    assert closed == ["closed"]


def test_progress_can_be_changed_on_its_way_and_a_stop_still_reaches_the_job() -> None:
    def shout(progress: Progress) -> Progress:
        return Progress(progress.what.upper(), progress.done, progress.total)

    said: list[Progress] = []
    assert run(change_progress(_count(2), shout), said.append) == "counted 2"
    assert [progress.what for progress in said] == ["COUNTING", "COUNTING"]
    stop, closed = StopToken(), list[str]()
    assert run(change_progress(_keeps_part(9), shout), lambda p: stop.stop() if p.done == 4 else None, stop) == 4
    changed = change_progress(_count(9, closed), shout)
    next(changed)
    changed.close()
    assert closed == ["closed"]


def test_a_pause_holds_a_job_until_another_thread_lets_it_go_on() -> None:
    token, order = StopToken(), list[str]()
    token.pause()
    assert token.paused
    waiting = threading.Event()

    def work() -> None:
        waiting.set()
        token.wait_while_paused()
        order.append("went on")

    thread = threading.Thread(target=work)
    thread.start()
    waiting.wait(10)
    order.append("resumed")
    token.resume()
    thread.join(10)
    assert order == ["resumed", "went on"]
    assert not token.paused


def test_a_stop_ends_a_pause() -> None:
    token = StopToken()
    token.pause()
    token.stop()
    with pytest.raises(Stopped):
        token.wait_while_paused()
    with pytest.raises(Stopped):
        token.check()


def test_a_job_that_can_be_paused_begins_nothing_until_it_may_go_on() -> None:
    stop, order = StopToken(), list[str]()

    def work() -> Job[str]:
        yield Progress("Working", 0, 2)
        order.append("went on")
        yield Progress("Working", 1, 2)
        return "done"

    def let_go_on() -> None:
        order.append("resumed")
        stop.resume()

    def told(progress: Progress) -> None:
        if progress.done == 0:
            stop.pause()
            threading.Timer(0.05, let_go_on).start()

    assert run(pausing(work(), stop), told, stop) == "done"
    assert order == ["resumed", "went on"]


def test_a_stop_in_a_pause_gives_what_the_job_can_keep() -> None:
    stop = StopToken()

    def told(progress: Progress) -> None:
        if progress.done == 4:
            stop.pause()
            threading.Timer(0.05, stop.stop).start()

    # The one who drains the job sees no stop by itself: only the pause does.
    assert run(pausing(_keeps_part(9), stop), told) == 4


def test_without_a_stop_or_a_pause_nobody_waits() -> None:
    token = StopToken()
    token.check()
    token.wait_while_paused()
