"""The check after every window test sees what it is meant to see."""

from __future__ import annotations

import threading

from PySide6.QtCore import QPropertyAnimation, QThread, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.conftest import active_qt_things, left_behind


def test_a_thread_a_timer_an_animation_and_a_window_that_are_left_are_seen(qapp: QApplication, qtbot: QtBot) -> None:
    threads, qt_things = set(threading.enumerate()), {id(thing) for thing in active_qt_things()}
    windows = set(qapp.topLevelWidgets())

    def left() -> str:
        return " ".join(left_behind(qapp, threads, qt_things, windows))

    assert left() == ""

    worker = QThread()
    worker.start()
    assert "QThread" in left()
    worker.quit()
    worker.wait()

    timer = QTimer()
    timer.start(60_000)
    assert "QTimer" in left()
    timer.stop()

    window = QWidget()
    animation = QPropertyAnimation(window, b"windowOpacity")
    animation.setDuration(60_000)
    animation.start()
    assert "QPropertyAnimation" in left()
    assert "window QWidget" in left()
    animation.stop()
    window.deleteLater()

    done = threading.Event()
    thread = threading.Thread(target=done.wait, name="forgotten")
    thread.start()
    assert "thread forgotten" in left()
    done.set()
    thread.join()
    assert left() == ""
