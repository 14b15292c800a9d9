"""Points on their way from one map to another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEasingCurve, QObject, QVariantAnimation, Signal

from .. import theme


class MapMotion(QObject):
    """Moves positions [N, 2] to others within the time that motion takes here; they arrive exactly."""

    moved = Signal(object)
    """The positions now."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._from = self._to = np.empty((0, 2), np.float32)
        self._animation = QVariantAnimation(self)
        self._animation.setStartValue(0.0)
        self._animation.setEndValue(1.0)
        self._animation.setDuration(theme.ANIMATION_MS)
        self._animation.setEasingCurve(QEasingCurve.Type.InOutCubic)
        self._animation.valueChanged.connect(self._part_of_the_way)

    def start(self, begin: NDArray[np.float32], end: NDArray[np.float32]) -> None:
        self._from, self._to = begin, end
        self._animation.start()

    def stop(self) -> None:
        self._animation.stop()

    def running(self) -> bool:
        return self._animation.state() == QVariantAnimation.State.Running

    def _part_of_the_way(self, part: float) -> None:
        self.moved.emit(self._to if part >= 1 else self._from + np.float32(part) * (self._to - self._from))
