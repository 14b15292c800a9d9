"""Coarser or finer: how many groups are shown."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from .. import theme, words
from .card import label

_WIDTH = 130
_MS_AFTER_KEYS = 500
"""Keys come one after the other: what they lead to is kept when they rest."""


class GroupSlider(QWidget):
    """Between two words. Moved, it tells at once how many groups to show, and when it rests, how many to keep."""

    previewed = Signal(int)
    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kept = 0
        self._slider = _Slider(Qt.Orientation.Horizontal)
        self._slider.setObjectName("group_slider")
        self._slider.setAccessibleName(self.tr("Coarser or finer groups"))
        self._slider.setPageStep(3)
        self._slider.valueChanged.connect(self._moved)
        self._slider.sliderReleased.connect(self._rested)
        self._resting = QTimer(self)
        self._resting.setSingleShot(True)
        self._resting.setInterval(_MS_AFTER_KEYS)
        self._resting.timeout.connect(self._rested)
        self._coarser = label(self.tr("Coarser"), "quiet")
        self._finer = label(self.tr("Finer"), "quiet")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.ROW_GAP)
        for widget in (self._coarser, self._slider, self._finer):
            layout.addWidget(widget)
        theme.changed.connect(self._fit)
        self._fit()
        self.show_range(0, 0)

    def show_range(self, now: int, most: int) -> None:
        """Show that there are so many groups now, of at most so many; 0: there is nothing to move."""
        self._kept = now
        self._resting.stop()
        with QSignalBlocker(self._slider):
            self._slider.setRange(min(2, most), most)
            self._slider.setValue(now)
        self.setEnabled(most > 2)
        self._say(now)

    def step(self, by: int) -> None:
        """Show more groups, or fewer where it is below 0."""
        if self.isEnabled():
            self._slider.setValue(self._slider.value() + by)

    @property
    def moving(self) -> bool:
        """Whether it stands at what is not kept yet."""
        return self._slider.isSliderDown() or self._resting.isActive()

    def _moved(self, groups: int) -> None:
        self._say(groups)
        self.previewed.emit(groups)
        if not self._slider.isSliderDown():
            self._resting.start()

    def _rested(self) -> None:
        self._resting.stop()
        if self._slider.value() != self._kept:
            self._kept = self._slider.value()
            self.chosen.emit(self._kept)

    def _say(self, groups: int) -> None:
        text = words.groups(groups) if groups else ""
        self._slider.setAccessibleDescription(text)
        self._slider.setToolTip(
            self.tr("{0}. Finer only splits groups, coarser only joins them: names stay where they are.").format(text)
            if text
            else self.tr("Groups made by an older version have no finer and coarser cuts.")
        )

    def _fit(self) -> None:
        self._slider.setFixedWidth(theme.pixels(_WIDTH))


class _Slider(QSlider):
    """The wheel belongs to what is scrolled; a slider under the pointer is not to move by it."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()
