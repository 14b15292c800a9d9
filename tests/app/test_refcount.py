"""PySide6 has released builds that lose references to None with every call of a slot, and crash after a while."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject, Signal, Slot


class _Sender(QObject):
    plain = Signal()
    with_value = Signal(object)


class _Receiver(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    @Slot()
    def plain(self) -> None:
        self.calls += 1

    def with_value(self, value: object) -> None:
        self.calls += 1


def test_thousands_of_slot_calls_keep_the_references_to_none() -> None:
    sender, receiver = _Sender(), _Receiver()
    sender.plain.connect(receiver.plain)
    sender.with_value.connect(receiver.with_value)
    before = sys.getrefcount(None)
    for _ in range(5000):
        sender.plain.emit()
        sender.with_value.emit(None)
    assert receiver.calls == 10_000
    assert abs(sys.getrefcount(None) - before) < 500
